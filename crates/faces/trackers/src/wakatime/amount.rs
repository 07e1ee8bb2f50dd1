//! Amounts of time as this wire writes them.

use serde::Serialize;

/// What has no name of its own, such as time without a project.
const NO_NAME: &str = "Unknown";

/// An amount of time. Clients read hours and minutes as integers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Amount {
    /// `3:05`.
    digital: String,
    /// Hours with two digits after the point, as a text.
    decimal: String,
    hours: i64,
    minutes: i64,
    /// `3 hrs 5 mins`.
    pub(super) text: String,
    pub(super) total_seconds: f64,
}

/// A named part of an amount.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Entry {
    name: String,
    #[serde(flatten)]
    amount: Amount,
    /// What is left beside hours and minutes.
    seconds: i64,
    /// Of the whole, with two digits after the point.
    percent: f64,
}

impl Amount {
    /// An amount of milliseconds.
    pub(super) fn of(ms: i64) -> Self {
        let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
        Self {
            digital: format!("{hours}:{minutes:02}"),
            decimal: format!("{:.2}", ms as f64 / 3_600_000.0),
            hours,
            minutes,
            text: text(ms),
            total_seconds: seconds(ms),
        }
    }
}

/// Milliseconds as seconds.
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

/// An amount in words: seconds only where there is no minute.
fn text(ms: i64) -> String {
    let several = |n: i64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
    let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
    match (hours, minutes) {
        (0, 0) => several(ms / 1_000, "sec"),
        (0, _) => several(minutes, "min"),
        (_, 0) => several(hours, "hr"),
        _ => format!("{} {}", several(hours, "hr"), several(minutes, "min")),
    }
}

/// Named parts of a whole, in their order.
pub(super) fn entries(parts: impl IntoIterator<Item = (Option<String>, i64)>, whole_ms: i64) -> Vec<Entry> {
    let percent = |ms: i64| (ms as f64 * 10_000.0 / whole_ms.max(1) as f64).round() / 100.0;
    let entry = |(name, ms): (Option<String>, i64)| Entry {
        name: name.unwrap_or_else(|| NO_NAME.to_owned()),
        amount: Amount::of(ms),
        seconds: ms / 1_000 % 60,
        percent: percent(ms),
    };
    parts.into_iter().map(entry).collect()
}

/// What a name is written as where there is none.
pub(super) fn name_or_none(name: Option<&str>) -> &str {
    name.unwrap_or(NO_NAME)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_told_in_the_units_that_fit() {
        for (ms, text) in [
            (0, "0 secs"),
            (1_999, "1 sec"),
            (59_999, "59 secs"),
            (60_000, "1 min"),
            (3_599_999, "59 mins"),
            (3_600_000, "1 hr"),
            (3_660_000, "1 hr 1 min"),
            (7_500_000, "2 hrs 5 mins"),
        ] {
            assert_eq!(Amount::of(ms).text, text);
        }
    }

    #[test]
    fn hours_minutes_and_seconds_are_integers() {
        let entry = &entries([(None, 3_725_500)], 7_451_000)[0];
        let expected = json!({"name": "Unknown", "digital": "1:02", "decimal": "1.03", "hours": 1, "minutes": 2,
            "seconds": 5, "text": "1 hr 2 mins", "total_seconds": 3_725.5, "percent": 50.0});
        assert_eq!(serde_json::to_value(entry).unwrap(), expected);
    }

    #[test]
    fn nothing_of_nothing_is_no_percent() {
        assert_eq!(entries([(Some("a".into()), 0)], 0)[0].percent.to_bits(), 0.0_f64.to_bits());
    }
}
