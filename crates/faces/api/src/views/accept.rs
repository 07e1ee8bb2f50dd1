//! Which of the two forms of an answer a client wants, from its `Accept` header.

use http::{HeaderMap, header};

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// `application/json`, also for clients that take anything or name neither.
    Json,
    /// `text/csv`
    Csv,
}

impl Format {
    /// What the client prefers; JSON if both are as good.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
        let (mut json, mut csv) = (Preference::default(), Preference::default());
        for range in lines.flat_map(|line| line.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            let quality = quality.unwrap_or(0.0);
            json.consider(&name, ["application/json", "application/*"], quality);
            csv.consider(&name, ["text/csv", "text/*"], quality);
        }
        if csv.quality > json.quality { Self::Csv } else { Self::Json }
    }
}

/// How much a client likes one form; the most specific range decides (RFC 9110, section 12.5.1).
#[derive(Default)]
struct Preference {
    specificity: u8,
    quality: f32,
}

impl Preference {
    fn consider(&mut self, range: &str, [exact, group]: [&str; 2], quality: f32) {
        let specificity = match range {
            _ if range == exact => 3,
            _ if range == group => 2,
            "*/*" => 1,
            _ => return,
        };
        if specificity > self.specificity {
            *self = Self { specificity, quality };
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
