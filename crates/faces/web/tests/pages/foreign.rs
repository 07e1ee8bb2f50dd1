//! Pages of other sites change nothing: whatever they say, and whoever is signed in.

use std::fs;
use std::path::Path;

use http::Method;

use crate::support::{Browser, Server};

/// Every route that takes forms, with one that it would take.
const WRITES: &[(&str, &str)] = &[
    ("/sign-in", "email=ada%40example.org&password=a+long+enough+secret&next="),
    ("/register", "full_name=Eve&email=eve%40example.org&password=a+long+enough+secret&timezone=UTC"),
    ("/reset-password/dlr_nobodys", "new_password=another+long+secret"),
    ("/sign-out", ""),
    ("/session/renew", ""),
    ("/devices/name", "device=laptop&name=Stolen"),
    ("/devices/merge", "device=laptop&into=phone&final=on"),
    ("/devices/end-others", "keys=on"),
    ("/devices/sessions/0190b5a0-0000-7000-8000-000000000000/end", ""),
    ("/devices/keys/0190b5a0-0000-7000-8000-000000000000/delete", ""),
    ("/connect/key", "name=stolen&track=on&read=on"),
    ("/corrections/new", "from=2026-11-20T09%3A00&to=2026-11-20T10%3A00&says=erase&final=on&step=confirm"),
    ("/corrections/0190b5a0-0000-7000-8000-000000000000", "step=confirm"),
    ("/corrections/0190b5a0-0000-7000-8000-000000000000/delete", "step=confirm"),
    ("/sample/add", ""),
    ("/sample/remove", ""),
    ("/zone", "timezone=Asia%2FTokyo"),
    ("/settings/profile", "full_name=Eve&timezone=UTC"),
    ("/settings/email", "email=eve%40example.org&password=a+long+enough+secret"),
    ("/settings/data/jobs", "kind=apps&format=csv&from=2026-11-01&to=2026-11-20"),
    ("/settings/data/jobs/0190b5a0-0000-7000-8000-000000000000/cancel", ""),
    ("/settings/data/history", ""),
    ("/settings/data/history/look", ""),
    ("/settings/data/delete", "email=ada%40example.org&password=a+long+enough+secret"),
    ("/settings/time", "week_start=sunday&day_start=04%3A00&beat_hold=5"),
    ("/settings/theme", "theme=dark"),
    ("/settings/password", "current_password=a+long+enough+secret&new_password=another+long+secret"),
    ("/settings/categories", "name=Stolen&colour=&app=Code"),
    ("/settings/categories/change", "category=0190b5a0-0000-7000-8000-000000000000&name=Stolen&colour="),
    ("/settings/categories/delete", "category=0190b5a0-0000-7000-8000-000000000000"),
    ("/settings/categories/rules", "category=0190b5a0-0000-7000-8000-000000000000&app=Code"),
    ("/settings/categories/rules/remove", "category=0190b5a0-0000-7000-8000-000000000000&app=Code"),
    ("/settings/categories/starter", ""),
    ("/settings/aliases", "told=Code&shown=Stolen"),
    ("/settings/aliases/remove", "told=Code"),
    ("/device", "user_code=BCDF-GHJK&decision=approve"),
];

/// What browsers say of requests that none of our pages made.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "none")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://dayline.example.org")],
    &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "https://dayline.example.org.evil.example")],
    &[],
];

#[tokio::test]
async fn no_form_of_another_site_is_taken() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let cookies = ada.cookies.clone();
    for (path, form) in WRITES {
        for headers in FOREIGN {
            let reply = ada.send(Method::POST, path, headers, form).await;
            assert_eq!(reply.status, 403, "{path} {headers:?}");
            assert!(!reply.headers.contains_key("set-cookie"), "{path} {headers:?}");
        }
    }
    assert_eq!(ada.cookies, cookies);
    assert_eq!(ada.get("/device").await.status, 200, "she is signed in still");
    let mut eve = Browser::new(&server);
    assert_eq!(eve.sign_in("eve", crate::support::PASSWORD).await.status, 401, "no account was made");
}

#[tokio::test]
async fn a_form_of_this_site_is_taken_also_by_its_origin() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let origin = [("origin", "https://dayline.example.org")];
    assert_eq!(ada.send(Method::POST, "/session/renew", &origin, "").await.status, 204);
}

#[test]
fn every_form_of_a_template_is_among_those_that_are_tried() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap();
        for form in text.split("<form ").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let form = &form[..form.find('>').unwrap()];
            let action = form.split("action=\"{{ shell.base }}").nth(1).unwrap().split('"').next().unwrap();
            let fits = |path: &str| {
                let (mut path, mut action) = (path.split('/'), action.split('/'));
                (&mut path).zip(&mut action).all(|(path, action)| action.starts_with("{{") || path == action)
                    && path.next().is_none()
                    && action.next().is_none()
            };
            assert!(WRITES.iter().any(|(path, _)| fits(path)), "{}: {action}", file.display());
        }
    }
}
