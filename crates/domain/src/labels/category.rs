//! A person's categories with their rules and colours, and how they may change. Not here: which of them
//! time belongs to (see [`Sorter`](super::Sorter)).

use std::collections::BTreeSet;
use std::fmt;

use super::name::CategoryName;
use crate::activity::Project;
use crate::id::CategoryId;
use crate::names::{AppName, Domain};

/// A colour of the dashboard's palette, which has a light and a dark form of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say everything")]
pub enum Colour {
    Wine,
    Brick,
    Amber,
    Olive,
    Teal,
    Blue,
    Indigo,
    Violet,
}

impl Colour {
    /// All, in the order of the palette.
    pub const ALL: [Self; 8] = [
        Self::Wine,
        Self::Brick,
        Self::Amber,
        Self::Olive,
        Self::Teal,
        Self::Blue,
        Self::Indigo,
        Self::Violet,
    ];

    /// A stable name, for the store and for clients.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wine => "wine",
            Self::Brick => "brick",
            Self::Amber => "amber",
            Self::Olive => "olive",
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Indigo => "indigo",
            Self::Violet => "violet",
        }
    }

    /// The colour with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|colour| colour.name() == name)
    }
}

/// What time has to be like to belong to a category: all that is named has to fit. Names are compared
/// without regard to upper and lower case; a `*` in one stands for any characters, or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    app: Option<AppName>,
    domain: Option<Domain>,
    project: Option<Project>,
}

/// A rule that names nothing would fit everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyRule;

impl fmt::Display for EmptyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must name an app, a domain or a project")
    }
}

impl std::error::Error for EmptyRule {}

impl Rule {
    /// A rule of an app, a domain with all within it, a project, or several of them at once. An app is
    /// meant by any of its names.
    ///
    /// # Errors
    /// If none is named.
    pub fn new(
        app: Option<AppName>,
        domain: Option<Domain>,
        project: Option<Project>,
    ) -> Result<Self, EmptyRule> {
        let names_nothing = app.is_none() && domain.is_none() && project.is_none();
        if names_nothing { Err(EmptyRule) } else { Ok(Self { app, domain, project }) }
    }

    /// What it names: an app, a domain and a project.
    pub fn parts(&self) -> [Option<&str>; 3] {
        [
            self.app.as_ref().map(AppName::as_str),
            self.domain.as_ref().map(Domain::as_str),
            self.project.as_ref().map(Project::as_str),
        ]
    }
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Category {
    /// Stays the same when the name changes.
    pub id: CategoryId,
    /// No other category of the person has it.
    pub name: CategoryName,
    /// Its own colour; without one it has that of the category around it.
    pub colour: Option<Colour>,
    /// Time that fits one of them belongs to it; with none it is there for what lies within it.
    pub rules: Vec<Rule>,
}

/// A person's categories, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Categories(Vec<Category>);

/// Why categories can't be as somebody wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryRefusal {
    /// There is no such category.
    NotFound,
    /// Another category has the name, or would get it.
    NameTaken,
    /// A category within would get too many parts.
    TooDeep,
    /// There are as many as one person may have.
    TooMany,
    /// There are as many rules as one person may have.
    TooManyRules,
}

impl fmt::Display for CategoryRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("must be one of your categories"),
            Self::NameTaken => f.write_str("is taken by another category: choose another one"),
            Self::TooDeep => {
                let max = CategoryName::MAX_DEPTH;
                write!(f, "must leave room for the categories within: at most {max} parts")
            }
            Self::TooMany => {
                write!(
                    f,
                    "can't be added: {} categories are as many as may be, delete one first",
                    Categories::MAX
                )
            }
            Self::TooManyRules => {
                write!(f, "must be at most {} in all categories together", Categories::MAX_RULES)
            }
        }
    }
}

impl std::error::Error for CategoryRefusal {}

impl<'a> IntoIterator for &'a Categories {
    type Item = &'a Category;
    type IntoIter = std::slice::Iter<'a, Category>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Categories {
    /// Most that one person may have.
    pub const MAX: usize = 200;
    /// Most rules of all categories of one person together.
    pub const MAX_RULES: usize = 500;

    /// These. A rule that one of them has twice it has once.
    ///
    /// # Errors
    /// If two have one name, or if there are too many, or too many rules.
    pub fn of(all: impl IntoIterator<Item = Category>) -> Result<Self, CategoryRefusal> {
        let mut all: Vec<Category> = all.into_iter().collect();
        for category in &mut all {
            let mut seen = BTreeSet::new();
            let rules = std::mem::take(&mut category.rules);
            let once = |rule: &Rule| seen.insert(rule.parts().map(|part| part.map(str::to_owned)));
            category.rules = rules.into_iter().filter(once).collect();
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        if all.windows(2).any(|two| two[0].name == two[1].name) {
            return Err(CategoryRefusal::NameTaken);
        }
        if all.len() > Self::MAX {
            return Err(CategoryRefusal::TooMany);
        }
        if all.iter().map(|category| category.rules.len()).sum::<usize>() > Self::MAX_RULES {
            return Err(CategoryRefusal::TooManyRules);
        }
        Ok(Self(all))
    }

    /// In the order of their names.
    pub fn iter(&self) -> std::slice::Iter<'_, Category> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The category with this identity.
    pub fn find(&self, id: CategoryId) -> Option<&Category> {
        self.0.iter().find(|category| category.id == id)
    }

    /// The colour of a category: its own, else that of the nearest around it that has one.
    pub fn colour_of(&self, name: &CategoryName) -> Option<Colour> {
        let at = self.0.binary_search_by(|category| category.name.cmp(name));
        let own = at.ok().and_then(|at| self.0[at].colour);
        own.or_else(|| self.colour_of(&name.around()?))
    }

    /// These and more.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn with(&self, more: impl IntoIterator<Item = Category>) -> Result<Self, CategoryRefusal> {
        Self::of(self.0.iter().cloned().chain(more))
    }

    /// These, one of them as it is given. When it has another name, all that lay within it do so still.
    ///
    /// # Errors
    /// If there is none with its identity; if a name of those within can't be so; as [`Self::of`].
    pub fn with_changed(&self, changed: Category) -> Result<Self, CategoryRefusal> {
        let before = self.find(changed.id).ok_or(CategoryRefusal::NotFound)?.name.clone();
        let mut all = Vec::with_capacity(self.0.len());
        for category in &self.0 {
            if category.id == changed.id {
                continue;
            }
            let name = category.name.moved(&before, &changed.name).map_err(|_| CategoryRefusal::TooDeep)?;
            all.push(Category { name, ..category.clone() });
        }
        all.push(changed);
        Self::of(all)
    }

    /// These but one; those within it stay.
    ///
    /// # Errors
    /// If there is none with this identity.
    pub fn without(&self, id: CategoryId) -> Result<Self, CategoryRefusal> {
        self.find(id).ok_or(CategoryRefusal::NotFound)?;
        Ok(Self(self.0.iter().filter(|category| category.id != id).cloned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> CategoryName {
        CategoryName::new(text).unwrap()
    }

    fn rule(app: &str) -> Rule {
        Rule::new(AppName::new(app).ok(), None, None).unwrap()
    }

    fn category(id: u128, text: &str) -> Category {
        Category { id: CategoryId::from_bits(id), name: name(text), colour: None, rules: vec![rule(text)] }
    }

    fn names(categories: &Categories) -> Vec<String> {
        categories.iter().map(|category| category.name.to_string()).collect()
    }

    #[test]
    fn a_rule_names_something() {
        assert_eq!(Rule::new(None, None, None), Err(EmptyRule));
        assert_eq!(rule("Code").parts(), [Some("Code"), None, None]);
    }

    #[test]
    fn no_two_have_one_name_and_rules_are_there_once() {
        let some = Categories::of([category(1, "Work"), category(2, "Art")]).unwrap();
        assert_eq!(names(&some), ["Art", "Work"]);
        assert_eq!(some.with([category(3, "Work")]), Err(CategoryRefusal::NameTaken));
        let twice = Category { rules: vec![rule("a"), rule("b"), rule("a")], ..category(3, "x") };
        let with = some.with([twice]).unwrap();
        assert_eq!(with.find(CategoryId::from_bits(3)).unwrap().rules, [rule("a"), rule("b")]);
    }

    #[test]
    fn those_within_follow_a_new_name() {
        let all =
            [category(1, "Work"), category(2, "Work > Code"), category(3, "Workshop"), category(4, "Job")];
        let all = Categories::of(all).unwrap();
        let renamed = all.with_changed(category(1, "Duty")).unwrap();
        assert_eq!(names(&renamed), ["Duty", "Duty > Code", "Job", "Workshop"]);
        assert_eq!(all.with_changed(category(1, "Job")), Err(CategoryRefusal::NameTaken));
        assert_eq!(all.with_changed(category(1, "a>b>c>d>e>f")), Err(CategoryRefusal::TooDeep));
        assert_eq!(all.with_changed(category(9, "x")), Err(CategoryRefusal::NotFound));
        assert_eq!(
            names(&all.without(CategoryId::from_bits(1)).unwrap()),
            ["Job", "Work > Code", "Workshop"]
        );
        assert_eq!(all.without(CategoryId::from_bits(9)), Err(CategoryRefusal::NotFound));
    }

    #[test]
    fn a_category_without_a_colour_has_that_around_it() {
        let coloured = |id, text, colour| Category { colour, ..category(id, text) };
        let all = [coloured(1, "Work", Some(Colour::Teal)), coloured(2, "Work > Code > Rust", None)];
        let all = Categories::of(all.into_iter().chain([coloured(3, "Life", None)])).unwrap();
        assert_eq!(all.colour_of(&name("Work > Code > Rust")), Some(Colour::Teal));
        assert_eq!(all.colour_of(&name("Life")), None);
        for colour in Colour::ALL {
            assert_eq!(Colour::from_name(colour.name()), Some(colour));
        }
    }

    #[test]
    fn there_are_only_so_many_categories_and_rules() {
        let full = Categories::of((0..200).map(|n| category(n, &n.to_string()))).unwrap();
        assert_eq!(full.with([category(200, "one more")]), Err(CategoryRefusal::TooMany));
        let rules = |count: usize| (0..count).map(|n| rule(&n.to_string())).collect();
        let of = |count| Categories::of([Category { rules: rules(count), ..category(1, "x") }]);
        assert!(of(500).is_ok());
        assert_eq!(of(501), Err(CategoryRefusal::TooManyRules));
    }
}
