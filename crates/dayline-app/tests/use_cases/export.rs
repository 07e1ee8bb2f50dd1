//! The export of everything about a person.

use dayline_app::export::{Page, open};
use dayline_app::ports::{Partition, PingLog};
use dayline_app::record;
use dayline_app::worker::{Worker, WorkerLimits};
use dayline_domain::{DAY_MS, Interval, Ping, Source, UtcMs};

use super::with_ada;

#[tokio::test]
async fn an_export_holds_profile_sessions_keys_audit_and_every_piece() {
    let (world, ada) = with_ada().await;
    let now = world.app.clock.now();
    // Two days far apart, so that the pages between them are empty.
    let at = |start: UtcMs| Ping {
        source: Source::new("laptop", "Code", None).unwrap(),
        interval: Interval::new(start, start.plus(5_000)).unwrap(),
    };
    let pings = [at(now), at(now.plus(-100 * DAY_MS))];
    world.log.append(Partition(0), record::encode(ada.user, &pings)).await.unwrap();
    Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default()).step().await.unwrap();

    let mut export = open(&world.app, &ada).unwrap();
    let (mut profiles, mut sessions, mut events, mut pieces) = (0, 0, 0, Vec::new());
    while let Some(page) = export.page().await.unwrap() {
        match page {
            Page::Profile(user) => profiles += usize::from(user.id == ada.user),
            Page::Sessions(page) => sessions += page.len(),
            Page::Keys(page) => assert!(page.is_empty()),
            Page::Audit(page) => events += page.len(),
            Page::Ledger { counted, .. } => pieces.extend(counted.into_iter().map(|piece| piece.interval)),
        }
    }
    assert_eq!((profiles, sessions, events), (1, 1, 2));
    assert_eq!(pieces, [pings[1].interval, pings[0].interval]);
}

#[tokio::test]
async fn an_export_of_somebody_without_pings_ends_too() {
    let (world, ada) = with_ada().await;
    let mut export = open(&world.app, &ada).unwrap();
    let mut pages = 0;
    while export.page().await.unwrap().is_some() {
        pages += 1;
    }
    assert_eq!(pages, 4);
}
