//! What every count of names keeps: never more than the limit, and nobody pays for another.

use std::sync::Arc;

use dayline_app::ports::NameQuota;
use dayline_domain::{UserId, UtcDay};

use super::Fact;

/// A quota of which nothing is used up.
pub struct Subject {
    /// The quota.
    pub quota: Arc<dyn NameQuota>,
    /// How many names a person may bring in a day; from 10.
    pub limit: u32,
}

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Subject>] = &[
    Fact::new("names_up_to_the_limit_pass_and_the_next_one_the_next_day", |s| {
        Box::pin(async move { names_up_to_the_limit_pass_and_the_next_one_the_next_day(&s) })
    }),
    Fact::new("names_that_were_counted_pass_for_the_rest_of_the_day", |s| {
        Box::pin(async move { names_that_were_counted_pass_for_the_rest_of_the_day(&s) })
    }),
    Fact::new("a_source_is_counted_whole_or_not_at_all", |s| {
        Box::pin(async move { a_source_is_counted_whole_or_not_at_all(&s) })
    }),
    Fact::new("a_name_counts_once_for_each_kind", |s| {
        Box::pin(async move { a_name_counts_once_for_each_kind(&s) })
    }),
    Fact::new("who_is_at_the_limit_takes_nothing_from_anybody_else", |s| {
        Box::pin(async move { who_is_at_the_limit_takes_nothing_from_anybody_else(&s) })
    }),
];

const ADA: UserId = UserId::from_bits(1);
const DAY: UtcDay = UtcDay(20_000);
const TOMORROW: UtcDay = UtcDay(20_001);

fn app(subject: &Subject, user: UserId, name: &str, day: UtcDay) -> bool {
    subject.quota.admits(user, [None, Some(name), None, None, None], day)
}

fn use_up(subject: &Subject, user: UserId) {
    for n in 0..subject.limit {
        assert!(app(subject, user, &n.to_string(), DAY), "name {n}");
    }
    assert!(!app(subject, user, "one more", DAY));
}

fn names_up_to_the_limit_pass_and_the_next_one_the_next_day(subject: &Subject) {
    use_up(subject, ADA);
    assert!(!app(subject, ADA, "another", DAY));
    assert!(app(subject, ADA, "one more", TOMORROW));
}

fn names_that_were_counted_pass_for_the_rest_of_the_day(subject: &Subject) {
    for _ in 0..3 {
        assert!(app(subject, ADA, "Code", DAY));
    }
    for n in 1..subject.limit {
        assert!(app(subject, ADA, &n.to_string(), DAY), "name {n}");
    }
    assert!(!app(subject, ADA, "one more", DAY));
    assert!(app(subject, ADA, "Code", DAY));
}

fn a_source_is_counted_whole_or_not_at_all(subject: &Subject) {
    for n in 1..subject.limit {
        assert!(app(subject, ADA, &n.to_string(), DAY));
    }
    assert!(!subject.quota.admits(ADA, [Some("laptop"), Some("Code"), Some("example.org"), None, None], DAY));
    assert!(!subject.quota.admits(ADA, [None, Some("Code"), Some("example.org"), None, None], DAY));
    assert!(subject.quota.admits(ADA, [None, Some("1"), Some("example.org"), None, None], DAY));
    assert!(!app(subject, ADA, "Code", DAY));
}

fn a_name_counts_once_for_each_kind(subject: &Subject) {
    for n in 0..subject.limit / 2 {
        let name = n.to_string();
        assert!(subject.quota.admits(ADA, [Some(&name), Some(&name), None, None, None], DAY));
    }
    let left = subject.limit % 2;
    assert_eq!(app(subject, ADA, "one more", DAY), left == 1);
    assert!(!app(subject, ADA, "another", DAY));
}

fn who_is_at_the_limit_takes_nothing_from_anybody_else(subject: &Subject) {
    // So many that each shares with Ada whatever is shared.
    use_up(subject, ADA);
    for n in 2..2_000 {
        assert!(subject.quota.admits(
            UserId::from_bits(n),
            [Some("phone"), Some("Mail"), Some("a.org"), None, None],
            DAY
        ));
    }
    for n in 0..subject.limit / 2 {
        assert!(app(subject, UserId::from_bits(2_000), &n.to_string(), DAY), "name {n}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeNames;
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || Subject { quota: Arc::new(FakeNames::new(11)), limit: 11 }).await;
    }
}
