//! What every store of accounts keeps.

use dayline_app::ports::{
    AuditEvent, AuditKind, CorrectionChange, CorrectionVersion, CreateUser, CredentialId, DayKey, LedgerView,
    LoadedDay, PasswordHash, ProfileChange, Settling, UpdateProfile, Use, User,
};
use dayline_domain::identity::device_login::{Approval, DeviceLogin};
use dayline_domain::{Correction, CorrectionId, Email, FullName, Preferences, Says, UserId, UtcMs};

use super::Fact;
use super::device_logins::waiting;
use super::report_jobs::{done, job};
use super::store::{NOW, StorePorts, api_key, dead_letter, hash, person, session, sign_out};
use super::worked_day::{DAY, Form, WorkedDay, app, as_uses, first, piece, seconds};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("an_account_is_found_exactly_as_it_was_made", |s| {
        Box::pin(an_account_is_found_exactly_as_it_was_made(s))
    }),
    Fact::new("a_stranger_is_not_found", |s| Box::pin(a_stranger_is_not_found(s))),
    Fact::new("an_address_is_taken_in_any_case", |s| Box::pin(an_address_is_taken_in_any_case(s))),
    Fact::new("of_many_registrations_of_one_address_exactly_one_wins", |s| {
        Box::pin(of_many_registrations_of_one_address_exactly_one_wins(s))
    }),
    Fact::new("of_stored_hashes_there_is_a_sample_for_each_set_of_parameters", |s| {
        Box::pin(of_stored_hashes_there_is_a_sample_for_each_set_of_parameters(s))
    }),
    Fact::new("only_what_is_given_of_a_profile_changes", |s| {
        Box::pin(only_what_is_given_of_a_profile_changes(s))
    }),
    Fact::new("a_password_is_rehashed_only_from_the_hash_it_has", |s| {
        Box::pin(a_password_is_rehashed_only_from_the_hash_it_has(s))
    }),
    Fact::new("a_new_password_ends_all_sessions_but_the_one_to_keep", |s| {
        Box::pin(a_new_password_ends_all_sessions_but_the_one_to_keep(s))
    }),
    Fact::new("a_password_that_changed_meanwhile_is_not_changed_again", |s| {
        Box::pin(a_password_that_changed_meanwhile_is_not_changed_again(s))
    }),
    Fact::new("of_many_changes_from_one_password_exactly_one_wins", |s| {
        Box::pin(of_many_changes_from_one_password_exactly_one_wins(s))
    }),
    Fact::new("deleting_an_account_erases_all_that_is_theirs", |s| {
        Box::pin(deleting_an_account_erases_all_that_is_theirs(s))
    }),
    Fact::new("deleting_an_account_leaves_everybody_else_alone", |s| {
        Box::pin(deleting_an_account_leaves_everybody_else_alone(s))
    }),
    Fact::new("a_deleted_address_may_register_again_and_starts_empty", |s| {
        Box::pin(a_deleted_address_may_register_again_and_starts_empty(s))
    }),
    Fact::new("of_many_deletions_exactly_one_finds_the_account", |s| {
        Box::pin(of_many_deletions_exactly_one_finds_the_account(s))
    }),
];

async fn an_account_is_found_exactly_as_it_was_made(store: StorePorts) {
    let odd = User {
        email: Email::new("O'Brien+\"x\"@MÜLLER.example").unwrap(),
        full_name: FullName::new("Robert'); DROP TABLE users;-- \u{202e}‏שלום 𝒳").unwrap(),
        timezone: "America/Argentina/ComodRivadavia".to_owned(),
        updated_at: NOW.plus(9),
        ..person(1)
    };
    for user in [odd, person(2)] {
        assert_eq!(store.accounts.create(user.clone(), hash("x")).await.unwrap(), CreateUser::Created);
        assert_eq!(store.accounts.find(user.id).await.unwrap(), Some(user.clone()));
        assert_eq!(store.accounts.password_of(user.id).await.unwrap(), Some(hash("x")));
        let other_case = Email::new(&user.email.as_str().to_lowercase()).unwrap();
        assert_eq!(store.accounts.find_by_email(other_case).await.unwrap(), Some((user, hash("x"))));
    }
}

async fn a_stranger_is_not_found(store: StorePorts) {
    store.register(1).await;
    let stranger = person(2);
    assert_eq!(store.accounts.find(stranger.id).await.unwrap(), None);
    assert_eq!(store.accounts.find_by_email(stranger.email.clone()).await.unwrap(), None);
    assert_eq!(store.accounts.password_of(stranger.id).await.unwrap(), None);
    let nothing = ProfileChange::default();
    let updated = store.accounts.update_profile(stranger.id, nothing, NOW).await;
    assert_eq!(updated, Ok(UpdateProfile::NotTheirs));
    assert!(!store.accounts.rehash_password(stranger.id, hash("a"), hash("b")).await.unwrap());
    let changed =
        store.accounts.change_password(stranger.id, None, hash("b"), sign_out(None, NOW)).await.unwrap();
    assert_eq!(changed, None);
    assert_eq!(store.accounts.delete(stranger.id, NOW).await.unwrap(), None);
}

async fn an_address_is_taken_in_any_case(store: StorePorts) {
    let ada = store.register(1).await;
    let email = Email::new(&ada.email.as_str().to_uppercase()).unwrap();
    let other = User { email, ..person(2) };
    assert_eq!(store.accounts.create(other.clone(), hash("x")).await.unwrap(), CreateUser::EmailTaken);
    assert_eq!(store.accounts.find(other.id).await.unwrap(), None);
    assert_eq!(store.accounts.find_by_email(other.email).await.unwrap(), Some((ada, hash("first"))));
}

async fn of_many_registrations_of_one_address_exactly_one_wins(store: StorePorts) {
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..30 {
        let accounts = store.accounts.clone();
        let user = User { email: person(0).email, ..person(n) };
        racing.spawn(async move {
            let created = accounts.create(user.clone(), hash(&n.to_string())).await.unwrap();
            (created == CreateUser::Created).then(|| (user, hash(&n.to_string())))
        });
    }
    let winners: Vec<_> = racing.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let found = store.accounts.find_by_email(person(0).email).await.unwrap();
    assert_eq!(found.as_ref(), winners.first());
}

async fn of_stored_hashes_there_is_a_sample_for_each_set_of_parameters(store: StorePorts) {
    assert_eq!(store.accounts.sample_hashes().await.unwrap(), []);
    let (weak, strong) = ("$argon2id$v=19$m=19456,t=2,p=1", "$argon2id$v=19$m=19456,t=3,p=1");
    for (n, parameters) in [weak, strong, weak, strong, strong].into_iter().enumerate() {
        let salt_and_hash = format!("$c2FsdA/+{n}$aGFzaA+/{n}");
        let hash = PasswordHash(format!("{parameters}{salt_and_hash}"));
        assert_eq!(store.accounts.create(person(n as u64), hash).await.unwrap(), CreateUser::Created);
    }
    let mut samples = store.accounts.sample_hashes().await.unwrap();
    samples.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(samples.len(), 2, "{} samples", samples.len());
    assert!(samples[0].0.starts_with(weak) && samples[1].0.starts_with(strong));
}

async fn only_what_is_given_of_a_profile_changes(store: StorePorts) {
    let (before, other) = (store.register(1).await, store.register(2).await);
    let name = FullName::new("Grace").unwrap();
    let renamed = User { full_name: name.clone(), updated_at: NOW.plus(50), ..before.clone() };
    let change = ProfileChange { full_name: Some(name), ..ProfileChange::default() };
    let updated = store.accounts.update_profile(before.id, change, NOW.plus(50)).await;
    assert_eq!(updated, Ok(UpdateProfile::Updated(renamed.clone())));
    let moved = User { timezone: "Asia/Kolkata".to_owned(), updated_at: NOW.plus(60), ..renamed };
    let change = ProfileChange { timezone: Some("Asia/Kolkata".to_owned()), ..ProfileChange::default() };
    let updated = store.accounts.update_profile(before.id, change, NOW.plus(60)).await;
    assert_eq!(updated, Ok(UpdateProfile::Updated(moved.clone())));
    assert_eq!(store.accounts.find(before.id).await.unwrap(), Some(moved));
    assert_eq!(store.accounts.find(other.id).await.unwrap(), Some(other));
}

async fn a_password_is_rehashed_only_from_the_hash_it_has(store: StorePorts) {
    let user = store.register(1).await;
    store.sign_in(session(user.id, 1)).await;
    assert!(!store.accounts.rehash_password(user.id, hash("other"), hash("new")).await.unwrap());
    assert_eq!(store.accounts.password_of(user.id).await.unwrap(), Some(hash("first")));
    assert!(store.accounts.rehash_password(user.id, hash("first"), hash("new")).await.unwrap());
    assert_eq!(store.accounts.password_of(user.id).await.unwrap(), Some(hash("new")));
    assert_eq!(store.sessions.list(user.id).await.unwrap().len(), 1);
    assert_eq!(store.accounts.find(user.id).await.unwrap(), Some(user));
}

async fn a_new_password_ends_all_sessions_but_the_one_to_keep(store: StorePorts) {
    let (user, other) = (store.register(1).await, store.register(2).await);
    for n in 1..=2 {
        store.sign_in(session(user.id, n)).await;
        store.sign_in(session(other.id, n)).await;
    }
    let (ended, keep) = (session(user.id, 1).id, session(user.id, 2).id);
    let at = NOW.plus(90_000);
    let changed =
        store.accounts.change_password(user.id, Some(hash("first")), hash("new"), sign_out(Some(keep), at));
    assert_eq!(changed.await.unwrap(), Some(vec![CredentialId::Session(ended)]));
    assert_eq!(store.sessions.list(user.id).await.unwrap(), [session(user.id, 2)]);
    assert_eq!(store.sessions.ended_since(at).await.unwrap(), [ended]);
    assert_eq!(store.accounts.password_of(user.id).await.unwrap(), Some(hash("new")));
    assert_eq!(store.accounts.find(user.id).await.unwrap().unwrap().updated_at, at);
    let reset =
        store.accounts.change_password(user.id, None, hash("reset"), sign_out(None, at)).await.unwrap();
    assert_eq!(reset, Some(vec![CredentialId::Session(keep)]));
    assert_eq!(store.accounts.password_of(user.id).await.unwrap(), Some(hash("reset")));
    assert_eq!(store.accounts.password_of(other.id).await.unwrap(), Some(hash("first")));
    assert_eq!(store.sessions.list(other.id).await.unwrap().len(), 2);
}

async fn a_password_that_changed_meanwhile_is_not_changed_again(store: StorePorts) {
    let user = store.register(1).await;
    store.sign_in(session(user.id, 1)).await;
    let from = Some(hash("other"));
    let changed =
        store.accounts.change_password(user.id, from, hash("new"), sign_out(None, NOW.plus(9))).await;
    assert_eq!(changed.unwrap(), None);
    assert_eq!(
        store.accounts.find_by_email(user.email.clone()).await.unwrap(),
        Some((user.clone(), hash("first")))
    );
    assert_eq!(store.sessions.list(user.id).await.unwrap().len(), 1);
    assert_eq!(store.sessions.ended_since(UtcMs(0)).await.unwrap(), []);
}

async fn of_many_changes_from_one_password_exactly_one_wins(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (accounts, to) = (store.accounts.clone(), hash(&n.to_string()));
        racing.spawn(async move {
            let changed =
                accounts.change_password(user, Some(hash("first")), to.clone(), sign_out(None, NOW)).await;
            changed.unwrap().map(|_| to)
        });
    }
    let winners: Vec<_> = racing.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(store.accounts.password_of(user).await.unwrap().as_ref(), winners.first());
}

async fn deleting_an_account_erases_all_that_is_theirs(store: StorePorts) {
    let user = store.register(1).await;
    for n in 1..=2 {
        store.sign_in(session(user.id, n)).await;
    }
    use_for_a_while(&store, user.id).await;
    store.bury(vec![dead_letter(Some(user.id), "theirs"), dead_letter(None, "nobody's")]).await;

    store.api_keys.create(api_key(user.id, 1), 5).await.unwrap();
    let event =
        AuditEvent { user: user.id, at: NOW, kind: AuditKind::SignedIn, subject: None, address: None };
    store.audit.append(event).await.unwrap();
    let approval = Approval::Approved { user: user.id, session: session(user.id, 1).id };
    let login = DeviceLogin { approval, ..waiting(1) };
    assert!(store.device_logins.create(login).await.unwrap());
    let finished = done(&store, job(user.id, 1), b"theirs").await;
    store.report_jobs.create(job(user.id, 2), 5, 5).await.unwrap();
    let running = store.report_jobs.claim(NOW, NOW.plus(1_000)).await.unwrap().unwrap();

    let at = NOW.plus(70_000);
    let ended = store.accounts.delete(user.id, at).await.unwrap().unwrap();
    let sessions = [1, 2].map(|n| CredentialId::Session(session(user.id, n).id));
    let key = CredentialId::Key(api_key(user.id, 1).id);
    assert_eq!(ended.len(), 3);
    assert!(sessions.into_iter().chain([key]).all(|credential| ended.contains(&credential)));

    assert_eq!(store.accounts.find(user.id).await.unwrap(), None);
    assert_eq!(store.accounts.find_by_email(user.email.clone()).await.unwrap(), None);
    assert_eq!(store.sessions.list(user.id).await.unwrap(), []);
    assert_eq!(store.sessions.find(session(user.id, 1).id).await.unwrap(), None);
    assert_eq!(store.sessions.ended_since(at).await.unwrap().len(), 2);
    let day = store.writer.load(vec![DayKey { user: user.id, day: DAY }]).await.unwrap().remove(0);
    assert!(matches!(day, LoadedDay::NoSuchUser));
    assert_nothing_is_tracked(&store, user.id).await;
    assert_eq!(store.api_keys.list(user.id).await.unwrap(), []);
    assert_eq!(
        store.api_keys.find_used(api_key(user.id, 1).hash, at.plus(60_000), Use::Noted).await.unwrap(),
        None
    );
    assert_eq!(store.audit.list(user.id, None, 10).await.unwrap(), []);
    assert_eq!(store.device_logins.find_by_device_code(waiting(1).device_code).await.unwrap(), None);
    assert_eq!(store.report_jobs.list(user.id).await.unwrap(), []);
    assert_eq!(store.report_jobs.chunk(user.id, finished.id, 0).await.unwrap(), None);
    assert!(!store.report_jobs.advance(running, Some(b"late".to_vec())).await.unwrap());
    assert_eq!(store.report_jobs.claim(at, at).await.unwrap(), None);
    assert_eq!(store.report_jobs.purge(at.plus(1), 10).await.unwrap(), 0, "something of the jobs was left");
    let letters = store.dead_letters.list(0, 10).await.unwrap();
    assert_eq!(letters.into_iter().map(|stored| stored.letter.reason).collect::<Vec<_>>(), ["nobody's"]);
}

/// Fills all that the ledger can have of a person: folded and recent state, pieces and a tail,
/// corrections with their numbers; and preferences.
async fn use_for_a_while(store: &StorePorts, user: UserId) {
    let mut day = WorkedDay::empty(DAY);
    let pings = as_uses(&[piece("Code", 0, 60), piece("Mail", 10, 20)]);
    store.write(user, day.record(Form::Folded, &pings)).await;
    store.write(user, day.record(Form::Growing, &as_uses(&[piece("Chat", 100, 110)]))).await;
    let says = Says::Entry { interval: seconds(200, 300), source: app("Meeting") };
    store.keep(user, [Correction { id: meeting(), version: 1, says }]).await;
    store.correction_numbers.next_version(user, meeting(), CorrectionChange::NewEntry, NOW).await.unwrap();
    assert!(store.preferences.set_preferences(user, Preferences::default()).await.unwrap());
}

fn meeting() -> CorrectionId {
    CorrectionId::from_bits(5)
}

async fn assert_nothing_is_tracked(store: &StorePorts, user: UserId) {
    let view = store.reader.read(user, DAY.interval()).await.unwrap();
    assert_eq!(view, LedgerView::default());
    let view = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
    assert_eq!(view, LedgerView::default());
    assert_eq!(store.reader.marks(user, DAY.interval()).await.unwrap(), []);
    assert_eq!(store.reader.changed_since(user, UtcMs(0)).await.unwrap(), []);
    assert_eq!(store.reader.extent(user).await.unwrap(), None);
    assert!(matches!(store.reader.days(user, vec![DAY]).await.unwrap()[..], [LoadedDay::NoSuchUser]));
    assert_eq!(store.reader.corrections(user, Some(DAY.interval())).await.unwrap(), []);
    assert_eq!(store.writer.corrections(user, vec![meeting()]).await.unwrap(), []);
    assert_eq!(store.reader.devices(user).await.unwrap(), []);
    assert_eq!(store.reader.settling(user).await.unwrap(), Settling::default());
    assert_eq!(store.preferences.preferences(user).await.unwrap(), None);
    let next = store.correction_numbers.next_version(user, meeting(), CorrectionChange::Entry, NOW).await;
    assert_eq!(next, Ok(CorrectionVersion::NotFound));
}

async fn deleting_an_account_leaves_everybody_else_alone(store: StorePorts) {
    let (ada, bob) = (store.register(1).await, store.register(2).await);
    for user in [&ada, &bob] {
        store.sign_in(session(user.id, 1)).await;
        use_for_a_while(&store, user.id).await;
        store.bury(vec![dead_letter(Some(user.id), "one's")]).await;
        store.api_keys.create(api_key(user.id, 1), 5).await.unwrap();
        let event =
            AuditEvent { user: user.id, at: NOW, kind: AuditKind::SignedIn, subject: None, address: None };
        store.audit.append(event).await.unwrap();
        done(&store, job(user.id, 1), b"one's").await;
    }
    store.device_logins.create(waiting(1)).await.unwrap();
    let before = store.snapshot(bob.id).await;
    store.accounts.delete(ada.id, NOW).await.unwrap().unwrap();
    assert_eq!(store.accounts.find(bob.id).await.unwrap(), Some(bob.clone()));
    assert_eq!(store.sessions.list(bob.id).await.unwrap(), [session(bob.id, 1)]);
    let (_, day, view, _) = store.snapshot(bob.id).await;
    assert_eq!((&day, &view), (&before.1, &before.2));
    assert_eq!((day.counted.len(), day.observations.len(), day.corrections.len()), (4, 3, 1));
    assert_eq!(store.preferences.preferences(bob.id).await.unwrap(), Some(Preferences::default()));
    let next = store.correction_numbers.next_version(bob.id, meeting(), CorrectionChange::Entry, NOW).await;
    assert!(matches!(next, Ok(CorrectionVersion::Next(_))), "{next:?}");
    assert_eq!(store.api_keys.list(bob.id).await.unwrap(), [api_key(bob.id, 1)]);
    assert_eq!(store.audit.list(bob.id, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.device_logins.find_by_user_code(waiting(1).user_code).await.unwrap(), Some(waiting(1)));
    let result = store.report_jobs.chunk(bob.id, job(bob.id, 1).id, 0).await.unwrap();
    assert_eq!(result.as_deref(), Some(&b"one's"[..]));
    let letters = store.dead_letters.list(0, 10).await.unwrap();
    assert_eq!(letters.iter().map(|stored| stored.letter.user).collect::<Vec<_>>(), [Some(bob.id)]);
}

async fn a_deleted_address_may_register_again_and_starts_empty(store: StorePorts) {
    let user = store.register(1).await;
    store.apply(vec![(user.id, first(&[piece("Code", 0, 60)]))]).await.unwrap();
    store.accounts.delete(user.id, NOW).await.unwrap().unwrap();
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(store.day(user.id, DAY).await.version, 0);
    assert_eq!(store.reader.marks(user.id, DAY.interval()).await.unwrap(), []);
}

async fn of_many_deletions_exactly_one_finds_the_account(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 1)).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let accounts = store.accounts.clone();
        racing.spawn(async move { accounts.delete(user, NOW).await.unwrap() });
    }
    let found: Vec<_> = racing.join_all().await.into_iter().flatten().collect();
    assert_eq!(found, [vec![CredentialId::Session(session(user, 1).id)]]);
}
