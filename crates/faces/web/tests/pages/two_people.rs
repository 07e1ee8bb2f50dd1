//! What one person sees and does never reaches another one's.

use dayline_web::route_patterns;
use http::Method;

use crate::support::{Browser, OWN, Server};

/// An identity that nothing has.
const NOBODYS: &str = "00000000-0000-0000-0000-000000000000";
/// Names that are Ada's alone.
const SECRETS: [&str; 7] =
    ["ada@", "SecretApp", "secret.example", "secret-laptop", "secret-key", "SecretCategory", "SecretAlias"];

async fn ada(server: &Server) -> Browser<'_> {
    let mut ada = Browser::of(server, "ada").await;
    server.track(&ada, "secret-laptop", "SecretApp", "secret.example", ["09:00:00", "10:00:00"]).await;
    ada.post("/connect/key", "name=secret-key&track=on").await;
    let entry = "from=2026-11-20T09%3A30&to=2026-11-20T09%3A40&says=entry&app_name=SecretApp&step=confirm";
    assert_eq!(ada.post("/corrections/new", entry).await.status, 303);
    server.settle().await;
    ada.post("/settings/categories", "name=SecretCategory&colour=teal&app=SecretApp").await;
    ada.post("/settings/aliases", "told=SecretTool&shown=SecretAlias").await;
    let report = "kind=apps&format=csv&from=2026-11-20&to=2026-11-20";
    assert_eq!(ada.post("/settings/data/jobs", report).await.status, 303);
    ada
}

fn id_after(page: &str, before: &str) -> String {
    page.split_once(before).unwrap().1[..36].to_owned()
}

/// The addresses of a pattern, with Ada's names in it.
fn addresses(pattern: &str, [session, key, correction, job]: [&str; 4]) -> Vec<String> {
    let filled = |name: &str| pattern.replace("{name}", name);
    match pattern {
        "/day/{date}" => {
            vec!["/day/2026-11-20".into(), "/day/2026-11-20?view=list&device=secret-laptop".into()]
        }
        "/day/{date}/intervals" => vec!["/day/2026-11-20/intervals".into()],
        "/table/{what}" => {
            let tables =
                ["intervals", "days", "hours", "apps", "domains", "projects", "categories", "work-hours"];
            tables.map(|what| format!("/table/{what}?from=2026-11-20&to=2026-11-20")).into()
        }
        "/corrections/new" => vec![format!("{pattern}?date=2026-11-20")],
        "/corrections/{id}" | "/corrections/{id}/delete" => vec![pattern.replace("{id}", correction)],
        "/why" => vec!["/why?at=2026-11-20T09:35:00Z".into()],
        "/week/{name}" => vec![filled("2026-W47")],
        "/month/{name}" => vec![filled("2026-11")],
        "/year/{name}" => vec![filled("2026")],
        "/app/{name}" => vec![filled("Code")],
        "/domain/{name}" => vec![filled("example.org")],
        "/project/{name}" => vec![filled("dayline")],
        "/devices/sessions/{id}/end" => vec![pattern.replace("{id}", session)],
        "/devices/keys/{id}/delete" => vec![pattern.replace("{id}", key)],
        "/settings/data/jobs/{id}" | "/settings/data/jobs/{id}/cancel" => vec![pattern.replace("{id}", job)],
        "/connect/waiting" | "/connect/heard" => vec![format!("{pattern}?key={key}")],
        "/assets/{folder}/{file}" => Vec::new(),
        "/reset-password/{secret}" => vec!["/reset-password/dlr_nobodys".into()],
        plain => {
            assert!(!plain.contains('{'), "{plain} needs a line here");
            vec![plain.to_owned()]
        }
    }
}

#[tokio::test]
async fn no_page_shows_or_changes_anything_of_somebody_else() {
    let server = Server::new();
    let mut ada = ada(&server).await;
    let mut bob = Browser::of(&server, "bob").await;
    let devices = ada.get("/devices").await;
    let session = id_after(devices.text(), "/devices/sessions/");
    let key = id_after(devices.text(), "/devices/keys/");
    let corrections = ada.get("/corrections").await;
    let correction =
        id_after(corrections.text().split("/delete").next().unwrap(), "post\" action=\"/corrections/");
    let data = ada.get("/settings/data").await;
    let job = id_after(data.text(), "action=\"/settings/data/jobs/");
    let ids = [&*session, &*key, &*correction, &*job];
    let hers = [
        "/day/2026-11-20",
        "/devices",
        "/settings",
        "/settings/data",
        "/settings/categories",
        "/settings/aliases",
        "/corrections",
    ];
    let mut before = Vec::new();
    for path in hers {
        before.push(ada.get(path).await);
    }
    let category = id_after(before[4].text(), "id=\"c-");
    let mut asked = 0;
    for pattern in route_patterns() {
        for address in addresses(&pattern, ids) {
            if address == "/sign-out" || address == "/sign-in" || address == "/register" {
                continue;
            }
            for method in [Method::GET, Method::POST] {
                let form = &format!(
                    "full_name=Bob&timezone=UTC&name=bob&track=on&theme=dark&keys=on&app=a&category={category}\
                     &from=2026-11-20T09%3A00&to=2026-11-20T10%3A00&says=entry&app_name=Mine&step=confirm"
                );
                let reply = bob
                    .send(method.clone(), &address, &OWN, if method == Method::POST { form } else { "" })
                    .await;
                asked += 1;
                let names_bobs_question = address.contains("secret-laptop");
                for secret in SECRETS {
                    let shown =
                        reply.text().contains(secret) && !(names_bobs_question && secret == "secret-laptop");
                    assert!(!shown, "{method} {address} shows {secret}: {}", reply.text());
                }
                let is_adas = ids.iter().any(|id| address.contains(id));
                let is_refused = matches!(reply.status.as_u16(), 404 | 405);
                let is_adas = is_adas || address.contains("/rules") || address.ends_with("/change");
                assert!(!is_adas || is_refused, "{method} {address}: {}", reply.status);
            }
        }
    }
    assert!(asked > 40, "{asked}");
    for (before, path) in before.iter().zip(hers) {
        assert_eq!(before.text(), ada.get(path).await.text(), "{path}");
    }
}

#[tokio::test]
async fn nobody_who_is_signed_out_sees_any_page_of_a_person() {
    let server = Server::new();
    let mut nobody = Browser::new(&server);
    let mut led = 0;
    let open = [
        "/",
        "/sign-in",
        "/register",
        "/session/renew",
        "/assets/{folder}/{file}",
        "/reset-password/{secret}",
    ];
    for pattern in route_patterns().iter().filter(|pattern| !open.contains(&pattern.as_str())) {
        for address in addresses(pattern, [NOBODYS; 4]) {
            for method in [Method::GET, Method::POST] {
                let reply = nobody.send(method.clone(), &address, &OWN, "").await;
                if reply.status != 405 {
                    assert_eq!(reply.status, 303, "{method} {address}");
                    assert!(reply.header("location").starts_with("/sign-in"), "{method} {address}");
                    led += 1;
                }
            }
        }
    }
    assert!(led > 20, "{led}");
}
