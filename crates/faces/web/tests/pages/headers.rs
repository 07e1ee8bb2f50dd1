//! What every answer says of itself.

use dayline_app::ports::PortError;
use dayline_http_kit::KitConfig;

use crate::support::{Browser, Server};

#[tokio::test]
async fn every_answer_lets_nothing_in_from_elsewhere() {
    let server = Server::new();
    for path in
        ["/", "/assets/0/style.css", "/assets/0/unknown", "/sign-in", "/register", "/device", "/sign-out"]
    {
        let reply = server.get(path, &[]).await;
        let policy = reply.header("content-security-policy");
        let mut rules: Vec<&str> = policy.split(';').map(str::trim).collect();
        rules.sort_unstable();
        let expected = [
            "base-uri 'none'",
            "connect-src 'self'",
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "img-src 'self'",
            "require-trusted-types-for 'script'",
            "script-src 'self'",
            "style-src 'self'",
            "trusted-types dayline",
        ];
        assert_eq!(rules, expected, "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(reply.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn a_page_of_a_failure_names_the_id_that_its_answer_has_and_others_name_none() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    assert!(!ada.get("/day").await.headers.contains_key("x-request-id"));
    let unknown = ada.get("/assets/0/unknown").await;
    assert!(!unknown.text().contains(unknown.header("x-request-id")), "{}", unknown.text());
    server.fake.store.fail(Some(PortError::Unavailable("gone".into())));
    let mut seen = Vec::new();
    for _ in 0..2 {
        let failed = ada.get("/day").await;
        assert_eq!(failed.status, 503);
        let id = failed.header("x-request-id").to_owned();
        assert!(failed.text().contains(&format!("<code>{id}</code>")), "{}", failed.text());
        seen.push(id);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_refusal_is_a_page_that_nobody_keeps() {
    let reply = Server::new().get("/assets/0/unknown", &[]).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (404, "text/html; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(reply.text().contains("<h1>There is nothing here</h1>"), "{}", reply.text());
}

#[tokio::test]
async fn what_is_nowhere_is_a_page_for_people_and_a_problem_for_programs() {
    let server = Server::new();
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = server.get("/nowhere", &browser).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (404, "text/html; charset=utf-8"));
    assert!(page.text().contains("<h1>There is nothing here</h1>") && page.text().contains("href=\"/\""));
    for (path, headers) in
        [("/nowhere", &[][..]), ("/nowhere", &[("accept", "*/*")]), ("/api/v1/nowhere", &browser)]
    {
        let problem = server.get(path, headers).await;
        assert_eq!(
            (problem.status.as_u16(), problem.header("content-type")),
            (404, "application/problem+json"),
            "{path} {headers:?}"
        );
    }
}

#[tokio::test]
async fn the_theme_that_was_chosen_is_written_by_the_server() {
    let server = Server::new();
    let theme = async |cookie: &str| {
        let reply = server.get("/assets/0/unknown", &[("cookie", cookie)]).await;
        reply.text().lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(theme("a=b; dayline-theme=dark").await, "<html lang=\"en\" data-theme=\"dark\">");
    assert_eq!(theme("dayline-theme=\"><script>").await, "<html lang=\"en\">");
    assert_eq!(theme("a=b").await, "<html lang=\"en\">");
}

#[tokio::test]
async fn behind_a_proxys_path_every_address_begins_with_it() {
    let public_url = Some("https://example.org/time/".to_owned());
    let server = Server::with(KitConfig { public_url, ..KitConfig::default() });
    let reply = server.get("/assets/0/unknown", &[]).await;
    for quoted in ["href=\"", "src=\"", "action=\""] {
        for address in reply.text().split(quoted).skip(1) {
            assert!(address.starts_with("/time/") || address.starts_with('#'), "{address}");
        }
    }
    assert!(server.get("/", &[]).await.header("location").starts_with("/time/"));
}

#[tokio::test]
async fn without_pages_the_start_leads_to_the_documentation() {
    let reply = Server::without_pages().get("/", &[]).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/docs"));
}

#[tokio::test]
async fn a_refusal_names_what_is_wrong_and_leads_on_who_is_signed_in() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let page = ada.get("/day?view=nothing").await;
    assert!(
        page.status == 422 && page.text().contains("<p>View must be list or timeline.</p>"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("href=\"/week\""));
    assert!(!server.get("/reset-password", &[]).await.text().contains("href=\"/week\""));
}
