use std::collections::BTreeSet;
use std::sync::Arc;

use dayline_domain::observation::{Seen, Subject};
use dayline_domain::report::join_at_midnight;
use dayline_domain::timeline::window::Window;
use dayline_domain::{
    AppName, BeatHold, Choices, Correction, CorrectionId, DeviceId, Domain, Interval, LedgerDay, Observation,
    Piece, Project, Says, Source, UtcDay, UtcMs,
};
use proptest::prelude::*;

use super::*;

const MIDNIGHT: i64 = 20_000 * 86_400_000;

fn interval(start_s: i64, end_s: i64) -> Interval {
    let at = |s: i64| UtcMs(MIDNIGHT + s * 1_000);
    Interval::new(at(start_s), at(end_s)).unwrap()
}

fn seen(device: &str, seen: Seen, start_s: i64, end_s: i64) -> Observation {
    let device = DeviceId::new(device).unwrap();
    Observation::new(Arc::new(Subject { device, seen }), interval(start_s, end_s))
}

fn used(device: &str, app: &str, start_s: i64, end_s: i64) -> Observation {
    let seen_app = Seen::Use { app: AppName::new(app).unwrap(), domain: None, project: None };
    seen(device, seen_app, start_s, end_s)
}

fn entry(id: u128, version: u64, app: &str, start_s: i64, end_s: i64) -> Correction {
    let source = Source::new("a", app, None).unwrap();
    let says = Says::Entry { interval: interval(start_s, end_s), source };
    Correction { id: CorrectionId::from_bits(id), version, says }
}

fn erasure(id: u128, version: u64, start_s: i64, end_s: i64) -> Correction {
    let says = Says::Erasure { interval: interval(start_s, end_s) };
    Correction { id: CorrectionId::from_bits(id), version, says }
}

fn observations(acknowledged: &[Observation], attempted: &[Observation]) -> Sent {
    Sent {
        acknowledged: acknowledged.to_vec(),
        attempted: attempted.to_vec(),
        corrections: SentCorrections::default(),
    }
}

fn corrected(acknowledged: &[Correction], attempted: &[Attempt]) -> Sent {
    let corrections = SentCorrections { acknowledged: acknowledged.to_vec(), attempted: attempted.to_vec() };
    Sent { corrections, ..Sent::default() }
}

/// What a server without faults says that was told this, and that a person made these choices: it
/// keeps ledger days, and tells of each its own part of the state.
fn told(observations: &[Observation], corrections: &[Correction], choices: Choices) -> Stored {
    let says = corrections.iter().filter_map(|correction| match correction.says {
        Says::Entry { interval, .. } | Says::Erasure { interval } => Some(interval),
        Says::Nothing => None,
    });
    let all = observations.iter().map(Observation::interval).chain(says);
    let days: BTreeSet<UtcDay> = all.flat_map(Window::met_by).collect();
    let (mut stored, mut timeline) = (Stored::default(), Vec::new());
    for day in days {
        let mut ledger = LedgerDay::empty(day, choices);
        ledger.record(observations);
        ledger.correct(corrections);
        let own = ledger.observations().filter_map(|known| known.clip(day.interval()));
        stored.known.observations.extend(own);
        timeline.extend(ledger.counted());
    }
    let is_greatest = |one: &&Correction| {
        corrections.iter().all(|other| other.id != one.id || other.version <= one.version)
    };
    let greatest = corrections.iter().filter(is_greatest).filter(|known| known.says != Says::Nothing);
    stored.known.corrections = greatest.cloned().collect();
    stored.timeline = join_at_midnight(timeline);
    stored
}

fn stored(observations: &[Observation]) -> Stored {
    told(observations, &[], Choices::default())
}

fn faults(sent: &Sent, stored: &Stored) -> Faults {
    check(sent, stored, Choices::default())
}

const fn lost_and_wrong(lost: u64, wrong: u64) -> Faults {
    Faults { lost, overlaps: 0, wrong }
}

#[test]
fn what_the_rule_gives_is_right() {
    let observed = [used("a", "Code", -40, 60), used("b", "Mail", 0, 10), used("a", "Code", 80, 90)];
    assert_eq!(faults(&observations(&observed, &[]), &stored(&observed)), Faults::default());
    assert_eq!(faults(&Sent::default(), &Stored::default()), Faults::default());
}

#[test]
fn a_missing_acknowledged_observation_is_lost() {
    let observed = [used("a", "Code", 0, 10), used("a", "Mail", 100, 110)];
    let sent = observations(&observed, &[]);
    assert_eq!(faults(&sent, &stored(&observed[..1])), lost_and_wrong(1, 0));
    let forgotten = Stored { timeline: Vec::new(), ..stored(&observed) };
    assert_eq!(faults(&sent, &forgotten), lost_and_wrong(0, 2));
}

#[test]
fn the_end_of_a_growing_observation_must_not_be_missing() {
    let observed = [used("a", "Code", 0, 10), used("a", "Code", 0, 15)];
    assert_eq!(faults(&observations(&observed, &[]), &stored(&observed[..1])), lost_and_wrong(1, 0));
}

#[test]
fn time_of_another_kind_value_or_device_does_not_stand_for_what_is_lost() {
    let sent = used("a", "Code", 0, 10);
    let others = [
        used("b", "Code", 0, 10),
        used("a", "Mail", 0, 10),
        seen("a", Seen::Away, 0, 10),
        seen("a", Seen::Here, 0, 10),
        seen("a", Seen::Page { browser: AppName::new("Code").unwrap(), domain: None, audible: false }, 0, 10),
        seen(
            "a",
            Seen::Use {
                app: AppName::new("Code").unwrap(),
                domain: Domain::new("a.org").ok(),
                project: None,
            },
            0,
            10,
        ),
    ];
    let sent = observations(std::slice::from_ref(&sent), &[]);
    for other in others {
        assert_eq!(faults(&sent, &stored(std::slice::from_ref(&other))), lost_and_wrong(1, 1), "{other:?}");
    }
}

#[test]
fn an_attempt_may_be_there_or_not_but_not_by_half() {
    let (sure, maybe) = (used("a", "Code", 0, 10), used("a", "Code", 20, 60));
    let sent = observations(std::slice::from_ref(&sure), std::slice::from_ref(&maybe));
    let half = used("a", "Code", 20, 40);
    assert!(faults(&sent, &stored(std::slice::from_ref(&sure))).none());
    assert!(faults(&sent, &stored(&[sure.clone(), maybe])).none());
    assert_eq!(faults(&sent, &stored(&[sure, half])), lost_and_wrong(0, 1));
}

#[test]
fn time_that_nobody_sent_is_wrong() {
    // It is seen twice: in what is known, and in the timeline, which nothing was sent for.
    let made_up = stored(&[used("a", "Code", 0, 10)]);
    assert_eq!(faults(&Sent::default(), &made_up), lost_and_wrong(0, 2));
    let sent = [used("a", "Code", 0, 10)];
    let more = stored(&[used("a", "Code", 0, 11)]);
    assert_eq!(faults(&observations(&sent, &[]), &more), lost_and_wrong(0, 1));
}

#[test]
fn time_counted_twice_is_an_overlap() {
    let observed = [used("a", "Code", 0, 10), used("b", "Mail", 5, 8)];
    let mut twice = stored(&observed);
    twice.timeline.push(Piece { source: Source::new("a", "Code", None).unwrap(), interval: interval(5, 8) });
    assert_eq!(faults(&observations(&observed, &[]), &twice), Faults { lost: 0, overlaps: 1, wrong: 1 });
}

#[test]
fn pieces_joined_at_midnight_are_right_and_those_that_are_not_too() {
    let observed = [used("a", "Code", -10, 10)];
    let joined = stored(&observed);
    assert_eq!((joined.timeline.len(), joined.known.observations.len()), (1, 2));
    assert!(faults(&observations(&observed, &[]), &joined).none());
    let source = &joined.timeline[0].source;
    let parts = [interval(-10, 0), interval(0, 10)];
    let timeline = parts.map(|interval| Piece { source: Arc::clone(source), interval }).to_vec();
    assert!(faults(&observations(&observed, &[]), &Stored { timeline, ..joined }).none());
}

#[test]
fn a_timeline_of_other_choices_is_wrong() {
    let beat = |at| {
        let editor = AppName::new("vim").unwrap();
        seen("a", Seen::Beat { app: editor, project: Project::new("p").ok(), language: None }, at, at + 1)
    };
    let beats = [beat(0), beat(300)];
    let sent = observations(&beats, &[]);
    let one_minute = Choices { beat_hold: BeatHold::from_minutes(1).unwrap(), audible_counts: true };
    assert!(faults(&sent, &stored(&beats)).none());
    assert_eq!(check(&sent, &stored(&beats), one_minute), lost_and_wrong(0, 1));
    assert!(check(&sent, &told(&beats, &[], one_minute), one_minute).none());
}

#[test]
fn what_is_erased_must_be_gone_whenever_it_was_sent() {
    let observed = [used("a", "Code", 0, 60), used("b", "Mail", 15, 18)];
    let erased = erasure(1, 5, 10, 20);
    let mut sent = corrected(std::slice::from_ref(&erased), &[]);
    sent.acknowledged = observed.to_vec();
    assert!(faults(&sent, &told(&observed, std::slice::from_ref(&erased), Choices::default())).none());
    let mut kept = stored(&observed);
    kept.known.corrections.push(erased);
    assert!(faults(&sent, &kept).wrong >= 2, "a stretch and a piece of each device");
    assert_eq!(faults(&sent, &stored(&observed)), lost_and_wrong(1, 0), "the erasure is not known");
}

#[test]
fn an_attempted_erasure_may_have_been_taken() {
    let observed = [used("a", "Code", 0, 60)];
    let erased = erasure(1, 5, 10, 20);
    let mut sent = corrected(&[], &[Attempt { id: None, says: erased.says.clone() }]);
    sent.acknowledged = observed.to_vec();
    assert!(faults(&sent, &stored(&observed)).none());
    let with = told(&observed, std::slice::from_ref(&erased), Choices::default());
    assert!(faults(&sent, &with).none());
    sent.corrections.attempted.clear();
    assert_eq!(faults(&sent, &with), lost_and_wrong(0, 1), "nobody asked for it");
}

#[test]
fn the_greatest_version_of_an_entry_must_be_known() {
    let (old, new) = (entry(1, 5, "Meeting", 0, 60), entry(1, 8, "Lunch", 0, 50));
    let both = [old.clone(), new.clone()];
    let sent = corrected(&both, &[]);
    let choices = Choices::default();
    assert!(faults(&sent, &told(&[], &both, choices)).none());
    let stale = told(&[], std::slice::from_ref(&old), choices);
    assert_eq!(faults(&sent, &stale), lost_and_wrong(1, 1));
    assert_eq!(faults(&sent, &Stored::default()), lost_and_wrong(1, 0));
    let other = told(&[], &[entry(1, 8, "Lunch", 0, 40)], choices);
    assert_eq!(faults(&sent, &other), lost_and_wrong(0, 1));
    let unasked = told(&[], &[new, entry(2, 9, "Lunch", 90, 99)], choices);
    assert_eq!(faults(&sent, &unasked), lost_and_wrong(0, 1));
}

#[test]
fn a_deleted_entry_must_be_gone_and_one_whose_deletion_was_attempted_may_be() {
    let entry = entry(1, 5, "Meeting", 0, 60);
    let there = told(&[], std::slice::from_ref(&entry), Choices::default());
    let deletion = Correction { id: entry.id, version: 6, says: Says::Nothing };
    let deleted = corrected(&[entry.clone(), deletion], &[]);
    assert!(faults(&deleted, &Stored::default()).none());
    assert_eq!(faults(&deleted, &there), lost_and_wrong(0, 1));
    let attempt = Attempt { id: Some(entry.id), says: Says::Nothing };
    let attempted = corrected(&[entry], &[attempt]);
    assert!(faults(&attempted, &Stored::default()).none());
    assert!(faults(&attempted, &there).none());
}

#[test]
fn an_attempted_change_of_an_entry_may_have_been_taken() {
    let (old, new) = (entry(1, 5, "Meeting", 0, 60), entry(1, 8, "Lunch", 0, 50));
    let attempt = Attempt { id: Some(new.id), says: new.says.clone() };
    let sent = corrected(std::slice::from_ref(&old), &[attempt]);
    for known in [old, new] {
        assert!(faults(&sent, &told(&[], &[known], Choices::default())).none());
    }
    let other = told(&[], &[entry(1, 8, "Dinner", 0, 50)], Choices::default());
    assert_eq!(faults(&sent, &other), lost_and_wrong(0, 1));
}

#[test]
fn an_entry_that_a_later_erasure_covers_may_be_forgotten() {
    let all = [entry(1, 5, "Meeting", 10, 20), erasure(2, 6, 0, 60)];
    let forgotten = told(&[], &all[1..], Choices::default());
    assert!(faults(&corrected(&all, &[]), &forgotten).none());
    let all = [erasure(2, 4, 0, 60), entry(1, 5, "Meeting", 10, 20)];
    let forgotten = told(&[], &all[..1], Choices::default());
    assert_eq!(faults(&corrected(&all, &[]), &forgotten), lost_and_wrong(1, 0), "it came after");
}

fn any_seen() -> impl Strategy<Value = Seen> {
    let app = |name: &str| AppName::new(name).unwrap();
    let used = prop::sample::select(vec!["Code", "Mail", "Firefox", "swaylock"])
        .prop_map(move |name| Seen::Use { app: app(name), domain: None, project: None });
    let page = any::<bool>().prop_map(move |audible| Seen::Page {
        browser: app("Firefox"),
        domain: Domain::new("a.org").ok(),
        audible,
    });
    let beat = prop::sample::select(vec![None, Some("p")]).prop_map(move |project| Seen::Beat {
        app: app("Code"),
        project: project.and_then(|name| Project::new(name).ok()),
        language: None,
    });
    prop_oneof![5 => used, 2 => page, 2 => beat, 1 => Just(Seen::Away), 1 => Just(Seen::Here)]
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let device = prop::sample::select(vec!["a", "b", "c"]);
    let start = prop_oneof![4 => -300..300i64, 1 => -7_300..-7_100i64];
    (device, any_seen(), start, 1..100i64)
        .prop_map(|(device, value, start, length)| seen(device, value, start, start + length))
}

/// Corrections of some ids, the versions in order; erasures have ids of their own.
fn any_corrections() -> impl Strategy<Value = Vec<Correction>> {
    let says = prop_oneof![
        3 => Just(Some(true)),
        2 => Just(Some(false)),
        1 => Just(None),
    ];
    let row = (says, 0u128..2, -300..300i64, 1..100i64);
    prop::collection::vec(row, 0..5).prop_map(|rows| {
        let correction = |(n, (says, id, start, length)): (usize, (Option<bool>, u128, i64, i64))| {
            let version = n as u64 + 1;
            match says {
                Some(true) => entry(id, version, "Meeting", start, start + length),
                Some(false) => erasure(100 + n as u128, version, start, start + length),
                None => Correction { id: CorrectionId::from_bits(id), version, says: Says::Nothing },
            }
        };
        rows.into_iter().enumerate().map(correction).collect()
    })
}

proptest! {
    /// Any subset of the attempts may have been taken, and none of them hides a fault or makes one
    /// up.
    #[test]
    fn every_subset_of_the_attempts_is_right(
        sure in prop::collection::vec(any_observation(), 0..12),
        maybe in prop::collection::vec((any_observation(), any::<bool>()), 0..8),
        corrections in any_corrections(),
        first_attempt in any::<prop::sample::Index>(),
        taken in any::<bool>(),
    ) {
        let also = maybe.iter().filter(|(_, taken)| *taken).map(|(observation, _)| observation.clone());
        let observed: Vec<_> = sure.iter().cloned().chain(also).collect();
        let attempted: Vec<_> = maybe.into_iter().map(|(observation, _)| observation).collect();
        // Some of the corrections, the last of them, were attempted, and all or none of them taken.
        let first_attempt = first_attempt.index(corrections.len() + 1);
        let known = if taken { &corrections[..] } else { &corrections[..first_attempt] };
        let stored = told(&observed, known, Choices::default());
        let mut sent = observations(&sure, &attempted);
        sent.corrections.acknowledged = corrections[..first_attempt].to_vec();
        let attempt = |correction: &Correction| {
            let is_new = matches!(correction.says, Says::Erasure { .. });
            Attempt { id: (!is_new).then_some(correction.id), says: correction.says.clone() }
        };
        sent.corrections.attempted = corrections[first_attempt..].iter().map(attempt).collect();
        prop_assert_eq!(faults(&sent, &stored), Faults::default());
    }

    /// Without an acknowledged observation a server says the same, or is found out.
    #[test]
    fn a_lost_observation_is_found_unless_others_cover_it(
        sure in prop::collection::vec(any_observation(), 1..12),
        corrections in any_corrections(),
        lost in any::<prop::sample::Index>(),
    ) {
        let mut rest = sure.clone();
        let lost = rest.remove(lost.index(sure.len()));
        let whole = told(&sure, &corrections, Choices::default());
        let stored = told(&rest, &corrections, Choices::default());
        let mut sent = observations(&sure, &[]);
        sent.corrections.acknowledged = corrections;
        let faults = faults(&sent, &stored);
        let united = |stored: &Stored| {
            let of_lost = stored.known.observations.iter().filter(|known| known.subject() == lost.subject());
            of_lost.map(Observation::interval).collect::<Instants>()
        };
        prop_assert_eq!(faults.none(), united(&whole) == united(&stored));
        prop_assert_eq!((faults.overlaps, faults.wrong), (0, 0));
    }

    /// What is known beyond what was sent is wrong.
    #[test]
    fn time_that_nobody_sent_is_found_unless_it_was_sent_too(
        sure in prop::collection::vec(any_observation(), 0..12),
        made_up in any_observation(),
    ) {
        let more: Vec<_> = sure.iter().cloned().chain([made_up]).collect();
        let (right, more) = (stored(&sure), stored(&more));
        let is_same = observed_alike(&right, &more);
        prop_assert_eq!(faults(&observations(&sure, &[]), &more).none(), is_same);
    }

    /// A timeline from which a piece is missing, or which has one of somebody else, is wrong.
    #[test]
    fn any_other_timeline_is_wrong(
        sure in prop::collection::vec(any_observation(), 1..12),
        at in any::<prop::sample::Index>(),
    ) {
        let right = stored(&sure);
        prop_assume!(!right.timeline.is_empty());
        let at = at.index(right.timeline.len());
        let mut without = right.clone();
        without.timeline.remove(at);
        prop_assert!(faults(&observations(&sure, &[]), &without).wrong > 0);
        let mut renamed = right.clone();
        renamed.timeline[at].source = Source::new("z", "Code", None).unwrap();
        prop_assert!(faults(&observations(&sure, &[]), &renamed).wrong > 0);
    }
}

/// Whether the same is known of everything, in whatever parts.
fn observed_alike(one: &Stored, other: &Stored) -> bool {
    let holds_all = |holding: &Stored, held: &Stored| {
        let (known, sent) = (&holding.known.observations, &held.known.observations);
        observed::compare(known, sent, &[], &Instants::default()).lost == 0
    };
    holds_all(one, other) && holds_all(other, one)
}
