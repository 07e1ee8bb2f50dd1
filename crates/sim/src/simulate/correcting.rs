//! What a simulated person says about their own time: entries that come, change and go, and
//! erasures. Pure: it only decides what is said when.

use dayline_domain::{Interval, UtcMs};

use super::catalog::{OCCASIONS, SITES, WORKS};
use crate::dice::Dice;

/// A person says something at one in so many ticks.
const RARELY: u64 = 25;
/// How far back they look, in ticks.
const LOOKS_BACK: u64 = 60;
/// The longest stretch that they speak of, in ticks.
const LONGEST: u64 = 4;

/// Something that a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// This is what I did.
    Enter(Occasion),
    /// One of the entries that were made here, the n-th of them and round again, was meant like
    /// this.
    Change(u64, Occasion),
    /// One of the entries that were made here was wrong.
    Withdraw(u64),
    /// Forget this.
    Erase(Interval),
}

/// What a person says they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Occasion {
    pub(super) interval: Interval,
    pub(super) app: &'static str,
    pub(super) domain: Option<&'static str>,
    pub(super) project: Option<&'static str>,
    /// On which device, if not on this one.
    pub(super) device: Option<&'static str>,
}

/// Somebody who corrects their own time, or nobody who does.
#[derive(Debug)]
pub(super) struct Corrector {
    dice: Dice,
    says_anything: bool,
    devices: &'static [&'static str],
}

impl Corrector {
    /// On one device in two somebody does. `devices` are those of which they may speak.
    pub(super) fn new(mut dice: Dice, devices: &'static [&'static str]) -> Self {
        let says_anything = dice.one_in(2);
        Self { dice, says_anything, devices }
    }

    /// What is said at the end of a tick, if anything.
    pub(super) fn tick(&mut self, tick: Interval) -> Option<Word> {
        let speaks = self.says_anything && self.dice.one_in(RARELY);
        speaks.then(|| self.word(tick.end(), tick.ms()))
    }

    /// What is said when all is seen, after the last tick.
    pub(super) fn end(&mut self, last: Interval) -> Option<Word> {
        let speaks = self.says_anything && self.dice.one_in(2);
        speaks.then(|| self.word(last.end(), last.ms()))
    }

    fn word(&mut self, now: UtcMs, tick_ms: i64) -> Word {
        let dice = &mut self.dice;
        let ticks = |ticks: u64| ticks.saturating_mul(tick_ms.unsigned_abs());
        let length_ms = dice.between(1, ticks(LONGEST)) as i64;
        let start = now.plus(-length_ms - dice.below(ticks(LOOKS_BACK)) as i64);
        // At least a millisecond long by construction.
        let interval = Interval::new(start, start.plus(length_ms)).unwrap_or(now.day().interval());
        let occasion = Occasion {
            interval,
            app: dice.pick::<&str>(&OCCASIONS),
            domain: if dice.one_in(4) { dice.pick(&SITES).domain } else { None },
            project: if dice.one_in(2) { dice.pick(&WORKS).0 } else { None },
            device: dice.one_in(4).then(|| *dice.pick(self.devices)),
        };
        match dice.below(10) {
            0..4 => Word::Enter(occasion),
            4..6 => Word::Change(dice.next(), occasion),
            6 => Word::Withdraw(dice.next()),
            _ => Word::Erase(interval),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICES: [&str; 2] = ["laptop", "phone"];
    const TICK_MS: i64 = 5_000;

    fn words(seed: u64) -> Vec<(UtcMs, Word)> {
        let mut corrector = Corrector::new(Dice::new(seed), &DEVICES);
        let mut words = Vec::new();
        for tick in 1..=2_000 {
            let start = UtcMs(1_795_000_000_000 + tick * TICK_MS);
            let tick = Interval::new(start, start.plus(TICK_MS)).unwrap();
            words.extend(corrector.tick(tick).map(|word| (tick.end(), word)));
        }
        words
    }

    #[test]
    fn some_people_say_all_kinds_of_things_and_others_nothing() {
        let all: Vec<_> = (0..20).map(words).collect();
        let silent = all.iter().filter(|words| words.is_empty()).count();
        assert!((4..17).contains(&silent), "{silent} of 20");
        let all = all.concat();
        let some = |is: fn(&Word) -> bool| all.iter().any(|(_, word)| is(word));
        assert!(some(|word| matches!(word, Word::Enter(Occasion { device: None, .. }))));
        assert!(some(|word| matches!(word, Word::Enter(Occasion { device: Some("phone"), .. }))));
        assert!(some(|word| matches!(word, Word::Change(..))));
        assert!(some(|word| matches!(word, Word::Withdraw(_))));
        assert!(some(|word| matches!(word, Word::Erase(_))));
    }

    #[test]
    fn they_speak_of_what_is_past_and_near() {
        for (now, word) in (0..20).flat_map(words) {
            let interval = match word {
                Word::Enter(occasion) | Word::Change(_, occasion) => occasion.interval,
                Word::Erase(interval) => interval,
                Word::Withdraw(_) => continue,
            };
            assert!(interval.end() <= now && interval.ms() <= 4 * TICK_MS);
            assert!(now.since(interval.start()) <= 64 * TICK_MS);
        }
    }
}
