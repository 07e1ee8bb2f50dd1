//! What a person does on a desktop, and what the timeline must say of it.

use std::time::Duration;

use jiff::Timestamp;

use crate::dayline::Stretch;

/// One thing that a person does for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Works with an app.
    Work(&'static str),
    /// Leaves everything as it is.
    Leave,
}

/// A stretch of the script, and how long it is.
pub(crate) type Step = (Act, Duration);

/// What was really done.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) act: Act,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// The apps of the scripts.
pub(crate) const APPS: &[&str] = &["Editor", "Mailer", "Browser", "Terminal"];

/// A quarter of an hour: switches every 3 to 40 seconds, and two stretches in which nobody is there.
pub(crate) fn quarter_of_an_hour() -> Vec<Step> {
    let (mut steps, mut total, mut dice) = (Vec::new(), 0, 7_u64);
    while total < 900 {
        // A generator that gives the same script each time.
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let seconds = 3 + (dice >> 33) % 38;
        let app = APPS[(steps.len() + (dice >> 60) as usize % 2) % APPS.len()];
        steps.push((Act::Work(app), Duration::from_secs(seconds)));
        total += seconds;
        if [9, 21].contains(&steps.len()) {
            steps.push((Act::Leave, Duration::from_secs(70)));
            total += 70;
        }
    }
    steps
}

/// Half a minute.
pub(crate) fn half_a_minute() -> Vec<Step> {
    let work = |app, seconds| (Act::Work(app), Duration::from_secs(seconds));
    vec![
        work("Editor", 3),
        work("Mailer", 4),
        work("Editor", 3),
        (Act::Leave, Duration::from_secs(14)),
        work("Mailer", 3),
        work("Editor", 4),
    ]
}

/// By how many seconds the timeline differs from what was done, the worst stretch of it: of each stretch, the time that counts
/// for its app, and for any other.
pub(crate) fn worst_error(done: &[Done], timeline: &[Stretch]) -> f64 {
    let errors = done.iter().map(|done| {
        let length = seconds(done.start, done.end);
        let counted = |app: Option<&str>| -> f64 {
            let of_app = timeline.iter().filter(|stretch| app.is_none_or(|app| stretch.app == app));
            of_app
                .map(|stretch| seconds(stretch.start.max(done.start), stretch.end.min(done.end)).max(0.0))
                .sum()
        };
        match done.act {
            Act::Work(app) => (length - counted(Some(app))).max(counted(None) - counted(Some(app))),
            Act::Leave => counted(None),
        }
    });
    errors.fold(0.0, f64::max)
}

/// In how many seconds two timelines name different apps.
pub(crate) fn difference_s(one: &[Stretch], other: &[Stretch]) -> f64 {
    let mut moments: Vec<_> =
        one.iter().chain(other).flat_map(|stretch| [stretch.start, stretch.end]).collect();
    moments.sort_unstable();
    let app = |timeline: &[Stretch], at| {
        timeline
            .iter()
            .find(|stretch| stretch.start <= at && at < stretch.end)
            .map(|stretch| stretch.app.clone())
    };
    // Between two of the moments nothing changes.
    let pieces = moments.windows(2).filter(|piece| app(one, piece[0]) != app(other, piece[0]));
    pieces.map(|piece| seconds(piece[0], piece[1])).sum()
}

pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

fn stretch(app: &str, start: i64, end: i64) -> Stretch {
    let at = |second| Timestamp::from_second(second).unwrap();
    Stretch { app: app.to_owned(), project: None, domain: None, start: at(start), end: at(end) }
}

#[test]
fn a_timeline_that_names_another_app_or_misses_one_is_noticed() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let done = |act, start, end| Done { act, start: at(start), end: at(end) };
    let all = [done(Act::Work("Editor"), 0, 10), done(Act::Leave, 10, 20), done(Act::Work("Mailer"), 20, 30)];
    let error = |timeline: &[Stretch]| worst_error(&all, timeline);
    assert!(error(&[stretch("Editor", 0, 10), stretch("Mailer", 20, 30)]) < 0.001);
    assert!((error(&[stretch("Editor", 0, 8), stretch("Mailer", 20, 30)]) - 2.0).abs() < 0.001);
    assert!((error(&[stretch("Editor", 0, 14), stretch("Mailer", 20, 30)]) - 4.0).abs() < 0.001);
    assert!((error(&[stretch("Editor", 0, 10), stretch("Editor", 20, 30)]) - 10.0).abs() < 0.001);
}

#[test]
fn timelines_differ_for_as_long_as_they_name_different_apps() {
    let one = [stretch("Editor", 0, 10), stretch("Mailer", 20, 30)];
    assert!(difference_s(&one, &one).abs() < 0.001);
    let other = [stretch("Editor", 0, 12), stretch("Editor", 20, 23), stretch("Mailer", 23, 29)];
    assert!((difference_s(&one, &other) - 6.0).abs() < 0.001);
    assert!((difference_s(&one, &[]) - 20.0).abs() < 0.001);
}
