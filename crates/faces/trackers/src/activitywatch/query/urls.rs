//! Parts of web addresses in events, after the reference's `split_url_events`.

use std::sync::Arc;

use serde_json::Value as Json;

use super::value::{Event, weight};

/// Gives each event that has a `url` its parts.
pub(super) fn split_url_events(mut events: Vec<Event>) -> Vec<Event> {
    for event in &mut events {
        let Some(Json::String(url)) = event.data.get("url") else { continue };
        let parts = Parts::of(url);
        let members = [
            ("$protocol", parts.scheme.to_ascii_lowercase()),
            ("$domain", parts.domain()),
            ("$path", parts.path.to_owned()),
            ("$params", parts.params.to_owned()),
            ("$options", parts.query.to_owned()),
            ("$identifier", parts.fragment.to_owned()),
        ];
        let mut data = (*event.data).clone();
        data.extend(members.map(|(name, part)| (name.to_owned(), Json::String(part))));
        event.weight = weight(serde_json::to_string(&data).unwrap_or_default().len());
        event.data = Arc::new(data);
    }
    events
}

/// An address as RFC 3986 has it, and the parameters of its path's last segment. What it lacks is empty.
struct Parts<'a> {
    scheme: &'a str,
    authority: &'a str,
    path: &'a str,
    params: &'a str,
    query: &'a str,
    fragment: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (scheme, rest) =
            rest.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).unwrap_or(("", rest));
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let segment = path.rfind('/').unwrap_or(0);
        let (path, params) = match path[segment..].find(';') {
            Some(at) => (&path[..segment + at], &path[segment + at + 1..]),
            None => (path, ""),
        };
        Self { scheme, authority, path, params, query, fragment }
    }

    /// Where it leads to. Addresses that lead to no host stand together by their scheme.
    fn domain(&self) -> String {
        if self.authority.is_empty() {
            return self.scheme.to_ascii_lowercase();
        }
        self.authority.strip_prefix("www.").unwrap_or(self.authority).to_owned()
    }
}

fn is_scheme(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dayline_domain::UtcMs;
    use serde_json::json;

    use super::*;

    fn parts(url: &Json) -> Vec<String> {
        let data = Arc::new(BTreeMap::from([("url".to_owned(), url.clone())]));
        let event = Event { number: None, start: UtcMs(0), end: UtcMs(1), data, weight: 1 };
        let split = split_url_events(vec![event]).remove(0);
        let names = ["$protocol", "$domain", "$path", "$params", "$options", "$identifier"];
        names.iter().filter_map(|name| Some(split.data.get(*name)?.as_str()?.to_owned())).collect()
    }

    #[test]
    fn addresses_are_split_as_the_reference_does() {
        for (url, expected) in [
            ("https://www.example.org/a/b;c?d=e&f#g", ["https", "example.org", "/a/b", "c", "d=e&f", "g"]),
            ("HTTP://example.org:8080", ["http", "example.org:8080", "", "", "", ""]),
            ("https://wwww.org?x=/y", ["https", "wwww.org", "", "", "x=/y", ""]),
            ("file:///home/ada/x.pdf", ["file", "file", "/home/ada/x.pdf", "", "", ""]),
            ("about:blank", ["about", "about", "blank", "", "", ""]),
            ("example.org/a:b", ["", "", "example.org/a:b", "", "", ""]),
            ("", ["", "", "", "", "", ""]),
        ] {
            assert_eq!(parts(&json!(url)), expected, "{url}");
        }
        assert_eq!(parts(&json!(7)), [""; 0]);
    }
}
