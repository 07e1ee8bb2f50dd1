//! What a person asked to be erased is in no file of the store, not even as a remainder.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dayline_app::ports::{
    Accounts, ApiKey, ApiKeys, Applied, AuditEvent, AuditKind, AuditLog, Buckets, DayWrite, DeadLetter,
    Keeping, LedgerCommit, LedgerReader, LedgerWriter, LoadedDay, OpenBucket, PreferenceStore, RawEvents,
    ReportJobs, Sessions, SetSetting, StartSession, Started, StoredBucket, TrackerSettings,
};
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::Generation;
use dayline_domain::raw_event::{EventData, RawEvent};
use dayline_domain::report::Filter;
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use dayline_domain::{
    ApiKeyId, AppName, Correction, CorrectionId, DeviceId, JobId, JobState, Language, Preferences, Project,
    RawEventDays, ReportFormat, ReportJob, ReportKind, Says, Scopes, Seen, Session, SessionId, Source,
    UserId,
};
use dayline_sqlite::SqliteStore;
use rusqlite::Connection;
use tempfile::tempdir;

use crate::tracked::{Tracked, assert_same};
use crate::{DAY, NOW, commit, interval, observed, open, register, subject, used};

/// Fills all tables with what can be recognised as the `n`-th person's. Their rows lie among the
/// others'.
async fn live(store: &SqliteStore, people: &[(u64, UserId)]) {
    let mut days: Vec<Tracked> = people.iter().map(|_| Tracked::new()).collect();
    for step in 0..150 {
        let writes = people.iter().zip(&mut days).map(|((n, user), day)| {
            // Many short stretches of many apps that outrank a long one, so that pages fill, split
            // and shrink.
            let base = used(&format!("secret-device-{n}"), &format!("secret-app-{n}-base"), None);
            let mut all = vec![observed(&base, step * 10_000, step * 10_000 + 9_000)];
            for i in 0..6 {
                let (app, domain) =
                    (format!("secret-app-{n}-{}", step % 40), format!("secret-{n}-{i}.example"));
                let start = step * 10_000 + 1_000 * i + 500;
                all.push(observed(&used("phone", &app, Some(&domain)), start, start + 100 + step));
            }
            let app = AppName::new("vim").unwrap();
            let project = Some(Project::new(&format!("secret-project-{n}")).unwrap());
            let language = Some(Language::new(&format!("secret-language-{n}")).unwrap());
            let beat = subject("laptop", Seen::Beat { app, project, language });
            all.push(observed(&beat, step * 10_000, step * 10_000 + 1));
            (*user, day.record(&all))
        });
        let writes = writes.collect();
        let dead = |(n, user): &(u64, UserId)| DeadLetter {
            user: Some(*user),
            reason: format!("secret-reason-{n}"),
            record: format!("secret-record-{n}").repeat(300).into_bytes(),
        };
        let dead = if step % 10 == 0 { people.iter().map(dead).collect() } else { Vec::new() };
        let correction = |(n, user): &(u64, UserId)| {
            let source = Source::new("phone", &format!("secret-entry-{n}"), None).unwrap();
            let says = Says::Entry { interval: interval(step * 10_000, step * 10_000 + 100), source };
            (*user, Correction { id: CorrectionId::from_bits(step as u128), version: 1, says })
        };
        let corrections = people.iter().map(correction).collect();
        let commit = LedgerCommit { dead, corrections, ..(*commit(step as u64, writes)).clone() };
        assert_eq!(store.apply(Arc::new(commit)).await, Ok(Applied::Done));
    }
    for (n, user) in people {
        for device in 0..10 {
            sign_in(store, *n, *user, device).await;
        }
        have_report(store, *n, *user).await;
    }
}

/// A report job that is done, with a result of several chunks.
async fn have_report(store: &SqliteStore, n: u64, user: UserId) {
    let job = ReportJob {
        id: JobId::v7(NOW.0 as u64, [n as u8; 10]),
        user,
        kind: ReportKind::Export,
        format: ReportFormat::Ndjson,
        days: None,
        filter: Filter::ALL,
        created_at: NOW,
        state: JobState::Queued,
        attempt: 0,
        days_done: 0,
        days_all: 1,
        chunks: 0,
        bytes: 0,
    };
    ReportJobs::create(store, job, 1, 1).await.unwrap();
    let mut running = store.claim(NOW, NOW).await.unwrap().unwrap();
    let chunk = format!("secret-result-{n}").repeat(2_000).into_bytes();
    for done in [false, false, true] {
        running = running.advanced(1, chunk.len(), NOW);
        if done {
            running.state = JobState::Done { at: NOW };
        }
        assert!(store.advance(running.clone(), Some(chunk.clone())).await.unwrap());
    }
}

async fn sign_in(store: &SqliteStore, n: u64, user: UserId, device: u8) {
    let session = Session {
        id: SessionId::v7(NOW.0 as u64, [n as u8 * 16 + device; 10]),
        user,
        device: DeviceId::new(&format!("secret-device-{n}-{device}")).unwrap(),
        device_name: Some(Label::new(&format!("secret-label-{n}")).unwrap()),
        address: Some(format!("secret-address-{n}").into()),
        created_at: NOW,
        last_used_at: NOW,
        generation: Generation(0),
        token_hash: [n as u8; 32],
        issued_at: NOW,
        previous_issued_at: NOW,
    };
    let start = StartSession { session, checked_against: None, code: None, max_per_user: 50 };
    assert!(matches!(store.start(start).await, Ok(Started::Started { .. })));
    let event = AuditEvent {
        user,
        at: NOW,
        kind: AuditKind::SignedIn,
        subject: Some(format!("secret-subject-{n}").into()),
        address: Some(format!("secret-address-{n}").into()),
    };
    store.append(event).await.unwrap();
    let key = ApiKey {
        id: ApiKeyId::v7(NOW.0 as u64, [n as u8 * 16 + device; 10]),
        user,
        name: Label::new(&format!("secret-key-{n}")).unwrap(),
        scopes: Scopes::NONE,
        hash: [n as u8 * 16 + device; 32],
        created_at: NOW,
        last_used_at: None,
        expires_at: None,
    };
    ApiKeys::create(store, key, 50).await.unwrap();
    let word = |what: &str| BucketWord::new(&format!("secret-{what}-{n}")).unwrap();
    let id = BucketId::new(&format!("secret-bucket-{n}-{device}")).unwrap();
    let bucket = Bucket { id, kind: word("kind"), client: word("client"), host: word("host") };
    let bucket = StoredBucket { bucket, opened_by: None, created_at: NOW };
    let id = bucket.bucket.id.clone();
    assert_eq!(store.open_bucket(user, bucket, 50).await, Ok(OpenBucket::New));
    let raw_event_days = RawEventDays::new(7).unwrap();
    store.set_preferences(user, Preferences { raw_event_days, ..Preferences::default() }).await.unwrap();
    let data = |i: i64| EventData::new(format!("{{\"title\":\"secret-event-{n} {i}\"}}")).unwrap();
    let event = |i: i64| (None, RawEvent::new(NOW.plus(i), NOW.plus(i + 1), data(i)));
    let keeping = Keeping { now: NOW, max_bytes: 1 << 20 };
    store.keep_events(user, id, (0..200).map(event).collect(), keeping).await.unwrap();
    let (name, value) = (SettingName::new("theme").unwrap(), format!("\"secret-setting-{n}\""));
    let value = SettingValue::new(value).unwrap();
    assert_eq!(store.set_tracker_setting(user, name, value, 9).await, Ok(SetSetting::Set));
}

/// What of the person is in the files of the folder.
fn traces(folder: &Path, n: u64, user: UserId) -> Vec<String> {
    let mut needles: Vec<Vec<u8>> = [
        "mail", "device", "app", "project", "language", "entry", "hash", "reason", "record", "label",
        "address", "subject", "key", "result", "bucket", "kind", "client", "host", "event", "setting",
    ]
    .map(|what| format!("secret-{what}-{n}").into_bytes())
    .into();
    needles.push(format!("mail-{n}@").into_bytes());
    needles.push(format!("Secret Name {n}").into_bytes());
    needles.push(format!("secret-{n}-").into_bytes());
    needles.push(user.bits().to_be_bytes().to_vec());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let bytes = fs::read(entry.path()).unwrap();
        for needle in &needles {
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(format!("{} in {}", String::from_utf8_lossy(needle), entry.file_name().display()));
            }
        }
    }
    found
}

#[tokio::test]
async fn an_erased_person_is_in_no_file_any_more() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let mut people = Vec::new();
    for n in 1..=3 {
        people.push((n, register(&store, n).await));
    }
    live(&store, &people).await;
    assert!(traces(folder.path(), 2, people[1].1).len() > 15, "the search finds what is there");
    let before = store.read(people[0].1, DAY.interval()).await.unwrap();

    Accounts::delete(&store, people[1].1, NOW).await.unwrap().unwrap();
    assert_eq!(traces(folder.path(), 2, people[1].1), [""; 0]);
    assert_eq!(store.read(people[0].1, DAY.interval()).await.unwrap(), before);
    assert!(traces(folder.path(), 3, people[2].1).len() > 15);
}

#[tokio::test]
async fn a_reader_that_is_in_the_way_only_delays_the_erasure() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let people = [(1, register(&store, 1).await), (2, register(&store, 2).await)];
    live(&store, &people).await;
    // A backup, say: its snapshot needs what the log has.
    let mut reader = Connection::open(folder.path().join("dayline.db")).unwrap();
    let snapshot = reader.transaction().unwrap();
    snapshot.query_row("SELECT count(*) FROM app_usage", [], |_| Ok(())).unwrap();
    Accounts::delete(&store, people[1].1, NOW).await.unwrap().unwrap();
    assert!(!traces(folder.path(), 2, people[1].1).is_empty());
    drop(snapshot);
    register(&store, 3).await;
    assert_eq!(traces(folder.path(), 2, people[1].1), [""; 0]);
}

/// A commit of one person with a correction.
fn correcting(from: u64, user: UserId, writes: Vec<DayWrite>, correction: Correction) -> Arc<LedgerCommit> {
    let days = writes.into_iter().map(|write| (user, write)).collect();
    let corrections = vec![(user, correction)];
    Arc::new(LedgerCommit { corrections, ..(*commit(from, days)).clone() })
}

fn correction(id: u128, version: u64, says: Says) -> Correction {
    Correction { id: CorrectionId::from_bits(id), version, says }
}

fn entry(app: &str, start: i64, end: i64) -> Says {
    Says::Entry { interval: interval(start, end), source: Source::new("laptop", app, None).unwrap() }
}

fn is_in_a_file(folder: &Path, text: &str) -> bool {
    let contains = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    fs::read_dir(folder).unwrap().any(|entry| contains(fs::read(entry.unwrap().path()).unwrap()))
}

/// The names that the person's dictionary has.
fn names(folder: &Path) -> Vec<String> {
    let raw = Connection::open(folder.join("dayline.db")).unwrap();
    let all = "SELECT app_name || domain || project FROM sources UNION SELECT app_name || domain || project FROM subjects";
    let mut statement = raw.prepare(all).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn what_a_person_erases_is_in_no_file_any_more_and_what_is_used_elsewhere_stays() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let kept = used("laptop", "kept-app", None);
    let mut day = Tracked::new();
    let mut at = 0;
    for step in 0..12 {
        let start = step * 10_000;
        let beat = Seen::Beat {
            app: AppName::new("vim").unwrap(),
            project: Some(Project::new(&format!("gone-project-{step}")).unwrap()),
            language: None,
        };
        let page = used("laptop", "kept-browser", Some("gone.example"));
        let all = [
            observed(&page, start, start + 4_000),
            observed(&subject("laptop", beat), start + 5_000, start + 5_001),
            observed(&used("laptop", "gone-app", None), start + 5_000, start + 6_000),
            observed(&kept, start + 7_000, start + 8_000),
        ];
        let write = day.record(&all);
        assert_eq!(store.apply(commit(at, vec![(user, write)])).await, Ok(Applied::Done));
        at += 1;
    }
    let later = day.record(&[
        observed(&used("laptop", "kept-browser", Some("kept.example")), 500_000, 501_000),
        observed(&kept, 600_000, 700_000),
    ]);
    assert_eq!(store.apply(commit(at, vec![(user, later)])).await, Ok(Applied::Done));
    for said in [correction(1, 1, entry("gone-entry", 20_000, 30_000)), correction(1, 2, Says::Nothing)] {
        let write = day.correct(std::slice::from_ref(&said));
        assert_eq!(store.apply(correcting(at + 1, user, vec![write], said)).await, Ok(Applied::Done));
        at += 1;
    }
    for text in ["gone-app", "gone-project-3", "gone.example"] {
        assert!(is_in_a_file(folder.path(), text), "the search finds {text} while it is there");
    }

    let erasure = correction(2, 3, Says::Erasure { interval: interval(0, 400_000) });
    let write = day.correct(std::slice::from_ref(&erasure));
    assert_eq!(store.apply(correcting(at + 1, user, vec![write], erasure)).await, Ok(Applied::Done));
    assert!(!is_in_a_file(folder.path(), "gone"));
    assert_eq!(names(folder.path()), ["kept-app", "kept-browserkept.example"]);
    let LoadedDay::Day(stored) = store.days(user, vec![DAY]).await.unwrap().remove(0) else {
        panic!("no day")
    };
    assert_same(&stored, &day.day);
    assert_eq!(stored.counted.len(), 2);
}

#[tokio::test]
async fn an_entry_that_is_replaced_or_deleted_leaves_no_name_behind() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let steps: [(u64, Says, &[&str]); 5] = [
        (1, entry("the-first", 0, 100), &["the-first"]),
        (3, entry("the-second", 0, 100), &["the-second"]),
        // It comes too late.
        (2, entry("the-late", 0, 100), &["the-second"]),
        (4, Says::Nothing, &[]),
        (3, entry("the-second", 0, 100), &[]),
    ];
    for (at, (version, says, expected)) in steps.into_iter().enumerate() {
        let commit = correcting(at as u64, user, Vec::new(), correction(1, version, says));
        assert_eq!(store.apply(commit).await, Ok(Applied::Done));
        assert_eq!(names(folder.path()), *expected, "step {at}");
    }
    assert!(!is_in_a_file(folder.path(), "the-"));
    let known = LedgerWriter::corrections(&store, user, vec![CorrectionId::from_bits(1)]).await.unwrap();
    assert_eq!(known, [correction(1, 4, Says::Nothing)]);
}

#[tokio::test]
async fn an_entry_wholly_under_newer_erasures_leaves_no_name_behind() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let erasure = |start, end| Says::Erasure { interval: interval(start, end) };
    let steps: [(u128, u64, Says, &[&str]); 6] = [
        (1, 10, entry("gone-1", 0, 100), &["gone-1"]),
        (2, 11, entry("kept", 50, 101), &["gone-1", "kept"]),
        (3, 20, erasure(0, 50), &["gone-1", "kept"]),
        (4, 21, erasure(50, 100), &["kept"]),
        // They come too late.
        (5, 12, entry("gone-2", 10, 90), &["kept"]),
        (2, 13, entry("gone-3", 99, 100), &[]),
    ];
    for (at, (id, version, says, expected)) in steps.into_iter().enumerate() {
        let commit = correcting(at as u64, user, Vec::new(), correction(id, version, says));
        assert_eq!(store.apply(commit).await, Ok(Applied::Done));
        assert_eq!(names(folder.path()), *expected, "step {at}");
    }
    assert!(!is_in_a_file(folder.path(), "gone-"));
    let ids = [1, 2, 5].map(CorrectionId::from_bits).to_vec();
    let known = LedgerWriter::corrections(&store, user, ids).await.unwrap();
    let left = [(1, 10), (2, 13), (5, 12)].map(|(id, version)| correction(id, version, Says::Nothing));
    assert_eq!(known, left);
}

#[tokio::test]
async fn a_reader_that_is_in_the_way_of_what_a_person_erases_only_delays_it() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let mut day = Tracked::new();
    let seen = day.record(&[observed(&used("laptop", "gone-app", None), 0, 10_000)]);
    assert_eq!(store.apply(commit(0, vec![(user, seen)])).await, Ok(Applied::Done));
    let mut reader = Connection::open(folder.path().join("dayline.db")).unwrap();
    let snapshot = reader.transaction().unwrap();
    snapshot.query_row("SELECT count(*) FROM app_usage", [], |_| Ok(())).unwrap();

    let erasure = correction(1, 1, Says::Erasure { interval: interval(0, 20_000) });
    let write = day.correct(std::slice::from_ref(&erasure));
    assert_eq!(store.apply(correcting(1, user, vec![write], erasure)).await, Ok(Applied::Done));
    assert!(is_in_a_file(folder.path(), "gone-app"));
    drop(snapshot);
    assert_eq!(store.apply(commit(2, Vec::new())).await, Ok(Applied::Done));
    assert!(!is_in_a_file(folder.path(), "gone-app"));
}

#[tokio::test]
async fn an_event_that_is_deleted_erased_or_too_old_is_in_no_file_any_more() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let raw_event_days = RawEventDays::new(1).unwrap();
    store.set_preferences(user, Preferences { raw_event_days, ..Preferences::default() }).await.unwrap();
    let word = |text: &str| BucketWord::new(text).unwrap();
    let id = BucketId::new("w").unwrap();
    let bucket = Bucket { id: id.clone(), kind: word("k"), client: word("c"), host: word("h") };
    let bucket = StoredBucket { bucket, opened_by: None, created_at: NOW };
    assert_eq!(store.open_bucket(user, bucket, 50).await, Ok(OpenBucket::New));
    let event = |start: i64, what: &str| {
        let data = EventData::new(format!("{{\"title\":\"gone-{what}\"}}")).unwrap();
        (None, RawEvent::new(DAY.start().plus(start), DAY.start().plus(start + 10), data))
    };
    let events = vec![event(0, "deleted"), event(100, "erased"), event(200, "old")];
    let keeping = Keeping { now: DAY.start(), max_bytes: 1 << 20 };
    store.keep_events(user, id.clone(), events, keeping).await.unwrap();
    for what in ["gone-deleted", "gone-erased", "gone-old"] {
        assert!(is_in_a_file(folder.path(), what), "the search finds {what} while it is there");
    }
    assert_eq!(store.delete_raw_event(user, id, 1).await, Ok(true));
    assert!(!is_in_a_file(folder.path(), "gone-deleted"));
    let erasure = correction(1, 1, Says::Erasure { interval: interval(100, 110) });
    assert_eq!(store.apply(correcting(0, user, Vec::new(), erasure)).await, Ok(Applied::Done));
    assert!(!is_in_a_file(folder.path(), "gone-erased"));
    assert_eq!(store.purge_raw_events(DAY.start().plus(211 + 86_400_000), 9).await, Ok(1));
    assert!(!is_in_a_file(folder.path(), "gone-"));
}
