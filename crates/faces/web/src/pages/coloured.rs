//! Which hues a person's apps have, on every page and for a month at least.

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports;
use dayline_domain::report::{Filter, Grouping, LocalDays, Report};
use dayline_domain::{Activity, AppName, Piece};
use std::collections::BTreeMap;

use crate::chart::{Hue, Hues};
use crate::state::WebState;

/// Over how many days before this month it is looked which apps are the largest.
const DAYS: i32 = 90;

/// The hues of the apps that were the largest before this month. Where they were few, those that are the
/// largest of what is shown come after them, so that nobody begins without colours.
pub(crate) async fn hues<'a>(
    web: &WebState,
    caller: &Caller,
    days: &LocalDays,
    shown: impl IntoIterator<Item = &'a AppName>,
) -> Result<Hues, AppError> {
    let month = days.zone.date_at(web.app.clock.now()).month();
    let before = LocalDays { from: month.plus_days(-DAYS), to: month.plus_days(-1), ..days.clone() };
    let report = reports::report(&web.app, caller, Grouping::Apps, &before, &Filter::ALL).await?.answer;
    let largest = match report {
        Report::Apps(totals) => totals.most_first(),
        _ => Vec::new(),
    };
    let mut apps: Vec<&AppName> = largest.iter().map(|(app, _)| app).collect();
    for app in shown {
        apps.push(app);
    }
    Ok(Hues::of_largest(apps))
}

/// The hue of each domain, project or whatever else an activity has a name of: that of the app in which it
/// was seen most.
pub(crate) fn hues_by_name<'a>(
    pieces: &'a [Piece],
    hues: &Hues,
    name: impl Fn(&'a Activity) -> Option<&'a str>,
) -> BTreeMap<&'a str, Hue> {
    let mut seen = BTreeMap::<&str, BTreeMap<&AppName, i64>>::new();
    for piece in pieces {
        let activity = &piece.source.activity;
        if let Some(name) = name(activity) {
            *seen.entry(name).or_default().entry(&activity.app).or_default() += piece.interval.ms();
        }
    }
    let hue = |(name, apps): (&'a str, BTreeMap<&AppName, i64>)| {
        let most = apps.into_iter().max_by_key(|(_, ms)| *ms);
        (name, most.map_or(Hue::Neutral, |(app, _)| hues.of(app)))
    };
    seen.into_iter().map(hue).collect()
}
