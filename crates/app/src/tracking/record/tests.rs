//! What is written is what is read, and bytes that nobody wrote do no harm.

use std::sync::Arc;

use dayline_domain::activity::{Activity, Language, Project, Source};
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::{Observation, Seen, Subject};
use dayline_domain::{AppName, DeviceId, Domain, Interval, UserId, UtcDay, UtcMs};

use super::format::{HEADER, LENGTH, VERSION_OF_PINGS};
use super::*;

const ADA: UserId = UserId::from_bits(7 << 100 | 9);

fn interval(start: i64, end: i64) -> Interval {
    Interval::new(UtcMs(start), UtcMs(end)).unwrap()
}

fn app(name: &str) -> AppName {
    AppName::new(name).unwrap()
}

fn observation(device: &str, seen: Seen, start: i64, end: i64) -> Observation {
    let subject = Subject { device: DeviceId::new(device).unwrap(), seen };
    Observation::new(Arc::new(subject), interval(start, end))
}

fn used(name: &str, domain: Option<&str>, project: Option<&str>) -> Seen {
    let domain = domain.map(|name| Domain::new(name).unwrap());
    Seen::Use { app: app(name), domain, project: project.map(|name| Project::new(name).unwrap()) }
}

/// Every kind, with and without what it may lack.
fn some_observations() -> Vec<Observation> {
    let page = |domain: Option<&str>, audible| Seen::Page {
        browser: app("Firefox"),
        domain: domain.map(|name| Domain::new(name).unwrap()),
        audible,
    };
    let beat = |project: Option<&str>, language: Option<&str>| Seen::Beat {
        app: app("vim"),
        project: project.map(|name| Project::new(name).unwrap()),
        language: language.map(|name| Language::new(name).unwrap()),
    };
    let at = 1_795_000_000_000;
    vec![
        observation("laptop", used("Code", None, None), at, at + 5_000),
        observation("laptop", used("Firefox", Some("github.com"), None), at + 5_000, at + 10_000),
        observation("laptop", used("Code", None, Some("dayline")), at - 9_000_000, at - 8_999_999),
        observation("laptop", page(Some("github.com"), false), at, at + 60_000),
        observation("laptop", page(Some("github.com"), true), at, at + 60_000),
        observation("laptop", page(None, false), at, at + 1),
        observation("laptop", beat(Some("dayline"), Some("Rust")), at, at + 1),
        observation("laptop", beat(None, None), at, at + 1),
        observation("phone", Seen::Away, -5, 5),
        observation("phone", Seen::Here, 0, 86_400_000 * 30),
        observation("phone", used("Ünïcode", None, None), -5, 5),
    ]
}

fn some_corrections() -> Vec<Correction> {
    let source = |domain: Option<&str>, project: Option<&str>| {
        let domain = domain.map(|name| Domain::new(name).unwrap());
        let project = project.map(|name| Project::new(name).unwrap());
        let activity = Activity { domain, project, ..Activity::of(app("Meeting")) };
        Arc::new(Source { device: DeviceId::new("laptop").unwrap(), activity: Arc::new(activity) })
    };
    let entry = |source| Says::Entry { interval: interval(1_795_000_000_000, 1_795_003_600_000), source };
    [
        Says::Nothing,
        entry(source(None, None)),
        entry(source(Some("meet.example"), Some("dayline"))),
        Says::Erasure { interval: interval(-7, 1_795_000_000_000) },
    ]
    .into_iter()
    .map(|says| Correction { id: CorrectionId::from_bits(3 << 90), version: 1_795_000_000_123, says })
    .collect()
}

fn some_records() -> Vec<Vec<u8>> {
    let mut records = vec![encode_observations(ADA, &some_observations())];
    records.extend(some_corrections().iter().map(|correction| encode_correction(ADA, correction)));
    records
}

#[test]
fn observations_of_every_kind_survive_their_record() {
    let record = encode_observations(ADA, &some_observations());
    assert_eq!(decode(&record), Ok((ADA, Body::Observations(some_observations()))));
    assert_eq!(owner(&record), Some(ADA));
}

#[test]
fn corrections_of_every_kind_survive_their_record() {
    for correction in some_corrections() {
        let record = encode_correction(ADA, &correction);
        assert_eq!(decode(&record), Ok((ADA, Body::Correction(correction))));
        assert_eq!(owner(&record), Some(ADA));
    }
}

#[test]
fn a_beat_is_written_as_a_point() {
    let mut writer = ObservationsWriter::new(ADA);
    let beat = SeenRef::Beat { app: "vim", project: None, language: None };
    writer.push("laptop", beat, interval(1_000, 9_000));
    assert_eq!(writer.observations(), 1);
    let Ok((_, Body::Observations(read))) = decode(&writer.finish()) else { panic!("not read") };
    assert_eq!(read[0].interval(), interval(1_000, 1_001));
}

#[test]
fn a_repeated_subject_costs_one_byte() {
    let first = &some_observations()[0];
    let one = encode_observations(ADA, [first]).len();
    assert_eq!(encode_observations(ADA, [first, first]).len(), one + 1 + 1 + 2);
}

#[test]
fn a_record_of_the_first_release_is_read_as_uses() {
    // A subject of device, app and domain, 5 s after 0 and 4 s long; the same again, 4 s before and 1 s long.
    let mut body = vec![VERSION_OF_PINGS];
    body.extend_from_slice(&ADA.bits().to_be_bytes());
    body.push(0);
    for text in ["laptop", "Firefox", "github.com"] {
        body.push(text.len() as u8);
        body.extend_from_slice(text.as_bytes());
    }
    body.extend_from_slice(&[0x90, 0x4E, 0xA0, 0x1F]);
    body.extend_from_slice(&[1, 0xBF, 0x3E, 0xE8, 0x07]);
    let record = [&(body.len() as u32).to_le_bytes()[..], &body].concat();
    let used = || used("Firefox", Some("github.com"), None);
    let expected =
        vec![observation("laptop", used(), 5_000, 9_000), observation("laptop", used(), 1_000, 2_000)];
    assert_eq!(decode(&record), Ok((ADA, Body::Observations(expected))));
    assert_eq!(owner(&record), Some(ADA));
}

#[test]
fn records_in_one_entry_are_read_one_by_one() {
    let records = some_records();
    let payload = records.concat();
    let found: Vec<_> = split(&payload).map(|record| record.unwrap().to_vec()).collect();
    assert_eq!(found, records);
    let last = payload.len() - records.last().unwrap().len();
    let cut = &payload[..payload.len() - 1];
    assert_eq!(split(cut).last(), Some(Err(&cut[last..])));
}

#[test]
fn a_record_cut_anywhere_is_an_error_or_what_came_before_the_cut() {
    for record in some_records() {
        for length in 0..record.len() {
            match decode(&record[..length]) {
                Ok((_, Body::Observations(read))) => assert_eq!(read, some_observations()[..read.len()]),
                Ok((_, read)) => panic!("a part of something else was read as {read:?}"),
                Err(_) => {}
            }
        }
    }
}

#[test]
fn no_single_changed_byte_makes_decoding_panic() {
    for record in some_records() {
        for at in 0..record.len() {
            for value in 0..=255 {
                let mut record = record.clone();
                record[at] = value;
                let _ = decode(&record);
                let _ = split(&record).count();
            }
        }
    }
}

#[test]
fn changed_choices_name_the_days_that_they_are_for_and_never_too_many() {
    let record = encode_chosen(ADA, UtcDay(-3), 5);
    assert_eq!(decode(&record), Ok((ADA, Body::Chosen((-3..2).map(UtcDay).collect()))));
    let Ok((_, Body::Chosen(days))) = decode(&encode_chosen(ADA, UtcDay(0), u16::MAX)) else {
        panic!("not read")
    };
    assert_eq!(days.len(), usize::from(MAX_DAYS));
    let mut too_many = encode_chosen(ADA, UtcDay(0), MAX_DAYS);
    *too_many.last_mut().unwrap() += 1;
    assert_eq!(decode(&too_many), Err(RecordError::Time));
}

#[test]
fn what_follows_a_correction_and_unknown_kinds_are_refused() {
    let mut record = encode_correction(ADA, &some_corrections()[0]);
    record.push(0);
    assert_eq!(decode(&record), Err(RecordError::TooLong));
    record[HEADER] = 9;
    assert_eq!(decode(&record), Err(RecordError::Kind(9)));
}

#[test]
fn a_later_version_is_refused_and_has_no_owner() {
    let mut record = encode_observations(ADA, &some_observations());
    record[LENGTH] = 3;
    assert_eq!(decode(&record), Err(RecordError::Version(3)));
    assert_eq!(owner(&record), None);
}
