//! The rule against the oracle, and what the design promises of it.

use dayline_domain::UtcDay;
use dayline_domain::timeline::steps::settle;
use proptest::prelude::*;

use crate::cases::{Case, DAY, anybody, cases, somebody_for_seconds};
use crate::cells::{every_millisecond, where_nothing_changes};
use crate::examples::{Example, examples};
use crate::oracle::paint;
use crate::values::days;

/// The day itself and its neighbours.
fn three_days() -> impl Iterator<Item = UtcDay> {
    (DAY.0 - 1..=DAY.0 + 1).map(UtcDay)
}

#[test]
fn the_oracle_paints_every_example_as_it_should_be() {
    for Example { name, observations, corrections, timeline } in examples() {
        let choices = dayline_domain::choices::Choices::default();
        let painted = days(&observations, &corrections).into_iter().flat_map(|day| {
            let cells = where_nothing_changes(day, &observations, &corrections, choices);
            paint(day, &observations, &corrections, choices, &cells).counted
        });
        assert_eq!(painted.collect::<Vec<_>>(), timeline, "{name}");
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn cells_in_which_nothing_changes_are_painted_as_each_of_their_milliseconds(
        Case { observations, corrections, choices } in somebody_for_seconds()
    ) {
        for day in three_days() {
            let cells = where_nothing_changes(day, &observations, &corrections, choices);
            let painted = paint(day, &observations, &corrections, choices, &cells);
            let cells = every_millisecond(day, &observations, &corrections, choices);
            prop_assert_eq!(painted, paint(day, &observations, &corrections, choices, &cells));
        }
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn the_rule_gives_what_the_oracle_paints(
        Case { observations, corrections, choices } in anybody(30)
    ) {
        for day in three_days() {
            let cells = where_nothing_changes(day, &observations, &corrections, choices);
            let painted = paint(day, &observations, &corrections, choices, &cells);
            prop_assert_eq!(settle(day, &observations, &corrections, choices), painted.counted);
        }
    }
}
