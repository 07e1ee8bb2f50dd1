//! What a person asked to be erased is in no file of the store, not even as a remainder.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dayline_app::ports::{
    Accounts, ApiKey, ApiKeys, Applied, AuditEvent, AuditKind, AuditLog, DeadLetter, LedgerCommit,
    LedgerReader, LedgerWriter, ReportJobs, Sessions, StartSession, Started,
};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::Generation;
use dayline_domain::{
    ApiKeyId, DeviceId, JobId, JobState, LedgerDay, ReportFormat, ReportJob, ReportKind, Scopes, Session,
    SessionId, Source, UserId,
};
use dayline_sqlite::SqliteStore;
use rusqlite::Connection;
use tempfile::tempdir;

use crate::{DAY, NOW, commit, open, ping, record, register};

/// Fills all tables with what can be recognised as the `n`-th person's. Their rows lie among the
/// others'.
async fn live(store: &SqliteStore, people: &[(u64, UserId)]) {
    let mut days: Vec<LedgerDay> = people.iter().map(|_| LedgerDay::empty(DAY)).collect();
    for step in 0..150 {
        let changes = people.iter().zip(&mut days).map(|((n, user), day)| {
            // Many short stretches of many apps that outrank a long one, so that pages fill, split
            // and shrink.
            let base =
                Source::new(&format!("secret-device-{n}"), &format!("secret-app-{n}-base"), None).unwrap();
            let mut pings = vec![ping(&base, step * 10_000, step * 10_000 + 9_000)];
            for i in 0..6 {
                let (app, domain) =
                    (format!("secret-app-{n}-{}", step % 40), format!("secret-{n}-{i}.example"));
                let source = Source::new("phone", &app, Some(&domain)).unwrap();
                let start = step * 10_000 + 1_000 * i + 500;
                pings.push(ping(&source, start, start + 100 + step));
            }
            (*user, record(day, &pings))
        });
        let changes = changes.collect();
        let dead = |(n, user): &(u64, UserId)| DeadLetter {
            user: Some(*user),
            reason: format!("secret-reason-{n}"),
            record: format!("secret-record-{n}").repeat(300).into_bytes(),
        };
        let dead = if step % 10 == 0 { people.iter().map(dead).collect() } else { Vec::new() };
        let commit = LedgerCommit { dead, ..(*commit(step as u64, changes)).clone() };
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
}

/// What of the person is in the files of the folder.
fn traces(folder: &Path, n: u64, user: UserId) -> Vec<String> {
    let mut needles: Vec<Vec<u8>> =
        ["mail", "device", "app", "hash", "reason", "record", "label", "address", "subject", "key", "result"]
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
    assert!(traces(folder.path(), 2, people[1].1).len() > 12, "the search finds what is there");
    let before = store.read(people[0].1, DAY.interval(), true).await.unwrap();

    Accounts::delete(&store, people[1].1, NOW).await.unwrap().unwrap();
    assert_eq!(traces(folder.path(), 2, people[1].1), [""; 0]);
    assert_eq!(store.read(people[0].1, DAY.interval(), true).await.unwrap(), before);
    assert!(traces(folder.path(), 3, people[2].1).len() > 12);
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
