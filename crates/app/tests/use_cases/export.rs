//! The export of everything about a person.

use std::sync::Arc;

use dayline_app::ports::{DeadLetter, LedgerCommit, LedgerWriter, Partition, Position};
use dayline_app::reporting::export::{DeadLetterPings, Page, open};
use dayline_app::tracking::record;
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_domain::{DAY_MS, Interval, Labels, UtcMs};

use super::{caller, login, register, send, used, with_ada};

#[tokio::test]
async fn an_export_holds_profile_sessions_keys_audit_and_every_piece() {
    let (world, ada) = with_ada().await;
    let now = world.app.clock.now();
    // Two days far apart, so that the pages between them are empty.
    let at = |start: UtcMs| used("Code", None, Interval::new(start, start.plus(5_000)).unwrap());
    let pings = [at(now), at(now.plus(-100 * DAY_MS))];
    send(&world, ada.user, &pings).await;
    Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default()).step().await.unwrap();

    let mut export = open(&world.app, &ada).unwrap();
    let (mut profiles, mut sessions, mut events, mut pieces, mut seen) = (0, 0, 0, Vec::new(), Vec::new());
    while let Some(page) = export.page().await.unwrap() {
        match page {
            Page::Profile(user) => profiles += usize::from(user.id == ada.user),
            Page::Sessions(page) => sessions += page.len(),
            Page::Keys(page) => assert!(page.is_empty()),
            Page::Devices(page) => assert!(page.is_empty()),
            Page::Labels(page) => assert_eq!(page, Labels::default()),
            Page::Buckets(page) => assert!(page.is_empty()),
            Page::RawEvents(page) => panic!("{page:?} was never kept"),
            Page::TrackerSettings(page) => assert!(page.is_empty()),
            Page::DeadLetter(letter) => panic!("{letter:?} was never written"),
            Page::Audit(page) => events += page.len(),
            Page::Corrections(page) => assert!(page.is_empty()),
            Page::Ledger { observed, counted, outranked } => {
                assert!(outranked.is_empty());
                pieces.extend(counted.into_iter().map(|piece| piece.interval));
                seen.extend(observed);
            }
        }
    }
    assert_eq!((profiles, sessions, events), (1, 1, 2));
    assert_eq!(pieces, [pings[1].interval(), pings[0].interval()]);
    assert_eq!(seen, [pings[1].clone(), pings[0].clone()]);
}

#[tokio::test]
async fn an_export_holds_the_dead_letters_readable_or_not_and_nobody_elses() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    let now = world.app.clock.now();
    let ping = used("Code", Some("example.org"), Interval::new(now, now.plus(5_000)).unwrap());
    let letter = |user, record| DeadLetter { user: Some(user), reason: "why".to_owned(), record };
    let position = |major| Position { major, minor: 0 };
    let commit = LedgerCommit {
        partition: Partition(0),
        from: position(0),
        to: position(1),
        days: Vec::new(),
        corrections: Vec::new(),
        dead: vec![
            letter(ada.user, record::encode_observations(ada.user, [&ping])),
            letter(bob.user, vec![7]),
            letter(ada.user, vec![1, 2, 3]),
        ],
        at: now,
    };
    LedgerWriter::apply(&*world.store, Arc::new(commit)).await.unwrap();

    let mut export = open(&world.app, &ada).unwrap();
    let mut found = Vec::new();
    while let Some(page) = export.page().await.unwrap() {
        found.extend(if let Page::DeadLetter(letter) = page { Some(letter) } else { None });
    }
    let expected = [
        DeadLetterPings { at: now, pings: vec![ping], correction: None, unreadable: None },
        DeadLetterPings { at: now, pings: Vec::new(), correction: None, unreadable: Some(vec![1, 2, 3]) },
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_export_of_somebody_without_pings_ends_too() {
    let (world, ada) = with_ada().await;
    let mut export = open(&world.app, &ada).unwrap();
    let mut pages = 0;
    while export.page().await.unwrap().is_some() {
        pages += 1;
    }
    assert_eq!(pages, 9);
}
