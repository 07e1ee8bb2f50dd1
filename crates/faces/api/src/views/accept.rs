//! Which of the two forms of an answer a client wants, from its `Accept` header.

use http::{HeaderMap, header};

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// `application/json`, also for clients that take anything or name neither.
    Json,
    /// `text/csv`, only for clients that prefer it.
    Csv,
}

impl Format {
    /// What the client prefers; JSON if both are as good.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        match preferred(headers, ["application/json", "text/csv"]) {
            0 => Self::Json,
            _ => Self::Csv,
        }
    }
}

/// Which of two media types the client prefers; the first if both are as good.
pub(crate) fn preferred(headers: &HeaderMap, offers: [&str; 2]) -> usize {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let mut preferences = offers.map(Preference::of);
    for range in lines.flat_map(|line| line.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        for preference in &mut preferences {
            preference.consider(&name, quality.unwrap_or(0.0));
        }
    }
    let [first, second] = preferences;
    usize::from(second.quality > first.quality)
}

/// How much a client likes one form; the most specific range decides (RFC 9110, section 12.5.1).
struct Preference<'a> {
    offer: &'a str,
    specificity: u8,
    quality: f32,
}

impl<'a> Preference<'a> {
    fn of(offer: &'a str) -> Self {
        Self { offer, specificity: 0, quality: 0.0 }
    }

    fn consider(&mut self, range: &str, quality: f32) {
        let group = range.strip_suffix('*').filter(|group| group.ends_with('/'));
        let specificity = match group {
            None if range == self.offer => 3,
            Some("*/") => 1,
            Some(group) if self.offer.starts_with(group) => 2,
            _ => return,
        };
        if specificity > self.specificity {
            (self.specificity, self.quality) = (specificity, quality);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_given_only_to_those_who_prefer_it() {
        let wanted = |accept: &str| {
            let headers = [(header::ACCEPT, accept.parse().unwrap())].into_iter().collect();
            Format::preferred(&headers)
        };
        for accept in ["text/csv", "TEXT/CSV; charset=utf-8", "text/csv, application/json;q=0.9", "text/*"] {
            assert_eq!(wanted(accept), Format::Csv, "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "text/csv;q=0",
            "text/html",
            "text/csv;q=0.5, application/json",
            "text/csv;q=x",
        ] {
            assert_eq!(wanted(accept), Format::Json, "{accept}");
        }
        assert_eq!(Format::preferred(&HeaderMap::new()), Format::Json);
    }
}
