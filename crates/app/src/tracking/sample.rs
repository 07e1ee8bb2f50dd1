//! A made-up day, for those who want to look around before they track anything. It is made of entries on a
//! device of its own, so that it goes as it came: once they are deleted, nothing is left that could stand
//! in the way of what is tracked or imported later, as an erasure would.

use std::sync::Arc;

use dayline_domain::zone::{Zone, all_showing};
use dayline_domain::{
    Activity, AppName, Correction, CorrectionId, DAY_MS, DeviceId, Domain, Interval, LocalDate, NameError,
    Project, Says, Scope, Source, UtcMs,
};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::ports::{AuditKind, CorrectionChange};
use crate::tracking::corrections::{list, say};
use crate::{App, AppError};

/// The device that everything made up is on.
pub const DEVICE: &str = "sample";

/// The identity of the first entry, which the others follow: always the same ("sample" as a `UUIDv8`), so that they can
/// be deleted before they are seen in the ledger, and are there once however often they are added.
const FIRST: u128 = 0x7361_6d70_6c65_8000_8000_0000_0000_0000;

/// From and to a time of the clock in minutes, an app, and perhaps a domain and a project.
type Made = (i64, i64, &'static str, &'static str, &'static str);

/// A day at a desk: mail, work on a project with what one looks up for it, a meeting, lunch, music.
const DAY: [Made; 18] = [
    (506, 524, "Mail", "", ""),
    (524, 531, "Firefox", "news.example.org", ""),
    (531, 588, "Code", "", "Treehouse"),
    (588, 601, "Firefox", "docs.example.org", ""),
    (601, 647, "Code", "", "Treehouse"),
    (647, 655, "Terminal", "", "Treehouse"),
    (655, 662, "Chat", "", ""),
    (662, 715, "Code", "", "Treehouse"),
    (715, 724, "Firefox", "github.com", ""),
    (776, 790, "Mail", "", ""),
    (790, 842, "Meeting", "", "Treehouse"),
    (842, 860, "Notes", "", "Treehouse"),
    (860, 924, "Code", "", "Bird feeder"),
    (924, 937, "Firefox", "wiki.example.org", ""),
    (937, 986, "Code", "", "Bird feeder"),
    (986, 992, "Chat", "", ""),
    (992, 1_021, "Firefox", "docs.example.org", ""),
    (1_021, 1_043, "Calendar", "", ""),
];

/// Adds the made-up day on a date, or moves it there. When this returns it is durable. What the clock skips
/// on that date is left out.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when a limit, a store or the log is in the way.
pub async fn add(app: &App, caller: &Caller, zone: &dyn Zone, date: LocalDate) -> Result<(), AppError> {
    caller.require(Scope::Account)?;
    let made = made_up(zone, date).map_err(|error| AppError::Internal(error.to_string()))?;
    count_write(app, caller).await?;
    for (id, says) in ids().zip(made) {
        say(app, caller, (id, says), CorrectionChange::NewEntry).await?;
    }
    audit(app, caller.user, AuditKind::Corrected, Some(DEVICE), caller.address).await
}

/// Removes all that is made up, for good, also what was added a moment ago; says when some of it was, if
/// that can be seen already. When this returns it is durable.
///
/// # Errors
///
/// As [`add`].
pub async fn remove(app: &App, caller: &Caller) -> Result<Option<UtcMs>, AppError> {
    caller.require(Scope::Account)?;
    let start = entries(app, caller).await?.iter().map(|interval| interval.start()).min();
    count_write(app, caller).await?;
    for id in ids() {
        match say(app, caller, (id, Says::Nothing), CorrectionChange::Entry).await {
            // What was never added, or is deleted.
            Ok(_) | Err(AppError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    audit(app, caller.user, AuditKind::Corrected, Some(DEVICE), caller.address).await?;
    Ok(start)
}

/// Whether anything of the caller's is made up.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn is_there(app: &App, caller: &Caller) -> Result<bool, AppError> {
    Ok(!entries(app, caller).await?.is_empty())
}

async fn entries(app: &App, caller: &Caller) -> Result<Vec<Interval>, AppError> {
    let made_up = |correction: Correction| {
        let is_made_up = ids().any(|id| id == correction.id);
        is_made_up.then(|| correction.says.interval()).flatten()
    };
    Ok(list(app, caller, None).await?.into_iter().filter_map(made_up).collect())
}

fn ids() -> impl Iterator<Item = CorrectionId> {
    (FIRST..).take(DAY.len()).map(CorrectionId::from_bits)
}

/// What is said of a date.
fn made_up(zone: &dyn Zone, date: LocalDate) -> Result<Vec<Says>, NameError> {
    let device = DeviceId::new(DEVICE)?;
    let at = |minutes: i64| all_showing(zone, i64::from(date.0) * DAY_MS + minutes * 60_000).first().copied();
    let mut made = Vec::new();
    for (from, to, app, domain, project) in DAY {
        let activity = Activity {
            app: AppName::new(app)?,
            domain: if domain.is_empty() { None } else { Some(Domain::new(domain)?) },
            project: if project.is_empty() { None } else { Some(Project::new(project)?) },
            language: None,
        };
        let source = Arc::new(Source { device: device.clone(), activity: Arc::new(activity) });
        let interval = at(from).zip(at(to)).and_then(|(from, to)| Interval::new(from, to));
        made.extend(interval.map(|interval| Says::Entry { interval, source }));
    }
    Ok(made)
}
