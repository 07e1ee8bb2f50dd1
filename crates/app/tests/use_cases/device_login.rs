//! Signing in a tracker by a code.

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::device_login::{NotYet, Request, Started, decide, look_up, poll, start};
use dayline_app::identity::operator::reset_password;
use dayline_app::identity::sessions;
use dayline_app::ports::{DeviceLogins, Limit, PortError};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{DeviceId, Email, NewPassword};

use super::{caller, login, register, with_ada};

async fn ask(world: &FakeApp) -> Started {
    let request = Request { device: DeviceId::new("tracker").unwrap(), device_name: None, address: None };
    start(&world.app, request).await.unwrap()
}

#[tokio::test]
async fn an_approved_device_gets_its_tokens_once() {
    let (world, ada) = with_ada().await;
    let asked = ask(&world).await;
    assert_eq!(poll(&world.app, &asked.device_code, None).await, Ok(Err(NotYet::AuthorizationPending)));
    let typed = asked.user_code.to_string().to_lowercase();
    assert_eq!(look_up(&world.app, &ada, &typed).await.unwrap().device.as_str(), "tracker");
    decide(&world.app, &ada, &typed, true).await.unwrap();

    let tokens = poll(&world.app, &asked.device_code, None).await.unwrap().unwrap();
    let device = caller(&world, &tokens).await.unwrap();
    assert_eq!((device.user, device.device.as_str()), (ada.user, "tracker"));
    assert_eq!(poll(&world.app, &asked.device_code, None).await, Ok(Err(NotYet::ExpiredToken)));
}

#[tokio::test]
async fn a_store_that_fails_at_any_moment_of_the_sign_in_costs_no_device_its_tokens() {
    let mut failed = Vec::new();
    for call in 1..=3 {
        let (world, ada) = with_ada().await;
        let asked = ask(&world).await;
        decide(&world.app, &ada, &asked.user_code.to_string(), true).await.unwrap();
        world.store.fail_call(call, PortError::Unavailable("gone".into()));
        let first = poll(&world.app, &asked.device_code, None).await;
        failed.push(first.is_err());
        let tokens = match first {
            Ok(tokens) => tokens.unwrap(),
            Err(_) => poll(&world.app, &asked.device_code, None).await.unwrap().unwrap(),
        };
        assert_eq!(caller(&world, &tokens).await.unwrap().device.as_str(), "tracker");
        let sessions = sessions::list(&world.app, &ada).await.unwrap();
        assert_eq!(sessions.iter().filter(|session| session.device.as_str() == "tracker").count(), 1);
        assert_eq!(poll(&world.app, &asked.device_code, None).await, Ok(Err(NotYet::ExpiredToken)));
    }
    // To find the code, and to start the session. Writing it into the audit log is the third call.
    assert_eq!(failed, [true, true, false]);
}

#[tokio::test]
async fn a_refused_an_impatient_a_late_and_an_unknown_device_are_told_so() {
    let (world, ada) = with_ada().await;
    let refused = ask(&world).await;
    decide(&world.app, &ada, &refused.user_code.to_string(), false).await.unwrap();
    assert_eq!(poll(&world.app, &refused.device_code, None).await, Ok(Err(NotYet::AccessDenied)));

    let asked = ask(&world).await;
    assert_eq!(poll(&world.app, &asked.device_code, None).await, Ok(Err(NotYet::AuthorizationPending)));
    assert_eq!(
        poll(&world.app, &asked.device_code, None).await,
        Ok(Err(NotYet::SlowDown { interval_s: 10 }))
    );
    world.clock.advance(600_000);
    assert_eq!(poll(&world.app, &asked.device_code, None).await, Ok(Err(NotYet::ExpiredToken)));
    assert_eq!(poll(&world.app, "dld_nonsense", None).await, Ok(Err(NotYet::ExpiredToken)));
}

#[tokio::test]
async fn a_code_is_decided_about_once_and_only_while_it_lives() {
    let (world, ada) = with_ada().await;
    let asked = ask(&world).await;
    let code = asked.user_code.to_string();
    decide(&world.app, &ada, &code, true).await.unwrap();
    assert!(matches!(decide(&world.app, &ada, &code, false).await, Err(AppError::Invalid(_))));
    let late = ask(&world).await;
    world.clock.advance(600_000);
    assert!(matches!(
        decide(&world.app, &ada, &late.user_code.to_string(), true).await,
        Err(AppError::Invalid(_))
    ));
    assert!(matches!(decide(&world.app, &ada, "AEIOU", true).await, Err(AppError::Invalid(_))));
}

#[tokio::test]
async fn codes_cannot_be_guessed_without_end() {
    let (world, ada) = with_ada().await;
    world.limits.allow(Limit::ApprovePerUser, 3);
    for _ in 0..3 {
        assert!(matches!(look_up(&world.app, &ada, "BCDF-GHJK").await, Err(AppError::Invalid(_))));
    }
    assert!(matches!(look_up(&world.app, &ada, "BCDF-GHJK").await, Err(AppError::TooMany(_))));
}

#[tokio::test]
async fn a_device_belongs_to_whoever_approved_it() {
    let (world, _) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    let asked = ask(&world).await;
    decide(&world.app, &bob, &asked.user_code.to_string(), true).await.unwrap();
    let tokens = poll(&world.app, &asked.device_code, None).await.unwrap().unwrap();
    assert_eq!(caller(&world, &tokens).await.unwrap().user, bob.user);
}

#[tokio::test]
async fn an_approval_ends_with_the_session_it_was_given_in() {
    let (world, ada) = with_ada().await;
    let approve = async |by: &Caller| {
        let asked = ask(&world).await;
        decide(&world.app, by, &asked.user_code.to_string(), true).await.unwrap();
        asked.device_code
    };
    let expired = Ok(Err(NotYet::ExpiredToken));

    let phone = caller(&world, &login(&world, "ada@example.org", "phone").await).await.unwrap();
    let code = approve(&phone).await;
    sessions::logout(&world.app, &phone).await.unwrap();
    assert_eq!(poll(&world.app, &code, None).await, expired);

    let phone = caller(&world, &login(&world, "ada@example.org", "phone").await).await.unwrap();
    let (by_phone, by_laptop) = (approve(&phone).await, approve(&ada).await);
    sessions::logout_all(&world.app, &ada, true, false).await.unwrap();
    assert_eq!(poll(&world.app, &by_phone, None).await, expired);
    let tokens = poll(&world.app, &by_laptop, None).await.unwrap().unwrap();
    assert!(caller(&world, &tokens).await.is_ok());

    let code = approve(&ada).await;
    let new = || NewPassword::new("another long secret").unwrap();
    reset_password(&world.app, Email::new("ada@example.org").unwrap(), new(), false).await.unwrap();
    assert_eq!(poll(&world.app, &code, None).await, expired);
}

#[tokio::test]
async fn a_caller_whose_session_has_just_ended_approves_nothing() {
    let (world, ada) = with_ada().await;
    let asked = ask(&world).await;
    sessions::logout(&world.app, &ada).await.unwrap();
    let late = decide(&world.app, &ada, &asked.user_code.to_string(), true).await;
    assert_eq!(late, Err(AppError::SessionRevoked));
    assert_eq!(poll(&world.app, &asked.device_code, None).await, Ok(Err(NotYet::AuthorizationPending)));
}

#[tokio::test]
async fn a_poll_that_changes_nothing_writes_nothing_and_an_impatient_one_is_slowed_down_all_the_same() {
    let (world, _) = with_ada().await;
    let asked = ask(&world).await;
    let revision = async || {
        let hash = world.app.secrets.hash(&asked.device_code);
        world.store.find_by_device_code(hash).await.unwrap().unwrap().revision
    };
    for _ in 0..3 {
        assert_eq!(poll(&world.app, &asked.device_code, None).await, Ok(Err(NotYet::AuthorizationPending)));
        world.clock.advance(5_000);
    }
    assert_eq!(revision().await, 0);
    world.clock.advance(-1);
    let slow = |interval_s| Ok(Err(NotYet::SlowDown { interval_s }));
    assert_eq!(poll(&world.app, &asked.device_code, None).await, slow(10));
    assert_eq!(revision().await, 1);
    for interval_s in (15..=600).step_by(5) {
        assert_eq!(poll(&world.app, &asked.device_code, None).await, slow(interval_s));
    }
    let before = revision().await;
    assert_eq!(poll(&world.app, &asked.device_code, None).await, slow(600));
    assert_eq!(revision().await, before, "the longest wait is known already");
}

#[tokio::test]
async fn polls_from_one_address_are_limited() {
    let (world, _) = with_ada().await;
    world.limits.allow(Limit::PollPerAddress, 2);
    let address = Some("192.0.2.7".parse().unwrap());
    for _ in 0..2 {
        assert_eq!(poll(&world.app, "dld_nonsense", address).await, Ok(Err(NotYet::ExpiredToken)));
    }
    assert!(matches!(poll(&world.app, "dld_nonsense", address).await, Err(AppError::TooMany(_))));
}
