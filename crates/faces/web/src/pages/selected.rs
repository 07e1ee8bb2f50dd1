//! Which days, and what of them, a table or a sheet is asked for.

use dayline_app::reporting::filters::FilterAsked;
use dayline_http_kit::query::{FromParams, Params};

use crate::pages::filtered::filter;
use crate::pages::range::Asked;

/// The days, and of what.
pub(crate) struct Selected {
    pub(super) days: Asked,
    pub(super) filter: FilterAsked,
}

impl FromParams for Selected {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { days: Asked::from_params(params), filter: filter(params) }
    }
}
