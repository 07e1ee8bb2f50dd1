//! Live events within one process.

use dayline_app::ports::{BoxFuture, DayChanged, LiveEvent, LiveEvents, LiveSubscription};
use dayline_domain::UserId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// All events go to all subscribers, who pick their own.
pub struct FakeLive(broadcast::Sender<DayChanged>);

impl Default for FakeLive {
    fn default() -> Self {
        Self(broadcast::Sender::new(16))
    }
}

impl LiveEvents for FakeLive {
    fn announce(&self, changes: &[DayChanged]) {
        for change in changes {
            // An error says that nobody listens.
            let _ = self.0.send(*change);
        }
    }

    fn subscribe(&self, user: UserId) -> Box<dyn LiveSubscription> {
        Box::new(Subscription { user, events: self.0.subscribe() })
    }
}

struct Subscription {
    user: UserId,
    events: broadcast::Receiver<DayChanged>,
}

impl LiveSubscription for Subscription {
    fn next(&mut self) -> BoxFuture<'_, LiveEvent> {
        Box::pin(async move {
            loop {
                match self.events.recv().await {
                    Ok(change) if change.user == self.user => return LiveEvent::Changed(change),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return LiveEvent::Missed,
                    // The fake lives as long as its test.
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        })
    }
}
