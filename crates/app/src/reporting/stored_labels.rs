//! How what a person says about names is written into a store: lines of text that an operator can read.
//! No name has a control character, so a tab ends one.
//!
//! ```text
//! labels   := "1" newline (category rule*)* alias*        the version of this form
//! category := "category" tab uuid tab colour? tab name newline
//! rule     := "rule" tab app? tab domain? tab project? newline      of the category before
//! alias    := "alias" tab app tab shown newline
//! ```

use std::fmt::{self, Write as _};

use dayline_domain::labels::{Alias, Aliases, Categories, Category, CategoryName, Colour, Labels, Rule};
use dayline_domain::report::name_or_none;
use dayline_domain::{AppName, Domain, Project};

const VERSION: &str = "1";

/// Most bytes of what one person says.
pub const MAX_BYTES: usize = 64 * 1_024;

/// Labels as text.
pub fn encode(labels: &Labels) -> String {
    let mut text = format!("{VERSION}\n");
    for Category { id, name, colour, rules } in &labels.categories {
        let colour = colour.map_or("", Colour::name);
        // Writing to a text never fails.
        let _ = writeln!(text, "category\t{id}\t{colour}\t{name}");
        for rule in rules {
            let [app, domain, project] = rule.parts().map(|part| part.unwrap_or(""));
            let _ = writeln!(text, "rule\t{app}\t{domain}\t{project}");
        }
    }
    for Alias { app, shown } in labels.aliases.said() {
        let _ = writeln!(text, "alias\t{}\t{}", app.as_str(), shown.as_str());
    }
    text
}

/// What is wrong with a text that should be labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredLabelsError {
    /// It was written by a version this program does not know.
    Version,
    /// The line with this number, from 1, is none.
    Line(usize),
    /// All together are not what a person may say.
    Whole,
}

impl fmt::Display for StoredLabelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => f.write_str("labels have an unknown version"),
            Self::Line(number) => write!(f, "line {number} of labels is none"),
            Self::Whole => f.write_str("labels are too many, or two have one name"),
        }
    }
}

impl std::error::Error for StoredLabelsError {}

/// Reads labels.
///
/// # Errors
/// If the text is not one that [`encode`] can have written.
pub fn decode(text: &str) -> Result<Labels, StoredLabelsError> {
    let mut lines = text.split_terminator('\n');
    if lines.next() != Some(VERSION) {
        return Err(StoredLabelsError::Version);
    }
    let (mut categories, mut aliases) = (Vec::<Category>::new(), Vec::new());
    for (number, line) in (2..).zip(lines) {
        let fields: Vec<&str> = line.split('\t').collect();
        let read = match fields[..] {
            ["category", id, colour, name] => category(id, colour, name).map(|new| categories.push(new)),
            ["rule", app, domain, project] => rule(app, domain, project).and_then(|new| {
                categories.last_mut()?.rules.push(new);
                Some(())
            }),
            ["alias", app, shown] => alias(app, shown).map(|new| aliases.push(new)),
            _ => None,
        };
        read.ok_or(StoredLabelsError::Line(number))?;
    }
    Ok(Labels {
        aliases: Aliases::of(aliases).map_err(|_| StoredLabelsError::Whole)?,
        categories: Categories::of(categories).map_err(|_| StoredLabelsError::Whole)?,
    })
}

fn category(id: &str, colour: &str, name: &str) -> Option<Category> {
    let colour = if colour.is_empty() { None } else { Some(Colour::from_name(colour)?) };
    Some(Category { id: id.parse().ok()?, name: CategoryName::new(name).ok()?, colour, rules: Vec::new() })
}

fn rule(app: &str, domain: &str, project: &str) -> Option<Rule> {
    let app = name_or_none(app, AppName::new).ok()?;
    let domain = name_or_none(domain, Domain::new).ok()?;
    Rule::new(app, domain, name_or_none(project, Project::new).ok()?).ok()
}

fn alias(app: &str, shown: &str) -> Option<Alias> {
    Some(Alias { app: AppName::new(app).ok()?, shown: AppName::new(shown).ok()? })
}

#[cfg(test)]
mod tests {
    use dayline_domain::CategoryId;
    use dayline_domain::labels::starter;

    use super::*;

    fn some() -> Labels {
        let category =
            |(id, (name, colour, rules))| Category { id: CategoryId::from_bits(id), name, colour, rules };
        let app = |name: &str| AppName::new(name).unwrap();
        let project = Rule::new(Some(app("a, b: c")), None, Project::new("p > q").ok()).unwrap();
        let more = Category {
            id: CategoryId::from_bits(u128::MAX),
            name: CategoryName::new("日 > \u{1f4bb}").unwrap(),
            colour: None,
            rules: vec![project],
        };
        let all = (0..).zip(starter()).map(category).chain([more]);
        let aliases = Aliases::of([Alias { app: app("firefox.exe"), shown: app("Fox  of fire") }]);
        Labels { aliases: aliases.unwrap(), categories: Categories::of(all).unwrap() }
    }

    #[test]
    fn labels_are_read_as_what_was_written() {
        for labels in [Labels::default(), some()] {
            assert_eq!(decode(&encode(&labels)), Ok(labels));
        }
    }

    #[test]
    fn an_operator_can_read_them() {
        let text = encode(&some());
        assert!(text.contains("\nrule\ta, b: c\t\tp > q\nalias\tfirefox.exe\tFox  of fire\n"), "{text}");
    }

    #[test]
    fn texts_cut_off_or_changed_anywhere_are_refused_or_other_labels_and_never_a_panic() {
        let text = encode(&some());
        for (at, _) in text.char_indices() {
            let _ = decode(&text[..at]);
            for other in ["", "\t", "\n", "x"] {
                let _ = decode(&format!("{}{other}{}", &text[..at], &text[at..]));
            }
        }
    }

    #[test]
    fn what_nobody_wrote_is_refused_with_its_line() {
        let id = CategoryId::from_bits(7);
        for (text, expected) in [
            ("", StoredLabelsError::Version),
            ("2\n", StoredLabelsError::Version),
            ("1\nrule\tCode\t\t\n", StoredLabelsError::Line(2)),
            ("1\nalias\ta\tb\nalias\ta\n", StoredLabelsError::Line(3)),
            (&format!("1\ncategory\t{id}\tpink\tWork\n"), StoredLabelsError::Line(2)),
            (&format!("1\ncategory\t{id}\t\tWork\nrule\t\t\t\n"), StoredLabelsError::Line(3)),
            (&format!("1\ncategory\t{id}\t\tWork\ncategory\t{id}\t\tWork\n"), StoredLabelsError::Whole),
        ] {
            assert_eq!(decode(text), Err(expected), "{text}");
        }
    }
}
