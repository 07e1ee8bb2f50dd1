//! What belongs to no category, the largest first, and into which it may be put.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports::{self, DaysAsked, resolve_days};
use dayline_domain::CategoryId;
use dayline_domain::labels::{Categories, CategoryName};
use dayline_domain::report::{Filter, Grouping, LocalDays, Report, Unsorted};

use crate::show::duration;
use crate::state::WebState;

/// Of how many days the time is shown.
pub(crate) const DAYS: i32 = 30;
/// How much of it is listed at once.
const LISTED: usize = 12;
/// Into how many categories one can put it by one click.
const NEAR: usize = 3;

/// What is to be sorted.
pub(crate) struct Inbox {
    pub(crate) rows: Vec<Waiting>,
    /// How much more there is.
    pub(crate) more: usize,
    /// The largest categories, one click away.
    pub(crate) near: Vec<Target>,
    /// All others.
    pub(crate) far: Vec<Target>,
}

/// What belongs to none.
pub(crate) struct Waiting {
    /// What it is, and what a rule for it names: `app` or `domain`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) time: String,
}

/// A category into which it may be put.
pub(crate) struct Target {
    pub(crate) id: CategoryId,
    pub(crate) name: String,
}

/// The time of categories in the last days, each without what lies within it.
pub(crate) type Times = BTreeMap<CategoryName, i64>;

impl Inbox {
    /// What counted in the last days and has no category, and the times of all categories.
    pub(crate) async fn read(
        web: &WebState,
        caller: &Caller,
        categories: &Categories,
    ) -> Result<(Self, Times), AppError> {
        let days = last_days(web, caller).await?;
        let all = reports::report(&web.app, caller, Grouping::Categories, &days, &Filter::ALL).await?.answer;
        let times: Times = match all {
            Report::Categories(totals) => {
                totals.most_first().into_iter().filter_map(|(name, ms)| Some((name?, ms))).collect()
            }
            _ => Times::new(),
        };
        let unsorted = reports::unsorted(&web.app, caller, &days).await?;
        Ok((Self::of(unsorted, categories, &times), times))
    }

    fn of(unsorted: Vec<(Unsorted, i64)>, categories: &Categories, times: &Times) -> Self {
        let more = unsorted.len().saturating_sub(LISTED);
        let mut largest: Vec<_> = categories.iter().collect();
        largest.sort_by_key(|category| Reverse(times.get(&category.name).copied().unwrap_or(0)));
        let mut near = largest;
        let mut far = near.split_off(NEAR.min(near.len()));
        far.sort_by(|a, b| a.name.cmp(&b.name));
        let targets = |all: Vec<&dayline_domain::Category>| {
            all.into_iter()
                .map(|category| Target { id: category.id, name: category.name.to_string() })
                .collect()
        };
        let rows = unsorted.into_iter().take(LISTED).map(|(what, ms)| Waiting::of(&what, ms)).collect();
        Self { rows, more, near: targets(near), far: targets(far) }
    }
}

impl Waiting {
    fn of(what: &Unsorted, ms: i64) -> Self {
        let (kind, name) = match what {
            Unsorted::Domain(domain) => ("domain", domain.as_str()),
            Unsorted::App(app) => ("app", app.as_str()),
        };
        Self { kind, name: name.to_owned(), time: duration(ms) }
    }
}

/// The last days with today.
pub(crate) async fn last_days(web: &WebState, caller: &Caller) -> Result<LocalDays, AppError> {
    let today = resolve_days(&web.app, caller, DaysAsked::default()).await?;
    Ok(LocalDays { from: today.to.plus_days(1 - DAYS), ..today })
}
