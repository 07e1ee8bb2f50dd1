//! The stored state of a ledger day: whatever the bytes, decoding answers, and what it reads is a day
//! whose own state survives being written again.

#![no_main]

use std::sync::{Arc, LazyLock};

use dayline_app::tracking::stored_state::{decode_observed, encode_observed};
use dayline_domain::{
    AppName, Choices, DeviceId, Domain, LedgerDay, Observation, Project, Seen, Subject, UtcDay,
};
use libfuzzer_sys::fuzz_target;

const DAY: UtcDay = UtcDay(20_000);

static SUBJECTS: LazyLock<Vec<Arc<Subject>>> = LazyLock::new(|| {
    let app = |name: &str| AppName::new(name).expect("a name");
    let project = Project::new("dayline").ok();
    let seen = [
        Seen::Use { app: app("Code"), domain: None, project: None },
        Seen::Use { app: app("Firefox"), domain: Domain::new("docs.rs").ok(), project: None },
        Seen::Page { browser: app("Firefox"), domain: Domain::new("github.com").ok(), audible: true },
        Seen::Beat { app: app("Code"), project, language: None },
        Seen::Away,
        Seen::Here,
    ];
    let device = |name: &str| DeviceId::new(name).expect("a name");
    let on = |name: &str| seen.clone().map(|seen| Arc::new(Subject { device: device(name), seen }));
    [on("laptop"), on("phone")].concat()
});

fuzz_target!(|bytes: &[u8]| {
    let subject = |number: u32| SUBJECTS.get(number as usize).cloned();
    let Ok(observations) = decode_observed(DAY, bytes, subject) else { return };
    let day = LedgerDay::restore(DAY, 1, Choices::default(), observations, []);
    let state: Vec<Observation> = day.observations().collect();
    let number = |of: &Arc<Subject>| SUBJECTS.iter().position(|known| known == of).expect("known") as u32;
    let again = decode_observed(DAY, &encode_observed(DAY, state, number), subject).expect("what we write");
    let again = LedgerDay::restore(DAY, 1, Choices::default(), again, []);
    assert!(day.counted().eq(again.counted()));
    let pieces: Vec<_> = day.counted().collect();
    assert!(pieces.array_windows().all(|[a, b]| a.interval.end() <= b.interval.start()));
});
