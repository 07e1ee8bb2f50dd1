//! One parameter of a query, as it was sent. A `+` stands for itself, as in offsets (`+02:00`); that of
//! zones is for [`crate::query`] to tell.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The text of a parameter, if it is there.
///
/// # Errors
/// What is wrong with it, for people: it is given more than once, or is not UTF-8.
pub(crate) fn only<'a>(query: &'a str, name: &str) -> Result<Option<Cow<'a, str>>, &'static str> {
    let mut found = None;
    for (key, value) in pairs(query) {
        if percent_decode_str(key).ne(name.bytes()) {
            continue;
        }
        if found.replace(value).is_some() {
            return Err("must be given only once");
        }
    }
    let text = found.map(|value| percent_decode_str(value).decode_utf8());
    text.transpose().map_err(|_| "must be utf-8")
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
