//! Coding: counted time with an editor or with a project, as editors' plug-ins show it.
//! Not here: which time that is (see [`Filter::CODING`]).

use dayline_domain::report::{Filter, Grouping, LocalDays, Report};
use dayline_domain::{AppName, DeviceId, Language, Piece, Project, Scope};

use crate::identity::caller::Caller;
use crate::reporting::reports::{self, DaysAsked, Of, resolve_days};
use crate::reporting::timeline::{Beside, timeline};
use crate::{App, AppError};

/// Most local days that are read at a time.
const STRETCH_DAYS: u16 = 366;

/// Coding in some local days, in milliseconds; lists are most first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coding {
    /// All of it.
    pub total_ms: i64,
    /// Per project, `None` being what had none.
    pub projects: Vec<(Option<Project>, i64)>,
    /// Per language, `None` being what had none.
    pub languages: Vec<(Option<Language>, i64)>,
    /// Per app: editors, and what projects were worked on with besides.
    pub editors: Vec<(AppName, i64)>,
    /// Per device.
    pub devices: Vec<(DeviceId, i64)>,
}

/// Coding in local days, of which there may be any number: they are read a stretch at a time.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn coding(app: &App, caller: &Caller, days: &LocalDays) -> Result<Coding, AppError> {
    caller.require(Scope::Read)?;
    let groupings = [Grouping::Projects, Grouping::Languages, Grouping::Apps, Grouping::Devices];
    let mut all = groupings.map(Report::empty);
    let labels = app.label_book.labels(caller.user).await?.labels;
    let of = Of { user: caller.user, filter: &Filter::CODING, labels: &labels };
    for stretch in days.stretches(STRETCH_DAYS) {
        reports::add(&*app.ledger, &stretch, of, &mut all).await?;
    }
    let mut coding = Coding::default();
    for report in all {
        match report {
            Report::Projects(totals) => coding.projects = totals.most_first(),
            Report::Languages(totals) => coding.languages = totals.most_first(),
            Report::Apps(totals) => coding.editors = totals.most_first(),
            Report::Devices(totals) => coding.devices = totals.most_first(),
            _ => {}
        }
    }
    coding.total_ms = coding.editors.iter().map(|(_, ms)| ms).sum();
    Ok(coding)
}

/// When there was coding in local days, in order: the runs of one activity on one device. For a few days, which
/// are held in memory.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn runs(app: &App, caller: &Caller, days: &LocalDays) -> Result<Vec<Piece>, AppError> {
    let mut pieces = timeline(app, caller, days.interval(), Beside::default()).await?.answer.counted;
    let mut runs = Vec::new();
    while let Some(next) = pieces.next().await? {
        runs.extend(next.into_iter().filter(|piece| Filter::CODING.keeps(&piece.source, None)));
    }
    Ok(runs)
}

/// All local days from the first on which anything counted to today; today alone if there was none.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::Invalid`] if there is no such zone; when the ledger can't be read.
pub async fn all_days(app: &App, caller: &Caller, tz: Option<String>) -> Result<LocalDays, AppError> {
    let today = resolve_days(app, caller, DaysAsked { tz, ..DaysAsked::default() }).await?;
    let Some((first, _)) = app.ledger.extent(caller.user).await? else { return Ok(today) };
    let from = today.zone.date_at(first.start()).min(today.to);
    Ok(LocalDays { from, ..today })
}
