//! The suites: facts that every adapter of a port keeps, each proved on a fresh instance.
//! Not here: anything that only one adapter promises; that is tested beside the adapter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a suite is test code")]

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod buckets;
pub mod correction_numbers;
pub mod dead_letters;
pub mod device_book;
pub mod device_logins;
pub mod disabled;
pub mod email_changes;
pub mod kept_pings;
pub mod key_marks;
pub mod label_book;
pub mod leases;
pub mod ledger;
pub mod limits;
pub mod live;
pub mod name_quota;
mod numbered;
pub mod passwords;
pub mod ping_log;
pub mod preferences;
pub mod raw_events;
pub mod report_jobs;
pub mod reset_links;
pub mod retention;
pub mod revocations;
pub mod sessions;
pub mod sign_outs;
pub mod site_names;
mod store;
pub mod stored_time;
pub mod tokens;
pub mod tracker_settings;
mod worked_day;
pub mod zones;

use dayline_app::ports::BoxFuture;

pub use store::{SpoiltSums, StorePorts};

/// One thing that an adapter must keep; its name says what.
pub struct Fact<Subject> {
    name: &'static str,
    check: fn(Subject) -> BoxFuture<'static, ()>,
}

impl<Subject> Fact<Subject> {
    /// A fact that holds if `check` returns, and does not if it panics.
    pub const fn new(name: &'static str, check: fn(Subject) -> BoxFuture<'static, ()>) -> Self {
        Self { name, check }
    }
}

/// Checks all facts, each on a fresh instance, and names all that do not hold.
///
/// # Panics
///
/// If a fact does not hold.
pub async fn prove<Subject: Send + 'static>(facts: &[Fact<Subject>], fresh: impl AsyncFn() -> Subject) {
    let mut broken = Vec::new();
    for fact in facts {
        let subject = fresh().await;
        if tokio::spawn((fact.check)(subject)).await.is_err() {
            broken.push(fact.name);
        }
    }
    assert!(broken.is_empty(), "not kept: {broken:?} of {} facts", facts.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn facts_that_hold_are_proved_each_on_its_own_instance() {
        let made = std::cell::Cell::new(0);
        let facts = [
            Fact::new("first", |n| Box::pin(async move { assert_eq!(n, 1) })),
            Fact::new("second", |n| Box::pin(async move { assert_eq!(n, 2) })),
        ];
        prove(&facts, async || made.replace(made.get() + 1) + 1).await;
        assert_eq!(made.get(), 2);
    }

    #[tokio::test]
    #[should_panic(expected = r#"not kept: ["broken"] of 2 facts"#)]
    async fn a_fact_that_does_not_hold_is_named() {
        let facts = [
            Fact::new("kept", |(): ()| Box::pin(async {})),
            Fact::new("broken", |()| Box::pin(async { panic!("as it should") })),
        ];
        prove(&facts, async || ()).await;
    }
}
