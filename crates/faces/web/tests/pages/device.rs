//! A person approves a device that shows a code.

use dayline_app::identity::device_login::{self, NotYet, Request, Started};
use dayline_domain::DeviceId;

use crate::support::{Browser, Server};

async fn asks(server: &Server) -> Started {
    let device = DeviceId::new("tracker-1").unwrap();
    let request = Request { device, device_name: None, address: "192.0.2.7".parse().ok() };
    device_login::start(&server.fake.app, request).await.unwrap()
}

async fn polls(server: &Server, started: &Started) -> Result<(), NotYet> {
    server.fake.clock.advance(6_000);
    let polled = device_login::poll(&server.fake.app, &started.device_code, None).await.unwrap();
    polled.map(drop)
}

#[tokio::test]
async fn a_device_is_shown_before_it_is_approved() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let started = asks(&server).await;
    let page = ada.get(&format!("/device?user_code={}", started.user_code)).await;
    for shown in ["tracker-1", "192.0.2.0/24", &started.user_code.to_string(), "ada@example.org"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    assert!(!page.text().contains("autofocus"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(polls(&server, &started).await, Err(NotYet::AuthorizationPending), "nothing without a click");
    let reply = ada.post("/device", &format!("user_code={}&decision=approve", started.user_code)).await;
    assert!(reply.text().contains("The device is approved"), "{}", reply.text());
    assert_eq!(polls(&server, &started).await, Ok(()));
}

#[tokio::test]
async fn a_device_may_be_refused() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let started = asks(&server).await;
    let reply = ada.post("/device", &format!("user_code={}&decision=deny", started.user_code)).await;
    assert!(reply.text().contains("The device is refused"), "{}", reply.text());
    assert_eq!(polls(&server, &started).await, Err(NotYet::AccessDenied));
}

#[tokio::test]
async fn neither_a_wrong_code_nor_a_form_without_decision_approves() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let started = asks(&server).await;
    let page = ada.get("/device?user_code=%22%3E%3Cscript%3E").await;
    assert_eq!(page.status, 422);
    assert!(
        page.text().contains("is not a code that waits for approval") && !page.text().contains("<script>")
    );
    let reply = ada.post("/device", &format!("user_code={}", started.user_code)).await;
    assert!(reply.text().contains("Which code does the device show?"));
    assert_eq!(polls(&server, &started).await, Err(NotYet::AuthorizationPending));
}

#[tokio::test]
async fn without_pages_devices_can_be_approved_all_the_same() {
    let server = Server::without_pages();
    assert_eq!(server.get("/register", &[]).await.status, 404);
    let page = server.get("/sign-in", &[]).await;
    assert!(page.status == 200 && !page.text().contains("/register"));
    assert!(server.get("/device", &[]).await.header("location").starts_with("/sign-in"));
}
