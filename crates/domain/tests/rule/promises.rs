//! What the design promises of the rule, as properties: where an observation can change something;
//! that it does not matter how a stretch was told; that nothing counts twice, and nothing is
//! inferred over something that was seen.

use std::collections::BTreeSet;

use dayline_domain::activity::Piece;
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, Says};
use dayline_domain::observation::{Observation, Seen};
use dayline_domain::timeline::steps::{HOLD_MS, JOIN_MS, PAGE_HOLD_MS, settle};
use dayline_domain::timeline::window::Window;
use dayline_domain::{UtcDay, UtcMs};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cases::{Case, DAY, anybody, cases};
use crate::values::{interval, observation, settle_all};

fn three_days() -> impl Iterator<Item = UtcDay> {
    (DAY.0 - 1..=DAY.0 + 1).map(UtcDay)
}

/// How a stretch may be told.
#[derive(Debug, Clone, Copy)]
enum Told {
    Pieces,
    GrowingPrefixes,
    OverlappingStretches,
}

fn told() -> impl Strategy<Value = (Told, Vec<Index>)> {
    let how = prop_oneof![Just(Told::Pieces), Just(Told::GrowingPrefixes), Just(Told::OverlappingStretches)];
    (how, vec(any::<Index>(), 0..5))
}

/// The instants at which an observation is cut, in order, its start and end among them.
fn cuts(observation: &Observation, at: &[Index]) -> Vec<i64> {
    let (start, end) = (observation.interval().start().0, observation.interval().end().0);
    let mut cuts: Vec<i64> = at.iter().map(|at| start + at.index((end - start) as usize) as i64).collect();
    cuts.extend([start, end]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

fn part(observation: &Observation, start: i64, end: i64) -> Observation {
    Observation::new(observation.subject().clone(), interval(start, end))
}

fn retell(observation: &Observation, how: Told, at: &[Index]) -> Vec<Observation> {
    if matches!(observation.subject().seen, Seen::Beat { .. }) {
        return vec![observation.clone(); at.len() + 1];
    }
    let cuts = cuts(observation, at);
    let (start, end) = (cuts[0], cuts[cuts.len() - 1]);
    let pieces = cuts.array_windows().map(|&[from, to]| match how {
        Told::Pieces => (from, to),
        Told::GrowingPrefixes => (start, to),
        Told::OverlappingStretches => ((from - 700).max(start), (to + 700).min(end)),
    });
    pieces.map(|(from, to)| part(observation, from, to)).collect()
}

/// The observation with holes of at most the join, where the design allows for them: in uses, away
/// and here; not on a window's very edge, nor where an erasure touches them.
fn with_holes(
    observation: &Observation,
    at: &[(Index, i64)],
    corrections: &[Correction],
) -> Vec<Observation> {
    let may_have = matches!(observation.subject().seen, Seen::Use { .. } | Seen::Away | Seen::Here);
    let (mut start, end) = (observation.interval().start().0, observation.interval().end().0);
    let mut holes: Vec<(i64, i64)> = at
        .iter()
        .map(|(at, length)| (start + at.index((end - start) as usize) as i64, *length))
        .map(|(hole, length)| (hole, hole + length))
        .collect();
    holes.sort_unstable();
    let mut edges: Vec<(i64, i64)> = three_days()
        .map(|day| Window::of(day).interval())
        .flat_map(|window| [window.start().0, window.end().0].map(|edge| (edge, edge)))
        .collect();
    edges.extend(corrections.iter().filter_map(|correction| match correction.says {
        Says::Erasure { interval } => Some((interval.start().0, interval.end().0)),
        _ => None,
    }));
    let mut pieces = Vec::new();
    for (from, to) in holes {
        let touched = edges.iter().any(|(edge, until)| from <= *until && *edge <= to);
        if may_have && !touched && start < from && to < end {
            pieces.push(part(observation, start, from));
            start = to;
        }
    }
    pieces.push(part(observation, start, end));
    pieces
}

/// Where the design says that a new observation can change the line of its device.
fn bounds(new: &Observation, known: &[Observation], choices: Choices) -> (i64, i64) {
    let (start, end) = (new.interval().start().0, new.interval().end().0);
    let (join, page_hold) = (i64::from(JOIN_MS), i64::from(PAGE_HOLD_MS));
    let beat_hold = i64::from(choices.beat_hold.ms());
    // The end of its united observation, gaps closed as its kind says.
    let united = |join: i64| {
        let same = known.iter().filter(|old| old.subject() == new.subject()).map(Observation::interval);
        let mut same: Vec<(i64, i64)> = same.map(|old| (old.start().0, old.end().0)).collect();
        same.sort_unstable();
        same.iter().fold(end, |end, old| if old.0 <= end + join { end.max(old.1) } else { end })
    };
    match &new.subject().seen {
        Seen::Use { app, .. } if app.as_str() == "swaylock" => (start - join, end + join),
        Seen::Use { .. } => (start - beat_hold, united(join) + beat_hold),
        Seen::Page { .. } => (start, united(0) + page_hold),
        Seen::Beat { .. } => (start - beat_hold, start + beat_hold),
        Seen::Away | Seen::Here => (start - join, end + join),
    }
}

/// The instants in which two timelines differ: the first, and the one after the last.
fn difference(before: &[Piece], after: &[Piece]) -> Option<(i64, i64)> {
    let edges = before.iter().chain(after).flat_map(|piece| [piece.interval.start(), piece.interval.end()]);
    let edges: BTreeSet<UtcMs> = edges.collect();
    let edges: Vec<UtcMs> = edges.into_iter().collect();
    let shown = |pieces: &[Piece], at: UtcMs| {
        let covering = pieces.iter().find(|piece| piece.interval.start() <= at && at < piece.interval.end());
        covering.map(|piece| piece.source.clone())
    };
    let differ = edges.array_windows().filter(|[at, _]| shown(before, *at) != shown(after, *at));
    differ.map(|[start, end]| (start.0, end.0)).reduce(|all, next| (all.0, next.1))
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn one_new_observation_changes_the_line_of_its_device_only_where_the_design_says(
        Case { observations, choices, .. } in anybody(20),
        new in any::<Index>(),
    ) {
        // With one device and no corrections its line is what counts.
        let on_one = |seen: &Observation| observation("pc", seen.subject().seen.clone(), seen.interval().start().0, seen.interval().end().0);
        let mut observations: Vec<Observation> = observations.iter().map(on_one).collect();
        if observations.is_empty() {
            return Ok(());
        }
        let new = observations.swap_remove(new.index(observations.len()));
        for day in three_days() {
            let before = settle(day, &observations, &[], choices);
            let after = settle(day, &[&observations[..], std::slice::from_ref(&new)].concat(), &[], choices);
            let (start, end) = bounds(&new, &observations, choices);
            if let Some((first, last)) = difference(&before, &after) {
                prop_assert!(start <= first && last <= end, "{first}..{last} is not in {start}..{end}: {new:?}");
            }
        }
    }

    #[test]
    fn it_does_not_matter_how_a_stretch_was_told(
        Case { observations, corrections, choices } in anybody(20),
        told in vec(told(), 20),
        order in any::<Index>(),
    ) {
        let mut retold: Vec<Observation> = observations
            .iter()
            .zip(&told)
            .flat_map(|(observation, (how, at))| retell(observation, *how, at))
            .collect();
        if !retold.is_empty() {
            let first = order.index(retold.len());
            retold.rotate_left(first);
        }
        for day in three_days() {
            let once = settle(day, &observations, &corrections, choices);
            prop_assert_eq!(settle(day, &retold, &corrections, choices), once);
        }
    }

    #[test]
    fn holes_of_at_most_the_join_do_not_matter_for_use_away_and_here(
        Case { observations, corrections, choices } in anybody(20),
        holes in vec(vec((any::<Index>(), 1..=i64::from(JOIN_MS)), 0..4), 20),
    ) {
        let with_holes: Vec<Observation> = observations
            .iter()
            .zip(&holes)
            .flat_map(|(observation, at)| with_holes(observation, at, &corrections))
            .collect();
        for day in three_days() {
            let whole = settle(day, &observations, &corrections, choices);
            prop_assert_eq!(settle(day, &with_holes, &corrections, choices), whole);
        }
    }

    #[test]
    fn what_an_entry_says_under_newer_erasures_is_not_needed_and_any_other_is(
        Case { observations, corrections, choices } in anybody(20)
    ) {
        let is_erased = |said: &&Correction| said.is_erased_by(&corrections);
        let left: Vec<Correction> = corrections
            .iter()
            .map(|said| if is_erased(&said) { said.without_words() } else { said.clone() })
            .collect();
        for day in three_days() {
            let with_words = settle(day, &observations, &corrections, choices);
            prop_assert_eq!(settle(day, &observations, &left, choices), with_words);
        }
        for said in corrections.iter().filter(|said| matches!(said.says, Says::Entry { .. })) {
            let erasures = corrections.iter().filter(|other| matches!(other.says, Says::Erasure { .. }));
            let alone: Vec<Correction> = erasures.chain([said]).cloned().collect();
            prop_assert_eq!(settle_all(&[], &alone, choices).is_empty(), is_erased(&said), "{:?}", said);
        }
    }

    #[test]
    fn nothing_counts_twice_and_every_piece_is_maximal_within_its_day(
        Case { observations, corrections, choices } in anybody(30)
    ) {
        for day in three_days() {
            let pieces = settle(day, &observations, &corrections, choices);
            for piece in &pieces {
                prop_assert_eq!(piece.interval.clip(day.interval()), Some(piece.interval));
            }
            for [before, after] in pieces.array_windows() {
                let touch = before.interval.end() == after.interval.start();
                prop_assert!(before.interval.end() <= after.interval.start());
                prop_assert!(!touch || before.source != after.source);
            }
        }
    }

    #[test]
    fn nothing_is_inferred_over_something_that_was_seen_and_not_away(
        Case { observations, choices, .. } in anybody(30)
    ) {
        // Without away time, what is seen is not away.
        let is_away = |observation: &&Observation| match &observation.subject().seen {
            Seen::Away => true,
            Seen::Use { app, .. } => app.as_str() == "swaylock",
            _ => false,
        };
        let observations: Vec<Observation> = observations.iter().filter(|seen| !is_away(seen)).cloned().collect();
        let uses: Vec<&Observation> =
            observations.iter().filter(|seen| matches!(seen.subject().seen, Seen::Use { .. })).collect();
        for piece in settle(DAY, &observations, &[], choices) {
            for seen in &uses {
                let Some(over) = seen.interval().clip(piece.interval) else { continue };
                for at in [over.start(), over.end().plus(-1)] {
                    let or_held = |used: &&Observation| {
                        let Seen::Use { app, .. } = &used.subject().seen else { return false };
                        let held_until = used.interval().end().plus(HOLD_MS.into());
                        used.subject().device == piece.source.device
                            && *app == piece.source.activity.app
                            && used.interval().start() <= at
                            && at < held_until
                    };
                    prop_assert!(uses.iter().any(or_held), "{:?} at {:?} over {:?}", piece, at, seen);
                }
            }
        }
    }
}
