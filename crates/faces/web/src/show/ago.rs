//! How long ago something was.

use dayline_domain::UtcMs;

const MINUTE_MS: i64 = 60_000;

/// `just now`, `5 min ago`, `3 h ago`, `12 days ago`.
pub(crate) fn ago(now: UtcMs, at: UtcMs) -> String {
    let minutes = now.since(at) / MINUTE_MS;
    match (minutes / 1_440, minutes / 60, minutes) {
        (days @ 2.., ..) => format!("{days} days ago"),
        (1, ..) => "a day ago".to_owned(),
        (_, hours @ 1.., _) => format!("{hours} h ago"),
        (_, _, minutes @ 1..) => format!("{minutes} min ago"),
        _ => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_long_ago_is_told_less_exactly() {
        let told = |minutes: i64| ago(UtcMs(minutes * MINUTE_MS), UtcMs(0));
        let cases = [
            (-5, "just now"),
            (0, "just now"),
            (1, "1 min ago"),
            (59, "59 min ago"),
            (60, "1 h ago"),
            (1_440, "a day ago"),
            (4_000, "2 days ago"),
        ];
        for (minutes, text) in cases {
            assert_eq!(told(minutes), text);
        }
    }
}
