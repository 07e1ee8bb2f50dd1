//! What a simulated person does on one device: a walk through apps and pages, with breaks.

use dayline_domain::{Interval, UtcMs};

use crate::dice::Dice;

/// An app, and in a browser the page: what is sent, and the domain the server must make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doing {
    pub(super) app: &'static str,
    pub(super) page: Option<(&'static str, &'static str)>,
}

const fn app(app: &'static str) -> Doing {
    Doing { app, page: None }
}

const fn page(url: &'static str, domain: &'static str) -> Doing {
    Doing { app: "Firefox", page: Some((url, domain)) }
}

const DOINGS: [Doing; 14] = [
    app("Code"),
    app("Terminal"),
    app("Slack"),
    app("Thunderbird"),
    app("LibreOffice Calc"),
    app("プレビュー"),
    app("Zoom Workplace"),
    app("Firefox"),
    page("https://github.com/dayline/dayline/pull/12?diff=split", "github.com"),
    page("https://www.example.org/articles?id=5#top", "example.org"),
    page("https://docs.rs/tokio/latest/tokio/", "docs.rs"),
    page("http://localhost:3000/admin", "localhost"),
    page("https://Bücher.example/katalog", "xn--bcher-kva.example"),
    page("https://user:secret@intranet.example.com:8443/wiki", "intranet.example.com"),
];

/// A ping before it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) doing: Doing,
    pub(super) interval: Interval,
}

/// One device's walk.
#[derive(Debug)]
pub(super) struct Habits {
    dice: Dice,
    /// What is being done; none is a break.
    now: Option<Doing>,
    until: UtcMs,
}

impl Habits {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, now: None, until: UtcMs(i64::MIN) }
    }

    /// What the tracker sees in an interval: the pieces between changes, none during a break.
    pub(super) fn observe(&mut self, interval: Interval) -> Vec<Seen> {
        let mut seen = Vec::new();
        let mut at = interval.start();
        while at < interval.end() {
            if self.until <= at {
                self.change(at);
            }
            let end = self.until.min(interval.end());
            if let (Some(doing), Some(interval)) = (self.now, Interval::new(at, end)) {
                seen.push(Seen { doing, interval });
            }
            at = end;
        }
        seen
    }

    /// Something from any time in the hours before, as from a device that had no network.
    pub(super) fn recall(&mut self, before: UtcMs) -> Seen {
        let length_ms = self.dice.between(1, 300_000) as i64;
        let start = before.plus(-length_ms - self.dice.below(20 * 3_600_000) as i64);
        // At least a millisecond long by construction.
        let interval = Interval::new(start, start.plus(length_ms)).unwrap_or(UtcMs(0).day().interval());
        Seen { doing: *self.dice.pick(&DOINGS), interval }
    }

    fn change(&mut self, at: UtcMs) {
        self.now = (!self.dice.one_in(12)).then(|| *self.dice.pick(&DOINGS));
        // Mostly short, sometimes long: as people are.
        let longest_ms = *self.dice.pick(&[15_000, 60_000, 60_000, 600_000]);
        self.until = at.plus(self.dice.between(2_000, longest_ms) as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(UtcMs(start), UtcMs(end)).unwrap()
    }

    #[test]
    fn what_is_seen_lies_in_the_interval_without_overlaps() {
        let mut habits = Habits::new(Dice::new(1));
        let mut total_ms = 0;
        for tick in 0..1_000 {
            let whole = interval(tick * 5_000, tick * 5_000 + 5_000);
            let seen = habits.observe(whole);
            assert!(seen.iter().all(|seen| seen.interval.clip(whole) == Some(seen.interval)));
            assert!(seen.array_windows().all(|[a, b]| a.interval.end() <= b.interval.start()));
            total_ms += seen.iter().map(|seen| seen.interval.ms()).sum::<i64>();
        }
        assert!((2_500_000..5_000_000).contains(&total_ms), "breaks are rare but there: {total_ms}");
    }

    #[test]
    fn the_same_dice_give_the_same_day() {
        let day = || Habits::new(Dice::new(5)).observe(interval(0, 3_600_000));
        assert_eq!(day(), day());
    }

    #[test]
    fn recalled_pings_are_past_and_at_most_a_day_old() {
        let mut habits = Habits::new(Dice::new(1));
        let now = UtcMs(1_795_000_000_000);
        for _ in 0..1_000 {
            let seen = habits.recall(now).interval;
            assert!(seen.end() <= now && now.since(seen.start()) < 86_400_000 && seen.ms() <= 300_000);
        }
    }
}
