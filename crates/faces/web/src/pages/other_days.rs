//! The form that leads to the same page of any other days.

use dayline_domain::LocalDate;
use dayline_domain::report::Filter;

use crate::pages::filtered::FILTERS;

/// The form, with the days that are shown.
pub(crate) struct OtherDays {
    /// Where it leads, from the base on.
    pub(crate) action: String,
    pub(crate) from: LocalDate,
    pub(crate) to: LocalDate,
    /// What else the page is asked by, which stays.
    pub(crate) kept: Vec<(&'static str, String)>,
}

impl OtherDays {
    /// The form of a page that is asked by days alone.
    pub(crate) fn of(action: String, from: LocalDate, to: LocalDate) -> Self {
        Self { action, from, to, kept: Vec::new() }
    }

    /// The form of a page that is asked by a filter as well.
    #[must_use]
    pub(crate) fn filtered(self, filter: &Filter) -> Self {
        let given = FILTERS.into_iter().zip(filter.texts());
        let kept = given.filter_map(|(name, text)| Some((name, text?.to_owned()))).collect();
        Self { kept, ..self }
    }
}
