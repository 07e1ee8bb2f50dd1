//! What is kept of a person as files, and the end of an account.

use crate::support::{Browser, PASSWORD, Server};

const REPORT: &str = "kind=timeline&format=json&from=2026-11-01&to=2026-11-20";

/// The path of the first report, whatever follows it there.
fn first_report(page: &str) -> String {
    let (_, rest) = page.split_once("action=\"/settings/data/jobs/").unwrap_or_else(|| panic!("{page}"));
    format!("/settings/data/jobs/{}", &rest[..36])
}

#[tokio::test]
async fn the_export_is_read_from_the_api_by_a_session_that_is_fresh() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    assert!(ada.get("/settings").await.text().contains("href=\"/settings/data\""));
    assert!(ada.get("/settings/data").await.text().contains("href=\"/settings/data/export\""));
    let before = ada.cookies.clone();
    server.fake.clock.advance(16 * 60_000);
    let reply = ada.get("/settings/data/export").await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/api/v1/users/me/export"));
    assert_ne!(ada.cookies, before, "the session is renewed on the way");
}

#[tokio::test]
async fn a_long_report_is_asked_for_fetched_and_taken_back() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let made = ada.post("/settings/data/jobs", REPORT).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (303, "/settings/data"));
    let page = ada.get("/settings/data").await;
    assert!(page.text().contains("Every interval") && page.text().contains("1 – 20 Nov 2026, JSON"));
    assert!(page.text().contains("data-under-way>waits for its turn"), "{}", page.text());
    let job = first_report(page.text());
    let id = job.rsplit('/').next().unwrap();
    let result = ada.get(&job).await;
    assert_eq!(result.header("location"), format!("/api/v1/report/jobs/{id}/result"));
    ada.post(&format!("{job}/cancel"), "").await;
    let page = ada.get("/settings/data").await;
    assert!(page.text().contains("was cancelled") && !page.text().contains("data-under-way"));
    ada.post(&format!("{job}/cancel"), "").await;
    assert!(ada.get("/settings/data").await.text().contains("None yet."));
    assert_eq!(ada.get(&job).await.status, 404);
}

#[tokio::test]
async fn a_report_that_makes_no_sense_is_not_begun() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    for (form, wrong) in [
        ("kind=apps&format=csv&from=&to=2026-11-20", "From: "),
        ("kind=apps&format=csv&from=2026-11-20&to=2026-11-01", "To: "),
        ("kind=export&format=csv&from=2026-11-01&to=2026-11-20", "What: Must be one of the list."),
        ("kind=apps&format=ndjson&from=2026-11-01&to=2026-11-20", "In which form: "),
    ] {
        let reply = ada.post("/settings/data/jobs", form).await;
        assert!(reply.status == 422 && reply.text().contains(wrong), "{form}: {}", reply.text());
    }
    for _ in 0..5 {
        assert_eq!(ada.post("/settings/data/jobs", REPORT).await.status, 303);
    }
    let reply = ada.post("/settings/data/jobs", REPORT).await;
    assert!(reply.status == 429 && reply.text().contains("As many of your jobs"), "{}", reply.text());
}

#[tokio::test]
async fn an_account_is_deleted_by_who_knows_its_address_and_its_password() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let password = PASSWORD.replace(' ', "+");
    for form in [
        format!("email=bob%40example.org&password={password}"),
        format!("password={password}"),
        "email=ada%40example.org&password=nothing".to_owned(),
    ] {
        let reply = ada.post("/settings/data/delete", &form).await;
        assert!(reply.status == 422 && reply.text().contains("class=\"wrong\""), "{form}: {}", reply.text());
        assert!(!reply.text().contains(PASSWORD));
    }
    let form = format!("email=+ADA%40example.org&password={password}");
    let reply = ada.post("/settings/data/delete", &form).await;
    assert!(reply.status == 200 && reply.text().contains("Your account is deleted"), "{}", reply.text());
    assert_eq!(reply.header("clear-site-data"), "\"cache\"");
    let left: Vec<_> = ada.cookies.keys().map(String::as_str).collect();
    assert_eq!(left, ["__Host-dayline-browser"]);
    assert_eq!(Browser::new(&server).sign_in("ada", PASSWORD).await.status, 401);
}
