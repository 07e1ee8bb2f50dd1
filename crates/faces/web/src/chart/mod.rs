//! Charts as pure functions: what is drawn where, in shares of the whole, for templates to write as SVG.
//! Not here: colours (the style sheet has them by class) and words.

mod bars;
mod clock;
mod heat;
mod hues;
mod lane;

pub(crate) use bars::{Bar, bars};
pub(crate) use clock::{Clock, Mark, Tick};
pub(crate) use heat::steps;
pub(crate) use hues::{Hue, Hues};
pub(crate) use lane::{Lane, lane};

/// A part of the whole as SVG takes it.
pub(crate) fn percent(part: i64, whole: i64) -> String {
    let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 };
    let text = format!("{share:.3}");
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
