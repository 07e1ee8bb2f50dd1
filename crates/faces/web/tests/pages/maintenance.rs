//! Maintenance: pages are shown and sessions go on, and forms are answered by a page that says why nothing was changed.

use std::collections::BTreeMap;

use crate::support::{Browser, Server};

#[tokio::test]
async fn pages_are_shown_and_forms_are_refused_by_a_page() {
    let server = Server::new();
    let cookies: BTreeMap<_, _> = Browser::of(&server, "ada").await.cookies;
    let server = server.in_maintenance();
    let mut browser = Browser::new(&server);
    browser.cookies = cookies;
    assert_eq!(browser.get("/day/2026-11-20").await.status, 200);
    for form in ["/settings/profile", "/sample/add", "/sign-out", "/register", "/sign-in"] {
        let refused = browser.post(form, "full_name=Grace").await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "60"), "{form}");
        assert!(
            refused.text().contains("<html") && refused.text().contains("maintenance"),
            "{}",
            refused.text()
        );
    }
    // The access token has ended, and the page is shown all the same.
    browser.cookies.remove("__Host-dayline");
    assert_eq!(browser.get("/settings").await.status, 200);
    assert!(browser.cookies.contains_key("__Host-dayline"));
}
