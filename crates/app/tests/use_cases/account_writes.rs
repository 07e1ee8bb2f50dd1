//! What one person may change about their account in a short time.

use dayline_app::AppError;
use dayline_app::identity::accounts::ProfileEdit;
use dayline_app::identity::api_keys::{self, NewKey};
use dayline_app::identity::device_login::decide;
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::identity::{accounts, sessions};
use dayline_app::ports::Limit;
use dayline_domain::identity::account::Label;
use dayline_domain::{ApiKeyId, FullName, NewPassword, Scope, Scopes};

use super::{PASSWORD, with_ada};

#[tokio::test]
async fn every_change_of_an_account_counts_against_one_limit_and_signing_out_does_not() {
    let (world, ada) = with_ada().await;
    let app = &world.app;
    let name = || ProfileEdit { full_name: Some(FullName::new("Grace").unwrap()), ..ProfileEdit::default() };
    let new = || NewPassword::new("another long secret").unwrap();
    let key = || NewKey {
        name: Label::new("tracker").unwrap(),
        scopes: Scopes::NONE.with(Scope::Track),
        expires_at: None,
        format: KeyFormat::Prefixed,
    };
    let session = ada.session().unwrap();
    world.limits.allow(Limit::AccountWritePerUser, 2);
    assert!(accounts::update_profile(app, &ada, name()).await.is_ok());
    assert!(api_keys::create(app, &ada, key()).await.is_ok());
    let refused = [
        accounts::update_profile(app, &ada, name()).await.err(),
        accounts::change_password(app, &ada, PASSWORD.to_owned(), new(), false).await.err(),
        accounts::delete(app, &ada, PASSWORD.to_owned()).await.err(),
        api_keys::create(app, &ada, key()).await.err(),
        api_keys::delete(app, &ada, ApiKeyId::from_bits(1)).await.err(),
        sessions::logout_all(app, &ada, true, false).await.err(),
        sessions::end_session(app, &ada, session).await.err(),
        decide(app, &ada, "BCDF-GHJK", true).await.err(),
    ];
    for (n, error) in refused.into_iter().enumerate() {
        assert!(matches!(error, Some(AppError::TooMany(_))), "change {n}: {error:?}");
    }
    assert!(accounts::profile(app, &ada).await.is_ok());
    assert!(sessions::logout(app, &ada).await.is_ok());
}
