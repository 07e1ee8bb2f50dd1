//! Random people: observations of all kinds on several devices, whose times lie close to what the
//! rule decides by (the join, the holds, the edges of days and windows), corrections, and choices.

use dayline_domain::activity::Activity;
use dayline_domain::choices::{BeatHold, Choices};
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::{Observation, Seen};
use dayline_domain::{DAY_MS, UtcDay};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::values::{app, domain, interval, language, observation, page, project, source, used};

/// So many cases in CI, a tenth elsewhere; those that failed are kept beside the tests.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let in_full = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let persistence = FileFailurePersistence::Direct("tests/rule/regressions.txt");
    ProptestConfig {
        cases: if in_full { cases } else { cases / 10 },
        failure_persistence: Some(Box::new(persistence)),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

/// A person.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) observations: Vec<Observation>,
    pub(crate) corrections: Vec<Correction>,
    pub(crate) choices: Choices,
}

/// The day in whose middle, at whose midnights and at whose window's edges cases happen.
pub(crate) const DAY: UtcDay = UtcDay(20_000);

/// Devices that cases are of.
pub(crate) const DEVICES: [&str; 3] = ["d2", "d10", "é"];
const DOMAINS: [Option<&str>; 3] = [None, Some("a.org"), Some("b.org")];
const PROJECTS: [Option<&str>; 3] = [None, Some("p"), Some("q")];

/// Where a case happens, in milliseconds after the day's midnight.
fn scene() -> impl Strategy<Value = i64> {
    let reach = 2 * 3_600_000;
    let edges = [0, DAY_MS, -reach, DAY_MS + reach, reach, DAY_MS - reach];
    prop_oneof![
        3 => Just(DAY_MS / 2),
        4 => (prop::sample::select(edges.to_vec()), 0i64..300_000).prop_map(|(edge, before)| edge - before),
        1 => Just(-3 * 3_600_000),
    ]
}

/// Distances that are about as long as what the rule decides by.
fn distance(beat_hold: i64) -> impl Strategy<Value = i64> {
    let limits = vec![0, 1, 2, 1_000, 30_000, 90_000, beat_hold];
    let near = (prop::sample::select(limits), -1i64..=1).prop_map(|(limit, off)| (limit + off).max(0));
    prop_oneof![
        4 => near,
        3 => 0i64..3_000,
        3 => 0i64..40_000,
        1 => 0i64..200_000,
        1 => Just(5_000),
    ]
}

/// Few values, so that they meet each other often: an editor with its beats, a browser with a page,
/// away and here.
fn seen_of_few() -> impl Strategy<Value = Seen> {
    let used = prop::sample::select(vec!["Code", "Code", "Code", "Firefox", "vim"])
        .prop_map(|name| used(name, None));
    let beat = prop::sample::select(vec![("Code", Some("p")), ("Code", Some("p")), ("vim", None)])
        .prop_map(|(name, of)| Seen::Beat { app: app(name), project: project(of), language: None });
    let page = any::<bool>().prop_map(|audible| page("Firefox", Some("a.org"), audible));
    prop_oneof![6 => used, 6 => beat, 1 => page, 2 => Just(Seen::Away), 1 => Just(Seen::Here)]
}

/// All kinds; uses most often.
fn seen_of_many() -> impl Strategy<Value = Seen> {
    let browser = prop::sample::select(vec!["Firefox", "firefox.exe"]);
    let editor = prop::sample::select(vec!["Code", "vscode", "vim"]);
    let window = prop::sample::select(vec!["Firefox", "firefox.exe", "Code", "vscode", "W", "swaylock"]);
    let domains = || prop::sample::select(DOMAINS.to_vec());
    let projects = || prop::sample::select(PROJECTS.to_vec());
    let rarely =
        |names: Vec<Option<&'static str>>| prop_oneof![3 => Just(None), 1 => prop::sample::select(names)];
    let any_use = (window, rarely(DOMAINS.to_vec()), rarely(PROJECTS.to_vec())).prop_map(
        |(name, of_domain, of_project)| Seen::Use {
            app: app(name),
            domain: domain(of_domain),
            project: project(of_project),
        },
    );
    let beat = (editor, projects(), prop::sample::select(vec![None, Some("Rust")])).prop_map(
        |(name, of, in_language)| Seen::Beat {
            app: app(name),
            project: project(of),
            language: language(in_language),
        },
    );
    let page = (browser, domains(), any::<bool>()).prop_map(|(name, of, audible)| page(name, of, audible));
    prop_oneof![9 => any_use, 4 => page, 5 => beat, 2 => Just(Seen::Away), 1 => Just(Seen::Here)]
}

fn choices() -> impl Strategy<Value = Choices> {
    let minutes = prop_oneof![3 => Just(1u8), 1 => Just(2), 1 => Just(15), 1 => Just(60)];
    (minutes, prop::bool::weighted(0.7)).prop_map(|(minutes, audible_counts)| Choices {
        beat_hold: BeatHold::from_minutes(minutes).unwrap(),
        audible_counts,
    })
}

/// Observations one after the other, now and then back in time.
fn observations(most: usize, scene: i64, beat_hold: i64) -> impl Strategy<Value = Vec<Observation>> {
    prop_oneof![
        3 => rows(most, scene, beat_hold, seen_of_many().boxed()),
        2 => rows(most, scene, beat_hold, seen_of_few().boxed()),
    ]
}

fn rows(
    most: usize,
    scene: i64,
    beat_hold: i64,
    seen: BoxedStrategy<Seen>,
) -> impl Strategy<Value = Vec<Observation>> {
    let device = prop_oneof![4 => Just(DEVICES[0]), 2 => Just(DEVICES[1]), 1 => Just(DEVICES[2])];
    let step =
        (prop::bool::weighted(0.25), distance(beat_hold)).prop_map(|(back, ms)| if back { -ms } else { ms });
    let row = (device, seen, step, distance(beat_hold));
    vec(row, 0..=most).prop_map(move |rows| {
        let mut now = DAY.start().0 + scene;
        let mut observations = Vec::with_capacity(rows.len());
        for (device, seen, step, length) in rows {
            now += step;
            observations.push(observation(device, seen, now, now + length));
            now += if step >= 0 { length } else { -step };
        }
        observations
    })
}

#[derive(Debug, Clone)]
enum Word {
    Nothing,
    Entry(&'static str, &'static str, Option<&'static str>),
    Erasure,
}

/// Corrections: entries of two ids in several versions, erasures of ids of their own; the versions
/// in any order.
fn corrections(scene: i64, beat_hold: i64) -> impl Strategy<Value = Vec<Correction>> {
    let entry = (
        prop::sample::select(DEVICES.to_vec()),
        prop::sample::select(vec!["Code", "Meeting"]),
        prop::sample::select(PROJECTS.to_vec()),
    );
    let word = prop_oneof![
        1 => Just(Word::Nothing),
        4 => entry.prop_map(|(device, name, of)| Word::Entry(device, name, of)),
        3 => Just(Word::Erasure),
    ];
    let row = (word, 0u128..2, 0i64..120_000, distance(beat_hold));
    let rows = prop_oneof![1 => Just(Vec::new()), 1 => vec(row, 0..5)];
    rows.prop_map(move |rows| {
        let correction = |(n, (word, id, after, length)): (usize, (Word, u128, i64, i64))| {
            let start = DAY.start().0 + scene + after;
            let told = interval(start, start + length.max(1));
            let (id, says) = match word {
                Word::Nothing => (id, Says::Nothing),
                Word::Entry(device, name, of) => {
                    let activity = Activity { project: project(of), ..Activity::of(app(name)) };
                    (id, Says::Entry { interval: told, source: source(device, activity) })
                }
                Word::Erasure => (100 + n as u128, Says::Erasure { interval: told }),
            };
            Correction { id: CorrectionId::from_bits(id), version: n as u64 + 1, says }
        };
        rows.into_iter().enumerate().map(correction).collect::<Vec<_>>()
    })
    .prop_shuffle()
}

/// Anybody, with at most so many observations.
pub(crate) fn anybody(most: usize) -> impl Strategy<Value = Case> {
    (scene(), choices()).prop_flat_map(move |(scene, choices)| {
        let beat_hold = i64::from(choices.beat_hold.ms());
        (observations(most, scene, beat_hold), corrections(scene, beat_hold))
            .prop_map(move |(observations, corrections)| Case { observations, corrections, choices })
    })
}

/// A few observations within some seconds, for whoever looks at each millisecond.
pub(crate) fn somebody_for_seconds() -> impl Strategy<Value = Case> {
    anybody(8).prop_filter("longer than two minutes", |case| {
        let edges = case.observations.iter().map(Observation::interval);
        let (starts, ends): (Vec<_>, Vec<_>) = edges.map(|at| (at.start().0, at.end().0)).unzip();
        let length = ends.iter().max().unwrap_or(&0) - starts.iter().min().unwrap_or(&0);
        length < 120_000 && case.choices.beat_hold.minutes() < 15
    })
}
