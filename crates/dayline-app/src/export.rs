//! Everything Dayline knows about a person, page by page, so that any amount of it needs little memory.
//! Deliberately absent: secrets and their hashes, and the wire format.

use dayline_domain::timeline::Piece;
use dayline_domain::{Interval, Scope, Session, UtcDay};

use crate::auth::Caller;
use crate::ports::{ApiKey, StoredAuditEvent, User};
use crate::{App, AppError, accounts, audit};

/// UTC days of ledger in one page: as many as a worker holds at a time, so that no day makes a page too large.
const PAGE_DAYS: i32 = 1;

/// One page of an export.
#[derive(Debug, Clone)]
pub enum Page {
    /// The profile; the first page.
    Profile(User),
    /// All sessions.
    Sessions(Vec<Session>),
    /// All API keys.
    Keys(Vec<ApiKey>),
    /// Some of the audit log, the newest first.
    Audit(Vec<StoredAuditEvent>),
    /// Some of the timeline, and what was outranked in it, as stored: cut at midnight UTC.
    Ledger {
        /// What counted.
        counted: Vec<Piece>,
        /// What did not.
        outranked: Vec<Piece>,
    },
}

/// An export under way.
pub struct Export {
    app: App,
    caller: Caller,
    next: Next,
}

enum Next {
    Profile,
    Sessions,
    Keys,
    Audit(Option<u64>),
    Extent,
    Days(UtcDay, UtcDay),
    Nothing,
}

/// Begins an export of the caller's data.
pub fn open(app: &App, caller: &Caller) -> Result<Export, AppError> {
    caller.require(Scope::Account)?;
    Ok(Export { app: app.clone(), caller: caller.clone(), next: Next::Profile })
}

impl Export {
    /// The next page; `None` after the last.
    pub async fn page(&mut self) -> Result<Option<Page>, AppError> {
        loop {
            match self.next {
                Next::Profile => {
                    self.next = Next::Sessions;
                    return Ok(Some(Page::Profile(accounts::profile(&self.app, &self.caller).await?)));
                }
                Next::Sessions => {
                    self.next = Next::Keys;
                    return Ok(Some(Page::Sessions(self.app.sessions.list(self.caller.user).await?)));
                }
                Next::Keys => {
                    self.next = Next::Audit(None);
                    return Ok(Some(Page::Keys(self.app.api_keys.list(self.caller.user).await?)));
                }
                Next::Audit(before) => {
                    let entries = audit::entries(&self.app, &self.caller, before, audit::MAX_ENTRIES).await?;
                    let Some(oldest) = entries.last().map(|entry| entry.id) else {
                        self.next = Next::Extent;
                        continue;
                    };
                    self.next = Next::Audit(Some(oldest));
                    return Ok(Some(Page::Audit(entries)));
                }
                Next::Extent => {
                    let extent = self.app.ledger.extent(self.caller.user).await?;
                    self.next = extent.map_or(Next::Nothing, |(first, last)| Next::Days(first, last));
                }
                Next::Days(first, last) if first <= last => {
                    let until = UtcDay(first.0.saturating_add(PAGE_DAYS));
                    self.next = Next::Days(until, last);
                    let Some(interval) = Interval::new(first.start(), until.start()) else { continue };
                    let view = self.app.ledger.read(self.caller.user, interval, true).await?;
                    if view.counted.is_empty() && view.outranked.is_empty() {
                        continue;
                    }
                    return Ok(Some(Page::Ledger { counted: view.counted, outranked: view.outranked }));
                }
                Next::Days(..) | Next::Nothing => return Ok(None),
            }
        }
    }
}
