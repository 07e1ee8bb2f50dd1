//! What an operator does for and with people.

use dayline_app::AppError;
use dayline_app::identity::accounts::Registration;
use dayline_app::identity::authenticate::authenticate;
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::identity::operator::{
    create, delete, disable, enable, list, make_reset_link, reset_password,
};
use dayline_app::identity::{api_keys, login, reset_link};
use dayline_app::ports::{AuditKind, Limit};
use dayline_contract::fakes::FakeApp;
use dayline_domain::identity::account::Label;
use dayline_domain::{Email, FullName, NewPassword, Scope, Scopes, UserId};

use super::{PASSWORD, caller, login as sign_in, login_of, with_ada};

const HOUR: i64 = 3_600_000;

fn ada() -> Email {
    Email::new("ada@example.org").unwrap()
}

fn nobody() -> Email {
    Email::new("nobody@example.org").unwrap()
}

fn another() -> NewPassword {
    NewPassword::new("another long secret").unwrap()
}

/// What happened to an account, the newest first.
async fn audited(world: &FakeApp, user: UserId) -> Vec<AuditKind> {
    let entries = world.app.audit.list(user, None, 50).await.unwrap();
    entries.into_iter().map(|entry| entry.event.kind).collect()
}

async fn login_with(world: &FakeApp, password: &str) -> Result<(), AppError> {
    login::login(&world.app, login_of("ada@example.org", password, "tablet")).await.map(drop)
}

#[tokio::test]
async fn an_operator_makes_accounts_also_where_registration_is_closed() {
    let mut world = FakeApp::default();
    world.app.rules.registration_closed = true;
    let registration = Registration {
        email: ada(),
        password: another(),
        full_name: FullName::new("Ada").unwrap(),
        timezone: Some("Asia/Tokyo".into()),
        address: None,
    };
    let made = create(&world.app, registration.clone()).await.unwrap();
    assert_eq!(made.timezone, "Asia/Tokyo");
    assert_eq!(create(&world.app, registration).await, Err(AppError::EmailTaken));
    login_with(&world, "another long secret").await.unwrap();
    assert_eq!(audited(&world, made.id).await, [AuditKind::SignedIn, AuditKind::AccountCreated]);
    assert_eq!(list(&world.app, None, 10).await, Ok(vec![made]));
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_is_told_so_with_the_right_password_alone() {
    let (world, person) = with_ada().await;
    let laptop = sign_in(&world, "ada@example.org", "laptop").await;
    let key = {
        let (name, scopes) = (Label::new("tracker").unwrap(), Scopes::NONE.with(Scope::Track));
        let caller = caller(&world, &laptop).await.unwrap();
        let format = KeyFormat::Prefixed;
        let new = api_keys::NewKey { name, scopes, expires_at: None, format };
        api_keys::create(&world.app, &caller, new).await.unwrap().1
    };
    assert_eq!(disable(&world.app, ada()).await, Ok(1));
    assert_eq!(caller(&world, &laptop).await, Err(AppError::SessionRevoked));
    assert_eq!(authenticate(&world.app, &key, None).await, Err(AppError::NotSignedIn));
    assert_eq!(login_with(&world, "a wrong password").await, Err(AppError::InvalidCredentials));
    assert_eq!(login_with(&world, PASSWORD).await, Err(AppError::AccountDisabled));
    let [refused, failed, disabled, ..] = audited(&world, person.user).await[..] else { panic!() };
    assert_eq!(
        [refused, failed, disabled],
        [AuditKind::SignInRefused, AuditKind::SignInFailed, AuditKind::AccountDisabled]
    );

    enable(&world.app, ada()).await.unwrap();
    assert_eq!(authenticate(&world.app, &key, None).await.map(|caller| caller.user), Ok(person.user));
    login_with(&world, PASSWORD).await.unwrap();
    assert_eq!(audited(&world, person.user).await[1], AuditKind::AccountEnabled);
}

#[tokio::test]
async fn a_deleted_person_is_gone_and_signed_out() {
    let (world, _) = with_ada().await;
    let phone = sign_in(&world, "ada@example.org", "phone").await;
    delete(&world.app, ada()).await.unwrap();
    assert_eq!(caller(&world, &phone).await, Err(AppError::SessionRevoked));
    assert_eq!(login_with(&world, PASSWORD).await, Err(AppError::InvalidCredentials));
    assert_eq!(delete(&world.app, ada()).await, Err(AppError::NotFound));
}

#[tokio::test]
async fn a_password_is_reset_and_every_session_ends() {
    let (world, person) = with_ada().await;
    let phone = sign_in(&world, "ada@example.org", "phone").await;
    reset_password(&world.app, ada(), another(), false).await.unwrap();
    assert_eq!(caller(&world, &phone).await, Err(AppError::SessionRevoked));
    assert_eq!(audited(&world, person.user).await[0], AuditKind::PasswordReset);
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_the_old_one_is_good_until_then() {
    let (world, person) = with_ada().await;
    let phone = sign_in(&world, "ada@example.org", "phone").await;
    let link = make_reset_link(&world.app, ada(), HOUR).await.unwrap();
    assert!(!format!("{link:?}").contains(&link.secret));
    reset_link::look_up(&world.app, &link.secret, None).await.unwrap();
    assert!(caller(&world, &phone).await.is_ok());
    login_with(&world, PASSWORD).await.unwrap();

    reset_link::redeem(&world.app, &link.secret, another(), None).await.unwrap();
    assert_eq!(caller(&world, &phone).await, Err(AppError::SessionRevoked));
    assert_eq!(login_with(&world, PASSWORD).await, Err(AppError::InvalidCredentials));
    login_with(&world, "another long secret").await.unwrap();
    assert_eq!(reset_link::look_up(&world.app, &link.secret, None).await, Err(AppError::NotFound));
    let again = reset_link::redeem(&world.app, &link.secret, another(), None).await;
    assert_eq!(again, Err(AppError::NotFound));
    let kinds = audited(&world, person.user).await;
    assert!(kinds.contains(&AuditKind::ResetLinkMade) && kinds.contains(&AuditKind::PasswordResetByLink));
}

#[tokio::test]
async fn a_link_is_good_for_its_time_and_guessing_ends_soon() {
    let (world, _) = with_ada().await;
    let link = make_reset_link(&world.app, ada(), HOUR).await.unwrap();
    world.clock.advance(HOUR - 1);
    reset_link::look_up(&world.app, &link.secret, None).await.unwrap();
    world.clock.advance(1);
    assert_eq!(reset_link::look_up(&world.app, &link.secret, None).await, Err(AppError::NotFound));
    world.limits.allow(Limit::LoginPerAddress, 0);
    let address = "192.0.2.1".parse().ok();
    let guess = reset_link::redeem(&world.app, "dlr_guess", another(), address).await;
    assert!(matches!(guess, Err(AppError::TooMany(_))), "{guess:?}");
}

#[tokio::test]
async fn an_address_that_nobody_has_is_not_found() {
    let (world, _) = with_ada().await;
    let app = &world.app;
    let outcomes = [
        disable(app, nobody()).await.map(drop),
        enable(app, nobody()).await,
        delete(app, nobody()).await,
        reset_password(app, nobody(), another(), false).await.map(drop),
        make_reset_link(app, nobody(), HOUR).await.map(drop),
    ];
    assert_eq!(outcomes, [const { Err(AppError::NotFound) }; 5]);
}
