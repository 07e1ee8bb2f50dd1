//! Own eyes: what they see of titles, locked screens and pauses.

use std::path::PathBuf;
use std::time::Duration;

use dayline_tracker::clock::Now;
use jiff::Timestamp;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::dayline::{Stretch, program};
use crate::desktop::{Desktop, X11, X11_PROGRAMS, are_here};
use crate::installation::Installation;
use crate::person::Person;
use crate::script::{Act, Done, worst_error};
use crate::tracker::files_with;

const CONFIG: &str = "device = \"desk\"\nrelay = \"off\"\nexclude_apps = [\"Secret\"]\n\
    [[project]]\ntitle = \"dayline\"\nproject = \"Dayline\"\n";

#[tokio::test]
async fn a_title_gives_a_project_and_goes_nowhere_and_an_excluded_app_is_not_told() {
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    let person = Person::at(X11::start(&["Editor", "Mailer", "Secret"]));
    let of = Installation::new(&program, CONFIG).await;
    let tracker = of.start_tracker(person.desktop.display());
    let start = Now::read().utc;
    let work = async |app| person.act((Act::Work(app), Duration::from_millis(600))).await;
    work("Editor").await;
    person.desktop.rename("Editor", "main.rs - Dayline - hunter77");
    work("Editor").await;
    work("Secret").await;
    work("Mailer").await;
    let end = Now::read().utc;
    assert!(tracker.end(Signal::TERM).success(), "{}", of.tracker.log());
    let sending = of.start_tracker(person.desktop.display());
    let shows = |timeline: &[Stretch], app: &str, project: Option<&str>| {
        timeline.iter().any(|stretch| stretch.app == app && stretch.project.as_deref() == project)
    };
    let timeline = of
        .dayline
        .until(start, end, |all| {
            shows(all, "Editor", None) && shows(all, "Editor", Some("Dayline")) && shows(all, "Mailer", None)
        })
        .await;
    assert!(timeline.iter().all(|stretch| stretch.app != "Secret"), "{timeline:?}");
    drop(sending);
    assert!(of.network.carried("\"project\":\"Dayline\""));
    assert!(!of.network.carried("hunter77") && !of.network.carried("Secret"));
    for folder in [of.tracker.folder(), of.dayline.folder()] {
        assert_eq!(files_with(folder, "hunter77"), Vec::<PathBuf>::new());
    }
    let configuration = of.tracker.folder().join("config.toml");
    assert_eq!(files_with(of.tracker.folder(), "Secret"), [configuration]);
}

#[tokio::test]
async fn nobody_is_there_while_the_screen_is_locked() {
    // The timeline rule closes gaps of a second in times away.
    const LONG_ENOUGH: Duration = Duration::from_millis(1_300);
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    let person = Person::at(X11::start(&["Editor"]));
    let of = Installation::new(&program, CONFIG).await;
    let tracker = of.start_tracker(person.desktop.display());
    let mut done = vec![person.act((Act::Work("Editor"), LONG_ENOUGH)).await];
    for locker in [Some("i3lock"), None] {
        let start = Now::read().utc;
        let window = person.desktop.cover(locker);
        sleep(LONG_ENOUGH).await;
        person.desktop.close(window);
        done.push(Done { act: Act::Leave, start, end: Now::read().utc });
        done.push(person.act((Act::Work("Editor"), LONG_ENOUGH)).await);
    }
    assert!(tracker.end(Signal::TERM).success(), "{}", of.tracker.log());
    let sending = of.start_tracker(person.desktop.display());
    let (start, end) = (done[0].start, done[4].end);
    of.dayline.until(start, end, |timeline| worst_error(&done, timeline) <= 0.2).await;
    drop(sending);
}

#[tokio::test]
async fn nothing_is_told_of_a_pause() {
    let Some(program) = program().filter(|_| are_here(X11_PROGRAMS)) else { return };
    let person = Person::at(X11::start(&["Editor", "Mailer"]));
    let of = Installation::new(&program, CONFIG).await;
    let tracker = of.start_tracker(person.desktop.display());
    let start = Now::read().utc;
    let work = async |app| person.act((Act::Work(app), Duration::from_millis(500))).await;
    let before = work("Editor").await;
    assert!(of.tracker.run(&["pause", "1h"]).status.success());
    let paused: Timestamp = Now::read().utc;
    work("Mailer").await;
    assert!(tracker.end(Signal::TERM).success());
    let status = String::from_utf8(of.tracker.run(&["status"]).stdout).unwrap();
    assert!(status.contains("paused    until "), "{status}");
    assert!(of.tracker.run(&["pause", "off"]).status.success());

    let sending = of.start_tracker(person.desktop.display());
    let is_sent =
        |all: &[Stretch]| all.iter().any(|stretch| stretch.app == "Editor" && stretch.end >= before.start);
    let timeline = of.dayline.until(start, paused, is_sent).await;
    assert!(timeline.iter().all(|stretch| stretch.app != "Mailer"), "{timeline:?}");
    drop(sending);
}
