//! Registration, profile, password, deletion.

use dayline_app::AppError;
use dayline_app::identity::accounts::{
    ProfileEdit, Registration, change_password, delete, profile, register, update_profile,
};
use dayline_app::identity::login;
use dayline_app::identity::sign_out::SignedOut;
use dayline_app::ports::{AuditKind, Limit, PortError, TooMany};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{Email, FullName, NewPassword};

use super::{PASSWORD, caller, login as sign_in, login_of, with_ada};

fn registration(email: &str, timezone: Option<&str>) -> Registration {
    Registration {
        email: Email::new(email).unwrap(),
        password: NewPassword::new(PASSWORD).unwrap(),
        full_name: FullName::new("Ada").unwrap(),
        timezone: timezone.map(str::to_owned),
        address: "192.0.2.1".parse().ok(),
    }
}

fn field_of(error: &AppError) -> &str {
    match error {
        AppError::Invalid(fields) => &fields[0].field,
        other => panic!("not about a field: {other:?}"),
    }
}

#[tokio::test]
async fn where_registration_is_closed_nothing_else_is_asked() {
    let mut world = FakeApp::default();
    world.app.rules.registration_closed = true;
    world.store.fail(Some(PortError::Unavailable("down".into())));
    world.limits.allow(Limit::RegisterPerAddress, 0);
    let refused = register(&world.app, registration("ada@example.org", Some("Mars"))).await;
    assert_eq!(refused, Err(AppError::RegistrationClosed));
}

#[tokio::test]
async fn an_address_can_be_registered_once_whatever_its_case() {
    let world = FakeApp::default();
    register(&world.app, registration("ada@example.org", None)).await.unwrap();
    let again = register(&world.app, registration("ADA@example.org", None)).await;
    assert_eq!(again, Err(AppError::EmailTaken));
}

#[tokio::test]
async fn a_time_zone_is_stored_as_the_data_base_spells_it_and_an_unknown_one_is_refused() {
    let world = FakeApp::default();
    let user = register(&world.app, registration("a@example.org", Some("asia/tokyo"))).await.unwrap();
    assert_eq!(user.timezone, "Asia/Tokyo");
    let error = register(&world.app, registration("b@example.org", Some("Mars/Olympus"))).await.unwrap_err();
    assert_eq!(field_of(&error), "timezone");
}

#[tokio::test]
async fn registrations_are_limited_per_address() {
    let world = FakeApp::default();
    world.limits.allow(Limit::RegisterPerAddress, 1);
    register(&world.app, registration("a@example.org", None)).await.unwrap();
    let error = register(&world.app, registration("b@example.org", None)).await.unwrap_err();
    assert_eq!(error, AppError::TooMany(TooMany { retry_after_s: 7, quota: 10, window_s: 600 }));
}

#[tokio::test]
async fn a_profile_changes_only_where_something_is_given() {
    let (world, ada) = with_ada().await;
    let name = FullName::new("Ada Lovelace").unwrap();
    let edit = ProfileEdit { full_name: Some(name.clone()), ..ProfileEdit::default() };
    let user = update_profile(&world.app, &ada, edit).await.unwrap();
    assert_eq!((user.full_name, user.timezone.as_str()), (name.clone(), "UTC"));
    let edit = ProfileEdit { timezone: Some("Asia/Tokyo".into()), ..ProfileEdit::default() };
    let user = update_profile(&world.app, &ada, edit).await.unwrap();
    assert_eq!((user.full_name, user.timezone.as_str()), (name, "Asia/Tokyo"));
}

fn to_email(email: &str, password: Option<&str>) -> ProfileEdit {
    let (email, password) = (Email::new(email).ok(), password.map(str::to_owned));
    ProfileEdit { email, password, ..ProfileEdit::default() }
}

#[tokio::test]
async fn a_new_address_needs_the_password_and_the_old_one_signs_nobody_in_any_more() {
    let (world, ada) = with_ada().await;
    let app = &world.app;
    for password in [None, Some("wrong")] {
        let error = update_profile(app, &ada, to_email("new@example.org", password)).await.unwrap_err();
        assert_eq!(field_of(&error), "password");
    }
    let user = update_profile(app, &ada, to_email("new@example.org", Some(PASSWORD))).await.unwrap();
    assert_eq!(user.email.as_str(), "new@example.org");
    let old = login::login(app, login_of("ada@example.org", PASSWORD, "laptop")).await;
    assert_eq!(old, Err(AppError::InvalidCredentials));
    sign_in(&world, "new@example.org", "laptop").await;
    let entries = app.audit.list(ada.user, None, 10).await.unwrap();
    let changed = entries.iter().filter(|entry| entry.event.kind == AuditKind::EmailChanged);
    let before: Vec<_> = changed.map(|entry| entry.event.subject.as_deref()).collect();
    assert_eq!(before, [Some("ada@example.org")]);
}

#[tokio::test]
async fn an_address_that_somebody_else_has_is_refused_and_the_same_one_needs_no_password() {
    let (world, ada) = with_ada().await;
    register(&world.app, registration("bob@example.org", None)).await.unwrap();
    let taken = update_profile(&world.app, &ada, to_email("BOB@example.org", Some(PASSWORD))).await;
    assert_eq!(taken, Err(AppError::EmailTaken));
    assert!(update_profile(&world.app, &ada, to_email("ada@example.org", None)).await.is_ok());
}

#[tokio::test]
async fn guessing_the_password_by_new_addresses_ends_soon() {
    let (world, ada) = with_ada().await;
    world.limits.allow(Limit::LoginPerAccount, 1);
    let guess = || update_profile(&world.app, &ada, to_email("new@example.org", Some("wrong")));
    assert_eq!(field_of(&guess().await.unwrap_err()), "password");
    assert!(matches!(guess().await, Err(AppError::TooMany(_))));
}

#[tokio::test]
async fn changing_the_password_needs_the_current_one_and_ends_the_other_sessions() {
    let (world, ada) = with_ada().await;
    let phone = sign_in(&world, "ada@example.org", "phone").await;
    let new = || NewPassword::new("another long secret").unwrap();
    let error = change_password(&world.app, &ada, "wrong".into(), new(), false).await.unwrap_err();
    assert_eq!(field_of(&error), "current_password");
    assert!(caller(&world, &phone).await.is_ok());

    let ended = change_password(&world.app, &ada, PASSWORD.into(), new(), false).await;
    assert_eq!(ended, Ok(SignedOut { sessions: 1, api_keys: 0 }));
    assert_eq!(caller(&world, &phone).await, Err(AppError::SessionRevoked));
    assert!(profile(&world.app, &ada).await.is_ok());
    let old = login::login(&world.app, login_of("ada@example.org", PASSWORD, "tablet")).await;
    assert_eq!(old, Err(AppError::InvalidCredentials));
}

#[tokio::test]
async fn deleting_needs_the_password_and_a_deleted_person_is_signed_out_everywhere_and_can_register_again() {
    let (world, ada) = with_ada().await;
    let phone = sign_in(&world, "ada@example.org", "phone").await;
    let error = delete(&world.app, &ada, "wrong".into()).await.unwrap_err();
    assert_eq!(field_of(&error), "password");
    assert!(caller(&world, &phone).await.is_ok());
    delete(&world.app, &ada, PASSWORD.into()).await.unwrap();
    assert_eq!(caller(&world, &phone).await, Err(AppError::SessionRevoked));
    assert_eq!(profile(&world.app, &ada).await, Err(AppError::NotSignedIn));
    register(&world.app, registration("ada@example.org", None)).await.unwrap();
}
