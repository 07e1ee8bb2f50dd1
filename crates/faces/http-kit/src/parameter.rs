//! One parameter of a query, as it was sent.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What a `+` stands for that is not written as `%2B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plus {
    /// A blank, as forms write it.
    Blank,
    /// Itself, as people write offsets (`+02:00`).
    Itself,
}

/// The text of a parameter, if it is there.
///
/// # Errors
/// What is wrong with it, for people: it is given more than once, or is not UTF-8.
pub(crate) fn only(query: &str, name: &str, plus: Plus) -> Result<Option<String>, &'static str> {
    let mut found = None;
    for (key, value) in pairs(query) {
        if percent_decode_str(key).ne(name.bytes()) {
            continue;
        }
        if found.replace(value).is_some() {
            return Err("must be given only once");
        }
    }
    found.map(|value| text(value, plus)).transpose()
}

fn text(value: &str, plus: Plus) -> Result<String, &'static str> {
    let value = match plus {
        Plus::Blank => Cow::Owned(value.replace('+', " ")),
        Plus::Itself => Cow::Borrowed(value),
    };
    let text = percent_decode_str(&value).decode_utf8().map_err(|_| "must be utf-8")?;
    Ok(text.into_owned())
}

/// The first parameter that is none of the known ones, as far as its name can be read.
pub fn unknown(query: &str, known: &[String]) -> Option<String> {
    let is_known = |key: &str| known.iter().any(|known| percent_decode_str(key).eq(known.bytes()));
    let mut given = pairs(query).filter(|(key, value)| !key.is_empty() || !value.is_empty());
    let (key, _) = given.find(|(key, _)| !is_known(key))?;
    Some(percent_decode_str(key).decode_utf8_lossy().into_owned())
}

/// Names and values, as they were sent.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_found_however_it_is_written() {
        let known = ["date", "tz"].map(str::to_owned);
        for query in ["", "&", "date=2026-11-20", "d%61te=x&&tz=UTC&", "tz"] {
            assert_eq!(unknown(query, &known), None, "{query}");
        }
        for (query, name) in
            [("dat=1", "dat"), ("date=1&x", "x"), ("Date=1", "Date"), ("=1", ""), ("%ff=1", "\u{fffd}")]
        {
            assert_eq!(unknown(query, &known).as_deref(), Some(name), "{query}");
        }
        assert_eq!(unknown("date=1", &[]).as_deref(), Some("date"));
    }
}
