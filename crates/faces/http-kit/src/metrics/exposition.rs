//! The forms in which metrics are shown. They differ in what a counter is called where it is described, and in what
//! only one of them has.

/// A form in which metrics are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus' own text format.
    Prometheus,
    /// `OpenMetrics`, its successor.
    OpenMetrics,
}

impl Exposition {
    /// All of them, the one for clients that take anything first.
    pub const ALL: [Self; 2] = [Self::Prometheus, Self::OpenMetrics];

    /// Its media type, with the version.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// `OpenMetrics` text in Prometheus' own format.
pub(super) fn as_prometheus(text: &str) -> String {
    let is_counter = |name: &str| text.contains(&format!("# TYPE {name} counter\n"));
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("UNIT" | "EOF"), ..) => continue,
            (Some("#"), Some(what), Some(name), Some(rest)) if is_counter(name) => {
                plain.extend(["# ", what, " ", name, "_total ", rest]);
            }
            _ => plain.push_str(line),
        }
        plain.push('\n');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_described_by_the_name_of_its_samples() {
        let text = "# HELP a_things Things.\n# TYPE a_things counter\na_things_total{b=\"c\"} 1\n\
            # HELP a_lag_seconds Lag.\n# TYPE a_lag_seconds histogram\n# UNIT a_lag_seconds seconds\n\
            a_lag_seconds_bucket{le=\"+Inf\"} 1\n# EOF\n";
        let plain = "# HELP a_things_total Things.\n# TYPE a_things_total counter\na_things_total{b=\"c\"} 1\n\
            # HELP a_lag_seconds Lag.\n# TYPE a_lag_seconds histogram\na_lag_seconds_bucket{le=\"+Inf\"} 1\n";
        assert_eq!(as_prometheus(text), plain);
    }
}
