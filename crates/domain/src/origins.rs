//! Web addresses in texts, of which no more than the origin may be kept.
//! Not here: what a domain is (see [`crate::names`]), and which texts there are.

use std::borrow::Cow;

const SCHEMES: [&str; 2] = ["https:", "http:"];

/// The text with each web address in it cut to its origin: scheme, host and port. One that is all of the text goes to the
/// text's end, whatever is in it; one inside goes to the next white space, quote or angle bracket.
pub fn with_origins_alone(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if let Some((scheme, rest)) = address_at(trimmed, 0) {
        return Cow::Owned(origin(scheme, rest));
    }
    let mut kept = String::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find(':') {
        let colon = at + found;
        at = colon + 1;
        let Some((start, scheme)) = scheme_before(text, from, at) else { continue };
        let Some((_, rest)) = address_at(text, start) else { continue };
        let length = rest.find(ends_address).unwrap_or(rest.len());
        kept.push_str(&text[from..start]);
        kept.push_str(&origin(scheme, &rest[..length]));
        from = text.len() - rest.len() + length;
        at = from;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[from..]);
    Cow::Owned(kept)
}

/// The scheme that ends with the colon before `end`, and where it begins, not before `from`.
fn scheme_before(text: &str, from: usize, end: usize) -> Option<(usize, &'static str)> {
    SCHEMES.into_iter().find_map(|scheme| {
        let start = end.checked_sub(scheme.len()).filter(|start| *start >= from)?;
        text.get(start..end)?.eq_ignore_ascii_case(scheme).then_some((start, scheme))
    })
}

/// The scheme of an address that begins there, and what comes after it and its slashes; browsers take either kind of slash,
/// and any number.
fn address_at(text: &str, start: usize) -> Option<(&'static str, &str)> {
    let text = text.get(start..)?;
    let scheme = SCHEMES
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(scheme)))?;
    let rest = &text[scheme.len()..];
    let host = rest.trim_start_matches(['/', '\\']);
    (host.len() < rest.len()).then_some((scheme, host))
}

/// What comes before path, query and fragment, without credentials.
fn origin(scheme: &str, rest: &str) -> String {
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(ends_address).next().unwrap_or_default();
    format!("{scheme}//{host}")
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_to_its_origin() {
        for (text, kept) in [
            ("https://example.org/a/b?c=d#e", "https://example.org"),
            ("http://example.org:8080/secret", "http://example.org:8080"),
            ("HTTPS://Example.org?secret", "https://Example.org"),
            ("https://ada:secret@example.org/", "https://example.org"),
            ("https://a@secret@example.org#x", "https://example.org"),
            ("https://[::1]:8080/secret", "https://[::1]:8080"),
            (" \t\nhttps://example.org/secret \n", "https://example.org"),
            ("https:/example.org/secret", "https://example.org"),
            ("https:\\\\example.org\\secret", "https://example.org"),
            ("https:///example.org/secret", "https://example.org"),
            ("https://example.org/with spaces/secret", "https://example.org"),
            ("https://exam ple.org/secret", "https://exam"),
            ("https://", "https://"),
        ] {
            assert_eq!(with_origins_alone(text), kept, "{text}");
        }
    }

    #[test]
    fn an_address_inside_a_text_is_cut_and_the_text_around_it_stays() {
        for (text, kept) in [
            ("see https://example.org/secret for more", "see https://example.org for more"),
            ("view-source:https://example.org/secret", "view-source:https://example.org"),
            (
                "é \"http://a.example/secret\", <HTTPS://b.example/secret>: two",
                "é \"http://a.example\", <https://b.example>: two",
            ),
            ("back: http://a.example/secret", "back: http://a.example"),
        ] {
            assert_eq!(with_origins_alone(text), kept, "{text}");
        }
    }

    #[test]
    fn what_is_no_web_address_stays_as_it_is() {
        for text in
            ["", "https", "https: how it works", "ftp://example.org/a", "doc A - editor", "a:b:c", "é:ü"]
        {
            assert_eq!(with_origins_alone(text), text);
        }
    }
}
