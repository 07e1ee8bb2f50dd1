//! One parameter of a query, as it was sent. A `+` stands for itself: no parameter has spaces,
//! while offsets (`+02:00`) and zones (`Etc/GMT+5`) have `+`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The text of a parameter, if it is there.
///
/// # Errors
/// What is wrong with it, for people: it is given more than once, or is not UTF-8.
pub(crate) fn only<'a>(query: &'a str, name: &str) -> Result<Option<Cow<'a, str>>, &'static str> {
    let mut found = None;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
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
