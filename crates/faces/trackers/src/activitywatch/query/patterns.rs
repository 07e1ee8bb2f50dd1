//! Regular expressions of a query: read once, bounded in number and size, and matched in time that grows with the text alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::{Error, RegexBuilder, RegexSet, RegexSetBuilder};

/// Most patterns of one call.
const MOST: usize = 500;
/// Most bytes of one.
const LONGEST: usize = 4_096;
/// Most bytes that the patterns of one call take when they are read: matching takes longer by it, too.
const LARGEST: usize = 2 << 20;
/// Most that those of all calls of a query take.
const MOST_ROOM: usize = 8 << 20;
/// What they are given first.
const SMALLEST: usize = 32 << 10;
/// So much more they may take while they are looked for: with too little they are slow.
const TO_MATCH: usize = 4;

/// The patterns that a query's calls have, which its periods share.
#[derive(Default)]
pub(super) struct Patterns {
    read: BTreeMap<Vec<String>, Arc<RegexSet>>,
    room: usize,
}

/// Why patterns can't be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Because of the one at this place.
    One(usize, String),
    /// Because of all together.
    All(String),
}

impl Patterns {
    /// These patterns, to be looked for at once.
    ///
    /// # Errors
    /// [`Unusable`].
    pub(super) fn of(&mut self, patterns: Vec<String>) -> Result<Arc<RegexSet>, Unusable> {
        if let Some(read) = self.read.get(&patterns) {
            return Ok(read.clone());
        }
        if patterns.len() > MOST {
            return Err(Unusable::All(format!(
                "there may be at most {MOST} patterns, but are {}",
                patterns.len()
            )));
        }
        if let Some(at) = patterns.iter().position(|pattern| pattern.len() > LONGEST) {
            let why = format!("it may have at most {LONGEST} bytes, but has {}", patterns[at].len());
            return Err(Unusable::One(at, why));
        }
        let (read, room) = self.compile(&patterns)?;
        self.room += room;
        Ok(self.read.entry(patterns).or_insert(Arc::new(read)).clone())
    }

    /// Patterns and the room they may take. How much they need nobody tells, so that they are tried with more and more.
    fn compile(&self, patterns: &[String]) -> Result<(RegexSet, usize), Unusable> {
        let most = LARGEST.min(MOST_ROOM.saturating_sub(self.room));
        let mut room = SMALLEST;
        while room <= most {
            match RegexSetBuilder::new(patterns).size_limit(room).dfa_size_limit(room * TO_MATCH).build() {
                Ok(read) => return Ok((read, room)),
                Err(Error::CompiledTooBig(_)) => room *= 2,
                Err(_) => return Err(wrong_one(patterns)),
            }
        }
        Err(Unusable::All(
            "the patterns are too large together; have fewer, or fewer repetitions and large classes in them"
                .into(),
        ))
    }
}

/// The first that is none, and why.
fn wrong_one(patterns: &[String]) -> Unusable {
    let wrong = patterns.iter().enumerate().find_map(|(at, pattern)| Some((at, misread(pattern)?)));
    let (at, why) = wrong.unwrap_or_else(|| (0, "it is not understood".into()));
    Unusable::One(at, why)
}

/// Why a pattern can't be read, without what it says.
fn misread(pattern: &str) -> Option<String> {
    // With no room there is nothing but reading.
    match RegexBuilder::new(pattern).size_limit(0).build() {
        // The pattern and a mark in it stand before the last line.
        Err(Error::Syntax(why)) => Some(why.lines().last()?.trim_start_matches("error: ").to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unusable(patterns: &[&str]) -> Unusable {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Patterns::default().of(patterns).unwrap_err()
    }

    fn one(at: usize, why: &str) -> Unusable {
        Unusable::One(at, why.into())
    }

    #[test]
    fn patterns_of_python_that_need_to_look_back_are_refused_by_place_and_not_repeated() {
        let look_around = "look-around, including look-ahead and look-behind, is not supported";
        assert_eq!(unusable(&["a", "secret(?!b)"]), one(1, look_around));
        assert_eq!(unusable(&["(?<=a)secret"]), one(0, look_around));
        assert_eq!(unusable(&["a", "b", r"(secret)\1"]), one(2, "backreferences are not supported"));
        assert_eq!(unusable(&["(secret"]), one(0, "unclosed group"));
    }

    #[test]
    fn patterns_are_bounded_in_number_and_length_and_size() {
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(unusable(&["a", &long]), one(1, "it may have at most 4096 bytes, but has 4097"));
        let many = vec!["a"; MOST + 1];
        assert_eq!(unusable(&many), Unusable::All("there may be at most 500 patterns, but are 501".into()));
        for large in [&["(?:(?:a{100}){100}){100}"][..], &[r"\w{500}"], &[r"\w{9}"; 200]] {
            let Unusable::All(why) = unusable(large) else { panic!("{large:?}") };
            assert!(why.starts_with("the patterns are too large together; "), "{why}");
        }
        assert!(Patterns::default().of(vec![long[1..].to_owned()]).is_ok());
    }

    #[test]
    fn the_patterns_of_all_calls_are_bounded_together_and_those_of_equal_ones_are_read_once() {
        let mut patterns = Patterns::default();
        let large = |n: usize| vec![format!(r"{n}\w{{20}}")];
        let first = patterns.of(large(0)).unwrap();
        let room = patterns.room;
        assert!(Arc::ptr_eq(&first, &patterns.of(large(0)).unwrap()));
        assert_eq!(patterns.room, room);
        let refused = (1..1_000).find(|n| patterns.of(large(*n)).is_err());
        assert!(refused.is_some_and(|n| n > 2), "{refused:?}");
        assert!(patterns.room <= MOST_ROOM && patterns.of(large(0)).is_ok());
    }

    #[test]
    fn hundreds_of_rules_as_people_have_them_fit() {
        let rule = |n: usize| {
            format!("(?i)GitHub {n}|Stack Overflow|BitBucket|Gitlab|vim|Spyder|kate|Ghidra|Scite|\\bemacs\\b")
        };
        let mut patterns = Patterns::default();
        let read = patterns.of((0..200).map(rule).collect()).unwrap();
        assert_eq!(read.matches("my GITHUB 7").iter().collect::<Vec<_>>(), [7]);
        assert!(patterns.room <= LARGEST, "{}", patterns.room);
    }
}
