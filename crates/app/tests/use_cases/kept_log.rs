//! A ledger that comes back older than it was (a replica that lagged was promoted, a backup was
//! restored), over a log that keeps what is settled, or does not.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::identity::accounts;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{
    LedgerReader, LedgerWriter, LoadedDay, LogDepth, Partition, Payload, PingLog, Position,
};
use dayline_app::tracking::corrections::{Change, Draft, EntryDraft, apply};
use dayline_app::tracking::keep::Keep;
use dayline_app::tracking::preferences::{prefer, preferences};
use dayline_app::tracking::worker::{Step, Worker, WorkerLimits};
use dayline_contract::fakes::{FakeApp, FakeLog, FakeStore};
use dayline_domain::{AppName, BeatHold, Correction, Interval, Observation, Piece, UtcMs};

use super::{PASSWORD, ada_in, send, used};

const P0: Partition = Partition(0);
const PLENTY: Keep = Keep { time: Duration::from_hours(1), bytes: 1 << 30 };
const SECOND: i64 = 1_000;

async fn keeping(keep: Keep) -> (Arc<FakeApp>, Caller) {
    ada_in(FakeApp::over(FakeLog::keeping(keep))).await
}

fn worker(world: &FakeApp) -> Worker {
    Worker::new(world.worker_ports(), P0, WorkerLimits::default())
}

/// Steps until nothing is left, and gives how much was lost.
async fn work(worker: &mut Worker) -> u64 {
    let mut lost = 0;
    loop {
        let step = worker.step().await.unwrap();
        lost += step.lost;
        if step == Step::default() {
            return lost;
        }
    }
}

/// From and to so many seconds before now.
fn ago(world: &FakeApp, from_s: i64, to_s: i64) -> Interval {
    let now = world.app.clock.now();
    Interval::new(now.plus(-from_s * SECOND), now.plus(-to_s * SECOND)).unwrap()
}

fn ping(world: &FakeApp, app: &str, from_s: i64, to_s: i64) -> Observation {
    used(app, None, ago(world, from_s, to_s))
}

/// All that is known of the person: what counts, what was observed, what was corrected.
async fn known(world: &FakeApp, ada: &Caller) -> (Vec<Piece>, Vec<Vec<Observation>>, Vec<Correction>) {
    let everything = Interval::new(UtcMs(0), UtcMs(i64::MAX)).unwrap();
    let view = world.store.read(ada.user, everything).await.unwrap();
    let days = view.marks.iter().map(|(day, _)| *day).collect();
    let days = LedgerReader::days(&*world.store, ada.user, days).await.unwrap();
    let observed = days.into_iter().map(|day| match day {
        LoadedDay::Day(day) => {
            let mut observations = day.observations;
            observations
                .sort_by_key(|observation| (observation.interval().start(), observation.interval().end()));
            observations
        }
        other => panic!("{other:?}"),
    });
    let corrections = LedgerReader::corrections(&*world.store, ada.user, None).await.unwrap();
    (view.counted, observed.collect(), corrections)
}

fn entry(interval: Interval, app: &str) -> Draft {
    let app = AppName::new(app).unwrap();
    let entry = EntryDraft { app, domain: None, project: None, device: None };
    Draft { start: interval.start(), end: interval.end(), entry: Some(entry) }
}

fn erasure(interval: Interval) -> Draft {
    Draft { start: interval.start(), end: interval.end(), entry: None }
}

/// Says a bit of everything that goes through the log, each settled before the next, and gives what
/// the store was like before each.
async fn live(world: &FakeApp, ada: &Caller) -> Vec<FakeStore> {
    let mut worker = worker(world);
    let mut copies = Vec::new();
    let mut settle = async || {
        work(&mut worker).await;
        copies.push(world.store.copy());
    };
    settle().await;
    send(world, ada.user, &[ping(world, "Code", 4_000, 3_000), ping(world, "Secret", 3_000, 2_000)]).await;
    settle().await;
    let kept = apply(&world.app, ada, Change::New(entry(ago(world, 3_900, 3_800), "Walk"))).await.unwrap();
    settle().await;
    let moved = entry(ago(world, 3_700, 3_600), "Walk");
    apply(&world.app, ada, Change::Replace(kept.id, moved)).await.unwrap();
    settle().await;
    let gone = apply(&world.app, ada, Change::New(entry(ago(world, 3_500, 3_400), "Nap"))).await.unwrap();
    settle().await;
    apply(&world.app, ada, Change::Delete(gone.id)).await.unwrap();
    settle().await;
    apply(&world.app, ada, Change::New(erasure(ago(world, 2_800, 2_200)))).await.unwrap();
    settle().await;
    let mut choices = preferences(&world.app, ada).await.unwrap().preferences;
    choices.choices.beat_hold = BeatHold::from_minutes(5).unwrap();
    prefer(&world.app, ada, choices).await.unwrap();
    settle().await;
    send(world, ada.user, &[ping(world, "Secret", 2_700, 2_600), ping(world, "Mail", 1_000, 500)]).await;
    settle().await;
    copies
}

#[tokio::test]
async fn however_old_a_ledger_comes_back_it_is_brought_up_to_date_by_itself() {
    let (world, ada) = keeping(PLENTY).await;
    let copies = live(&world, &ada).await;
    let expected = known(&world, &ada).await;
    for (number, copy) in copies.iter().enumerate() {
        world.store.become_copy(copy);
        assert_eq!(work(&mut worker(&world)).await, 0);
        assert_eq!(known(&world, &ada).await, expected, "from copy {number}");
        assert_eq!(world.log.depth().await.unwrap().entries, 0);
    }
}

#[tokio::test]
async fn whatever_is_read_again_changes_nothing() {
    let (world, ada) = keeping(PLENTY).await;
    live(&world, &ada).await;
    let expected = known(&world, &ada).await;
    for _ in 0..2 {
        world.store.forget_positions();
        assert_eq!(work(&mut worker(&world)).await, 0);
        assert_eq!(known(&world, &ada).await, expected);
    }
}

#[tokio::test]
async fn a_running_worker_finds_out_by_the_next_ping_that_its_ledger_is_older() {
    let (world, ada) = keeping(PLENTY).await;
    let mut worker = worker(&world);
    send(&world, ada.user, &[ping(&world, "Code", 100, 90)]).await;
    work(&mut worker).await;
    let copy = world.store.copy();
    send(&world, ada.user, &[ping(&world, "Code", 90, 80)]).await;
    work(&mut worker).await;
    world.store.become_copy(&copy);
    send(&world, ada.user, &[ping(&world, "Code", 80, 70)]).await;
    assert_eq!(work(&mut worker).await, 0);
    let (counted, ..) = known(&world, &ada).await;
    assert_eq!(counted.iter().map(|piece| piece.interval).collect::<Vec<_>>(), [ago(&world, 100, 70)]);
}

#[tokio::test]
async fn a_running_worker_finds_out_within_a_minute_of_silence_that_its_ledger_is_older() {
    let (world, ada) = keeping(PLENTY).await;
    let mut worker = worker(&world);
    work(&mut worker).await;
    let copy = world.store.copy();
    let interval = ago(&world, 100, 90);
    send(&world, ada.user, &[used("Code", None, interval)]).await;
    work(&mut worker).await;
    world.store.become_copy(&copy);
    assert_eq!(worker.step().await, Ok(Step::default()));
    world.clock.advance(60 * SECOND);
    work(&mut worker).await;
    let (counted, ..) = known(&world, &ada).await;
    assert_eq!(counted.iter().map(|piece| piece.interval).collect::<Vec<_>>(), [interval]);
}

#[tokio::test]
async fn what_the_log_has_forgotten_is_told_as_lost_once_and_the_rest_counts() {
    let (world, ada) = keeping(Keep::NOTHING).await;
    let mut running = worker(&world);
    work(&mut running).await;
    let copy = world.store.copy();
    for n in 0..3 {
        send(&world, ada.user, &[ping(&world, "Lost", 100 - n * 10, 90 - n * 10)]).await;
    }
    work(&mut running).await;
    world.store.become_copy(&copy);
    // Told also while nothing comes.
    assert_eq!(work(&mut worker(&world)).await, 3);
    assert_eq!(work(&mut worker(&world)).await, 0);
    assert_ne!(world.store.position(P0).await.unwrap(), Position::START);

    world.store.become_copy(&copy);
    send(&world, ada.user, &[ping(&world, "Code", 50, 40)]).await;
    let mut running = worker(&world);
    assert_eq!(running.step().await, Ok(Step { lost: 3, ..Step::default() }));
    assert_eq!(work(&mut running).await, 0);
    let (counted, ..) = known(&world, &ada).await;
    assert_eq!(counted.iter().map(|piece| piece.interval).collect::<Vec<_>>(), [ago(&world, 50, 40)]);
}

/// Whether anything that the log has, whatever of it waits, says these words.
async fn log_says(world: &FakeApp, words: &str) -> bool {
    let read = world.log.read_after(P0, Position::START, usize::MAX).await.unwrap();
    read.entries.iter().any(|entry| match &entry.payload {
        Payload::Records(bytes) => bytes.windows(words.len()).any(|window| window == words.as_bytes()),
        Payload::Damaged { .. } => false,
    })
}

#[tokio::test]
async fn what_is_erased_goes_out_of_what_the_log_keeps_and_stays_erased_when_it_is_read_again() {
    let (world, ada) = keeping(PLENTY).await;
    let mut worker = worker(&world);
    send(&world, ada.user, &[ping(&world, "Secret", 300, 200), ping(&world, "Code", 200, 100)]).await;
    work(&mut worker).await;
    assert!(log_says(&world, "Secret").await);
    apply(&world.app, &ada, Change::New(erasure(ago(&world, 300, 200)))).await.unwrap();
    work(&mut worker).await;
    assert!(!log_says(&world, "Secret").await && log_says(&world, "Code").await);
    let expected = known(&world, &ada).await;
    world.store.forget_positions();
    work(&mut worker).await;
    assert_eq!(known(&world, &ada).await, expected);
}

#[tokio::test]
async fn of_who_is_gone_nothing_is_kept_neither_what_was_settled_before_nor_what_waited() {
    let (world, ada) = keeping(PLENTY).await;
    let mut worker = worker(&world);
    send(&world, ada.user, &[ping(&world, "Before", 300, 200)]).await;
    work(&mut worker).await;
    send(&world, ada.user, &[ping(&world, "Waiting", 200, 100)]).await;
    accounts::delete(&world.app, &ada, PASSWORD.to_owned()).await.unwrap();
    assert!(!log_says(&world, "Before").await && log_says(&world, "Waiting").await);
    work(&mut worker).await;
    assert!(!log_says(&world, "Waiting").await);
    assert_eq!(world.log.depth().await, Ok(LogDepth::default()));
}
