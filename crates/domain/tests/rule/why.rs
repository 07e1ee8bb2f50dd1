//! Why an instant is what it is: each step's part in it, and that the parts make what counts.

use std::sync::Arc;

use dayline_domain::activity::Activity;
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::{Observation, Seen};
use dayline_domain::timeline::day::{DeviceWhy, InFront, LedgerDay, Outcome, Why};
use dayline_domain::{Interval, UtcMs};
use proptest::prelude::*;

use crate::cases::{Case, DAY, anybody, cases};
use crate::values::{app, device, interval, language, observation, page, project, source, used};

/// So many seconds after noon.
fn at(seconds: i64) -> UtcMs {
    DAY.start().plus((12 * 3_600 + seconds) * 1_000)
}

fn span(start: i64, end: i64) -> Interval {
    interval(at(start).0, at(end).0)
}

fn seen(device: &str, seen: Seen, start: i64, end: i64) -> Observation {
    observation(device, seen, at(start).0, at(end).0)
}

fn beat(name: &str, of: &str) -> Seen {
    Seen::Beat { app: app(name), project: project(Some(of)), language: language(Some("Rust")) }
}

fn day(observations: &[Observation], corrections: &[Correction]) -> LedgerDay {
    let (observations, corrections) = (observations.iter().cloned(), corrections.iter().cloned());
    LedgerDay::restore(DAY, 1, Choices::default(), observations, corrections)
}

fn why(observations: &[Observation], seconds: i64) -> Why {
    day(observations, &[]).why(at(seconds)).unwrap()
}

/// Why of the one device.
fn alone(observations: &[Observation], seconds: i64) -> DeviceWhy {
    let why = why(observations, seconds);
    assert_eq!(why.devices.len(), 1, "{why:?}");
    why.devices.into_iter().next().unwrap()
}

#[test]
fn what_is_seen_is_told_with_its_whole_united_stretch() {
    let code = [seen("pc", used("Code", None), 0, 5), seen("pc", used("Code", None), 6, 10)];
    let told = alone(&code, 7);
    assert_eq!(told.in_front, Some(InFront::Seen(seen("pc", used("Code", None), 0, 10))));
    assert_eq!(told.outcome, Outcome::Counts);
    let shown = told.shown.unwrap();
    assert_eq!((shown.activity, shown.since), (Arc::new(Activity::of(app("Code"))), at(0)));
    assert_eq!((told.page, told.beat, told.away, told.here), (None, None, None, None));
}

#[test]
fn what_is_held_is_told_with_what_was_seen_last_and_what_comes_next() {
    let two = [seen("pc", used("Code", None), 0, 5), seen("pc", used("Mail", None), 30, 40)];
    let held = InFront::Held { last: two[0].clone(), until: at(30) };
    let told = alone(&two, 20);
    assert_eq!((told.in_front, told.outcome), (Some(held), Outcome::Counts));
    assert_eq!(told.shown.unwrap().since, at(0));
    let apart = [seen("pc", used("Code", None), 0, 5), seen("pc", used("Mail", None), 36, 40)];
    assert_eq!(why(&apart, 20).devices, [], "31 s are too long to hold");
    assert_eq!(why(&apart, 20).counts, None);
}

#[test]
fn what_is_inferred_is_told_with_both_beats() {
    let beats = [seen("pc", beat("Code", "p"), 0, 0), seen("pc", beat("vim", "q"), 600, 600)];
    let told = alone(&beats, 300);
    assert_eq!(told.in_front, Some(InFront::Inferred { from: beats[0].clone(), until: at(600) }));
    assert_eq!((told.beat, told.outcome), (Some(beats[0].clone()), Outcome::Counts));
    assert_eq!(told.page, None);
}

#[test]
fn a_browsers_page_is_told_while_it_covers_and_while_it_holds() {
    let (firefox, github) = (used("Firefox", None), page("firefox.exe", Some("github.com"), false));
    let observed = [seen("pc", firefox, 0, 200), seen("pc", github, 10, 20)];
    assert_eq!(alone(&observed, 5).page, None);
    let covers = alone(&observed, 15).page.unwrap();
    assert_eq!((&covers.page, covers.is_held, covers.names_domain), (&observed[1], false, true));
    let holds = alone(&observed, 100).page.unwrap();
    assert_eq!((&holds.page, holds.is_held, holds.names_domain), (&observed[1], true, true));
    assert_eq!(alone(&observed, 110).page, None, "90 s after its end");
    let other = [seen("pc", used("Firefox", Some("a.org")), 0, 200), observed[1].clone()];
    assert!(!alone(&other, 15).page.unwrap().names_domain, "the browser came with a domain");
}

#[test]
fn the_beat_that_tells_a_project_may_be_another_devices() {
    let code = seen("pc", used("Code", None), 0, 100);
    let own =
        [code.clone(), seen("pc", beat("vscode", "p"), 10, 10), seen("server", beat("Code", "q"), 20, 20)];
    assert_eq!(alone(&own, 30).beat, Some(own[1].clone()));
    let others = [code, own[2].clone()];
    assert_eq!(alone(&others, 30).beat, Some(own[2].clone()));
    assert_eq!(alone(&others, 10).beat, None, "it is to come");
}

#[test]
fn away_here_and_audible_pages_are_told_beside_what_was_in_front() {
    let code = seen("pc", used("Code", None), 0, 100);
    let away = seen("pc", Seen::Away, 50, 200);
    let here = seen("pc", Seen::Here, 60, 70);
    let observed = [code.clone(), away, here];
    let gone = alone(&observed, 55);
    assert_eq!((gone.away, gone.here, gone.outcome), (Some(span(50, 200)), None, Outcome::Away));
    assert_eq!((gone.in_front, gone.shown), (Some(InFront::Seen(code)), None));
    let called = alone(&observed, 65);
    assert_eq!((called.away, called.here), (Some(span(50, 200)), Some(span(60, 70))));
    assert_eq!(called.outcome, Outcome::Counts);
    assert_eq!(alone(&observed, 150).outcome, Outcome::Nothing);

    let film = [
        seen("tv", used("Firefox", None), 0, 100),
        seen("tv", page("Firefox", Some("film.example"), true), 0, 100),
        seen("tv", Seen::Away, 0, 100),
        seen("tv", used("swaylock", None), 90, 100),
    ];
    let kept = alone(&film, 50);
    assert!(kept.page.as_ref().unwrap().keeps);
    assert_eq!((kept.outcome, kept.away), (Outcome::Counts, Some(span(0, 100))));
    assert_eq!(alone(&film[..2], 50).outcome, Outcome::Counts);
}

#[test]
fn of_several_devices_it_is_told_which_counts_and_why_the_others_do_not() {
    let (code, chat) = (seen("laptop", used("Code", None), 0, 60), seen("phone", used("Chat", None), 20, 25));
    let observed =
        [code, chat, seen("desk", beat("vim", "p"), 10, 10), seen("desk", beat("vim", "p"), 40, 40)];
    let outcomes = |seconds: i64| {
        let why = why(&observed, seconds);
        let app = why.counts.map(|source| source.activity.app.as_str().to_owned());
        (app.unwrap_or_default(), why.devices.iter().map(|device| device.outcome).collect::<Vec<_>>())
    };
    let (counts, inferred) = (Outcome::Counts, Outcome::OnlyInferred);
    assert_eq!(outcomes(22), ("Chat".into(), vec![inferred, Outcome::Outranked, counts]));
    assert_eq!(outcomes(30), ("Code".into(), vec![inferred, counts]));
    assert_eq!(outcomes(5), ("Code".into(), vec![counts]));
    let names: Vec<_> = why(&observed, 22).devices.into_iter().map(|told| told.device).collect();
    assert_eq!(names, ["desk", "laptop", "phone"].map(device));
}

#[test]
fn the_correction_with_the_greatest_version_decides() {
    let code = seen("laptop", used("Code", None), 0, 120);
    let meeting = source("laptop", Activity::of(app("Meeting")));
    let entry = Correction {
        id: CorrectionId::from_bits(1),
        version: 5,
        says: Says::Entry { interval: span(20, 40), source: Arc::clone(&meeting) },
    };
    let erasure = Correction {
        id: CorrectionId::from_bits(2),
        version: 4,
        says: Says::Erasure { interval: span(30, 70) },
    };
    let day = day(&[code], &[entry.clone(), erasure.clone()]);
    let told = |seconds: i64| day.why(at(seconds)).unwrap();
    assert_eq!((told(25).counts, told(25).correction), (Some(meeting.clone()), Some(entry.clone())));
    assert_eq!(told(25).devices[0].outcome, Outcome::Corrected);
    assert_eq!((told(35).counts, told(35).correction), (Some(meeting), Some(entry)));
    assert_eq!(told(35).devices, [], "what was seen is erased");
    assert_eq!((told(45).counts, told(45).correction), (None, Some(erasure)));
    assert_eq!(told(80).correction, None);
}

#[test]
fn only_instants_of_the_day_are_told() {
    let day = day(&[], &[]);
    let nothing = Some(Why { counts: None, correction: None, devices: Vec::new() });
    assert_eq!(day.why(DAY.start()), nothing);
    assert_eq!(day.why(DAY.interval().end().plus(-1)), nothing);
    assert_eq!(day.why(DAY.start().plus(-1)), None);
    assert_eq!(day.why(DAY.interval().end()), None);
}

/// What the told parts make.
fn activity_of(told: &DeviceWhy) -> Option<Activity> {
    let of = match told.in_front.as_ref()? {
        InFront::Seen(seen) | InFront::Held { last: seen, .. } | InFront::Inferred { from: seen, .. } => seen,
    };
    let mut activity = Activity::of(of.subject().seen.app()?.clone());
    if let Seen::Use { domain, project, .. } = &of.subject().seen {
        (activity.domain, activity.project) = (domain.clone(), project.clone());
    }
    if let Some(page) = told.page.as_ref().filter(|page| page.names_domain)
        && let Seen::Page { domain, .. } = &page.page.subject().seen
    {
        activity.domain.clone_from(domain);
    }
    if let Some(Seen::Beat { project, language, .. }) = told.beat.as_ref().map(|beat| &beat.subject().seen) {
        (activity.project, activity.language) = (project.clone(), language.clone());
    }
    Some(activity)
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn the_parts_that_are_told_make_what_counts(
        Case { observations, corrections, choices } in anybody(20),
        offsets in prop::collection::vec(-2_000i64..2_000, 4),
    ) {
        let day = LedgerDay::restore(DAY, 1, choices, observations.clone(), corrections);
        let pieces: Vec<_> = day.counted().collect();
        let edges = observations.iter().flat_map(|seen| [seen.interval().start(), seen.interval().end()]);
        for at in edges.flat_map(|edge| offsets.iter().map(move |offset| edge.plus(*offset))) {
            let Some(why) = day.why(at) else { continue };
            let counts = pieces.iter().find(|piece| piece.interval.start() <= at && at < piece.interval.end());
            prop_assert_eq!(why.counts.as_ref(), counts.map(|piece| &piece.source));
            if let Some(correction) = &why.correction {
                let said = match &correction.says { Says::Entry { source, .. } => Some(source), _ => None };
                prop_assert_eq!(why.counts.as_ref(), said);
            }
            for told in &why.devices {
                let shown = told.shown.as_ref().map(|shown| (*shown.activity).clone());
                if let Some(shown) = shown {
                    prop_assert_eq!(activity_of(told), Some(shown));
                }
                let is_away = told.away.is_some()
                    && told.here.is_none()
                    && !told.page.as_ref().is_some_and(|page| page.keeps);
                prop_assert_eq!(told.shown.is_some(), told.in_front.is_some() && !is_away);
            }
            let first = why.devices.iter().filter(|told| {
                matches!(told.outcome, Outcome::Counts | Outcome::Corrected)
            });
            let first: Vec<_> = first.collect();
            prop_assert!(first.len() <= 1);
            let shows = why.devices.iter().any(|told| told.shown.is_some());
            prop_assert_eq!(first.len() == 1, shows);
            if why.correction.is_none() {
                let counts = why.counts.map(|counts| (counts.device.clone(), (*counts.activity).clone()));
                let told = first.first().map(|told| {
                    (told.device.clone(), (*told.shown.as_ref().unwrap().activity).clone())
                });
                prop_assert_eq!(told, counts);
            }
        }
    }
}
