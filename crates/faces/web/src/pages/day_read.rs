//! A day as its pages and their scripts need it: what is to be seen of it, in which colours, by which names.

use std::collections::BTreeMap;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::devices;
use dayline_app::reporting::filters::{FilterAsked, resolve_filter};
use dayline_app::reporting::reports::{DaysAsked, resolve_days};
use dayline_domain::report::{LocalDays, by_app};
use dayline_domain::{DeviceId, LocalDate, UtcMs};

use crate::chart::Hues;
use crate::pages::coloured::hues;
use crate::pages::day_seen::Seen;
use crate::state::WebState;

/// A day that was read.
pub(super) struct ReadDay {
    /// The day alone.
    pub(super) days: LocalDays,
    pub(super) seen: Seen,
    pub(super) hues: Hues,
    /// What devices are called.
    pub(super) names: BTreeMap<DeviceId, Box<str>>,
    pub(super) today: LocalDate,
    now: UtcMs,
}

impl ReadDay {
    /// Reads a day, today if none is given, with the names of apps that trackers `told` or with those that
    /// people know.
    ///
    /// # Errors
    /// What is wrong with the filter; when the ledger can't be read.
    pub(super) async fn read(
        web: &WebState,
        caller: &Caller,
        date: Option<LocalDate>,
        filter: FilterAsked,
        told: bool,
    ) -> Result<Self, AppError> {
        let days = resolve_days(&web.app, caller, DaysAsked { date, ..DaysAsked::default() }).await?;
        let filter = resolve_filter(&web.app, filter)?;
        let seen = Seen::read(web, caller, days.interval(), &filter, told).await?;
        let by_size = days.interval().map(|window| by_app(&seen.counted, window)).unwrap_or_default();
        let hues = hues(web, caller, &days, by_size.iter().map(|(app, _)| *app)).await?;
        let names = devices::names(&web.app, caller).await?;
        let now = web.app.clock.now();
        let today = days.zone.date_at(now);
        Ok(Self { days, seen, hues, names, today, now })
    }

    /// Which day it is.
    pub(super) fn date(&self) -> LocalDate {
        self.days.from
    }

    /// Now, if the day is today.
    pub(super) fn now_on_it(&self) -> Option<UtcMs> {
        (self.date() == self.today).then_some(self.now)
    }

    /// How much counted, in milliseconds, whatever is dimmed.
    pub(super) fn counted_ms(&self) -> i64 {
        self.seen.counted.iter().map(|piece| piece.interval.ms()).sum()
    }
}
