//! Backups of a data folder that a server works in, restored elsewhere.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use dayline_domain::{DAY_MS, UtcMs};
use dayline_sim::client::{Account, Device};

use crate::support::account::{account, eventually, ping, register, send, sign_in, totals};
use crate::support::command::{Ended, run};
use crate::support::now;
use crate::support::server::Installation;

const SOON: Duration = Duration::from_secs(20);
const PEOPLE: [&str; 4] = ["ada", "bob", "eve", "kim"];
const APPS: [&str; 3] = ["Code", "Mail", "Chat"];
/// What each person sends before the backup begins.
const BEFORE: usize = 60;

fn back_up(installation: &Installation, to: &Path, options: &[&str]) -> Ended {
    let (data, to) = (installation.data().display().to_string(), to.display().to_string());
    run(&[&["backup", &to, "--data", &data], options].concat())
}

/// Sends pings of a second each, one after the other, until told to stop.
struct Sender {
    device: Device,
    sent: AtomicUsize,
    stop: AtomicBool,
}

impl Sender {
    async fn run(&self, start: UtcMs) {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.sent.load(Ordering::Relaxed);
            send(&self.device, ping(APPS[number % 3], start.plus(1_000 * number as i64), 1_000)).await;
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

/// The apps of a person's day from its begin on, second by second.
async fn seconds(device: &Device, start: UtcMs) -> Vec<String> {
    let text = |at: UtcMs| dayline_cli_kit::units::rfc3339(at);
    let timeline = device.timeline(&text(start), &text(start.plus(DAY_MS / 2))).await.unwrap();
    let mut next = start.0;
    let mut apps = Vec::new();
    for piece in timeline.intervals {
        assert_eq!(piece.start_time.as_millisecond(), next, "{apps:?}");
        next = piece.end_time.as_millisecond();
        let length = next - piece.start_time.as_millisecond();
        apps.extend(std::iter::repeat_n(piece.app_name, usize::try_from(length / 1_000).unwrap()));
    }
    apps
}

fn expected(number: usize) -> Vec<String> {
    (0..number).map(|number| APPS[number % 3].to_owned()).collect()
}

/// Waits until all that is in the log is in the timelines: what comes last is there.
async fn settled(device: &Device, start: UtcMs) {
    let later = start.plus(DAY_MS * 3 / 4);
    send(device, ping("Last", later, 1_000)).await;
    let day = start.day().to_string();
    eventually(true, SOON, async || totals(device, "apps", &day, "UTC").await.contains_key("Last")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_has_all_that_was_acknowledged_before_it_and_nothing_torn() {
    let (installation, other) = (Installation::alone(), Installation::alone());
    let _server = installation.start(&["--unlimited"]);
    let start = now().plus(-2 * DAY_MS).day().start();
    let mut senders = Vec::new();
    for name in PEOPLE {
        let device = sign_in(&installation, &register(&installation, name).await, "laptop").await;
        senders.push(Arc::new(Sender { device, sent: AtomicUsize::new(0), stop: AtomicBool::new(false) }));
    }
    let sending = senders.iter().cloned().map(|sender| tokio::spawn(async move { sender.run(start).await }));
    let sending: Vec<_> = sending.collect();
    eventually(true, SOON, async || senders.iter().all(|sender| sender.sent() >= BEFORE)).await;

    let before: Vec<usize> = senders.iter().map(|sender| sender.sent()).collect();
    // Where the restored server looks for its data.
    let outcome = back_up(&installation, &other.data(), &["--with-keys"]).expect_success();
    assert!(outcome.contains("with the keys"), "{outcome}");
    for sender in &senders {
        sender.stop.store(true, Ordering::Relaxed);
    }
    for task in sending {
        task.await.unwrap();
    }

    let _restored = other.start(&["--unlimited"]);
    for (number, name) in PEOPLE.into_iter().enumerate() {
        let (sender, sent) = (&senders[number], senders[number].sent());
        settled(&sender.device, start).await;
        assert_eq!(seconds(&sender.device, start).await, expected(sent), "{name}");

        let who: Arc<Account> = Arc::new(account(name));
        let device = sign_in(&other, &who, "laptop").await;
        settled(&device, start).await;
        let found = seconds(&device, start).await;
        let has = found.len();
        assert!((before[number]..=sent).contains(&has), "{name}: {has} of {sent}, {} before", before[number]);
        assert_eq!(found, expected(has), "{name}");
        // What came after it is sent again, as trackers that kept it do.
        for again in has.saturating_sub(5)..sent {
            send(&device, ping(APPS[again % 3], start.plus(1_000 * again as i64), 1_000)).await;
        }
        eventually(true, SOON, async || seconds(&device, start).await == expected(sent)).await;
    }
}

#[tokio::test]
async fn a_backup_has_no_keys_unless_asked_to_and_is_never_put_over_anything() {
    let installation = Installation::alone();
    let mut server = installation.start(&[]);
    register(&installation, "ada").await;
    server.stop();
    let folder = installation.folder().join("copy");
    back_up(&installation, &folder, &[]).expect_success();
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["dayline.db", "ping-log.db"]);
    let again = back_up(&installation, &folder, &[]);
    assert!(again.code == Some(1) && again.stderr.contains("is not empty"), "{again:?}");
    let nothing = back_up(&Installation::alone(), &installation.folder().join("other"), &[]);
    assert!(nothing.code == Some(1) && nothing.stderr.contains("no dayline database"), "{nothing:?}");
    let clustered = run(&["backup", "x", "--database-url", "postgres://nobody@localhost/none"]);
    assert!(clustered.code == Some(2) && clustered.stderr.contains("pg_basebackup"), "{clustered:?}");
}
