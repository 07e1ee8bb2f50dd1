//! Names with their time, the most first, each with a bar.

use crate::chart::{Hue, percent};
use crate::show::duration;

/// A line of a list.
pub(crate) struct Rank {
    pub(crate) name: String,
    /// The page about it.
    pub(crate) href: String,
    /// The colour's class.
    pub(crate) class: &'static str,
    /// How long its bar is, as SVG takes it.
    pub(crate) width: String,
    pub(crate) time: String,
    /// Which part of all it is, in percent, rounded.
    pub(crate) share: String,
}

/// Names with their times and hues, without what has no name.
pub(crate) fn named<T>(
    sums: &[(T, i64)],
    name: impl Fn(&T) -> Option<&str>,
    hue: impl Fn(&T) -> Hue,
) -> Vec<(String, i64, Hue)> {
    sums.iter().filter_map(|(of, ms)| Some((name(of)?.to_owned(), *ms, hue(of)))).collect()
}

/// The lines of names with their times in milliseconds, which come most first.
pub(crate) fn ranks(
    named: impl IntoIterator<Item = (String, i64, Hue)>,
    all_ms: i64,
    href: impl Fn(&str) -> String,
) -> Vec<Rank> {
    let named: Vec<_> = named.into_iter().filter(|(_, ms, _)| *ms > 0).collect();
    let most = named.first().map_or(0, |(_, ms, _)| *ms);
    let rank = |(name, ms, hue): (String, i64, Hue)| Rank {
        href: href(&name),
        class: hue.class(),
        width: percent(ms, most),
        time: duration(ms),
        share: share(ms, all_ms),
        name,
    };
    named.into_iter().map(rank).collect()
}

/// Which part of all it is, in percent; nothing of nothing.
pub(crate) fn share(ms: i64, all_ms: i64) -> String {
    match (ms * 200 + all_ms).checked_div(all_ms * 2) {
        None => String::new(),
        Some(0) => "< 1 %".to_owned(),
        Some(whole) => format!("{whole} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_compare_with_the_largest_and_shares_with_all() {
        let named = [("Code", 60_000), ("Mail", 30_000), ("Clock", 100), ("Idle", 0)];
        let named = named.map(|(name, ms)| (name.to_owned(), ms, Hue::Neutral));
        let ranks = ranks(named, 120_000, |name| format!("/app/{name}"));
        let lines: Vec<_> =
            ranks.iter().map(|rank| (rank.href.as_str(), rank.width.as_str(), rank.share.as_str())).collect();
        assert_eq!(
            lines,
            [("/app/Code", "100%", "50 %"), ("/app/Mail", "50%", "25 %"), ("/app/Clock", "0.167%", "< 1 %")]
        );
    }
}
