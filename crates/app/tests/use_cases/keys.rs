//! API keys and the audit log.

use dayline_app::AppError;
use dayline_app::identity::api_keys::{MAX_KEYS, NewKey, create, delete, list};
use dayline_app::identity::authenticate::authenticate;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::identity::login;
use dayline_app::identity::sessions::{logout, logout_all};
use dayline_app::identity::sign_out::SignedOut;
use dayline_app::identity::{accounts, audit, operator};
use dayline_app::ports::{AuditKind, Limit};
use dayline_contract::fakes::FakeApp;
use dayline_domain::identity::account::Label;
use dayline_domain::{Scope, Scopes};

use super::{PASSWORD, login as sign_in, login_of, register, with_ada};

fn tracker() -> NewKey {
    NewKey {
        name: Label::new("tracker").unwrap(),
        scopes: Scopes::NONE.with(Scope::Track),
        expires_at: None,
        format: KeyFormat::Prefixed,
    }
}

async fn bearer(world: &FakeApp, text: &str) -> Result<Caller, AppError> {
    authenticate(&world.app, text, None).await
}

#[tokio::test]
async fn a_key_lets_its_bearer_do_what_its_scopes_say_and_nothing_else() {
    let (world, ada) = with_ada().await;
    let (_, text) = create(&world.app, &ada, tracker()).await.unwrap();
    let by_key = bearer(&world, &text).await.unwrap();
    assert_eq!((by_key.user, by_key.device.as_str()), (ada.user, "tracker"));
    assert_eq!(by_key.require(Scope::Track), Ok(()));
    assert_eq!(by_key.require(Scope::Read), Err(AppError::MissingScope(Scope::Read)));
    assert_eq!(accounts::profile(&world.app, &by_key).await, Err(AppError::MissingScope(Scope::Account)));
    assert_eq!(
        create(&world.app, &by_key, tracker()).await.unwrap_err(),
        AppError::MissingScope(Scope::Account)
    );
    assert_eq!(logout(&world.app, &by_key).await, Err(AppError::MissingScope(Scope::Account)));
}

#[tokio::test]
async fn a_key_that_is_a_uuid_lets_in_in_each_spelling_that_clients_send() {
    let (world, ada) = with_ada().await;
    let as_uuid = NewKey { format: KeyFormat::Uuid, ..tracker() };
    let (key, text) = create(&world.app, &ada, as_uuid).await.unwrap();
    for sent in [text.clone(), text.to_uppercase(), format!("waka_{text}")] {
        assert_eq!(bearer(&world, &sent).await.map(|caller| caller.user), Ok(ada.user), "{sent}");
    }
    let (_, prefixed) = create(&world.app, &ada, tracker()).await.unwrap();
    let other = prefixed.to_uppercase();
    assert_eq!(
        bearer(&world, &other).await,
        Err(AppError::NotSignedIn),
        "case means something in other keys"
    );
    delete(&world.app, &ada, key.id).await.unwrap();
    assert_eq!(bearer(&world, &text).await, Err(AppError::NotSignedIn));
}

#[tokio::test]
async fn wrong_keys_are_limited_by_address_and_good_ones_are_not() {
    let (world, ada) = with_ada().await;
    let (_, good) = create(&world.app, &ada, tracker()).await.unwrap();
    let address = Some("192.0.2.1".parse().unwrap());
    let from_there = async |text: &str| authenticate(&world.app, text, address).await;
    world.limits.allow(Limit::WrongKeyPerAddress, 2);
    for wrong in ["dlk_nonsense", "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"] {
        assert_eq!(from_there(wrong).await, Err(AppError::NotSignedIn));
    }
    assert!(matches!(from_there("dlk_nonsense").await, Err(AppError::TooMany(_))));
    assert!(from_there(&good).await.is_ok(), "a neighbour's wrong key locks nobody out");
    assert_eq!(from_there("no key at all").await, Err(AppError::NotSignedIn));
}

#[tokio::test]
async fn a_deleted_or_expired_key_lets_nobody_in() {
    let (world, ada) = with_ada().await;
    let (key, text) = create(&world.app, &ada, tracker()).await.unwrap();
    let expires_at = Some(world.app.clock.now().plus(1_000));
    let (_, short) = create(&world.app, &ada, NewKey { expires_at, ..tracker() }).await.unwrap();
    delete(&world.app, &ada, key.id).await.unwrap();
    assert_eq!(bearer(&world, &text).await, Err(AppError::NotSignedIn));
    assert_eq!(delete(&world.app, &ada, key.id).await, Err(AppError::NotFound));
    assert!(bearer(&world, &short).await.is_ok());
    world.clock.advance(1_000);
    assert_eq!(bearer(&world, &short).await, Err(AppError::NotSignedIn));
    assert_eq!(bearer(&world, "dlk_nonsense").await, Err(AppError::NotSignedIn));
}

#[tokio::test]
async fn a_key_is_listed_without_its_text_and_with_its_last_use() {
    let (world, ada) = with_ada().await;
    let (key, text) = create(&world.app, &ada, tracker()).await.unwrap();
    assert_eq!(list(&world.app, &ada).await.unwrap(), [key]);
    bearer(&world, &text).await.unwrap();
    let [key] = &list(&world.app, &ada).await.unwrap()[..] else { panic!("one key") };
    assert_eq!(key.last_used_at, Some(world.app.clock.now()));
    assert!(!format!("{key:?}").contains(&text));
}

#[tokio::test]
async fn keys_need_a_scope_a_future_end_and_are_bounded_in_number() {
    let (world, ada) = with_ada().await;
    let now = world.app.clock.now();
    for bad in [
        NewKey { scopes: Scopes::NONE, ..tracker() },
        NewKey { scopes: Scopes::SESSION, ..tracker() },
        NewKey { expires_at: Some(now), ..tracker() },
    ] {
        assert!(matches!(create(&world.app, &ada, bad).await, Err(AppError::Invalid(_))));
    }
    for _ in 0..MAX_KEYS {
        create(&world.app, &ada, tracker()).await.unwrap();
    }
    assert_eq!(create(&world.app, &ada, tracker()).await.unwrap_err(), AppError::TooManyKeys);
}

#[tokio::test]
async fn somebody_elses_key_is_not_found() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = super::caller(&world, &sign_in(&world, "bob@example.org", "pc").await).await.unwrap();
    let (key, text) = create(&world.app, &bob, tracker()).await.unwrap();
    assert_eq!(delete(&world.app, &ada, key.id).await, Err(AppError::NotFound));
    assert!(bearer(&world, &text).await.is_ok());
}

#[tokio::test]
async fn keys_of_a_deleted_person_let_nobody_in() {
    let (world, ada) = with_ada().await;
    let (_, text) = create(&world.app, &ada, tracker()).await.unwrap();
    accounts::delete(&world.app, &ada, PASSWORD.into()).await.unwrap();
    assert_eq!(bearer(&world, &text).await, Err(AppError::NotSignedIn));
}

#[tokio::test]
async fn the_audit_log_tells_what_happened_newest_first_and_page_by_page() {
    let (world, ada) = with_ada().await;
    let wrong = login::login(&world.app, login_of("ada@example.org", "wrong password", "thief")).await;
    assert_eq!(wrong, Err(AppError::InvalidCredentials));
    let (key, _) = create(&world.app, &ada, tracker()).await.unwrap();
    delete(&world.app, &ada, key.id).await.unwrap();
    let changed = dayline_domain::NewPassword::new("another long secret").unwrap();
    accounts::change_password(&world.app, &ada, PASSWORD.into(), changed, false).await.unwrap();
    login::login(&world.app, login_of("ada@example.org", "another long secret", "phone")).await.unwrap();
    logout_all(&world.app, &ada, true, false).await.unwrap();

    let first = audit::entries(&world.app, &ada, None, 5).await.unwrap();
    let rest = audit::entries(&world.app, &ada, Some(first[4].id), 100).await.unwrap();
    let told: Vec<_> = first.iter().chain(&rest).map(|entry| entry.event.kind).collect();
    let expected = [
        AuditKind::SessionsEnded,
        AuditKind::SignedIn,
        AuditKind::PasswordChanged,
        AuditKind::KeyDeleted,
        AuditKind::KeyCreated,
        AuditKind::SignInFailed,
        AuditKind::SignedIn,
        AuditKind::Registered,
    ];
    assert_eq!(told, expected);
    assert_eq!(rest[0].event.subject.as_deref(), Some("thief"));
}

#[tokio::test]
async fn signing_out_deletes_keys_if_asked_to_and_writes_each_down() {
    let (world, ada) = with_ada().await;
    let (_, text) = create(&world.app, &ada, tracker()).await.unwrap();
    let none = SignedOut { sessions: 0, api_keys: 0 };
    assert_eq!(logout_all(&world.app, &ada, true, false).await, Ok(none));
    assert!(bearer(&world, &text).await.is_ok());

    let one = SignedOut { api_keys: 1, ..none };
    assert_eq!(logout_all(&world.app, &ada, true, true).await, Ok(one));
    assert_eq!(bearer(&world, &text).await, Err(AppError::NotSignedIn));
    assert_eq!(last_events(&world, &ada, 1).await, [(AuditKind::KeyDeleted, Some("tracker".into()))]);

    create(&world.app, &ada, tracker()).await.unwrap();
    let changed = dayline_domain::NewPassword::new("another long secret").unwrap();
    let ended = accounts::change_password(&world.app, &ada, PASSWORD.into(), changed.clone(), true).await;
    assert_eq!(ended, Ok(one));
    let deleted = (AuditKind::KeyDeleted, Some("tracker".into()));
    let expected = [(AuditKind::PasswordChanged, None), deleted.clone()];
    assert_eq!(last_events(&world, &ada, 2).await, expected);

    create(&world.app, &ada, tracker()).await.unwrap();
    let email = dayline_domain::Email::new("ada@example.org").unwrap();
    let ended = operator::reset_password(&world.app, email, changed, true).await;
    assert_eq!(ended, Ok(SignedOut { sessions: 1, api_keys: 1 }));
    assert_eq!(last_events(&world, &ada, 2).await, [(AuditKind::PasswordReset, None), deleted]);
}

#[tokio::test]
async fn signing_out_where_nothing_ends_leaves_no_entry() {
    let (world, ada) = with_ada().await;
    let before = audit::entries(&world.app, &ada, None, 100).await.unwrap();
    logout_all(&world.app, &ada, true, true).await.unwrap();
    assert_eq!(audit::entries(&world.app, &ada, None, 100).await.unwrap(), before);
}

async fn last_events(world: &FakeApp, of: &Caller, n: usize) -> Vec<(AuditKind, Option<Box<str>>)> {
    let entries = audit::entries(&world.app, of, None, n).await.unwrap();
    entries.into_iter().map(|entry| (entry.event.kind, entry.event.subject)).collect()
}
