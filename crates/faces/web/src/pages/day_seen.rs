//! What is to be seen of a day, and of it what is not dimmed.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_domain::labels::{CategoryName, Labels};
use dayline_domain::report::{Counted, Filter, by_category};
use dayline_domain::{DeviceId, Interval, Piece};

use crate::pages::pieces::all;
use crate::state::WebState;

/// What is to be seen of a day, apps by the names that people know or by those that trackers told.
pub(crate) struct Seen {
    pub(crate) counted: Vec<Piece>,
    pub(crate) outranked: Vec<Piece>,
    /// What counted and is not dimmed.
    pub(crate) lit: Vec<Piece>,
    /// The same by the names that trackers told.
    lit_as_told: Vec<Piece>,
    /// What is not dimmed, its app by the name that is seen.
    pub(crate) filter: Filter,
    pub(crate) labels: Arc<Labels>,
}

impl Seen {
    /// Reads a day, with the names that trackers `told` or with those that people know. Of the latter the
    /// filter may have any of an app's names.
    ///
    /// # Errors
    /// When the ledger can't be read.
    pub(crate) async fn read(
        web: &WebState,
        caller: &Caller,
        window: Option<Interval>,
        filter: &Filter,
        told: bool,
    ) -> Result<Self, AppError> {
        let beside = Beside { outranked: true, away: false };
        let read = timeline(&web.app, caller, window, beside).await?.answer;
        let labels = Arc::clone(read.labels());
        let shown_by = (!told).then_some(&*labels);
        let filter = filter.meant(shown_by).into_owned();
        let as_told = all(read.counted).await?;
        let outranked = match read.outranked {
            Some(outranked) => all(outranked).await?,
            None => Vec::new(),
        };
        let lit_as_told: Vec<_> =
            as_told.iter().filter(|piece| filter.keeps(&piece.source, shown_by)).cloned().collect();
        Ok(Self {
            counted: named(as_told, shown_by),
            outranked: named(outranked, shown_by),
            lit: named(lit_as_told.clone(), shown_by),
            lit_as_told,
            filter,
            labels,
        })
    }

    /// How much of what is not dimmed belongs to each category, in milliseconds.
    pub(crate) fn by_category(&self, window: Interval) -> Vec<(Option<CategoryName>, i64)> {
        let counted = Counted { labels: Some(&self.labels), ..Counted::from(&self.lit_as_told) };
        by_category(counted, window).into_iter().map(|(name, ms)| (name.cloned(), ms)).collect()
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

/// The pieces with the names that apps are shown by, if there is who says so.
fn named(pieces: Vec<Piece>, shown_by: Option<&Labels>) -> Vec<Piece> {
    let Some(labels) = shown_by else { return pieces };
    pieces.into_iter().map(|piece| labels.shown_piece(piece)).collect()
}
