//! The API document as it is served: its examples are of yesterday, so that they can be tried as they
//! are, whenever that is. Not here: what is in it (see [`crate::router::document`]).

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use dayline_domain::{LocalDate, UtcDay, UtcMs};

/// The day of the examples where they are written: 2026-11-20.
const EXAMPLE_DAY: i32 = 20_777;
/// Bytes of a date.
const DATE: usize = "2026-11-20".len();

/// The document.
pub(crate) struct DatedDocument {
    text: String,
    /// As it was served last, and on which day.
    served: Mutex<(UtcDay, Bytes)>,
}

impl DatedDocument {
    /// The document with this text.
    pub(crate) fn new(text: String) -> Self {
        let served = Mutex::new((UtcDay(EXAMPLE_DAY + 1), Bytes::from(text.clone())));
        Self { text, served }
    }

    /// As it is served now.
    pub(crate) fn at(&self, now: UtcMs) -> Bytes {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        if served.0 != now.day() {
            *served = (now.day(), moved(&self.text, now.day().0 - 1 - EXAMPLE_DAY).into());
        }
        served.1.clone()
    }
}

/// The text with every date in it so many days later.
fn moved(text: &str, days: i32) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, date, after)) = next_date(rest) {
        moved.push_str(before);
        moved.push_str(&LocalDate(date.0 + days).to_string());
        rest = after;
    }
    moved + rest
}

/// The first date of a text, with what is before and after it.
fn next_date(text: &str) -> Option<(&str, LocalDate, &str)> {
    let dash = |at: &usize| text.as_bytes()[*at] == b'-';
    let starts = (4..text.len()).filter(dash).map(|dash| dash - 4);
    starts.into_iter().find_map(|start| {
        let date = text.get(start..start + DATE)?.parse().ok()?;
        Some((&text[..start], date, &text[start + DATE..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_of_the_day_that_is_named() {
        assert_eq!(LocalDate(EXAMPLE_DAY).to_string(), "2026-11-20");
    }

    #[test]
    fn every_date_is_moved_and_nothing_else() {
        let text =
            r#"{"at":"2026-11-20T10:00:00Z","to":"2026-12-31","v":"1-2","ü":"2026-13-01","m":"2026-11"}"#;
        let expected =
            r#"{"at":"2027-01-19T10:00:00Z","to":"2027-03-01","v":"1-2","ü":"2026-13-01","m":"2026-11"}"#;
        assert_eq!(moved(text, 60), expected);
        assert_eq!(moved(text, 0), text);
        assert_eq!(moved("", 1), "");
    }

    #[test]
    fn examples_are_of_yesterday_and_stay_so() {
        let document = DatedDocument::new("2026-11-20".to_owned());
        for (day, example) in [(1, "2026-11-20"), (2, "2026-11-21"), (400, "2027-12-24"), (2, "2026-11-21")] {
            let now = UtcDay(EXAMPLE_DAY + day).start().plus(5);
            assert_eq!(document.at(now), example, "{day}");
        }
    }
}
