//! Which answer a client has already.

use http::{HeaderMap, header};

/// Whether the client has an answer with this tag, quotes included, be it weak or strong.
pub fn is_held(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others_weak_or_not() {
        let holds = |text: &str| {
            is_held(&HeaderMap::from_iter([(header::IF_NONE_MATCH, text.parse().unwrap())]), "\"a\"")
        };
        assert!(holds("\"a\"") && holds("\"b\", W/\"a\"") && holds("*"));
        assert!(!holds("\"b\"") && !holds("a") && !is_held(&HeaderMap::new(), "\"a\""));
    }
}
