//! Own eyes: a person switches between apps and leaves now and then, while tracker and server are killed.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dayline_testkit::Process;
use dayline_tracker::clock::Now;
use jiff::Timestamp;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::dayline::{Dayline, program};
use crate::desktop::{Desktop, X11, X11_PROGRAMS, are_here};
use crate::script::{APPS, Act, Done, Step, half_a_minute, quarter_of_an_hour, seconds, worst_error};
use crate::sway::{SWAY_PROGRAMS, Sway};
use crate::tracker::{Tracker, files_with};

const CONFIG: &str = "device = \"desk\"\nrelay = \"off\"\naway_after = \"10s\"\nexclude_apps = [\"Secret\"]\n\
    [[project]]\ntitle = \"dayline\"\nproject = \"Dayline\"\n";
/// How far each stretch may be from the script.
const TOLERANCE_S: f64 = 1.0;
/// How often a person who works touches the mouse.
const TOUCH: Duration = Duration::from_secs(2);

/// A desktop with a tracker and a server.
struct Setting<D> {
    desktop: D,
    dayline: Dayline,
    tracker: Tracker,
    touches: Cell<usize>,
}

impl<D: Desktop> Setting<D> {
    async fn new(program: &Path, desktop: D) -> Self {
        let dayline = Dayline::start(program).await;
        let tracker = Tracker::new(CONFIG);
        dayline.let_in(&tracker.data()).await;
        Self { desktop, dayline, tracker, touches: Cell::new(0) }
    }

    /// Starts the tracker, and waits until it looks.
    fn start_tracker(&self) -> Process {
        let looks = self.tracker.log().matches("looking which app is in front").count();
        let mut process = self.tracker.start(Some(self.desktop.display()));
        process.until(|| self.tracker.log().matches("looking which app is in front").count() > looks);
        process
    }

    /// Moves the mouse to where it was not before.
    fn touch(&self) {
        self.touches.set(self.touches.get() + 1);
        self.desktop.touch(self.touches.get());
    }

    /// Does a step, and gives what was done.
    async fn act(&self, (act, length): Step) -> Done {
        let begin = Instant::now();
        self.touch();
        if let Act::Work(app) = act {
            self.desktop.activate(app);
        }
        let start = Now::read().utc;
        while let Some(left) = length.checked_sub(begin.elapsed()) {
            sleep(TOUCH.min(left)).await;
            if matches!(act, Act::Work(_)) {
                self.touch();
            }
        }
        Done { act, start, end: Now::read().utc }
    }
}

/// What the operating system counts of a process.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    processor_s: f64,
    wake_ups: u64,
    resident_kib: u64,
}

impl Cost {
    fn of(process: u32) -> Self {
        let read = |file: String| std::fs::read_to_string(file).unwrap_or_default();
        let stat = read(format!("/proc/{process}/stat"));
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        let count = |text: &str, name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or_default()
        };
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let switches = threads.map(|thread| {
            count(&read(format!("{}/status", thread.unwrap().path().display())), "voluntary_ctxt_switches:")
        });
        Self {
            processor_s: (ticks(11) + ticks(12)) / 100.0,
            wake_ups: switches.sum(),
            resident_kib: count(&read(format!("/proc/{process}/status")), "VmRSS:"),
        }
    }
}

/// Does all the steps. The tracker is killed a third of the way through, the server at a half, and started again at two thirds.
async fn do_all<D: Desktop>(setting: &mut Setting<D>, program: &Path, steps: &[Step]) {
    let mut tracker = setting.start_tracker();
    let mut done = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        if number == steps.len() / 3 {
            drop(tracker);
            tracker = setting.start_tracker();
        }
        if number == steps.len() / 2 {
            setting.dayline.kill();
        }
        if number == steps.len() * 2 / 3 {
            setting.dayline.begin(program);
        }
        done.push(setting.act(*step).await);
    }
    let cost = Cost::of(tracker.id());
    assert!(tracker.end(Signal::TERM).success(), "{}", setting.tracker.log());
    // What is left at the end is sent by the next one.
    setting.dayline.sign_in().await;
    let sending = setting.start_tracker();
    let (start, end) = (done[0].start, done[done.len() - 1].end);
    let is_whole = |timeline: &[crate::dayline::Stretch]| worst_error(&done, timeline) <= TOLERANCE_S;
    let timeline = setting.dayline.until(start, end, is_whole).await;
    drop(sending);
    println!(
        "{:.0} s in {} stretches: at worst {:.3} s wrong; since it was killed, the tracker took {:.2} s of a processor, {} wake-ups, {} KiB",
        seconds(start, end),
        done.len(),
        worst_error(&done, &timeline),
        cost.processor_s,
        cost.wake_ups,
        cost.resident_kib,
    );
}

#[tokio::test]
async fn each_app_counts_for_as_long_as_it_was_in_front_and_nothing_while_nobody_was_there() {
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    let mut setting = Setting::new(&program, X11::start(APPS)).await;
    do_all(&mut setting, &program, &steps()).await;
}

#[tokio::test]
async fn the_same_under_wayland() {
    let Some(program) = program().filter(|_| are_here(SWAY_PROGRAMS)) else { return };
    let mut setting = Setting::new(&program, Sway::start(APPS)).await;
    do_all(&mut setting, &program, &steps()).await;
}

fn steps() -> Vec<Step> {
    if std::env::var_os("DAYLINE_FULL").is_some() { quarter_of_an_hour() } else { half_a_minute() }
}

#[tokio::test]
async fn a_title_gives_a_project_and_goes_nowhere_and_an_excluded_app_is_not_told() {
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    let setting = Setting::new(&program, X11::start(&["Editor", "Mailer", "Secret"])).await;
    let tracker = setting.start_tracker();
    let start = Now::read().utc;
    let work = async |app, length| setting.act((Act::Work(app), Duration::from_millis(length))).await;
    work("Editor", 600).await;
    setting.desktop.rename("Editor", "main.rs - Dayline - hunter77");
    work("Editor", 600).await;
    work("Secret", 600).await;
    work("Mailer", 600).await;
    let end = Now::read().utc;
    assert!(tracker.end(Signal::TERM).success(), "{}", setting.tracker.log());
    let sending = setting.start_tracker();
    let shows = |timeline: &[crate::dayline::Stretch], app: &str, project: Option<&str>| {
        timeline.iter().any(|stretch| stretch.app == app && stretch.project.as_deref() == project)
    };
    let timeline = setting
        .dayline
        .until(start, end, |all| {
            shows(all, "Editor", None) && shows(all, "Editor", Some("Dayline")) && shows(all, "Mailer", None)
        })
        .await;
    assert!(timeline.iter().all(|stretch| stretch.app != "Secret"), "{timeline:?}");
    drop(sending);
    for folder in [setting.tracker.folder(), setting.dayline.folder()] {
        assert_eq!(files_with(folder, "hunter77"), Vec::<PathBuf>::new());
    }
    let configuration = setting.tracker.folder().join("config.toml");
    assert_eq!(files_with(setting.tracker.folder(), "Secret"), [configuration]);
}

#[tokio::test]
async fn nobody_is_there_while_the_screen_is_locked() {
    // The timeline rule closes gaps of a second in times away.
    const LONG_ENOUGH: Duration = Duration::from_millis(1_300);
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    let setting = Setting::new(&program, X11::start(&["Editor"])).await;
    let tracker = setting.start_tracker();
    let mut done = vec![setting.act((Act::Work("Editor"), LONG_ENOUGH)).await];
    for locker in [Some("i3lock"), None] {
        let start = Now::read().utc;
        let window = setting.desktop.cover(locker);
        sleep(LONG_ENOUGH).await;
        setting.desktop.close(window);
        done.push(Done { act: Act::Leave, start, end: Now::read().utc });
        done.push(setting.act((Act::Work("Editor"), LONG_ENOUGH)).await);
    }
    assert!(tracker.end(Signal::TERM).success(), "{}", setting.tracker.log());
    let sending = setting.start_tracker();
    let (start, end) = (done[0].start, done[4].end);
    setting.dayline.until(start, end, |timeline| worst_error(&done, timeline) <= 0.2).await;
    drop(sending);
}

#[tokio::test]
async fn nothing_is_told_of_a_pause() {
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    let setting = Setting::new(&program, X11::start(&["Editor", "Mailer"])).await;
    let tracker = setting.start_tracker();
    let start = Now::read().utc;
    let work = async |app| setting.act((Act::Work(app), Duration::from_millis(500))).await;
    let before = work("Editor").await;
    assert!(setting.tracker.run(&["pause", "1h"]).status.success());
    let paused: Timestamp = Now::read().utc;
    work("Mailer").await;
    assert!(tracker.end(Signal::TERM).success());
    let status = String::from_utf8(setting.tracker.run(&["status"]).stdout).unwrap();
    assert!(status.contains("paused    until "), "{status}");
    assert!(setting.tracker.run(&["pause", "off"]).status.success());

    let sending = setting.start_tracker();
    let is_sent = |all: &[crate::dayline::Stretch]| {
        all.iter().any(|stretch| stretch.app == "Editor" && stretch.end >= before.start)
    };
    let timeline = setting.dayline.until(start, paused, is_sent).await;
    assert!(timeline.iter().all(|stretch| stretch.app != "Mailer"), "{timeline:?}");
    drop(sending);
}
