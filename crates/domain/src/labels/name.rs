//! The names of categories, which lie within each other: `Work > Code`.

use std::fmt;

use crate::names::{NameError, check};

/// What stands between the parts of a name.
const WITHIN: char = '>';

/// The name of a category: one to six parts, each within the one before. Its order is that of its
/// parts, so that a category comes before those within it, and these before whatever comes next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryName(Box<[Box<str>]>);

/// Why a text is not the name of a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryNameError {
    /// It has more parts than a name may have.
    TooDeep,
    /// One of its parts is none.
    Part(NameError),
}

impl fmt::Display for CategoryNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => {
                write!(f, "must have at most {} parts between the signs >", CategoryName::MAX_DEPTH)
            }
            Self::Part(NameError::TooLong { max }) => {
                write!(f, "must have at most {max} characters in each part")
            }
            Self::Part(NameError::Empty) => f.write_str("must not be empty, nor may one of its parts be"),
            Self::Part(why) => fmt::Display::fmt(why, f),
        }
    }
}

impl std::error::Error for CategoryNameError {}

impl CategoryName {
    /// Most parts.
    pub const MAX_DEPTH: usize = 6;
    /// Most characters of a part.
    pub const MAX_PART: usize = 64;

    /// Parses a name: parts with `>` between them, white space around each trimmed.
    ///
    /// # Errors
    /// If there are more than six parts, or if one has not 1 to 64 characters, or a control character.
    pub fn new(text: &str) -> Result<Self, CategoryNameError> {
        let parts: Vec<&str> = text.split(WITHIN).map(str::trim).collect();
        if parts.len() > Self::MAX_DEPTH {
            return Err(CategoryNameError::TooDeep);
        }
        for part in &parts {
            check(part, Self::MAX_PART).map_err(CategoryNameError::Part)?;
        }
        Ok(Self(parts.into_iter().map(Box::from).collect()))
    }

    /// Its parts, the outermost first.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|part| &**part)
    }

    /// Its last part.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", |part| &**part)
    }

    /// How many parts it has, from 1.
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// The category around it; `None` of an outermost one.
    pub fn around(&self) -> Option<Self> {
        let (_, around) = self.0.split_last()?;
        (!around.is_empty()).then(|| Self(around.into()))
    }

    /// Whether it lies within another one; none lies within itself.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    /// The name that it has after the category `around` it has got the name `now`; its own name if it
    /// does not lie within that.
    ///
    /// # Errors
    /// If it has too many parts then.
    pub fn moved(&self, around: &Self, now: &Self) -> Result<Self, CategoryNameError> {
        if !self.is_within(around) {
            return Ok(self.clone());
        }
        let parts: Box<[Box<str>]> = now.0.iter().chain(&self.0[around.0.len()..]).cloned().collect();
        if parts.len() > Self::MAX_DEPTH { Err(CategoryNameError::TooDeep) } else { Ok(Self(parts)) }
    }
}

impl fmt::Display for CategoryName {
    /// As `Work > Code`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.0.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { " > " })?;
            f.write_str(part)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> CategoryName {
        CategoryName::new(text).unwrap()
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in ["Work", "Work > Code", "日 > 本 > 語", "a > b > c > d > e > f"] {
            assert_eq!(name(text).to_string(), text);
        }
        assert_eq!(name(" Work>Code\t>  Rust ").to_string(), "Work > Code > Rust");
        assert_eq!(name("Work > Code").last(), "Code");
    }

    #[test]
    fn what_is_empty_too_deep_or_too_long_is_no_name() {
        let part = |why| Err(CategoryNameError::Part(why));
        for text in ["", " ", ">", "Work >", "> Code", "Work > > Code"] {
            assert_eq!(CategoryName::new(text), part(NameError::Empty), "{text}");
        }
        assert_eq!(CategoryName::new("a>b>c>d>e>f>g"), Err(CategoryNameError::TooDeep));
        assert_eq!(CategoryName::new(&"ü".repeat(65)), part(NameError::TooLong { max: 64 }));
        assert!(CategoryName::new(&"ü".repeat(64)).is_ok());
        assert_eq!(CategoryName::new("a\0b"), part(NameError::ControlCharacter));
    }

    #[test]
    fn names_lie_within_each_other_by_whole_parts() {
        let (work, code) = (name("Work"), name("Work > Code"));
        assert!(code.is_within(&work) && name("Work > Code > Rust").is_within(&work));
        assert!(!work.is_within(&work) && !work.is_within(&code));
        assert!(!name("Workshop > Code").is_within(&work));
        assert_eq!((code.around(), work.around()), (Some(work), None));
    }

    #[test]
    fn those_within_come_right_after_the_one_around_them() {
        let mut names = ["Work!", "Work > Code", "Work", "Workshop", "Work > Code > Rust", "Art"].map(name);
        names.sort();
        let texts = names.map(|name| name.to_string());
        assert_eq!(texts, ["Art", "Work", "Work > Code", "Work > Code > Rust", "Work!", "Workshop"]);
    }

    #[test]
    fn those_within_move_with_the_one_around_them() {
        let moved = |text: &str, now: &str| name(text).moved(&name("Work"), &name(now));
        assert_eq!(moved("Work > Code", "Job"), Ok(name("Job > Code")));
        assert_eq!(moved("Work > Code", "Life > Job"), Ok(name("Life > Job > Code")));
        assert_eq!(moved("Workshop > Code", "Job"), Ok(name("Workshop > Code")));
        assert_eq!(moved("Work > a", "a > b > c > d > e > f"), Err(CategoryNameError::TooDeep));
    }
}
