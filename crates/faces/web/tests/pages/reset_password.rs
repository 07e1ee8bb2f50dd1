//! A new password by a link.

use dayline_app::identity::accounts::Registration;
use dayline_app::identity::operator::{self, MadeLink};
use dayline_domain::{Email, FullName, NewPassword};

use crate::support::{Browser, PASSWORD, Server};

const NEW: &str = "an entirely other one";
const FORM: &str = "new_password=an+entirely+other+one";
const HOUR: i64 = 3_600_000;

async fn make_ada(server: &Server) {
    let registration = Registration {
        email: Email::new("ada@example.org").unwrap(),
        password: NewPassword::new(PASSWORD).unwrap(),
        full_name: FullName::new("Ada").unwrap(),
        timezone: None,
        address: None,
    };
    operator::create(&server.fake.app, registration).await.unwrap();
}

async fn link(server: &Server) -> String {
    let email = Email::new("ada@example.org").unwrap();
    let MadeLink { secret, .. } = operator::make_reset_link(&server.fake.app, email, HOUR).await.unwrap();
    format!("/reset-password/{secret}")
}

#[tokio::test]
async fn a_person_chooses_a_password_by_a_link_and_signs_in_with_it() {
    for server in [Server::new(), Server::without_pages()] {
        make_ada(&server).await;
        let mut ada = Browser::new(&server);
        ada.sign_in("ada", PASSWORD).await;
        let link = link(&server).await;
        let mut elsewhere = Browser::new(&server);
        for _ in 0..2 {
            let page = elsewhere.get(&link).await;
            assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "no-store"));
            assert!(page.text().contains(&format!("action=\"{link}\"")), "{}", page.text());
        }
        assert_eq!(ada.get("/device").await.status, 200, "to look at a link changes nothing");
        let saved = elsewhere.post(&link, FORM).await;
        assert!(saved.status == 200 && saved.text().contains("Your new password holds"), "{}", saved.text());
        assert!(!saved.text().contains(NEW));
        assert_eq!(ada.get("/device").await.status, 303, "all sessions ended");
        assert_eq!(elsewhere.sign_in("ada", PASSWORD).await.status, 401);
        assert_eq!(elsewhere.sign_in("ada", NEW).await.status, 303);
    }
}

#[tokio::test]
async fn a_link_that_is_used_up_too_old_or_none_says_what_to_do_and_changes_nothing() {
    let server = Server::new();
    Browser::of(&server, "ada").await;
    let (used, mut browser) = (link(&server).await, Browser::new(&server));
    browser.post(&used, FORM).await;
    let old = link(&server).await;
    server.fake.clock.advance(HOUR);
    for none in [used, old, "/reset-password/dlr_nothing".to_owned()] {
        for reply in [browser.get(&none).await, browser.post(&none, "new_password=never+to+be+taken").await] {
            assert_eq!(reply.status, 404, "{none}");
            assert!(reply.text().contains("Ask who runs this server"), "{}", reply.text());
        }
    }
    assert_eq!(browser.sign_in("ada", NEW).await.status, 303);
}

#[tokio::test]
async fn a_bad_password_is_told_at_its_field_and_uses_no_link_up() {
    let server = Server::new();
    Browser::of(&server, "ada").await;
    let (link, mut browser) = (link(&server).await, Browser::new(&server));
    let reply = browser.post(&link, "new_password=short").await;
    assert!(reply.status == 422 && reply.text().contains("id=\"new_password-wrong\""), "{}", reply.text());
    assert_eq!(browser.post(&link, FORM).await.status, 200);
}

#[tokio::test]
async fn who_is_disabled_is_told_so_with_the_right_password_alone() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    operator::disable(&server.fake.app, Email::new("ada@example.org").unwrap()).await.unwrap();
    assert_eq!(ada.get("/day").await.status, 303);
    assert_eq!(ada.sign_in("ada", "something else").await.status, 401);
    let refused = ada.sign_in("ada", PASSWORD).await;
    assert!(refused.status == 403 && refused.text().contains("is disabled"), "{}", refused.text());
}
