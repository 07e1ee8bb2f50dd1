use std::collections::HashMap;
use std::hash::Hash;

use super::*;
use dayline_domain::activity::{Activity, Language, Project};
use dayline_domain::choices::Choices;
use dayline_domain::timeline::day::{Hours, LedgerDay};
use dayline_domain::{AppName, DeviceId, Domain};

const DAY: UtcDay = UtcDay(20_777);
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// A person's names by number, as a store has them.
struct Dictionary<T> {
    values: Vec<Arc<T>>,
    numbers: HashMap<Arc<T>, u32>,
}

impl<T: Eq + Hash> Dictionary<T> {
    fn new() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }

    fn number(&mut self, value: &Arc<T>) -> u32 {
        *self.numbers.entry(Arc::clone(value)).or_insert_with(|| {
            self.values.push(Arc::clone(value));
            self.values.len() as u32 - 1
        })
    }

    fn value(&self, number: u32) -> Option<Arc<T>> {
        self.values.get(number as usize).cloned()
    }
}

fn interval(start: i64, end: i64) -> Interval {
    Interval::new(DAY.start().plus(start), DAY.start().plus(end)).unwrap()
}

fn observation(device: &str, seen: Seen, start: i64, end: i64) -> Observation {
    let device = DeviceId::new(device).unwrap();
    Observation::new(Arc::new(Subject { device, seen }), interval(start, end))
}

fn app(name: &str) -> AppName {
    AppName::new(name).unwrap()
}

fn used(name: &str) -> Seen {
    Seen::Use { app: app(name), domain: None, project: None }
}

fn page(n: u32) -> Seen {
    let domain = Some(Domain::new(&format!("{n}.org")).unwrap());
    Seen::Page { browser: app("Firefox"), domain, audible: n.is_multiple_of(2) }
}

fn beat(project: &str) -> Seen {
    let project = Some(Project::new(project).unwrap());
    Seen::Beat { app: app("Code"), project, language: Some(Language::new("Rust").unwrap()) }
}

fn entry() -> Says {
    let activity = Activity { project: Some(Project::new("p").unwrap()), ..Activity::of(app("Meeting")) };
    let source = Source { device: DeviceId::new("pc").unwrap(), activity: Arc::new(activity) };
    Says::Entry { interval: interval(0, HOUR), source: Arc::new(source) }
}

fn correction(id: u128, version: u64, says: Says) -> Correction {
    Correction { id: CorrectionId::from_bits(id), version, says }
}

/// Numbers that look random.
fn random() -> impl FnMut(u32) -> u32 {
    let mut state = 1u32;
    move |below| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    }
}

/// A day with 1,000 uses of 60 apps, 300 pages, 200 beats and 12 stretches away, as in
/// practice: uses follow each other, pages and beats fall where they fall.
fn a_heavy_day() -> Vec<Observation> {
    let mut random = random();
    let mut observations = Vec::new();
    let mut now = 8 * HOUR;
    for n in 0..1_000 {
        let length = 500 + i64::from(random(65_000));
        observations.push(observation("pc", used(&format!("App {}", random(60))), now, now + length));
        now += length + if n % 3 == 0 { 1 + i64::from(random(1_000)) } else { 0 };
    }
    for _ in 0..300 {
        let start = 8 * HOUR + i64::from(random(50_000)) * SECOND;
        observations.push(observation("pc", page(random(40)), start, start + i64::from(random(60_000)) + 1));
    }
    for _ in 0..200 {
        let start = 8 * HOUR + i64::from(random(50_000)) * SECOND;
        observations.push(observation("pc", beat(&format!("p{}", random(5))), start, start + 1));
    }
    for _ in 0..12 {
        let start = 8 * HOUR + i64::from(random(50_000)) * SECOND;
        observations.push(observation("pc", Seen::Away, start, start + 180_000 + i64::from(random(60_000))));
    }
    observations
}

fn sorted(mut observations: Vec<Observation>) -> Vec<Observation> {
    observations.sort_by(|a, b| (a.subject(), a.interval()).cmp(&(b.subject(), b.interval())));
    observations
}

fn round_trip(observations: &[Observation]) -> usize {
    let mut dictionary = Dictionary::new();
    let bytes = encode_observed(DAY, observations.to_vec(), |subject| dictionary.number(subject));
    let read = decode_observed(DAY, &bytes, |number| dictionary.value(number)).unwrap();
    assert_eq!(sorted(read), sorted(observations.to_vec()));
    bytes.len()
}

#[test]
fn a_heavy_day_takes_eight_kilobytes() {
    let mut day = LedgerDay::empty(DAY, Choices::default());
    day.record(&a_heavy_day());
    let observed: Vec<Observation> = day.observations().collect();
    let bytes = round_trip(&observed);
    assert!(observed.len() > 1_450 && bytes < 8_700, "{bytes} bytes for {}", observed.len());
}

#[test]
fn a_day_of_points_takes_three_bytes_each() {
    let point = |n: i64| observation("pc", used("Code"), n * 10 * SECOND, n * 10 * SECOND + 1);
    let points: Vec<Observation> = (0..8_640).map(point).collect();
    let bytes = round_trip(&points);
    assert!(bytes <= 26_000, "{bytes} bytes");
}

#[test]
fn observations_of_all_kinds_anywhere_in_the_window_survive_their_bytes() {
    let mut random = random();
    for _ in 0..2_000 {
        let mut observations = Vec::new();
        for _ in 0..random(20) {
            let seen = match random(6) {
                0 => used("Code"),
                1 => used("Ünïcode"),
                2 => page(random(3)),
                3 => beat("p"),
                4 => Seen::Away,
                _ => Seen::Here,
            };
            let start = -2 * HOUR + i64::from(random(28 * 60)) * 60_000 + i64::from(random(60_000));
            let length = [1, 2, 5_000, 4_000_000][random(4) as usize];
            let end = (start + length).min(26 * HOUR);
            observations.push(observation(["pc", "phone"][random(2) as usize], seen, start, end));
        }
        round_trip(&observations);
    }
    let whole = [observation("pc", used("Code"), -2 * HOUR, 26 * HOUR)];
    assert!(round_trip(&whole) < 20 && round_trip(&[]) == 5);
}

#[test]
fn a_day_is_the_same_after_its_hours_were_written_and_read() {
    let mut day = LedgerDay::empty(DAY, Choices::default());
    let heavy = a_heavy_day();
    let (first, then) = heavy.split_at(800);
    day.record(first);
    day.correct(&[
        correction(1, 1, entry()),
        correction(2, 2, Says::Erasure { interval: interval(9 * HOUR, 10 * HOUR) }),
    ]);
    let (mut subjects, mut sources) = (Dictionary::new(), Dictionary::new());
    let parts: Vec<Vec<u8>> = (0..Hours::IN_WINDOW)
        .map(|hour| encode_observed(DAY, day.observations_of_hour(hour), |subject| subjects.number(subject)))
        .collect();
    let corrections: Vec<Correction> = day.corrections().collect();
    let corrections = encode_corrections(DAY, &corrections, |source| sources.number(source));
    let read =
        parts.iter().flat_map(|part| decode_observed(DAY, part, |number| subjects.value(number)).unwrap());
    let mut restored = LedgerDay::restore(
        DAY,
        day.version(),
        day.choices(),
        read,
        decode_corrections(DAY, &corrections, |number| sources.value(number)).unwrap(),
    );
    assert!(restored.counted().eq(day.counted()));
    assert_eq!(restored.record(then), day.record(then));
    assert!(restored.counted().eq(day.counted()));
}

#[test]
fn corrections_survive_their_bytes_and_are_cut_to_the_window() {
    let corrections = [
        correction(7 << 100, 9, entry()),
        correction(2, u64::MAX, Says::Nothing),
        correction(3, 11, Says::Erasure { interval: interval(-2 * HOUR, 26 * HOUR) }),
    ];
    let mut sources = Dictionary::new();
    let bytes = encode_corrections(DAY, &corrections, |source| sources.number(source));
    assert_eq!(decode_corrections(DAY, &bytes, |number| sources.value(number)), Ok(corrections.to_vec()));
    let beyond = [correction(3, 11, Says::Erasure { interval: interval(-20 * HOUR, -3 * HOUR) })];
    let bytes = encode_corrections(DAY, &beyond, |_| 0);
    let read = decode_corrections(DAY, &bytes, |_| None);
    assert_eq!(read, Ok(vec![correction(3, 11, Says::Nothing)]));
}

#[test]
fn bytes_cut_off_or_changed_anywhere_are_refused() {
    let observed = encode_observed(DAY, a_heavy_day().into_iter().take(20), |_| 300);
    let corrections = encode_corrections(DAY, &[correction(1, 1, entry())], |_| 300);
    let subject = || observation("pc", used("Code"), 0, 1).subject().clone();
    for bytes in [observed, corrections] {
        for length in 0..bytes.len() {
            assert!(decode_observed(DAY, &bytes[..length], |_| Some(subject())).is_err());
            assert!(decode_corrections(DAY, &bytes[..length], |_| None).is_err());
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                let read = decode_observed(DAY, &damaged, |_| Some(subject()));
                assert_eq!(read, Err(StateError::Checksum));
                assert_eq!(decode_corrections(DAY, &damaged, |_| None), Err(StateError::Checksum));
            }
        }
    }
}

#[test]
fn bytes_that_no_program_wrote_are_refused_with_a_reason() {
    let subject = observation("pc", used("Code"), 0, 1).subject().clone();
    let read = |body: &[u8]| {
        let known = |number| (number == 4).then(|| Arc::clone(&subject));
        decode_observed(DAY, &with_checksum(body.to_vec()), known).map(|read| read.len())
    };
    assert_eq!(read(&[1, 1, 4]), Ok(1));
    assert_eq!(read(&[1, 1, 4, 0]), Ok(2));
    for (body, why) in [
        (&[][..], StateError::Truncated),
        (&[2], StateError::Version(2)),
        (&[1, 1], StateError::Truncated),
        (&[1, 0], StateError::NoSubject),
        (&[1, 1, 5], StateError::Subject(5)),
        // Before the window, after it, and longer than any.
        (&[1, 8 | 4 | 1, 4], StateError::Time),
        (&[1, 1 | 2, 0xFF, 0xFF, 0xFF, 0x7F, 4], StateError::Time),
        (&[1, 1 | 2, 0, 4], StateError::Time),
        (&[1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], StateError::Number),
        (&[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], StateError::Number),
    ] {
        assert_eq!(read(body), Err(why), "{body:?}");
    }
    let id = [0u8; 16];
    let corrections = |says: &[u8]| {
        let body = [&[1][..], &id, &[1], says].concat();
        decode_corrections(DAY, &with_checksum(body), |_| None)
    };
    assert_eq!(corrections(&[3]), Err(StateError::Kind(3)));
    assert_eq!(corrections(&[1, 0, 5, 9]), Err(StateError::Source(9)));
    assert_eq!(corrections(&[2, 0, 0]), Err(StateError::Time));
    assert_eq!(decode_corrections(DAY, &with_checksum(vec![1, 7]), |_| None), Err(StateError::Truncated));
}
