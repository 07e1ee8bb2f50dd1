//! A quarter of an hour, or half a minute of the same kind: a person switches between apps and leaves now and then, while
//! tracker and server are killed and the network is away. Another tracker beside it has its peace.

use std::path::Path;
use std::time::{Duration, Instant};

use dayline_testkit::Process;
use rustix::process::Signal;
use tokio::time::sleep_until;

use crate::cost::Cost;
use crate::dayline::{Stretch, program};
use crate::desktop::{Desktop, X11, X11_PROGRAMS, are_here};
use crate::installation::Installation;
use crate::person::Person;
use crate::script::{APPS, Done, Step, difference_s, half_a_minute, quarter_of_an_hour, worst_error};
use crate::sway::{SWAY_PROGRAMS, Sway};

const CONFIG: &str = "device = \"desk\"\nrelay = \"off\"\naway_after = \"10s\"\n";
/// How far each stretch may be from the script, and the whole of one timeline from the other.
const TOLERANCE_S: f64 = 1.0;
/// What a tracker may take of one processor, and of memory.
const MOST_PROCESSOR: f64 = 0.002;
const MOST_RESIDENT_KIB: u64 = 20 << 10;

#[tokio::test]
async fn each_app_counts_for_as_long_as_it_was_in_front_and_nothing_while_nobody_was_there() {
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    watch_all("X11", &program, Person::at(X11::start(APPS))).await;
}

#[tokio::test]
async fn the_same_under_wayland() {
    let Some(program) = program().filter(|_| are_here(SWAY_PROGRAMS)) else { return };
    watch_all("Wayland", &program, Person::at(Sway::start(APPS))).await;
}

fn is_full() -> bool {
    std::env::var_os("DAYLINE_FULL").is_some()
}

/// Lets a person follow the script, watched by two trackers of which one meets what can happen.
async fn watch_all<D: Desktop>(name: &str, program: &Path, person: Person<D>) {
    let steps = if is_full() { quarter_of_an_hour() } else { half_a_minute() };
    let display = person.desktop.display();
    let mut troubled = Installation::new(program, CONFIG).await;
    let mut calm = Installation::new(program, CONFIG).await;
    let begin = Instant::now();
    let undisturbed = calm.start_tracker(display);
    let (done, survivor) =
        tokio::join!(person.follow(&steps), trouble(&mut troubled, program, display, &steps));
    let (cost, watched) = (Cost::of(undisturbed.id()), begin.elapsed());
    let whole = told(&mut calm, undisturbed, display, &done).await;
    let patched = told(&mut troubled, survivor, display, &done).await;

    let share = cost.processor_s / watched.as_secs_f64();
    println!(
        "{name}: {:.0} s in {} stretches: at worst {:.3} s wrong, {:.3} s where tracker, server and network failed; \
        the two timelines differ in {:.3} s; {:.2} s of a processor ({:.3} %), {:.0} wake-ups a minute, {} KiB, at most {} KiB",
        watched.as_secs_f64(),
        done.len(),
        worst_error(&done, &whole),
        worst_error(&done, &patched),
        difference_s(&whole, &patched),
        cost.processor_s,
        100.0 * share,
        60.0 * cost.wake_ups as f64 / watched.as_secs_f64(),
        cost.resident_kib,
        cost.most_kib,
    );
    assert!(difference_s(&whole, &patched) <= TOLERANCE_S, "{whole:#?} {patched:#?}");
    assert!(cost.most_kib < MOST_RESIDENT_KIB, "{cost:?}");
    // In half a minute the start is nearly all.
    assert!(!is_full() || share < MOST_PROCESSOR, "{cost:?}");
}

/// Kills the tracker and the server, takes the network away for a third of the time and kills the tracker meanwhile; gives the tracker
/// that runs at the end. It is never killed while nobody is there: a compositor tells a program that has just begun nothing of before.
async fn trouble(of: &mut Installation, program: &Path, display: (&str, &str), steps: &[Step]) -> Process {
    let whole: Duration = steps.iter().map(|(_, length)| *length).sum();
    let begin = tokio::time::Instant::now();
    let until = |share| sleep_until(begin + whole.mul_f64(share));
    let mut tracker = of.start_tracker(display);
    until(0.13).await;
    drop(tracker);
    tracker = of.start_tracker(display);
    until(0.20).await;
    of.dayline.kill();
    until(0.28).await;
    of.dayline.begin(program);
    until(0.45).await;
    of.network.set(false);
    until(0.80).await;
    drop(tracker);
    tracker = of.start_tracker(display);
    until(0.82).await;
    of.network.set(true);
    until(0.92).await;
    drop(tracker);
    of.start_tracker(display)
}

/// What the timeline says in the end, which must be what was done.
async fn told(of: &mut Installation, tracker: Process, display: (&str, &str), done: &[Done]) -> Vec<Stretch> {
    assert!(tracker.end(Signal::TERM).success(), "{}", of.tracker.log());
    // What is left at the end is sent by the next one.
    let sending = of.start_tracker(display);
    of.dayline.sign_in().await;
    let (start, end) = (done[0].start, done[done.len() - 1].end);
    let is_whole = |timeline: &[Stretch]| worst_error(done, timeline) <= TOLERANCE_S;
    let timeline = of.dayline.until(start, end, is_whole).await;
    drop(sending);
    timeline
}
