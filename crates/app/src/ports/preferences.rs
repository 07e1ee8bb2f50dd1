//! What people prefer: the choices that the rule depends on, how their days and weeks begin, and what else is kept.
//! Not here: what follows from a change (see [`crate::tracking`]).

use dayline_domain::{Preferences, UserId};

use super::future::PortFuture;

/// People's preferences.
pub trait PreferenceStore: Send + Sync {
    /// A person's preferences; those of [`Preferences::default`] if none were ever set, `None` if
    /// there is no such person.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn preferences(&self, user: UserId) -> PortFuture<'_, Option<Preferences>>;

    /// Whether a person keeps foreign trackers' events as they came; false if there is no such person. It is
    /// asked for with each event: an implementation may answer from memory for a minute, and while the store is
    /// away for as long as it is. Who keeps an event is told the truth ([`RawEvents`](super::RawEvents)).
    ///
    /// # Errors
    ///
    /// As [`PreferenceStore::preferences`].
    fn keeps_raw_events(&self, user: UserId) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let preferences = self.preferences(user).await?;
            Ok(preferences.is_some_and(|preferences| preferences.raw_event_days.days() > 0))
        })
    }

    /// Sets them; false if there is no such person.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn set_preferences(&self, user: UserId, preferences: Preferences) -> PortFuture<'_, bool>;
}
