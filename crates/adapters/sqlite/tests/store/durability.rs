//! What was answered is on the disk: after a `kill -9` at any moment, and wherever the write-ahead
//! log was cut off or damaged when the power failed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dayline_app::ports::DayKey;
use dayline_app::ports::{Applied, DayWrite, LedgerWriter, LoadedDay};
use dayline_sqlite::SqliteStore;
use tempfile::{TempDir, tempdir};

use crate::tracked::{Tracked, assert_same};
use crate::{DAY, PARTITION, commit, observed, open, register, used, user_id};

/// The change of the `n`-th step, from 0: pieces grow, shrink, come and go.
fn step(day: &mut Tracked, n: u64) -> DayWrite {
    let at = 4_000 * i64::try_from(n).unwrap();
    let app = if n.is_multiple_of(2) { "a" } else { "b" };
    let long = observed(&used("d", app, None), at, at + 9_000);
    day.record(&[long, observed(&used("e", "c", None), at + 1_000, at + 1_500)])
}

/// The day after so many steps.
fn day_after(steps: u64) -> Tracked {
    let mut day = Tracked::new();
    (0..steps).for_each(|n| drop(step(&mut day, n)));
    day
}

/// How many steps the store holds; its day must be exactly what they make.
async fn steps_in(store: &SqliteStore) -> u64 {
    let steps = store.position(PARTITION).await.unwrap().major;
    let loaded = store.load(vec![DayKey { user: user_id(1), day: DAY }]).await.unwrap().remove(0);
    let LoadedDay::Day(stored) = loaded else { panic!("{loaded:?}") };
    assert_eq!(stored.version, steps);
    assert_same(&stored, &day_after(steps).day);
    steps
}

/// Files as they are at some moment, and how long the log was when each step had been answered.
struct Snapshot {
    database: Vec<u8>,
    wal: Vec<u8>,
    answered: Vec<usize>,
}

impl Snapshot {
    /// What a machine finds that lost power when the log was as given.
    fn found(&self, wal: &[u8]) -> TempDir {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("dayline.db"), &self.database).unwrap();
        fs::write(folder.path().join("dayline.db-wal"), wal).unwrap();
        folder
    }

    fn answered_within(&self, length: usize) -> u64 {
        self.answered.iter().filter(|answered| **answered <= length).count() as u64
    }
}

async fn snapshot(steps: u64) -> Snapshot {
    let folder = tempdir().unwrap();
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    let user = {
        // Closing the store copies the log back, so that what follows is all that is in it.
        let store = open(folder.path());
        register(&store, 1).await
    };
    let store = open(folder.path());
    let (mut day, mut answered) = (Tracked::new(), Vec::new());
    for n in 0..steps {
        let change = step(&mut day, n);
        assert_eq!(store.apply(commit(n, vec![(user, change)])).await, Ok(Applied::Done));
        answered.push(fs::metadata(file("dayline.db-wal")).unwrap().len() as usize);
    }
    let [database, wal] = ["dayline.db", "dayline.db-wal"].map(|name| fs::read(file(name)).unwrap());
    Snapshot { database, wal, answered }
}

#[tokio::test]
async fn a_log_cut_off_anywhere_holds_every_step_that_was_answered_before_and_no_half_one() {
    let snapshot = snapshot(15).await;
    assert_eq!(snapshot.answered.last(), Some(&snapshot.wal.len()));
    let mut lengths: Vec<usize> =
        snapshot.answered.iter().flat_map(|end| [end - 1, *end, end + 30]).collect();
    lengths.extend([0, 10, 32, 33, 2_000, 5_000, 9_999]);
    for length in lengths.into_iter().map(|length| length.min(snapshot.wal.len())) {
        let folder = snapshot.found(&snapshot.wal[..length]);
        let steps = steps_in(&open(folder.path())).await;
        assert_eq!(steps, snapshot.answered_within(length), "cut off at {length}");
    }
}

#[tokio::test]
async fn a_damaged_log_counts_up_to_the_damage() {
    let snapshot = snapshot(10).await;
    for at in (40..snapshot.wal.len()).step_by(snapshot.wal.len() / 25) {
        let mut wal = snapshot.wal.clone();
        wal[at] ^= 0x10;
        let folder = snapshot.found(&wal);
        let steps = steps_in(&open(folder.path())).await;
        assert_eq!(steps, snapshot.answered_within(at), "damaged at {at}");
    }
}

const FOLDER: &str = "DAYLINE_TEST_FOLDER";

#[tokio::test]
#[ignore = "started by a_killed_process_leaves_every_answered_step_and_no_half_one"]
async fn commit_without_end() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = open(Path::new(&folder));
    let first = store.position(PARTITION).await.unwrap().major;
    let mut day = day_after(first);
    for n in first.. {
        let change = step(&mut day, n);
        assert_eq!(store.apply(commit(n, vec![(user_id(1), change)])).await, Ok(Applied::Done));
        // Past the harness, which would keep what is printed until the test ends.
        let line = format!("{}{}\n", ANSWERED, n + 1);
        std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
    }
}

/// Tells the child's answers from what the test harness prints.
const ANSWERED: &str = "answered ";

/// Lets a process commit until it has answered `answers` times, kills it, and gives the last answer
/// that it got out.
fn kill_after(folder: &Path, answers: usize) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::commit_without_end", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut answered =
        lines.filter_map(|line| line.split_once(ANSWERED).and_then(|(_, number)| number.parse::<u64>().ok()));
    let seen = answered.by_ref().take(answers).last();
    child.kill().unwrap();
    child.wait().unwrap();
    answered.last().or(seen)
}

#[tokio::test]
async fn a_killed_process_leaves_every_answered_step_and_no_half_one() {
    let folder = tempdir().unwrap();
    register(&open(folder.path()), 1).await;
    let mut before = 0;
    for answers in [1, 7, 2, 23, 40, 3, 11, 60, 5, 17] {
        let answered = kill_after(folder.path(), answers).unwrap_or(before);
        assert!(answered >= before + answers as u64, "the process stopped by itself");
        let steps = steps_in(&open(folder.path())).await;
        assert!(steps == answered || steps == answered + 1, "{answered} answered, {steps} there");
        before = steps;
    }
}
