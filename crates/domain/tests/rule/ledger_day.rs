//! The ledger day: however it is told, it is what the rule gives and what the oracle paints, and
//! its changes lead a store to the same.

use std::collections::BTreeMap;

use dayline_domain::UtcDay;
use dayline_domain::activity::Piece;
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, Says};
use dayline_domain::merges::{Merges, Terms};
use dayline_domain::observation::{Observation, Seen};
use dayline_domain::timeline::day::{DayChange, DaySums, Hours, LedgerDay, PieceChanges};
use dayline_domain::timeline::steps::settle;
use dayline_domain::timeline::window::Window;
use dayline_domain::{DAY_MS, DeviceId, Interval};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases::{Case, DAY, DEVICES, anybody, cases};
use crate::cells::where_nothing_changes;
use crate::examples::{Example, examples};
use crate::oracle::paint;
use crate::recorded_day::{Told, recording};
use crate::values::{app, days, device, interval, observation, project, settle_all, used};

/// A model of a stored day. Applies changes in the documented order and refuses what a database
/// would: changes to rows that are not there, and overlaps after any single step.
#[derive(Default)]
struct StoredDay {
    version: u64,
    counted: Vec<Piece>,
    /// The state by hour.
    hours: BTreeMap<u8, Vec<Observation>>,
    corrections: Vec<Correction>,
}

impl StoredDay {
    fn apply(&mut self, day: &LedgerDay, change: &DayChange) {
        assert_eq!((change.from_version, change.to_version), (self.version, self.version + 1));
        self.version = change.to_version;
        let before = self.counted.clone();
        self.apply_pieces(&change.counted);
        assert_eq!(PieceChanges::between(&before, &self.counted), change.counted, "not the smallest changes");
        for hour in change.hours.iter() {
            self.hours.insert(hour, day.observations_of_hour(hour).collect());
        }
        if change.corrected {
            self.corrections = day.corrections().collect();
        }
    }

    fn apply_pieces(&mut self, changes: &PieceChanges) {
        for gone in &changes.removed {
            self.remove(gone);
        }
        for resized in &changes.resized {
            let Piece { source, interval } = self.remove(&resized.piece);
            assert_ne!(interval.end(), resized.new_end);
            let interval = Interval::new(interval.start(), resized.new_end).unwrap();
            self.put(Piece { source, interval });
        }
        for added in &changes.added {
            self.put(added.clone());
        }
        self.counted.sort_by_key(|piece| piece.interval.start());
    }

    fn remove(&mut self, piece: &Piece) -> Piece {
        let row = self.counted.iter().position(|row| row == piece).unwrap();
        self.counted.swap_remove(row)
    }

    fn put(&mut self, piece: Piece) {
        let overlaps = self.counted.iter().find(|row| row.interval.clip(piece.interval).is_some());
        assert_eq!(overlaps, None, "overlaps {piece:?}");
        self.counted.push(piece);
    }

    fn state(&self) -> Vec<Observation> {
        self.hours.values().flatten().cloned().collect()
    }

    fn load(&self, day: UtcDay, terms: Terms) -> LedgerDay {
        LedgerDay::restore(day, self.version, terms, self.state(), self.corrections.clone())
    }
}

fn sorted(observations: impl IntoIterator<Item = Observation>) -> Vec<Observation> {
    let mut observations: Vec<Observation> = observations.into_iter().collect();
    observations.sort_by(|a, b| (a.subject(), a.interval()).cmp(&(b.subject(), b.interval())));
    observations
}

/// Observations of the devices as which theirs count.
fn merged(merges: &Merges, observations: &[Observation]) -> Vec<Observation> {
    observations.iter().map(|seen| merges.observation(seen).into_owned()).collect()
}

/// The same of corrections.
fn said(merges: &Merges, corrections: &[Correction]) -> Vec<Correction> {
    corrections.iter().map(|said| merges.correction(said).into_owned()).collect()
}

/// A day, its store, and all that they were told.
struct Person {
    day: LedgerDay,
    store: StoredDay,
    observations: Vec<Observation>,
    corrections: Vec<Correction>,
}

impl Person {
    fn new(day: UtcDay, choices: Choices) -> Self {
        let (observations, corrections) = (Vec::new(), Vec::new());
        Self { day: LedgerDay::empty(day, choices), store: StoredDay::default(), observations, corrections }
    }

    fn follow(&mut self, change: Option<DayChange>) {
        match change {
            Some(change) => self.store.apply(&self.day, &change),
            None => assert_eq!(self.day.version(), self.store.version),
        }
        let Self { day, store, observations, corrections } = self;
        let merges = &day.terms().merges;
        let (observations, corrections) = (merged(merges, observations), said(merges, corrections));
        let counted: Vec<Piece> = day.counted().collect();
        assert_eq!(counted, settle(day.day(), &observations, &corrections, day.choices()));
        assert_eq!((&counted, day.version()), (&store.counted, store.version));
        assert_eq!(day.sums(), DaySums::of(day.day(), &counted));
        assert_eq!(sorted(day.observations()), sorted(store.state()));
        assert_eq!(day.corrections().collect::<Vec<_>>(), said(merges, &store.corrections));
    }

    fn record(&mut self, observations: &[Observation]) {
        self.observations.extend_from_slice(observations);
        let before = sorted(self.day.observations());
        let change = self.day.record(observations);
        if let Some(change) = &change {
            let told = before.into_iter().chain(change.observed.iter().cloned());
            let corrections: Vec<Correction> = self.day.corrections().collect();
            let same = LedgerDay::restore(self.day.day(), 0, self.day.terms().clone(), told, corrections);
            assert_eq!(sorted(same.observations()), sorted(self.day.observations()));
        }
        self.follow(change);
    }

    fn correct(&mut self, corrections: &[Correction]) {
        self.corrections.extend_from_slice(corrections);
        let change = self.day.correct(corrections);
        self.follow(change);
    }

    fn choose(&mut self, choices: Choices) {
        let terms = Terms { choices, ..self.day.terms().clone() };
        let change = self.day.choose(terms);
        self.follow(change);
    }

    /// Merges a device into another, if it may be.
    fn merge(&mut self, device: &DeviceId, into: &DeviceId) {
        let Terms { choices, merges } = self.day.terms().clone();
        let Ok(Some(merge)) = merges.judge(device, into) else { return };
        let merges = Merges::of(merges.made().iter().cloned().chain([merge]));
        let change = self.day.choose(Terms { choices, merges });
        assert!(change.is_some());
        self.follow(change);
    }

    fn reload(&mut self) {
        self.day = self.store.load(self.day.day(), self.day.terms().clone());
    }
}

/// What is done to a day between two batches.
#[derive(Debug, Clone)]
enum Between {
    Nothing,
    Reload,
    Correct,
    OtherChoices,
    Merge(DeviceId, DeviceId),
}

/// Observations as they may arrive: each once or several times, in any order, in batches, and what
/// comes between.
#[derive(Debug, Clone)]
struct Delivery {
    case: Case,
    arriving: Vec<Observation>,
    batches: Vec<(usize, Between)>,
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    let doubled = anybody(24).prop_flat_map(|case| {
        let some = prop::sample::subsequence(case.observations.clone(), 0..=case.observations.len());
        (Just(case), some)
    });
    let device = || prop::sample::select(DEVICES.to_vec()).prop_map(device);
    let between = prop_oneof![
        1 => (device(), device()).prop_map(|(device, into)| Between::Merge(device, into)),
        12 => Just(Between::Nothing),
        6 => Just(Between::Reload),
        9 => Just(Between::Correct),
        3 => Just(Between::OtherChoices),
    ];
    let batches = vec((1usize..6, between), 48);
    (doubled, batches, any::<bool>()).prop_flat_map(|((case, some), batches, in_order)| {
        let arriving = [case.observations.clone(), some].concat();
        let arriving = if in_order { Just(arriving).boxed() } else { Just(arriving).prop_shuffle().boxed() };
        (Just(case), arriving, Just(batches)).prop_map(|(case, arriving, batches)| Delivery {
            case,
            arriving,
            batches,
        })
    })
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn a_day_is_what_the_oracle_paints_however_it_was_told(delivery in deliveries(), day in -1i32..=1) {
        let Delivery { case: Case { observations, corrections, choices }, mut arriving, batches } = delivery;
        let day = UtcDay(DAY.0 + if day == 0 { 0 } else { day });
        let mut told = Person::new(day, choices);
        let mut waiting = corrections.clone();
        for (size, between) in batches {
            let rest = arriving.split_off(size.min(arriving.len()));
            told.record(&std::mem::replace(&mut arriving, rest));
            match between {
                Between::Nothing => {}
                Between::Reload => told.reload(),
                Between::Correct => told.correct(&waiting.pop().into_iter().collect::<Vec<_>>()),
                Between::OtherChoices => {
                    told.choose(Choices { audible_counts: !choices.audible_counts, ..Choices::default() });
                    told.choose(choices);
                }
                Between::Merge(device, into) => told.merge(&device, &into),
            }
        }
        told.correct(&waiting);
        let merges = &told.day.terms().merges;
        let (observations, corrections) = (merged(merges, &observations), said(merges, &corrections));
        let cells = where_nothing_changes(day, &observations, &corrections, choices);
        let painting = paint(day, &observations, &corrections, choices, &cells);
        prop_assert_eq!(told.day.counted().collect::<Vec<_>>(), painting.counted);
        prop_assert_eq!(told.day.outranked(), painting.outranked);
        prop_assert_eq!(told.day.away(), painting.away);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn what_is_known_changes_nothing(Case { observations, corrections, choices } in anybody(20)) {
        let mut day = LedgerDay::empty(DAY, choices);
        day.record(&observations);
        day.correct(&corrections);
        let version = day.version();
        prop_assert_eq!(day.correct(&corrections), None);
        for observation in &observations {
            prop_assert_eq!(day.record(std::slice::from_ref(observation)), None);
        }
        prop_assert_eq!(day.choose(choices), None);
        prop_assert_eq!(day.version(), version);
    }

    #[test]
    fn the_state_holds_nothing_that_was_erased(Case { observations, corrections, choices } in anybody(20)) {
        let mut day = LedgerDay::empty(DAY, choices);
        day.record(&observations);
        day.correct(&corrections);
        day.record(&observations);
        for correction in &corrections {
            let Says::Erasure { interval } = correction.says else { continue };
            for observation in day.observations() {
                prop_assert_eq!(observation.interval().clip(interval), None);
            }
        }
    }
}

#[test]
fn an_entry_under_a_later_erasure_leaves_nothing_but_its_version() {
    let mut day = LedgerDay::empty(DAY, Choices::default());
    let start = DAY.start().0;
    let entry = |version, end| Correction {
        id: dayline_domain::correction::CorrectionId::from_bits(7),
        version,
        says: Says::Entry {
            interval: interval(start, start + end),
            source: crate::values::source(
                "pc",
                dayline_domain::activity::Activity::of(crate::values::app("Secret")),
            ),
        },
    };
    let erasure = |id, version, from, to| Correction {
        id: dayline_domain::correction::CorrectionId::from_bits(id),
        version,
        says: Says::Erasure { interval: interval(start + from, start + to) },
    };
    let secret = |day: &LedgerDay| format!("{:?}", day.corrections().collect::<Vec<_>>()).contains("Secret");
    day.correct(&[entry(1, 100), erasure(8, 2, 0, 60)]);
    assert!(secret(&day));
    day.correct(&[erasure(9, 3, 50, 100)]);
    assert!(!secret(&day));
    assert_eq!(day.correct(&[entry(1, 100)]), None);
    day.correct(&[entry(4, 100)]);
    assert!(secret(&day));
    assert_eq!(day.counted().count(), 1);
}

#[test]
fn a_run_that_goes_on_as_inferred_gets_its_new_start_there_too() {
    let second = |n: i64| DAY.start().0 + n * 1_000;
    let beat = |on: &str, of: &str, at: i64| {
        let seen = Seen::Beat { app: app("Code"), project: project(Some(of)), language: None };
        observation(on, seen, second(at), second(at))
    };
    let mut person = Person::new(DAY, Choices::default());
    let beats = [0, 60, 120, 180].map(|at| beat("pc", "p", at));
    let others = [30, 100, 180].map(|at| beat("build", "q", at));
    person.record(&[observation("pc", used("Code", None), second(0), second(60))]);
    person.record(&[&beats[..], &others[..]].concat());
    let devices = |person: &Person| -> Vec<String> {
        person.day.counted().map(|piece| piece.source.device.as_str().to_owned()).collect()
    };
    // From second 60 on nothing is seen, and the run of the other device started later.
    assert_eq!(devices(&person), ["pc", "build"]);
    // Now the one that was seen first starts later, where it is seen; it is one run with what is
    // inferred.
    person.record(&[observation("pc", Seen::Away, second(0), second(40))]);
    assert_eq!(devices(&person), ["build", "pc"]);
    let last = person.day.counted().last().map(|piece| piece.interval);
    assert_eq!(last, Some(interval(second(40), second(180))));
}

#[test]
fn every_example_is_the_same_told_one_by_one_and_backwards() {
    for Example { name, observations, corrections, timeline } in examples() {
        let backwards: Vec<Observation> = observations.iter().rev().cloned().collect();
        for arriving in [&observations, &backwards] {
            let counted = days(&observations, &corrections).into_iter().flat_map(|day| {
                let mut person = Person::new(day, Choices::default());
                person.correct(&corrections[corrections.len() / 2..]);
                for observation in arriving {
                    person.record(std::slice::from_ref(observation));
                }
                person.correct(&corrections[..corrections.len() / 2]);
                person.day.counted().collect::<Vec<_>>()
            });
            assert_eq!(counted.collect::<Vec<_>>(), timeline, "{name}");
        }
    }
}

#[test]
fn the_recorded_day_is_the_same_however_it_arrives() {
    for told in [Told::TwoDevices, Told::WindowAndPages] {
        let observations = recording(told);
        let expected = settle_all(&observations, &[], Choices::default());
        let shuffled: Vec<Observation> =
            (0..observations.len()).map(|n| observations[n * 7_919 % observations.len()].clone()).collect();
        let backwards: Vec<Observation> = observations.iter().rev().cloned().collect();
        for (arriving, batch) in [(observations.clone(), 1), (shuffled, 100), (backwards, 20)] {
            let mut counted = Vec::new();
            for day in days(&observations, &[]) {
                let mut ledger = LedgerDay::empty(day, Choices::default());
                let mut store = StoredDay::default();
                for batch in arriving.chunks(batch) {
                    if let Some(change) = ledger.record(batch) {
                        store.version += 1;
                        store.apply_pieces(&change.counted);
                    }
                }
                assert!(ledger.counted().eq(store.counted.iter().cloned()));
                assert_eq!(ledger.sums(), DaySums::of(day, &store.counted));
                counted.extend(store.counted);
            }
            assert_eq!(counted, expected, "{told:?} in batches of {batch}");
        }
    }
}

#[test]
fn an_observation_near_midnight_is_state_of_both_days_and_counts_on_one() {
    let before = observation("pc", used("Code", None), DAY_MS - 5_000, DAY_MS - 1_000);
    let days: Vec<UtcDay> = Window::met_by(before.interval()).collect();
    assert_eq!(days, [UtcDay(0), UtcDay(1)]);
    let changes = days.record_each(&before);
    assert_eq!(changes.iter().map(|change| change.counted.added.len()).collect::<Vec<_>>(), [1, 0]);
    let hours = |change: &DayChange| change.hours.iter().collect::<Vec<_>>();
    // Hours of the window, which begins two hours before its day and ends two hours after it.
    assert_eq!(changes.iter().map(hours).collect::<Vec<_>>(), [vec![25], vec![1]]);
    assert!(changes.iter().all(|change| change.observed == [before.clone()]));
    assert_eq!(Hours::IN_WINDOW, 28);
}

trait Recorded {
    fn record_each(self, observation: &Observation) -> Vec<DayChange>;
}

impl Recorded for Vec<UtcDay> {
    fn record_each(self, observation: &Observation) -> Vec<DayChange> {
        let record =
            |day| LedgerDay::empty(day, Choices::default()).record(std::slice::from_ref(observation));
        self.into_iter().map(|day| record(day).unwrap()).collect()
    }
}

#[test]
fn a_day_in_memory_takes_some_tens_of_bytes_for_each_observation() {
    let observations = recording(Told::TwoDevices);
    let mut day = LedgerDay::empty(UtcDay(0), Choices::default());
    let empty = day.approx_bytes();
    assert!(empty < 2_000, "{empty} bytes");
    day.record(&observations);
    let (known, bytes) = (day.observations().count(), day.approx_bytes());
    assert!(bytes > known * 30 && bytes < known * 300, "{bytes} bytes for {known} observations");
}
