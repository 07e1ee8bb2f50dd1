//! Heartbeats while they can't be stored: held, and stored when they can.

use std::time::Duration;

use dayline_app::ports::{AppendError, PortError};
use tokio::time::{Instant, sleep};

use crate::support::{Reply, Server, Tracker};

const WINDOWS: &str = "aw-watcher-window_laptop";
const EVENT: &str =
    r#"{"timestamp": "2026-11-23T13:52:22.969Z", "duration": 5.009, "data": {"app": "XTerm"}}"#;

/// What became of a heartbeat while `mend` puts things right after ten seconds, and how long it took.
async fn beat_while(watcher: &Tracker<'_>, mend: impl FnOnce()) -> (Reply, Duration) {
    let began = Instant::now();
    let mending = async {
        sleep(Duration::from_secs(10)).await;
        mend();
    };
    let (reply, ()) = tokio::join!(watcher.beat(WINDOWS, EVENT), mending);
    (reply, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_waits_until_the_log_has_room() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watcher = server.tracker(&ada).await;
    watcher.open_both("laptop").await;
    for error in [AppendError::Full { retry_after_s: 3 }, AppendError::Unavailable("gone".into())] {
        server.fake.log.refuse(Some(error));
        let (reply, took) = beat_while(&watcher, || server.fake.log.refuse(None)).await;
        assert_eq!(reply.status, 200);
        assert!((10..=12).contains(&took.as_secs()), "{took:?}");
    }
    assert_eq!(server.timeline(&ada).await.0.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_waits_until_its_key_and_its_bucket_can_be_looked_up() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    watcher.open_both("laptop").await;
    server.fake.store.fail(Some(PortError::Unavailable("gone".into())));
    let (reply, took) = beat_while(&watcher, || server.fake.store.fail(None)).await;
    assert_eq!(reply.status, 200);
    assert!((10..=12).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_waits_until_its_person_may_send_more() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    watcher.open_both("laptop").await;
    server.fake.limits.allow_pings(0);
    let (reply, _) = beat_while(&watcher, || server.fake.limits.allow_pings(1)).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_is_refused_only_when_its_client_would_give_up() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    watcher.open_both("laptop").await;
    server.fake.log.refuse(Some(AppendError::Full { retry_after_s: 3 }));
    let began = Instant::now();
    let reply = watcher.beat(WINDOWS, EVENT).await;
    assert_eq!((reply.message().0, &reply.headers["retry-after"]), (503, &"3".parse().unwrap()));
    assert!((28..30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_person_holds_a_bounded_number_and_costs_nobody_else_theirs() {
    let server = Server::new();
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let (hers, his) = (server.tracker(&ada).await, server.tracker(&bob).await);
    for tracker in [&hers, &his] {
        tracker.open_both("laptop").await;
    }
    server.fake.log.refuse(Some(AppendError::Full { retry_after_s: 3 }));
    let began = Instant::now();
    let timed = async |tracker: Tracker<'_>| {
        let reply = tracker.beat(WINDOWS, EVENT).await;
        (reply.status.as_u16(), began.elapsed().as_secs() < 1)
    };
    let flood = futures_util::future::join_all((0..40).map(|_| timed(hers.clone())));
    let (flood, one) = tokio::join!(flood, timed(his));
    assert_eq!(flood.iter().filter(|(status, at_once)| *status == 503 && *at_once).count(), 8);
    assert_eq!(one, (503, false), "somebody else's is held");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_said_at_once() {
    let server = Server::new();
    let began = Instant::now();
    let refused = server.with_authorization("Bearer dlk_nonsense").beat(WINDOWS, EVENT).await;
    assert_eq!((refused.message().0, began.elapsed()), (401, Duration::ZERO));
}
