//! The worker: exactly once in effect, whatever fails.

use std::sync::Arc;

use dayline_app::identity::caller::Caller;
use dayline_app::ports::{
    Accounts, DayChanged, DayKey, DeadLetters, LedgerReader, LedgerWriter, LiveEvent, LiveEvents, Partition,
    Payload, PingLog, PortError, Position,
};
use dayline_app::tracking::record::{self, Body};
use dayline_app::tracking::worker::{Step, Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{DAY_MS, Interval, Observation, UserId, UtcDay, UtcMs};

use super::{caller, login, register, send, used, with_ada};

const P0: Partition = Partition(0);
const DAY: UtcDay = UtcDay(20_777);

fn worker(world: &FakeApp, limits: WorkerLimits) -> Worker {
    Worker::new(world.worker_ports(), P0, limits)
}

/// The instant from which tests count: far enough from midnight that no other day's window has it.
fn start() -> UtcMs {
    DAY.start().plus(6 * 3_600_000)
}

/// A ping from and to so many seconds after the start.
fn ping(app: &str, start_s: i64, end_s: i64) -> Observation {
    let at = |s: i64| start().plus(s * 1_000);
    used(app, None, Interval::new(at(start_s), at(end_s)).unwrap())
}

/// The person's timeline as text: app and seconds after the start.
async fn timeline(world: &FakeApp, ada: &Caller) -> Vec<String> {
    let everything = Interval::new(UtcMs(0), UtcMs(i64::MAX)).unwrap();
    let view = world.store.read(ada.user, everything).await.unwrap();
    let seconds = |at: UtcMs| at.since(start()) / 1_000;
    let text = |piece: dayline_domain::Piece| {
        let (app, at) = (&piece.source.activity.app, piece.interval);
        format!("{} {}-{}", app.as_str(), seconds(at.start()), seconds(at.end()))
    };
    view.counted.into_iter().map(text).collect()
}

#[tokio::test]
async fn pings_become_a_timeline_and_leave_the_log() {
    let (world, ada) = with_ada().await;
    send(&world, ada.user, &[ping("Code", 0, 5), ping("Code", 5, 10)]).await;
    send(&world, ada.user, &[ping("Mail", 8, 12)]).await;
    let mut worker = worker(&world, WorkerLimits::default());
    let step = worker.step().await.unwrap();
    assert_eq!(step, Step { entries: 2, pings: 3, days: 1, ..Step::default() });
    assert_eq!(timeline(&world, &ada).await, ["Code 0-8", "Mail 8-12"]);
    assert_eq!(world.log.depth().await.unwrap().entries, 0);
    assert_eq!(worker.step().await.unwrap(), Step::default());
}

#[tokio::test]
async fn a_ping_over_midnight_is_settled_on_both_days() {
    let (world, ada) = with_ada().await;
    let midnight_s = DAY.start().plus(DAY_MS).since(start()) / 1_000;
    send(&world, ada.user, &[ping("Code", midnight_s - 5, midnight_s + 5)]).await;
    let step = worker(&world, WorkerLimits::default()).step().await.unwrap();
    assert_eq!((step.pings, step.days), (1, 2));
    assert_eq!(timeline(&world, &ada).await, ["Code 64795-64800", "Code 64800-64805"]);
}

#[tokio::test]
async fn two_workers_on_one_partition_give_the_same_as_one() {
    let (world, ada) = with_ada().await;
    let (mut first, mut second) =
        (worker(&world, WorkerLimits::default()), worker(&world, WorkerLimits::default()));
    let mut stale = 0;
    for n in 0..20 {
        send(&world, ada.user, &[ping("Code", n * 5, n * 5 + 5)]).await;
        let turn = if n % 3 == 0 { &mut second } else { &mut first };
        // One whose step was stale finds out, forgets, and does it again.
        while turn.step().await.unwrap().stale {
            stale += 1;
        }
    }
    assert_eq!(timeline(&world, &ada).await, ["Code 0-100"]);
    assert!(stale > 0);
}

#[tokio::test]
async fn nothing_is_lost_or_counted_twice_while_the_ledger_is_down() {
    let (world, ada) = with_ada().await;
    let mut worker = worker(&world, WorkerLimits::default());
    send(&world, ada.user, &[ping("Code", 0, 5)]).await;
    worker.step().await.unwrap();
    world.store.fail(Some(PortError::Unavailable("down".into())));
    send(&world, ada.user, &[ping("Code", 5, 10)]).await;
    for _ in 0..3 {
        assert!(matches!(worker.step().await, Err(PortError::Unavailable(_))));
    }
    world.store.fail(None);
    worker.step().await.unwrap();
    assert_eq!(timeline(&world, &ada).await, ["Code 0-10"]);
    assert_eq!(world.store.count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_damaged_entry_becomes_a_dead_letter_and_the_rest_counts() {
    let (world, ada) = with_ada().await;
    send(&world, ada.user, &[ping("Code", 0, 5)]).await;
    world.log.append_payload(P0, Payload::Damaged { bytes: vec![1, 2, 3], reason: "checksum".into() });
    let mut broken = record::encode_observations(ada.user, &[ping("Code", 5, 10)]);
    let last = broken.len() - 3;
    broken[last] = 0xFF;
    world.log.append(P0, broken.clone()).await.unwrap();
    send(&world, ada.user, &[ping("Code", 10, 15)]).await;

    let step = worker(&world, WorkerLimits::default()).step().await.unwrap();
    assert_eq!((step.pings, step.dead), (2, 2));
    let letters = DeadLetters::list(&*world.store, 0, 10).await.unwrap();
    assert_eq!(letters[0].letter.record, [1, 2, 3]);
    assert_eq!((letters[1].letter.user, &letters[1].letter.record), (Some(ada.user), &broken));
    assert_eq!(timeline(&world, &ada).await, ["Code 0-15"]);
}

#[tokio::test]
async fn a_refused_ping_is_found_by_halving_and_is_the_only_dead_letter() {
    let (world, ada) = with_ada().await;
    world.store.refuse_app(Some("Poison"));
    for n in 0..8 {
        let app = if n == 5 { "Poison" } else { "Code" };
        send(&world, ada.user, &[ping("Code", n * 10, n * 10 + 5), ping(app, n * 10 + 5, n * 10 + 10)]).await;
    }
    let mut worker = worker(&world, WorkerLimits::default());
    let step = worker.step().await.unwrap();
    assert_eq!((step.entries, step.dead), (8, 1));
    assert_eq!(timeline(&world, &ada).await, ["Code 0-80"]);
    let letters = DeadLetters::list(&*world.store, 0, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        record::decode(&letters[0].letter.record),
        Ok((ada.user, Body::Observations(vec![ping("Poison", 55, 60)])))
    );

    // Sent again after the store was mended, it counts.
    world.store.refuse_app(None);
    world.log.append(P0, letters[0].letter.record.clone()).await.unwrap();
    worker.step().await.unwrap();
    assert_eq!(timeline(&world, &ada).await, ["Code 0-55", "Poison 55-60", "Code 60-80"]);
}

#[tokio::test]
async fn a_dead_letter_can_be_applied_again_beside_a_running_worker() {
    let (world, ada) = with_ada().await;
    let (mut running, mut beside) =
        (worker(&world, WorkerLimits::default()), worker(&world, WorkerLimits::default()));
    send(&world, ada.user, &[ping("Code", 0, 5)]).await;
    running.step().await.unwrap();
    let letter = record::encode_observations(ada.user, &[ping("Mail", 50, 55)]);

    world.store.refuse_app(Some("Mail"));
    assert!(matches!(beside.apply_again(&letter).await, Err(PortError::Rejected(_))));
    world.store.refuse_app(None);
    let position = world.store.position(P0).await.unwrap();
    let step = beside.apply_again(&letter).await.unwrap();
    assert_eq!(step, Step { pings: 1, days: 1, ..Step::default() });
    assert_eq!(world.store.position(P0).await.unwrap(), position);

    // The running worker has the day in memory as it was; it finds out and loses nothing.
    send(&world, ada.user, &[ping("Code", 5, 10)]).await;
    assert!(running.step().await.unwrap().stale);
    running.step().await.unwrap();
    assert_eq!(timeline(&world, &ada).await, ["Code 0-10", "Mail 50-55"]);
    // So does the other one.
    assert!(beside.apply_again(&letter).await.unwrap().stale);
    assert_eq!(beside.apply_again(&letter).await.unwrap().days, 0);
}

#[tokio::test]
async fn a_dead_letter_that_is_no_record_is_refused_with_its_reason() {
    let world = FakeApp::default();
    let mut worker = worker(&world, WorkerLimits::default());
    let refused = worker.apply_again(&[1, 2, 3]).await;
    assert!(matches!(refused, Err(PortError::Rejected(reason)) if reason.contains("cut off")));
}

#[tokio::test]
async fn pings_of_a_damaged_day_become_dead_letters_and_hold_up_nobody_else() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    send(&world, ada.user, &[ping("Code", 0, 5)]).await;
    worker(&world, WorkerLimits::default()).step().await.unwrap();
    world.store.damage(DayKey { user: ada.user, day: DAY });
    send(&world, ada.user, &[ping("Code", 5, 10)]).await;
    send(&world, bob.user, &[ping("Code", 0, 5)]).await;
    let step = worker(&world, WorkerLimits::default()).step().await.unwrap();
    assert_eq!((step.days, step.dead), (1, 1));
    assert_eq!(timeline(&world, &bob).await, ["Code 0-5"]);
    let letters = DeadLetters::list(&*world.store, 0, 10).await.unwrap();
    assert_eq!(
        record::decode(&letters[0].letter.record),
        Ok((ada.user, Body::Observations(vec![ping("Code", 5, 10)])))
    );
}

#[tokio::test]
async fn a_day_that_can_not_be_written_holds_up_no_other_day_and_nobody_else() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    world.store.damage_writes(Some(DayKey { user: ada.user, day: DAY }));
    let day_after = |start: i64| ping("Code", start + 86_400, start + 86_405);
    send(&world, ada.user, &[ping("Code", 0, 5), ping("Mail", 5, 10), day_after(0)]).await;
    send(&world, bob.user, &[ping("Code", 0, 5)]).await;
    let mut worker = worker(&world, WorkerLimits::default());
    let step = worker.step().await.unwrap();
    assert_eq!((step.entries, step.days, step.dead), (2, 2, 1));
    assert_eq!(timeline(&world, &bob).await, ["Code 0-5"]);
    let letters = DeadLetters::list(&*world.store, 0, 10).await.unwrap();
    let kept = vec![ping("Code", 0, 5), ping("Mail", 5, 10)];
    assert_eq!(record::decode(&letters[0].letter.record), Ok((ada.user, Body::Observations(kept))));
    assert!(letters[0].letter.reason.contains("can't be written"), "{letters:?}");

    // When somebody has repaired it, the dead letter brings the pings back.
    world.store.damage_writes(None);
    worker.apply_again(&letters[0].letter.record).await.unwrap();
    assert_eq!(timeline(&world, &ada).await, ["Code 0-5", "Mail 5-10", "Code 86400-86405"]);
}

#[tokio::test]
async fn pings_of_somebody_who_is_gone_are_forgotten() {
    let (world, ada) = with_ada().await;
    let mut worker = worker(&world, WorkerLimits::default());
    send(&world, ada.user, &[ping("Code", 0, 5)]).await;
    worker.step().await.unwrap();
    Accounts::delete(&*world.store, ada.user, UtcMs(0)).await.unwrap();
    send(&world, ada.user, &[ping("Code", 5, 10)]).await;
    // The worker still has the day in memory; the commit finds out.
    assert!(worker.step().await.unwrap().stale);
    let step = worker.step().await.unwrap();
    assert_eq!((step.forgotten, step.days), (1, 0));
    assert!(timeline(&world, &ada).await.is_empty());
    assert_ne!(world.store.position(P0).await.unwrap(), Position::START);
}

#[tokio::test]
async fn a_worker_without_room_for_days_gives_the_same_timeline() {
    let (world, ada) = with_ada().await;
    let limits = WorkerLimits { hot_bytes: 0, read_bytes: 1 };
    let mut worker = worker(&world, limits);
    for n in 0..10 {
        send(&world, ada.user, &[ping("Code", n * 5, n * 5 + 5)]).await;
    }
    let mut steps = 0;
    while worker.step().await.unwrap().entries > 0 {
        steps += 1;
    }
    assert_eq!(steps, 10);
    assert_eq!(timeline(&world, &ada).await, ["Code 0-50"]);
}

#[tokio::test]
async fn a_day_is_forgotten_after_a_long_silence_and_not_after_a_short_one() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    let mut worker = worker(&world, WorkerLimits::default());
    let four_minutes = 4 * 60;
    let ping_at = |n: i64| [ping("Code", n * four_minutes, n * four_minutes + 5)];
    for n in 0..5 {
        send(&world, bob.user, &ping_at(n)).await;
        // Ada is silent from the second time on.
        if n < 2 {
            send(&world, ada.user, &ping_at(n)).await;
        }
        worker.step().await.unwrap();
        world.clock.advance(four_minutes * 1_000);
    }
    assert_eq!(world.store.days_loaded(), 2);

    send(&world, ada.user, &ping_at(5)).await;
    worker.step().await.unwrap();
    assert_eq!(world.store.days_loaded(), 3);
    assert_eq!(timeline(&world, &ada).await, ["Code 0-5", "Code 240-245", "Code 1200-1205"]);
}

#[tokio::test]
async fn changed_days_are_announced_to_their_person_alone() {
    let (world, ada) = with_ada().await;
    let mut hers = world.live.subscribe(ada.user);
    let mut others = world.live.subscribe(UserId::from_bits(7));
    send(&world, ada.user, &[ping("Code", 0, 5)]).await;
    worker(&world, WorkerLimits::default()).step().await.unwrap();
    let LiveEvent::Changed(changed) = hers.next().await else { panic!("missed") };
    assert_eq!((changed.user, changed.day, changed.version), (ada.user, DAY, 1));
    world.live.announce(&[DayChanged { user: UserId::from_bits(7), ..changed }]);
    let LiveEvent::Changed(changed) = others.next().await else { panic!("missed") };
    assert_eq!(changed.user, UserId::from_bits(7));

    let since = |ms| world.store.changed_since(ada.user, world.app.clock.now().plus(ms));
    assert_eq!(since(0).await.unwrap(), [(DAY, 1)]);
    assert_eq!(since(1).await.unwrap(), []);
}

#[tokio::test]
async fn a_waiting_worker_wakes_when_a_ping_arrives() {
    let (world, ada) = with_ada().await;
    let mut worker = worker(&world, WorkerLimits::default());
    worker.step().await.unwrap();
    let sender = {
        let (world, user) = (Arc::clone(&world), ada.user);
        async move { send(&world, user, &[ping("Code", 0, 5)]).await }
    };
    tokio::join!(worker.wait(), sender);
    assert_eq!(worker.step().await.unwrap().pings, 1);
}
