//! Watching one's own days: what changed while nobody watched, then what changes.

use dayline_domain::{Scope, UtcDay, UtcMs};

use crate::identity::caller::Caller;
use crate::ports::LiveSubscription;
use crate::{App, AppError};

/// How far before the last event that a watcher saw it is looked for changes, in milliseconds:
/// clocks of workers differ a little, and what one commits first may be announced second.
const OVERLAP_MS: i64 = 5_000;
/// Most days that a watcher is told to have missed; who missed more had better look at everything.
pub const MAX_MISSED: usize = 100;

/// A watch that has begun.
pub struct Watch {
    /// What changes from now on.
    pub events: Box<dyn LiveSubscription>,
    /// What changed since the watcher was last here.
    pub missed: Missed,
    /// When the watch began: what a watcher that comes back has seen, if nothing changed meanwhile.
    pub began_at: UtcMs,
}

/// What a watcher missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// These days, with their versions now. May name days whose change the watcher has seen.
    Days(Vec<(UtcDay, u64)>),
    /// Too much to name, or nobody can say.
    Much,
}

/// Begins to watch the caller's days. `seen` is the commit time of the last change that the caller
/// knows of.
pub async fn watch(app: &App, caller: &Caller, seen: Option<UtcMs>) -> Result<Watch, AppError> {
    caller.require(Scope::Read)?;
    // First this, so that nothing falls in between.
    let events = app.live.subscribe(caller.user);
    let began_at = app.clock.now();
    let missed = match seen {
        None => Missed::Days(Vec::new()),
        Some(seen) if seen > began_at.plus(OVERLAP_MS) => Missed::Much,
        Some(seen) => {
            let days = app.ledger.changed_since(caller.user, seen.plus(-OVERLAP_MS)).await?;
            if days.len() > MAX_MISSED { Missed::Much } else { Missed::Days(days) }
        }
    };
    Ok(Watch { events, missed, began_at })
}
