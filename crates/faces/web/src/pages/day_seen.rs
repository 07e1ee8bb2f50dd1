//! What is to be seen of a day, and of it what is not dimmed.

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_domain::report::Filter;
use dayline_domain::{DeviceId, Interval, Piece};

use crate::pages::pieces::all;
use crate::state::WebState;

/// What is to be seen of a day, apps by the names that people know.
pub(crate) struct Seen {
    pub(crate) counted: Vec<Piece>,
    pub(crate) outranked: Vec<Piece>,
    /// What is not dimmed; its app is the one that is meant, by the name that is seen.
    pub(crate) filter: Filter,
}

impl Seen {
    /// Reads a day.
    ///
    /// # Errors
    /// When the ledger can't be read.
    pub(crate) async fn read(
        web: &WebState,
        caller: &Caller,
        window: Option<Interval>,
        filter: &Filter,
    ) -> Result<Self, AppError> {
        let beside = Beside { outranked: true, away: false };
        let read = timeline(&web.app, caller, window, beside).await?.answer;
        let filter = filter.meant(Some(read.labels())).into_owned();
        let read = read.with_shown_names();
        let counted = all(read.counted).await?;
        let outranked = match read.outranked {
            Some(outranked) => all(outranked).await?,
            None => Vec::new(),
        };
        Ok(Self { counted, outranked, filter })
    }

    /// What counted and is not dimmed.
    pub(crate) fn lit(&self) -> Vec<Piece> {
        self.counted.iter().filter(|piece| self.filter.keeps(&piece.source, None)).cloned().collect()
    }

    /// The devices on which anything was.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.counted.iter().chain(&self.outranked).map(|piece| &piece.source.device)
    }

    /// Whether no device had anything.
    pub(crate) fn is_nothing(&self) -> bool {
        self.counted.is_empty() && self.outranked.is_empty()
    }
}
