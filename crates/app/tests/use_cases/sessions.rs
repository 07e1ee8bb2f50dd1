//! Login, refresh, logout, sessions.

use dayline_app::AppError;
use dayline_app::identity::audit;
use dayline_app::identity::authenticate::authenticate;
use dayline_app::identity::login::{Login, login};
use dayline_app::identity::refresh::refresh;
use dayline_app::identity::sessions::{self, end_session, logout, logout_all};
use dayline_app::ports::{Accounts, AuditKind, Limit, PasswordHash, SignOut};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{Email, SessionId};

use super::{PASSWORD, caller, login as sign_in, login_of, register, with_ada};

fn everywhere(world: &FakeApp) -> SignOut {
    SignOut { keep: None, api_keys: false, at: world.app.clock.now() }
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_the_same_answer() {
    let (world, _) = with_ada().await;
    let wrong = login(&world.app, login_of("ada@example.org", "wrong password", "x")).await;
    let unknown = login(&world.app, login_of("bob@example.org", PASSWORD, "x")).await;
    assert_eq!(wrong, Err(AppError::InvalidCredentials));
    assert_eq!(unknown, wrong);
}

#[tokio::test]
async fn what_is_longer_than_any_password_is_not_even_compared() {
    let (world, ada) = with_ada().await;
    let accounts = &world.app.accounts;
    for (length, fits) in [(128, true), (129, false)] {
        let password = "ü".repeat(length);
        let hash = PasswordHash(format!("v2:{password}"));
        accounts.change_password(ada.user, None, hash, everywhere(&world)).await.unwrap();
        let outcome = login(&world.app, login_of("ada@example.org", &password, "phone")).await;
        assert_eq!(outcome.is_ok(), fits, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_second_login_of_a_device_replaces_its_session() {
    let (world, _) = with_ada().await;
    let first = sign_in(&world, "ada@example.org", "phone").await;
    let second = sign_in(&world, "ada@example.org", "phone").await;
    assert_eq!(caller(&world, &first).await, Err(AppError::SessionRevoked));
    let ada = caller(&world, &second).await.unwrap();
    assert_eq!(sessions::list(&world.app, &ada).await.unwrap().len(), 2);
}

#[tokio::test]
async fn devices_whose_name_says_nothing_do_not_sign_each_other_out() {
    let (world, _) = with_ada().await;
    for name in ["unknown", "(null)", " "] {
        let one = sign_in(&world, "ada@example.org", name).await;
        let other = sign_in(&world, "ada@example.org", name).await;
        let (one, other) = (caller(&world, &one).await.unwrap(), caller(&world, &other).await.unwrap());
        assert_ne!(one.device, other.device, "{name}");
        assert!(one.device.as_str().starts_with(name.trim()), "{name}");
    }
}

#[tokio::test]
async fn a_device_without_a_name_is_known_by_its_refresh_token_and_replaces_its_own_session() {
    let (world, _) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bobs = sign_in(&world, "bob@example.org", "unknown").await;
    let first = sign_in(&world, "ada@example.org", "unknown").await;
    let device = caller(&world, &first).await.unwrap().device;
    let hers = login_of("ada@example.org", PASSWORD, "unknown");
    let stranger = login(&world.app, proving(hers.clone(), &bobs.refresh_token)).await.unwrap();
    assert_ne!(caller(&world, &stranger).await.unwrap().device, device);
    let second = login(&world.app, proving(hers, &first.refresh_token)).await.unwrap();
    assert_eq!(caller(&world, &second).await.unwrap().device, device);
    assert_eq!(caller(&world, &first).await, Err(AppError::SessionRevoked));
    assert!(caller(&world, &bobs).await.is_ok());
}

#[tokio::test]
async fn one_more_session_than_allowed_ends_the_one_used_longest_ago() {
    let mut world = FakeApp::default();
    world.app.rules.sessions.max_per_user = 2;
    register(&world, "ada@example.org").await;
    let mut tokens = Vec::new();
    for device in ["a", "b", "c"] {
        tokens.push(sign_in(&world, "ada@example.org", device).await);
        world.clock.advance(1_000);
    }
    assert_eq!(caller(&world, &tokens[0]).await, Err(AppError::SessionRevoked));
    assert!(caller(&world, &tokens[1]).await.is_ok() && caller(&world, &tokens[2]).await.is_ok());
}

#[tokio::test]
async fn a_hash_with_weaker_parameters_is_replaced_at_login() {
    let (world, ada) = with_ada().await;
    let accounts = &world.app.accounts;
    let weak = PasswordHash(format!("v1:{PASSWORD}"));
    accounts.change_password(ada.user, None, weak.clone(), everywhere(&world)).await.unwrap();
    sign_in(&world, "ada@example.org", "phone").await;
    assert_ne!(accounts.password_of(ada.user).await.unwrap(), Some(weak));
}

#[tokio::test]
async fn an_access_token_ends_after_fifteen_minutes() {
    let (world, _) = with_ada().await;
    let tokens = sign_in(&world, "ada@example.org", "phone").await;
    world.clock.advance(15 * 60_000 - 1);
    assert!(caller(&world, &tokens).await.is_ok());
    world.clock.advance(1);
    assert_eq!(caller(&world, &tokens).await, Err(AppError::NotSignedIn));
}

#[tokio::test]
async fn a_lost_answer_is_retried_with_the_same_successor() {
    let (world, _) = with_ada().await;
    let first = sign_in(&world, "ada@example.org", "phone").await.refresh_token;
    let second = refresh(&world.app, &first, None).await.unwrap().refresh_token;
    assert_ne!(second, first);
    assert_eq!(refresh(&world.app, &first, None).await.unwrap().refresh_token, second);
    world.clock.advance(59_999);
    assert_eq!(refresh(&world.app, &first, None).await.unwrap().refresh_token, second);
}

#[tokio::test]
async fn a_copied_token_is_noticed_when_thief_and_owner_take_turns() {
    let (world, ada) = with_ada().await;
    let stolen = sign_in(&world, "ada@example.org", "phone").await.refresh_token;
    world.clock.advance(14 * 60_000);
    let first = refresh(&world.app, &stolen, None).await.unwrap();
    // Then the other one comes with the token that both have.
    world.clock.advance(60_000);
    assert_eq!(refresh(&world.app, &stolen, None).await, Err(AppError::TokenReused));
    assert_eq!(refresh(&world.app, &first.refresh_token, None).await, Err(AppError::SessionRevoked));
    assert_eq!(caller(&world, &first).await, Err(AppError::SessionRevoked));
    let told = audit::entries(&world.app, &ada, None, 1).await.unwrap();
    assert_eq!(told[0].event.kind, AuditKind::LostAnswerOrCopy);
    assert_eq!(told[0].event.subject.as_deref(), Some("phone"));
}

#[tokio::test]
async fn fifty_concurrent_refreshes_give_one_successor() {
    let (world, _) = with_ada().await;
    let first = sign_in(&world, "ada@example.org", "phone").await.refresh_token;
    let tries = (0..50).map(|_| {
        let (world, token) = (world.clone(), first.clone());
        tokio::spawn(async move { refresh(&world.app, &token, None).await.unwrap().refresh_token })
    });
    let mut successors = Vec::new();
    for task in tries.collect::<Vec<_>>() {
        successors.push(task.await.unwrap());
    }
    successors.dedup();
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn reuse_of_an_older_token_ends_the_session_with_its_access_tokens() {
    let (world, _) = with_ada().await;
    let stolen = sign_in(&world, "ada@example.org", "phone").await;
    let mut newest = stolen.clone();
    for _ in 0..3 {
        newest = refresh(&world.app, &newest.refresh_token, None).await.unwrap();
    }
    let reuse = refresh(&world.app, &stolen.refresh_token, None).await;
    assert_eq!(reuse, Err(AppError::TokenReused));
    assert_eq!(caller(&world, &newest).await, Err(AppError::SessionRevoked));
    assert_eq!(refresh(&world.app, &newest.refresh_token, None).await, Err(AppError::SessionRevoked));
}

#[tokio::test]
async fn a_session_that_was_idle_too_long_cannot_be_refreshed() {
    let (world, _) = with_ada().await;
    let tokens = sign_in(&world, "ada@example.org", "phone").await;
    world.clock.advance(world.app.rules.sessions.idle_ms + 1);
    assert_eq!(refresh(&world.app, &tokens.refresh_token, None).await, Err(AppError::SessionRevoked));
}

#[tokio::test]
async fn a_text_that_is_no_token_is_refused() {
    let (world, _) = with_ada().await;
    assert_eq!(refresh(&world.app, "nonsense", None).await, Err(AppError::SessionRevoked));
    assert_eq!(authenticate(&world.app, "nonsense", None).await, Err(AppError::NotSignedIn));
}

#[tokio::test]
async fn ending_sessions_refuses_their_access_tokens_at_once() {
    let (world, ada) = with_ada().await;
    let phone = sign_in(&world, "ada@example.org", "phone").await;
    end_session(&world.app, &ada, phone.session).await.unwrap();
    assert_eq!(caller(&world, &phone).await, Err(AppError::SessionRevoked));
    assert_eq!(end_session(&world.app, &ada, phone.session).await, Err(AppError::NotFound));

    let tablet = sign_in(&world, "ada@example.org", "tablet").await;
    logout_all(&world.app, &ada, false, false).await.unwrap();
    assert_eq!(caller(&world, &tablet).await, Err(AppError::SessionRevoked));
}

#[tokio::test]
async fn logging_out_twice_is_the_same_as_once() {
    let (world, ada) = with_ada().await;
    assert_eq!(logout(&world.app, &ada).await, Ok(()));
    assert_eq!(logout(&world.app, &ada).await, Ok(()));
    assert!(sessions::list(&world.app, &ada).await.unwrap().is_empty());
}

#[tokio::test]
async fn somebody_elses_session_is_not_found_like_one_that_never_was() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = sign_in(&world, "bob@example.org", "laptop").await;
    assert_eq!(end_session(&world.app, &ada, bob.session).await, Err(AppError::NotFound));
    assert_eq!(end_session(&world.app, &ada, SessionId::from_bits(1)).await, Err(AppError::NotFound));
    assert!(caller(&world, &bob).await.is_ok());
}

fn proving(login: Login, refresh_token: &str) -> Login {
    Login { refresh_token: Some(refresh_token.to_owned()), ..login }
}

#[tokio::test]
async fn strangers_cannot_lock_out_a_device_that_proves_to_be_signed_in() {
    let (world, _) = with_ada().await;
    let laptop = sign_in(&world, "ada@example.org", "laptop").await;
    world.limits.allow(Limit::LoginPerAccount, 0);
    let by_name = login(&world.app, login_of("ada@example.org", PASSWORD, "laptop")).await;
    assert!(matches!(by_name, Err(AppError::TooMany(_))), "a device's name is no secret");
    let nobody = login(&world.app, login_of("bob@example.org", PASSWORD, "laptop")).await;
    assert_eq!(nobody, by_name);

    let hers = login_of("ada@example.org", PASSWORD, "laptop");
    let next = login(&world.app, proving(hers.clone(), &laptop.refresh_token)).await.unwrap();
    let again = login(&world.app, proving(hers.clone(), &laptop.refresh_token)).await;
    assert_eq!(again, by_name, "its session was replaced");
    let third = refresh(&world.app, &next.refresh_token, None).await.unwrap();
    // The one before is the last that a device has whose answer was lost.
    assert!(login(&world.app, proving(hers.clone(), &next.refresh_token)).await.is_ok());
    assert_eq!(login(&world.app, proving(hers, &third.refresh_token)).await, by_name);
}

#[tokio::test]
async fn nobody_elses_old_or_made_up_token_proves_anything() {
    let (world, _) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bobs = sign_in(&world, "bob@example.org", "laptop").await;
    let old = sign_in(&world, "ada@example.org", "phone").await;
    let second = refresh(&world.app, &old.refresh_token, None).await.unwrap();
    refresh(&world.app, &second.refresh_token, None).await.unwrap();
    world.limits.allow(Limit::LoginPerAccount, 0);
    let refused = login(&world.app, login_of("ada@example.org", PASSWORD, "phone")).await;
    for token in [&bobs.refresh_token, &old.refresh_token, "refresh|nonsense"] {
        let tried = proving(login_of("ada@example.org", PASSWORD, "phone"), token);
        assert_eq!(login(&world.app, tried).await, refused, "{token}");
    }
}

#[tokio::test]
async fn a_device_that_proves_itself_has_a_limit_of_its_own() {
    let (world, _) = with_ada().await;
    let laptop = sign_in(&world, "ada@example.org", "laptop").await;
    world.limits.allow(Limit::LoginPerAccount, 0);
    world.limits.allow(Limit::LoginPerKnownDevice, 2);
    let wrong = proving(login_of("ada@example.org", "wrong password", "laptop"), &laptop.refresh_token);
    for _ in 0..2 {
        assert_eq!(login(&world.app, wrong.clone()).await, Err(AppError::InvalidCredentials));
    }
    assert!(matches!(login(&world.app, wrong).await, Err(AppError::TooMany(_))));
}

#[tokio::test]
async fn a_login_that_raced_with_a_change_of_the_password_is_refused() {
    use dayline_app::ports::{Sessions, StartSession, Started};
    let (world, ada) = with_ada().await;
    let (_, seen) = world.store.find_by_email(Email::new("ada@example.org").unwrap()).await.unwrap().unwrap();
    let now = world.app.clock.now();
    let new = PasswordHash("v2:new".into());
    world.store.change_password(ada.user, None, new, everywhere(&world)).await.unwrap();
    let session = Sessions::list(&*world.store, ada.user).await.unwrap();
    assert!(session.is_empty());
    let late = StartSession {
        session: dayline_domain::Session {
            id: SessionId::from_bits(7),
            user: ada.user,
            device: (*ada.device).clone(),
            device_name: None,
            address: None,
            created_at: now,
            last_used_at: now,
            generation: dayline_domain::identity::session::Generation(0),
            token_hash: [0; 32],
            issued_at: now,
            previous_issued_at: now,
        },
        checked_against: Some(seen),
        code: None,
        max_per_user: 50,
    };
    assert_eq!(world.store.start(late).await, Ok(Started::Refused));
}
