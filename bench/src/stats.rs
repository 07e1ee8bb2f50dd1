//! Medians, percentiles, and the table they are shown in.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

/// Results of one claim.
#[derive(Serialize)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn to_markdown(&self) -> String {
        let mut text = format!("\n### {}\n\n| {} |\n|", self.title, self.columns.join(" | "));
        text.push_str(&"---|".repeat(self.columns.len()));
        for row in &self.rows {
            // Writing to a string can't fail.
            let _ = write!(text, "\n| {} |", row.join(" | "));
        }
        text.push('\n');
        text
    }
}

/// The value below which the fraction `p` of the sorted values lies.
pub(crate) fn percentile(sorted: &[Duration], p: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * p).round() as usize).copied().unwrap_or_default()
}

/// Median and spread of several rounds, as `median (least–most)`.
pub(crate) fn spread(values: &[f64]) -> (f64, String) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let (least, most) =
        (sorted.first().copied().unwrap_or_default(), sorted.last().copied().unwrap_or_default());
    (median, format!("{} ({}–{})", grouped(median), grouped(least), grouped(most)))
}

/// A whole number with thin groups of three digits.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
}

/// Milliseconds with two decimals.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1_000.0)
}

/// Bytes in MiB.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(1_234_567.4), "1,234,567");
        assert_eq!(grouped(12.0), "12");
    }

    #[test]
    fn a_spread_names_the_median_and_the_ends() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (2.0, "2 (1–3)".to_owned()));
    }

    #[test]
    fn percentiles_come_from_the_sorted_values() {
        let values: Vec<Duration> = (0..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 0.99), Duration::from_millis(99));
        assert_eq!(percentile(&[], 0.5), Duration::ZERO);
    }
}
