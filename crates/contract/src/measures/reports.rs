//! A year's reports: made of pieces, and made of sums.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use dayline_app::ports::{LedgerReader, LedgerView};
use dayline_domain::report::{self, Cut};
use dayline_domain::{Interval, LocalDate, UserId};

use crate::fakes::FixedZone;

/// Times of each way; few, since a year takes long.
const ROUNDS: usize = 20;
/// A zone whose days begin in the middle of a UTC day.
const WEST: FixedZone = FixedZone { name: "Etc/GMT+5", offset_s: -5 * 3_600 };

/// How long a report took, sorted.
#[derive(Debug, Default)]
pub struct ReportTimes {
    /// Made of pieces.
    pub of_pieces: Vec<Duration>,
    /// Made of sums, where there are any.
    pub of_sums: Vec<Duration>,
}

/// A report over local days, five hours west of Greenwich, as a caller makes it, of pieces and of
/// sums in turn.
///
/// # Panics
/// If the ledger can't be read, or the two ways differ.
pub async fn times(
    ledger: &impl LedgerReader,
    user: UserId,
    dates: RangeInclusive<LocalDate>,
    cut: Cut,
) -> ReportTimes {
    let window = report::local_days(&WEST, dates.clone()).expect("there are days");
    let mut times = ReportTimes::default();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let view = ledger.read(user, window).await.expect("the ledger can be read");
        let expected = items(&view, window, dates.clone(), cut);
        times.of_pieces.push(started.elapsed());
        let started = Instant::now();
        let days = report::cut_days(&WEST, dates.clone(), cut);
        let view = ledger.read_sums(user, window, days).await.expect("the ledger can be read");
        assert_eq!(items(&view, window, dates.clone(), cut), expected);
        times.of_sums.push(started.elapsed());
    }
    times.of_pieces.sort_unstable();
    times.of_sums.sort_unstable();
    times
}

/// The milliseconds of each item of a report.
fn items(view: &LedgerView, window: Interval, dates: RangeInclusive<LocalDate>, cut: Cut) -> Vec<i64> {
    let counted = view.as_counted();
    match cut {
        Cut::Whole => report::by_app(counted, window).into_iter().map(|(_, ms)| ms).collect(),
        Cut::Days => report::by_day(counted, &WEST, dates).into_iter().map(|(_, ms)| ms).collect(),
        Cut::Hours => report::by_hour(counted, &WEST, dates).into_iter().map(|slot| slot.ms).collect(),
    }
}
