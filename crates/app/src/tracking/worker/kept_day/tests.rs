//! However a day goes, what was written of it is the day.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::{
    AppName, BeatHold, Correction, CorrectionId, DeviceId, Interval, Merge, Merges, Observation, Says, Seen,
    Source, Subject, UtcDay,
};

use super::*;

mod merges;

const DAY: UtcDay = UtcDay(20_777);
const HOUR_MS: i64 = 3_600_000;

/// A ledger of one day, that takes writes as a store must.
struct Ledger {
    version: u64,
    edition: Edition,
    settled_by: Terms,
    /// The person's.
    terms: Terms,
    rows: Vec<Piece>,
    tail: Option<Piece>,
    hours: BTreeMap<u8, Vec<Observation>>,
    recent: Vec<Observation>,
    corrections: Vec<Correction>,
    folds: u32,
}

impl Ledger {
    fn new() -> Self {
        Self {
            version: 0,
            edition: Edition::Second,
            settled_by: Terms::default(),
            terms: Terms::default(),
            rows: Vec::new(),
            tail: None,
            hours: BTreeMap::new(),
            recent: Vec::new(),
            corrections: Vec::new(),
            folds: 0,
        }
    }

    fn apply(&mut self, write: DayWrite) {
        assert_eq!((write.from_version, write.to_version), (self.version, self.version + 1));
        (self.version, self.settled_by, self.edition) = (write.to_version, write.settled_by, Edition::Second);
        for gone in &write.ended.removed {
            let at = self.rows.iter().position(|row| row == gone).expect("a row to remove");
            self.rows.remove(at);
        }
        for Resized { piece, new_end } in &write.ended.resized {
            let row = self.rows.iter_mut().find(|row| *row == piece).expect("a row to resize");
            row.interval = Interval::new(piece.interval.start(), *new_end).unwrap();
            self.no_overlaps();
        }
        for added in write.ended.added {
            self.rows.push(added);
            self.no_overlaps();
        }
        self.rows.sort_by_key(|row| row.interval.start());
        self.tail = write.tail;
        match write.state {
            StateWrite::Recent(recent) => {
                assert!(recent.len() <= MAX_RECENT);
                self.recent = recent;
            }
            StateWrite::Folded { hours, sums } => {
                self.hours.extend(hours);
                self.recent.clear();
                self.folds += 1;
                assert_eq!(sums, dayline_domain::DaySums::of(DAY, &self.counted()));
            }
        }
        self.no_overlaps();
    }

    fn no_overlaps(&self) {
        let mut all: Vec<Interval> = self.rows.iter().chain(&self.tail).map(|row| row.interval).collect();
        all.sort_unstable_by_key(|interval| interval.start());
        // The tail is written last, and may lie where it was until then.
        let rows = self.rows.iter().map(|row| row.interval).collect::<Vec<_>>();
        assert!(rows.iter().all(|row| rows.iter().filter(|other| other.clip(*row).is_some()).count() == 1));
    }

    fn counted(&self) -> Vec<Piece> {
        self.rows.iter().chain(&self.tail).cloned().collect()
    }

    fn stored(&self) -> StoredDay {
        let parts = self.hours.values().flatten().chain(&self.recent);
        StoredDay {
            day: DAY,
            version: self.version,
            is_past: false,
            edition: self.edition,
            settled_by: if self.version == 0 { self.terms.clone() } else { self.settled_by.clone() },
            terms: self.terms.clone(),
            observations: parts.cloned().collect(),
            corrections: self.corrections.clone(),
            counted: self.counted(),
            has_tail: self.tail.is_some(),
            recent: self.recent.clone(),
        }
    }
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound) as i64
    }
}

fn subject(device: i64, what: i64) -> Arc<Subject> {
    let app = |name: &str| AppName::new(name).unwrap();
    let seen = match what {
        0 => Seen::Away,
        1 => Seen::Page { browser: app("Firefox"), domain: None, audible: true },
        2 => Seen::Beat { app: app("vim"), project: None, language: None },
        3 => Seen::Use { app: app("Firefox"), domain: None, project: None },
        n => Seen::Use { app: app(["Code", "Mail"][n as usize % 2]), domain: None, project: None },
    };
    Arc::new(Subject { device: DeviceId::new(["laptop", "phone"][device as usize % 2]).unwrap(), seen })
}

fn observation(chance: &mut Chance, start: i64, ms: i64) -> Observation {
    let of = subject(chance.below(2), chance.below(8));
    Observation::new(of, interval(start, ms))
}

fn interval(start: i64, ms: i64) -> Interval {
    Interval::new(DAY.start().plus(start), DAY.start().plus(start + ms)).unwrap()
}

fn same(ledger: &Ledger, kept: &KeptDay) {
    assert_eq!(ledger.counted(), kept.day.counted().collect::<Vec<_>>());
    let loaded = KeptDay::of(ledger.stored());
    let sorted = |day: &LedgerDay| {
        let mut all: Vec<_> =
            day.observations().map(|seen| (seen.subject().clone(), seen.interval())).collect();
        all.sort_by(|(a, at), (b, bt)| (a, at.start()).cmp(&(b, bt.start())));
        all
    };
    assert_eq!(sorted(&loaded.day), sorted(&kept.day));
    assert!(loaded.other_rows.is_none());
    // Nothing is left anywhere of what was erased, or of a device that is merged.
    for seen in ledger.stored().observations {
        let whole = |known: &Observation| {
            known.subject() == seen.subject()
                && known.interval().clip(seen.interval()) == Some(seen.interval())
        };
        assert!(kept.day.observations().any(|known| whole(&known)), "{seen:?} is stored, but not known");
    }
}

/// A day that is told things at random, written after each, and now and then closed or loaded anew.
fn a_day_at_random(seed: u64) -> Ledger {
    let mut chance = Chance(seed);
    let (mut ledger, mut kept) = (Ledger::new(), None);
    let mut now = 30_000_000;
    for step in 0..200 {
        let mut day: KeptDay = kept.take().unwrap_or_else(|| KeptDay::of(ledger.stored()));
        now += chance.below(20_000);
        let told = match chance.below(30) {
            0 => {
                let says = Says::Erasure { interval: interval(now - 60_000, 20_000) };
                correct(&mut ledger, &mut day, step, says)
            }
            1 => {
                let source = Source::new("phone", "Reading", None).unwrap();
                correct(
                    &mut ledger,
                    &mut day,
                    step,
                    Says::Entry { interval: interval(now - 90_000, 50_000), source },
                )
            }
            2 => {
                let minutes = 1 + chance.below(60) as u8;
                ledger.terms.choices.beat_hold = BeatHold::from_minutes(minutes).unwrap();
                choose(&mut ledger, &mut day)
            }
            4 if step > 60 => {
                ledger.terms.merges = merged("phone", "laptop");
                choose(&mut ledger, &mut day)
            }
            3 => day.day.record(&[observation(&mut chance, now - 9_000_000, 400_000)]),
            _ => {
                let (start, ms) = (now - chance.below(10_000), 1 + chance.below(8_000));
                day.day.record(&[observation(&mut chance, start, ms)])
            }
        };
        if let Some(change) = told {
            ledger.apply(day.write(change, Mark(0)));
        }
        same(&ledger, &day);
        match chance.below(25) {
            0 if day.is_open() => {
                ledger.apply(day.close(Mark(0)));
                assert_eq!((ledger.tail.is_none(), ledger.recent.len()), (true, 0));
                // It may be used again before it is forgotten.
                kept = (chance.below(2) == 0).then_some(day);
            }
            1 => {}
            _ => kept = Some(day),
        }
    }
    ledger
}

/// As a worker follows the person's terms: it loads the day again.
fn choose(ledger: &mut Ledger, day: &mut KeptDay) -> Option<DayChange> {
    *day = KeptDay::of(ledger.stored());
    day.choose()
}

fn merged(device: &str, into: &str) -> Merges {
    let [device, into] = [device, into].map(|name| DeviceId::new(name).unwrap());
    Merges::of([Merge { device, into }])
}

fn correct(ledger: &mut Ledger, day: &mut KeptDay, step: u128, says: Says) -> Option<DayChange> {
    let version = step as u64 + 1;
    let correction = Correction { id: CorrectionId::from_bits(step + 1), version, says };
    ledger.corrections.push(correction.clone());
    day.day.correct(&[correction])
}

#[test]
fn what_is_written_is_the_day_whatever_happens_to_it() {
    for seed in 0..30 {
        let ledger = a_day_at_random(seed);
        assert!(ledger.folds >= 3, "seed {seed} folds too seldom to show anything: {}", ledger.folds);
    }
}

/// A ledger with a day on which something was seen over a full hour: first what came after it, which was
/// folded, and then what came before.
fn united_over_an_hour(of: &Arc<Subject>) -> Ledger {
    let mut ledger = Ledger::new();
    for (start, closes) in [(HOUR_MS, true), (HOUR_MS - 60_000, false)] {
        let mut kept = KeptDay::of(ledger.stored());
        let change = kept.day.record(&[Observation::new(Arc::clone(of), interval(start, 60_000))]).unwrap();
        ledger.apply(kept.write(change, Mark(0)));
        if closes {
            ledger.apply(kept.close(Mark(0)));
        }
    }
    ledger
}

#[test]
fn what_was_united_over_an_hour_is_erased_on_both_sides_of_it() {
    let mut ledger = united_over_an_hour(&subject(0, 4));
    let mut kept = KeptDay::of(ledger.stored());
    let says = Says::Erasure { interval: interval(HOUR_MS + 10_000, 60_000) };
    let change = correct(&mut ledger, &mut kept, 0, says).unwrap();
    ledger.apply(kept.write(change, Mark(0)));
    same(&ledger, &kept);
}

#[test]
fn a_piece_that_grows_touches_no_row_until_it_ends() {
    let mut kept = KeptDay::of(Ledger::new().stored());
    let mut ledger = Ledger::new();
    for n in 0..20 {
        let seen = Observation::new(subject(0, 4), interval(n * 5_000, 5_000));
        let change = kept.day.record(&[seen]).unwrap();
        let write = kept.write(change, Mark(0));
        assert!(write.ended.is_empty());
        assert_eq!(write.tail.as_ref().map(|tail| tail.interval), Some(interval(0, (n + 1) * 5_000)));
        // Pings that follow each other are one observation.
        assert!(matches!(&write.state, StateWrite::Recent(recent) if recent.len() == 1));
        ledger.apply(write);
    }
    let change = kept.day.record(&[Observation::new(subject(0, 5), interval(100_000, 5_000))]).unwrap();
    let write = kept.write(change, Mark(0));
    assert_eq!(write.ended.added.len(), 1);
    assert_eq!(write.tail.map(|tail| tail.interval), Some(interval(100_000, 5_000)));
}

#[test]
fn a_row_that_begins_to_grow_again_becomes_the_tail() {
    let mut ledger = Ledger::new();
    let mut kept = KeptDay::of(ledger.stored());
    let change = kept.day.record(&[Observation::new(subject(0, 4), interval(0, 5_000))]).unwrap();
    ledger.apply(kept.write(change, Mark(0)));
    ledger.apply(kept.close(Mark(1)));
    assert_eq!(ledger.rows.len(), 1);
    let mut kept = KeptDay::of(ledger.stored());
    let change = kept.day.record(&[Observation::new(subject(0, 4), interval(5_000, 5_000))]).unwrap();
    let write = kept.write(change, Mark(0));
    assert_eq!((write.ended.removed.len(), write.ended.resized.len()), (1, 0));
    ledger.apply(write);
    same(&ledger, &kept);
}

#[test]
fn a_day_never_written_keeps_what_the_first_edition_knew_beside_it() {
    let mut ledger = Ledger::new();
    // On the day before, within two hours of this one.
    let known = Observation::new(subject(0, 4), interval(-3_600_000, 60_000));
    let mut kept = KeptDay::of(StoredDay { observations: vec![known], ..ledger.stored() });
    let change = kept.day.record(&[Observation::new(subject(0, 5), interval(0, 5_000))]).unwrap();
    ledger.apply(kept.write(change, Mark(0)));
    assert_eq!(kept.day.observations().count(), 2);
    same(&ledger, &kept);
}

#[test]
fn a_day_of_the_first_edition_gets_its_state_with_the_first_write() {
    let piece = |app: &str, start, ms| Piece {
        source: Source::new("laptop", app, None).unwrap(),
        interval: interval(start, ms),
    };
    let mut ledger = Ledger::new();
    (ledger.version, ledger.edition) = (7, Edition::First);
    // As the first edition counted it: the rule of today would not close the gap over Mail.
    ledger.rows = vec![piece("Code", 0, 60_000), piece("Mail", 7_200_000, 5_000)];
    let as_uses = |piece: &Piece| {
        let activity = &piece.source.activity;
        let seen = Seen::Use { app: activity.app.clone(), domain: None, project: None };
        let subject = Subject { device: piece.source.device.clone(), seen };
        Observation::new(Arc::new(subject), piece.interval)
    };
    let mut stored = ledger.stored();
    stored.observations = ledger.rows.iter().map(as_uses).collect();
    let mut kept = KeptDay::of(stored);
    let change = kept.day.record(&[Observation::new(subject(0, 5), interval(7_205_000, 5_000))]).unwrap();
    let write = kept.write(change, Mark(0));
    let StateWrite::Folded { hours, .. } = &write.state else { panic!("no fold") };
    // The window begins two hours before the day.
    assert_eq!(hours.iter().map(|(hour, _)| *hour).collect::<Vec<_>>(), [2, 4]);
    ledger.apply(write);
    same(&ledger, &kept);
}
