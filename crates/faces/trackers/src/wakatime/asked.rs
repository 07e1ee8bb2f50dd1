//! Which days a client asks for, and the calendar by which it does.

use dayline_app::identity::caller::Caller;
use dayline_app::reporting::coding::all_days;
use dayline_app::{App, AppError, FieldError};
use dayline_domain::LocalDate;
use dayline_domain::report::LocalDays;
use dayline_http_kit::query::{FromParams, Params};

use super::span::span;

/// The parameters of what is asked over some days. Others are ignored.
pub(super) struct Asked {
    range: Option<String>,
    start: Option<String>,
    end: Option<String>,
    date: Option<String>,
    timezone: Option<String>,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self {
            range: params.optional("range", str::parse),
            start: params.optional("start", str::parse),
            end: params.optional("end", str::parse),
            date: params.optional("date", str::parse),
            timezone: params.zone("timezone"),
        }
    }
}

impl Asked {
    /// All days until today, in the zone that the client names.
    pub(super) async fn all_days(&self, app: &App, caller: &Caller) -> Result<LocalDays, AppError> {
        all_days(app, caller, self.timezone.clone()).await.map_err(in_their_words)
    }

    /// The days of `range`, or from `start` to `end`, or `date`; today if nothing is said.
    pub(super) async fn days(&self, app: &App, caller: &Caller) -> Result<LocalDays, AppError> {
        let all = self.all_days(app, caller).await?;
        if let Some(name) = &self.range {
            return named(name, all).ok_or_else(|| AppError::field("range", "is no range that is known"));
        }
        let today = all.to;
        let one = |field: &'static str, text: &Option<String>| {
            text.as_deref()
                .map(|text| date(text, today).ok_or_else(|| AppError::field(field, WRONG_DATE)))
                .transpose()
        };
        let (start, end) = match one("date", &self.date)? {
            Some(date) => (Some(date), Some(date)),
            None => (one("start", &self.start)?, one("end", &self.end)?),
        };
        let from = start.or(end).unwrap_or(today);
        let to = end.or(start).unwrap_or(today);
        if to < from {
            return Err(AppError::field("end", "must not be before start"));
        }
        Ok(LocalDays { from, to, ..all })
    }
}

/// Names the zone as clients do.
fn in_their_words(error: AppError) -> AppError {
    let AppError::Invalid(errors) = error else { return error };
    let renamed = errors.into_iter().map(|FieldError { field, detail }| {
        FieldError::new(if field == "tz" { "timezone".into() } else { field }, detail)
    });
    AppError::Invalid(renamed.collect())
}

const WRONG_DATE: &str = "must be a date such as 2026-11-20, today or yesterday";

/// The days of a name, of all days there are until today; `None` if there is no such name.
pub(super) fn named(name: &str, all: LocalDays) -> Option<LocalDays> {
    let (from, to) = span(name, all.to, all.from, all.week_start)?;
    Some(LocalDays { from, to, ..all })
}

/// A date, alone or with a time after it.
fn date(text: &str, today: LocalDate) -> Option<LocalDate> {
    match text {
        "today" => Some(today),
        "yesterday" => Some(today.plus_days(-1)),
        _ => text.split(['T', ' ']).next()?.parse().ok(),
    }
}
