//! Maintenance: pings are taken, and nothing else is written; nobody is refused for good.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::accounts::{self, ProfileEdit};
use dayline_app::identity::api_keys::{self, NewKey};
use dayline_app::identity::audit;
use dayline_app::identity::authenticate::authenticate;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::identity::refresh::refresh;
use dayline_app::identity::sessions;
use dayline_app::identity::tokens::Tokens;
use dayline_app::ports::AuditKind;
use dayline_contract::fakes::FakeApp;
use dayline_domain::identity::account::Label;
use dayline_domain::{FullName, Scope, Scopes};

use super::{caller, login, register};

/// A day, in milliseconds: longer than any answer of a refresh is waited for.
const LATER_MS: i64 = 86_400_000;

/// Ada, who is signed in on her phone with these tokens, and has a key; then maintenance.
async fn ada() -> (FakeApp, Caller, Tokens, String) {
    let mut world = FakeApp::default();
    register(&world, "ada@example.org").await;
    let tokens = login(&world, "ada@example.org", "phone").await;
    let ada = caller(&world, &tokens).await.unwrap();
    let key = NewKey {
        name: Label::new("tracker").unwrap(),
        scopes: Scopes::NONE.with(Scope::Track),
        expires_at: None,
        format: KeyFormat::Prefixed,
    };
    let (_, key) = api_keys::create(&world.app, &ada, key).await.unwrap();
    world.app.rules.maintenance = true;
    (world, ada, tokens, key)
}

#[tokio::test]
async fn a_session_goes_on_with_the_refresh_token_that_it_has() {
    let (mut world, ada, tokens, _) = ada().await;
    let before = sessions::list(&world.app, &ada).await.unwrap();
    for _ in 0..3 {
        let again = refresh(&world.app, &tokens.refresh_token, None).await.unwrap();
        assert_eq!((again.refresh_token, again.session), (tokens.refresh_token.clone(), tokens.session));
        let found = authenticate(&world.app, &again.access_token, None).await.unwrap();
        assert_eq!((found.user, found.device), (ada.user, Arc::clone(&ada.device)));
    }
    assert_eq!(sessions::list(&world.app, &ada).await.unwrap(), before);

    world.app.rules.maintenance = false;
    let next = refresh(&world.app, &tokens.refresh_token, None).await.unwrap();
    assert_ne!(next.refresh_token, tokens.refresh_token);
}

#[tokio::test]
async fn a_token_that_was_replaced_or_has_expired_ends_nothing_yet() {
    let (mut world, ada, first, _) = ada().await;
    world.app.rules.maintenance = false;
    let second = refresh(&world.app, &first.refresh_token, None).await.unwrap();
    world.clock.advance(LATER_MS);
    world.app.rules.maintenance = true;
    let reused = refresh(&world.app, &first.refresh_token, None).await;
    assert_eq!(reused, Err(AppError::Maintenance));
    let good = refresh(&world.app, &second.refresh_token, None).await;
    assert_eq!(good.map(|tokens| tokens.session), Ok(first.session));
    world.clock.advance(400 * LATER_MS);
    assert_eq!(refresh(&world.app, &second.refresh_token, None).await, Err(AppError::Maintenance));
    let entries = audit::entries(&world.app, &ada, None, 9).await.unwrap();
    assert!(entries.iter().all(|entry| entry.event.kind != AuditKind::TokenReused), "{entries:?}");
}

#[tokio::test]
async fn what_the_store_lacks_refuses_nobody_for_good() {
    let (world, _, tokens, key) = ada().await;
    let empty = FakeApp::default().store.copy();
    world.store.become_copy(&empty);
    assert_eq!(refresh(&world.app, &tokens.refresh_token, None).await, Err(AppError::Maintenance));
    assert_eq!(authenticate(&world.app, &key, None).await, Err(AppError::Maintenance));
}

#[tokio::test]
async fn a_key_lets_in_and_its_use_is_not_noted() {
    let (world, ada, _, key) = ada().await;
    assert_eq!(authenticate(&world.app, &key, None).await.map(|caller| caller.user), Ok(ada.user));
    let keys = api_keys::list(&world.app, &ada).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.last_used_at).collect::<Vec<_>>(), [None]);
}

#[tokio::test]
async fn changes_that_are_counted_are_refused() {
    let (world, ada, _, _) = ada().await;
    let edit = ProfileEdit { full_name: Some(FullName::new("Grace").unwrap()), ..ProfileEdit::default() };
    let refused = accounts::update_profile(&world.app, &ada, edit).await;
    assert_eq!(refused, Err(AppError::Maintenance));
    assert_eq!(accounts::profile(&world.app, &ada).await.unwrap().full_name.as_str(), "Ada");
}
