//! Random days of several people, settled by the domain and stored write by write: whenever they
//! are loaded again they are what they were in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dayline_app::ports::{Applied, DayKey, DayWrite, LedgerCommit};
use dayline_domain::timeline::window::Window;
use dayline_domain::{Correction, CorrectionId, Interval, Observation, Piece, Says, UserId, UtcDay};

use crate::suites::Fact;
use crate::suites::store::{StorePorts, commit, in_order};
use crate::suites::worked_day::{DAY, Form, WorkedDay};

use super::dice::Dice;

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("days_come_back_as_they_were_whenever_they_are_loaded", |s| {
        Box::pin(days_come_back_as_they_were_whenever_they_are_loaded(s))
    }),
    Fact::new("a_day_of_thousands_of_changes_comes_back_as_it_was", |s| {
        Box::pin(a_day_of_thousands_of_changes_comes_back_as_it_was(s))
    }),
];

/// What a worker knows of some people's days.
struct Worker {
    store: StorePorts,
    dice: Dice,
    days: BTreeMap<DayKey, WorkedDay>,
    corrections: BTreeMap<(UserId, CorrectionId), Correction>,
}

impl Worker {
    /// The day, now and then forgotten and loaded again.
    async fn day(&mut self, key: DayKey) -> &mut WorkedDay {
        if !self.days.contains_key(&key) || self.dice.below(3) == 0 {
            self.days.insert(key, WorkedDay::of(&self.store.day(key.user, key.day).await));
        }
        self.days.get_mut(&key).unwrap()
    }

    /// What is to be written when a person's trackers have seen something, each of it in all days
    /// whose windows it meets.
    async fn record(&mut self, user: UserId, seen: &[Observation]) -> Vec<(UserId, DayWrite)> {
        let met = |observation: &Observation| Window::met_by(observation.interval()).collect::<Vec<_>>();
        let days: BTreeSet<UtcDay> = seen.iter().flat_map(met).collect();
        let mut writes = Vec::new();
        for day in days {
            let form = if self.dice.below(3) == 0 { Form::Folded } else { Form::Growing };
            let write = self.day(DayKey { user, day }).await.record(form, seen);
            writes.extend(write.map(|write| (user, write)));
        }
        writes
    }

    /// As [`Worker::record`], of a correction, which is kept and told to the days that it was of.
    async fn correct(&mut self, user: UserId, correction: &Correction) -> Vec<(UserId, DayWrite)> {
        let before = self.corrections.insert((user, correction.id), correction.clone());
        let says = [Some(&correction.says), before.as_ref().map(|before| &before.says)];
        let days = says.into_iter().flatten().filter_map(said_of).flat_map(Window::met_by);
        let mut writes = Vec::new();
        for day in days.collect::<BTreeSet<_>>() {
            let write = self.day(DayKey { user, day }).await.correct(std::slice::from_ref(correction));
            writes.extend(write.map(|write| (user, write)));
        }
        writes
    }

    async fn step(&mut self, users: &[UserId], at: u64) -> LedgerCommit {
        let (mut days, mut corrections) = (Vec::new(), Vec::new());
        for &user in users {
            let day = UtcDay(DAY.0 + self.dice.below(3) as i32);
            match self.dice.below(6) {
                0 => {
                    let correction = self.dice.correction(day, at + 1);
                    days.extend(self.correct(user, &correction).await);
                    corrections.push((user, correction));
                }
                1 => {
                    let choices = self.dice.choices();
                    let key = DayKey { user, day };
                    days.extend(self.day(key).await.choose(choices).map(|write| (user, write)));
                }
                2 => {
                    let day = self.day(DayKey { user, day }).await;
                    days.extend((day.version > 0).then(|| (user, day.fold())));
                }
                _ => {
                    let seen: Vec<_> = (0..=self.dice.below(8)).map(|_| self.dice.observation(day)).collect();
                    days.extend(self.record(user, &seen).await);
                }
            }
        }
        LedgerCommit { days, corrections, ..commit(at, at + 1) }
    }

    async fn assert_stored(&self, step: u64) {
        let loaded = self.store.writer.load(self.days.keys().copied().collect()).await.unwrap();
        for ((key, day), loaded) in self.days.iter().zip(loaded) {
            let stored = in_order(loaded);
            assert_eq!(stored.version, day.version, "step {step}, {key:?}");
            day.assert_is(&stored);
            if stored.version > 0 {
                assert_eq!(&stored.settled_by, day.day.terms(), "step {step}, {key:?}");
            }
        }
    }

    async fn assert_reports(&self, users: &[UserId]) {
        let all = UtcDay(DAY.0 - 1).interval().hull(UtcDay(DAY.0 + 3).interval());
        for user in users {
            let theirs = self.days.iter().filter(|(key, day)| key.user == *user && day.version > 0);
            let theirs: Vec<&WorkedDay> = theirs.map(|(_, day)| day).collect();
            let view = self.store.reader.read(*user, all).await.unwrap();
            let counted: Vec<Piece> = theirs.iter().flat_map(|day| day.day.counted()).collect();
            assert!(counted.len() > 30, "{}", counted.len());
            assert_eq!(view.counted, counted);
            let days: Vec<UtcDay> = view.marks.iter().map(|(day, _)| *day).collect();
            assert_eq!(days, theirs.iter().map(|day| day.day.day()).collect::<Vec<_>>());
        }
    }
}

fn said_of(says: &Says) -> Option<Interval> {
    match says {
        Says::Nothing => None,
        Says::Entry { interval, .. } | Says::Erasure { interval } => Some(*interval),
    }
}

async fn days_come_back_as_they_were_whenever_they_are_loaded(store: StorePorts) {
    let users = [store.register(1).await.id, store.register(2).await.id, store.register(3).await.id];
    let (days, corrections) = (BTreeMap::new(), BTreeMap::new());
    let mut worker = Worker { store: store.clone(), dice: Dice(20), days, corrections };
    for step in 0..120 {
        let next = worker.step(&users, step).await;
        assert_eq!(store.writer.apply(Arc::new(next)).await, Ok(Applied::Done));
        worker.assert_stored(step).await;
    }
    worker.assert_reports(&users).await;
}

async fn a_day_of_thousands_of_changes_comes_back_as_it_was(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut dice = Dice(7);
    let mut day = WorkedDay::empty(DAY);
    for step in 0..40 {
        let pings: Vec<Observation> = (0..100)
            .map(|_| {
                let start = dice.instant(DAY);
                let interval = Interval::new(start, start.plus(1 + dice.below(20_000))).unwrap();
                Observation::new(dice.used(), interval)
            })
            .collect();
        let form = if step % 4 == 3 { Form::Folded } else { Form::Growing };
        let write = day.record(form, &pings);
        store.write(user, write).await;
    }
    assert!(day.day.counted().count() > 2_000);
    day.assert_is(&store.day(user, DAY).await);
}
