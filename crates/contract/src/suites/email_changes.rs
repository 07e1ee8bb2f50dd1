//! What every store of accounts keeps when a person takes another e-mail address.

use dayline_app::ports::{CreateUser, EmailChange, ProfileChange, UpdateProfile, User};
use dayline_domain::{Email, FullName};

use super::Fact;
use super::store::{NOW, StorePorts, hash, person, session};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("with_another_address_a_person_is_found_by_it_alone", |s| {
        Box::pin(with_another_address_a_person_is_found_by_it_alone(s))
    }),
    Fact::new("an_address_that_is_taken_changes_nothing", |s| {
        Box::pin(an_address_that_is_taken_changes_nothing(s))
    }),
    Fact::new("an_address_changes_only_while_the_password_is_the_one_that_was_given", |s| {
        Box::pin(an_address_changes_only_while_the_password_is_the_one_that_was_given(s))
    }),
    Fact::new("of_many_who_want_one_address_exactly_one_gets_it", |s| {
        Box::pin(of_many_who_want_one_address_exactly_one_gets_it(s))
    }),
];

/// A change to this address, by who knows this password.
fn to_email(email: &str, password: &str) -> ProfileChange {
    let to = Email::new(email).unwrap();
    ProfileChange { email: Some(EmailChange { to, password: hash(password) }), ..ProfileChange::default() }
}

async fn with_another_address_a_person_is_found_by_it_alone(store: StorePorts) {
    let before = store.register(1).await;
    store.sign_in(session(before.id, 1)).await;
    let change =
        ProfileChange { timezone: Some("Asia/Kolkata".into()), ..to_email("New@Example.org", "first") };
    let email = Email::new("New@Example.org").unwrap();
    let after = User { email, timezone: "Asia/Kolkata".into(), updated_at: NOW.plus(50), ..before.clone() };
    let updated = store.accounts.update_profile(before.id, change, NOW.plus(50)).await;
    assert_eq!(updated, Ok(UpdateProfile::Updated(after.clone())));
    let found = store.accounts.find_by_email(Email::new("new@example.org").unwrap()).await;
    assert_eq!(found, Ok(Some((after.clone(), hash("first")))));
    assert_eq!(store.accounts.find_by_email(before.email.clone()).await, Ok(None));
    assert_eq!(store.sessions.list(before.id).await.unwrap().len(), 1);
    // Who registers with the address of before is somebody else.
    let other = User { email: before.email, ..person(2) };
    assert_eq!(store.accounts.create(other, hash("x")).await, Ok(CreateUser::Created));
    // In another case it is still one's own.
    let again = store.accounts.update_profile(after.id, to_email("NEW@example.org", "first"), NOW).await;
    assert!(matches!(again, Ok(UpdateProfile::Updated(user)) if user.email.as_str() == "NEW@example.org"));
}

async fn an_address_that_is_taken_changes_nothing(store: StorePorts) {
    let (ada, other) = (store.register(1).await, store.register(2).await);
    let name = FullName::new("Grace").unwrap();
    let taken = to_email(&other.email.as_str().to_uppercase(), "first");
    let change = ProfileChange { full_name: Some(name), ..taken };
    let updated = store.accounts.update_profile(ada.id, change, NOW.plus(50)).await;
    assert_eq!(updated, Ok(UpdateProfile::EmailTaken));
    for user in [ada, other] {
        assert_eq!(store.accounts.find(user.id).await, Ok(Some(user)));
    }
}

async fn an_address_changes_only_while_the_password_is_the_one_that_was_given(store: StorePorts) {
    let ada = store.register(1).await;
    let updated = store.accounts.update_profile(ada.id, to_email("new@example.org", "other"), NOW).await;
    assert_eq!(updated, Ok(UpdateProfile::NotTheirs));
    assert_eq!(store.accounts.find(ada.id).await, Ok(Some(ada)));
}

async fn of_many_who_want_one_address_exactly_one_gets_it(store: StorePorts) {
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..10 {
        let accounts = store.accounts.clone();
        let user = store.register(n).await;
        racing.spawn(async move {
            accounts.update_profile(user.id, to_email("wanted@example.org", "first"), NOW).await.unwrap()
        });
    }
    let newcomer = User { email: Email::new("wanted@example.org").unwrap(), ..person(99) };
    let created = store.accounts.create(newcomer, hash("x")).await.unwrap() == CreateUser::Created;
    let outcomes = racing.join_all().await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, UpdateProfile::Updated(_))).count();
    let lost = outcomes.iter().filter(|outcome| **outcome == UpdateProfile::EmailTaken).count();
    assert_eq!((won + usize::from(created), won + lost), (1, 10));
}
