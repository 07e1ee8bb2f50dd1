//! Bars, one for each day or month of a range, each as high as its time; and the lines behind them.

use crate::chart::percent;

const HOUR_MS: i64 = 3_600_000;
/// Distances between lines, in hours or parts of one: the first that makes at most four of them counts.
const STEPS_MS: [i64; 13] = [
    HOUR_MS / 4,
    HOUR_MS / 2,
    HOUR_MS,
    2 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    24 * HOUR_MS,
    50 * HOUR_MS,
    100 * HOUR_MS,
    200 * HOUR_MS,
    500 * HOUR_MS,
    1_000 * HOUR_MS,
];
/// The part of a bar's room that it takes, in hundredths.
const FILLED: i64 = 72;
/// The widest bar, in hundredths of all: few bars are no walls.
const WIDEST: i64 = 12;

/// Where a bar is, as SVG takes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) width: String,
    pub(crate) height: String,
    /// The middle of it, for its label.
    pub(crate) middle: String,
    /// Where its room begins, and how wide that is.
    pub(crate) room: (String, String),
}

/// The lines behind bars: where each is, and how much time it stands for in milliseconds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(crate) lines: Vec<(String, i64)>,
    top_ms: i64,
}

impl Scale {
    fn up_to(most_ms: i64) -> Self {
        let step = STEPS_MS.into_iter().find(|step| step * 4 >= most_ms).unwrap_or(most_ms);
        let lines = (most_ms + step - 1).div_euclid(step).max(1);
        let top_ms = lines * step;
        let line = |n: i64| (percent(top_ms - n * step, top_ms), n * step);
        Self { lines: (1..=lines).map(line).collect(), top_ms }
    }
}

/// Bars for times in milliseconds, from left to right.
pub(crate) fn bars(times: &[i64]) -> (Scale, Vec<Bar>) {
    let scale = Scale::up_to(times.iter().copied().max().unwrap_or(0));
    let rooms = times.len() as i64;
    let filled = FILLED.min(WIDEST * rooms);
    let bar = |(n, &ms): (i64, &i64)| Bar {
        x: percent(n * 200 + 100 - filled, rooms * 200),
        y: percent(scale.top_ms - ms, scale.top_ms),
        width: percent(filled, rooms * 100),
        height: percent(ms, scale.top_ms),
        middle: percent(n * 2 + 1, rooms * 2),
        room: (percent(n, rooms), percent(1, rooms)),
    };
    let drawn = (0..).zip(times).map(bar).collect();
    (scale, drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_side_by_side_and_are_as_high_as_their_time() {
        let (scale, bars) = bars(&[2 * HOUR_MS, 0, HOUR_MS, 4 * HOUR_MS]);
        assert_eq!(scale.top_ms, 4 * HOUR_MS);
        let placed: Vec<_> =
            bars.iter().map(|bar| (bar.x.as_str(), bar.y.as_str(), bar.height.as_str())).collect();
        let expected = [
            ("6.5%", "50%", "50%"),
            ("31.5%", "100%", "0%"),
            ("56.5%", "75%", "25%"),
            ("81.5%", "0%", "100%"),
        ];
        assert_eq!(placed, expected);
        assert_eq!((bars[1].middle.as_str(), bars[1].width.as_str()), ("37.5%", "12%"));
    }

    #[test]
    fn lines_are_few_and_at_full_hours_where_there_are_hours() {
        for most in
            [0, 1, 60_000, HOUR_MS, 7 * HOUR_MS, 11 * HOUR_MS, 24 * HOUR_MS, 250 * HOUR_MS, 9_999 * HOUR_MS]
        {
            let scale = Scale::up_to(most);
            assert!((1..=4).contains(&scale.lines.len()), "{most}: {scale:?}");
            assert!(scale.top_ms >= most && scale.top_ms > 0, "{most}: {scale:?}");
        }
        let lines: Vec<_> = Scale::up_to(7 * HOUR_MS).lines.iter().map(|(_, ms)| ms / HOUR_MS).collect();
        assert_eq!(lines, [2, 4, 6, 8]);
    }

    #[test]
    fn no_bars_are_drawn_for_nothing() {
        assert_eq!(bars(&[]).1, []);
    }
}
