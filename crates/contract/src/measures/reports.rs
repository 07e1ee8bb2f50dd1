//! A year's reports: made of pieces, and made of sums.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{LedgerReader, LedgerView};
use dayline_domain::report::{self, Cut, Filter, LocalDays};
use dayline_domain::{Interval, LocalDate, UserId, Weekday};

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
    let (from, to) = (*dates.start(), *dates.end());
    let local = LocalDays { zone: Arc::new(WEST), from, to, week_start: Weekday::Monday };
    let mut times = ReportTimes::default();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let view = ledger.read(user, window).await.expect("the ledger can be read");
        let expected = items(&view, window, &local, cut);
        times.of_pieces.push(started.elapsed());
        let started = Instant::now();
        let days = report::cut_days(&local, cut, &Filter::ALL);
        let view = ledger.read_sums(user, window, days).await.expect("the ledger can be read");
        assert_eq!(items(&view, window, &local, cut), expected);
        times.of_sums.push(started.elapsed());
    }
    times.of_pieces.sort_unstable();
    times.of_sums.sort_unstable();
    times
}

/// The milliseconds of each item of a report.
fn items(view: &LedgerView, window: Interval, days: &LocalDays, cut: Cut) -> Vec<i64> {
    let counted = view.as_counted();
    match cut {
        Cut::Whole => report::by_app(counted, window).into_iter().map(|(_, ms)| ms).collect(),
        Cut::Hours => report::by_hour(counted, &WEST, days.dates()).into_iter().map(|slot| slot.ms).collect(),
        Cut::Periods(period) => {
            report::by_period(counted, days, period).into_iter().map(|(_, ms)| ms).collect()
        }
    }
}
