//! The timeline, read page by page, so that any length of it needs little memory.

use std::sync::Arc;
use std::vec::IntoIter;

use dayline_domain::report::{Joining, OverlapJoining, clip, join_at_midnight};
use dayline_domain::zone::shown_at;
use dayline_domain::{DAY_MS, DeviceId, Interval, Labels, LedgerDay, Piece, Scope, UserId, UtcDay, UtcMs};

use crate::identity::caller::Caller;
use crate::ports::{LedgerReader, MarkedLabels};
use crate::reporting::reports::{ReadVersion, Versioned, resolve_zone};
use crate::reporting::states::settled_days;
use crate::{App, AppError};

/// Longest timeline in one answer, in local days; a report job makes longer ones.
pub const MAX_TIMELINE_DAYS: i64 = 31;
/// UTC days of one page: those that a local day touches, so that it is read from one snapshot.
const PAGE_DAYS: usize = 2;

/// Checks the ends of a stretch of the timeline. How many local days it is, the clock of the zone
/// says, or that of the caller's profile.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::Invalid`] if it ends before it starts or is longer than
/// [`MAX_TIMELINE_DAYS`], or if there is no such zone; when the profile can't be read.
pub async fn stretch(
    app: &App,
    caller: &Caller,
    (from, to): (UtcMs, UtcMs),
    tz: Option<&str>,
) -> Result<Interval, AppError> {
    caller.require(Scope::Read)?;
    let interval = Interval::new(from, to).ok_or_else(|| AppError::field("to", "must be after from"))?;
    let zone = resolve_zone(app, caller, tz).await?;
    if shown_at(&*zone, to) - shown_at(&*zone, from) > MAX_TIMELINE_DAYS * DAY_MS {
        let detail = format!(
            "must be at most {MAX_TIMELINE_DAYS} days after from: \
             ask for a longer timeline by POST /api/v1/report/jobs with the kind timeline"
        );
        return Err(AppError::field("to", detail));
    }
    Ok(interval)
}

/// A stretch of the timeline, to be read.
pub struct Timeline {
    /// Counted intervals by start; neighbours that only midnight UTC separates are joined.
    pub counted: Pieces,
    /// Outranked intervals by start, if asked for; joined likewise.
    pub outranked: Option<Pieces>,
    /// When nobody was at a device, by start, if asked for; joined likewise.
    pub away: Option<Vec<(DeviceId, Interval)>>,
    labels: Arc<Labels>,
}

impl Timeline {
    /// What the person says about names.
    pub fn labels(&self) -> &Arc<Labels> {
        &self.labels
    }

    /// The same with the names that apps are shown by, in place of those that their trackers tell.
    #[must_use]
    pub fn with_shown_names(self) -> Self {
        let shown = |pieces: Pieces| Pieces { shown: Some(Arc::clone(&self.labels)), ..pieces };
        Self { counted: shown(self.counted), outranked: self.outranked.map(shown), ..self }
    }
}

/// What is shown beside what counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Beside {
    /// What devices showed and does not count, because something else does at that instant.
    pub outranked: bool,
    /// When nobody was there.
    pub away: bool,
}

/// Some of the pieces of a timeline, to be read once, from the first to the last.
pub struct Pieces {
    source: Source,
    /// By which the names are made that apps are shown by, if those are wanted.
    shown: Option<Arc<Labels>>,
}

enum Source {
    /// They are here already.
    Read(Option<Vec<Piece>>),
    Counted(Pages, Joining),
    Outranked(Pages, OverlapJoining),
    End,
}

/// The pages that are left to read.
struct Pages {
    ledger: Arc<dyn LedgerReader>,
    user: UserId,
    left: IntoIter<Interval>,
}

/// Opens the timeline in an interval, clipped to it. What changes while it is read may be in later
/// pages and not in the version, which then is no longer that of the day.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn timeline(
    app: &App,
    caller: &Caller,
    interval: Option<Interval>,
    beside: Beside,
) -> Result<Versioned<Timeline>, AppError> {
    caller.require(Scope::Read)?;
    let (ledger, user) = (&app.ledger, caller.user);
    let MarkedLabels { mark, labels } = app.label_book.labels(user).await?;
    let pages = interval.map(pages).unwrap_or_default();
    let away = if beside.away { Some(away(&**ledger, user, &pages).await?) } else { None };
    let outranked = |source: &dyn Fn() -> Source| beside.outranked.then(|| Pieces::of(source()));
    let (days, counted, outranked) = match (interval, pages.as_slice()) {
        (Some(interval), [_, _, ..]) => {
            let marks = ledger.marks(user, interval).await?;
            let pages = || Pages { ledger: Arc::clone(ledger), user, left: pages.clone().into_iter() };
            let outranked = outranked(&|| Source::Outranked(pages(), OverlapJoining::default()));
            (marks, Source::Counted(pages(), Joining::default()), outranked)
        }
        (_, [page]) => {
            let view = ledger.read(user, *page).await?;
            let whole = |pieces| Source::Read(Some(join_at_midnight(clip(pieces, *page))));
            let beside =
                if beside.outranked { outranked_in(&**ledger, user, *page).await? } else { Vec::new() };
            let outranked = outranked(&|| Source::Read(Some(beside.clone())));
            (view.marks, whole(view.counted), outranked)
        }
        _ => (Vec::new(), Source::End, outranked(&|| Source::End)),
    };
    let version = ReadVersion { days, labels: mark };
    let counted = Pieces::of(counted);
    Ok(Versioned { version, answer: Timeline { counted, outranked, away, labels: Arc::new(labels) } })
}

/// What was outranked in one page, joined at the midnights in it.
async fn outranked_in(
    ledger: &dyn LedgerReader,
    user: UserId,
    page: Interval,
) -> Result<Vec<Piece>, AppError> {
    let days = settled_days(ledger, user, page).await?;
    Ok(join_at_midnight(clip(days.iter().flat_map(LedgerDay::outranked), page)))
}

/// When nobody was at each device, joined at midnights; some dozen intervals a day at most.
async fn away(
    ledger: &dyn LedgerReader,
    user: UserId,
    pages: &[Interval],
) -> Result<Vec<(DeviceId, Interval)>, AppError> {
    let mut parts = Vec::new();
    for page in pages {
        for day in settled_days(ledger, user, *page).await? {
            let in_page =
                day.away().into_iter().filter_map(|(device, away)| Some((device, away.clip(*page)?)));
            parts.extend(in_page);
        }
    }
    parts.sort_unstable();
    let mut away = Vec::<(DeviceId, Interval)>::new();
    for (device, part) in parts {
        match away.last_mut() {
            Some((of, last)) if *of == device && last.end() == part.start() => *last = last.hull(part),
            _ => away.push((device, part)),
        }
    }
    away.sort_by_key(|(_, interval)| interval.start());
    Ok(away)
}

/// The interval, cut at some midnights UTC.
fn pages(interval: Interval) -> Vec<Interval> {
    let (first, last) = (interval.start().day(), interval.end().plus(-1).day());
    let page = |day: i32| {
        let end = UtcDay(day.saturating_add(PAGE_DAYS as i32)).start();
        Interval::new(UtcDay(day).start(), end)?.clip(interval)
    };
    (first.0..=last.0).step_by(PAGE_DAYS).filter_map(page).collect()
}

impl Pieces {
    fn of(source: Source) -> Self {
        Self { source, shown: None }
    }

    /// The next pieces; `None` after the last.
    ///
    /// # Errors
    ///
    /// When the ledger can't be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Piece>>, AppError> {
        let next = self.source.next().await?;
        let Some(labels) = &self.shown else { return Ok(next) };
        Ok(next.map(|pieces| pieces.into_iter().map(|piece| labels.shown_piece(piece)).collect()))
    }
}

impl Source {
    async fn next(&mut self) -> Result<Option<Vec<Piece>>, AppError> {
        match self {
            Self::Read(pieces) => Ok(pieces.take()),
            Self::Counted(pages, joining) => {
                let Some(page) = pages.left.next() else {
                    let last = std::mem::take(joining).end();
                    *self = Self::End;
                    return Ok(Some(last.into_iter().collect()));
                };
                let view = pages.ledger.read(pages.user, page).await?;
                Ok(Some(joining.add(clip(view.counted, page))))
            }
            Self::Outranked(pages, joining) => {
                if joining.is_new() {
                    for &page in pages.left.as_slice().iter().rev() {
                        joining.look_back(page, &pages.outranked(page).await?);
                    }
                }
                let Some(page) = pages.left.next() else { return Ok(None) };
                let pieces = pages.outranked(page).await?;
                Ok(Some(joining.add(page, pieces)))
            }
            Self::End => Ok(None),
        }
    }
}

impl Pages {
    async fn outranked(&self, page: Interval) -> Result<Vec<Piece>, AppError> {
        outranked_in(&*self.ledger, self.user, page).await
    }
}
