//! What apps are called: as the person says, else as people call the program, else by their own name.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::families::{fold, shown_name};
use crate::names::AppName;

/// What Windows puts behind the name of a program.
const SUFFIX: &str = ".exe";

/// What a person calls an app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alias {
    /// One of its own names; upper and lower case, and `.exe` behind it, make no difference.
    pub app: AppName,
    /// What it is shown by.
    pub shown: AppName,
}

/// What a person calls their apps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aliases {
    /// By the folded name of the app.
    said: BTreeMap<String, Alias>,
    /// What they show apps by, by the same in lower case.
    shown: BTreeMap<String, AppName>,
}

/// There are more aliases than one person may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyAliases;

impl fmt::Display for TooManyAliases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be at most {}: delete one first", Aliases::MAX)
    }
}

impl std::error::Error for TooManyAliases {}

impl Aliases {
    /// Most that one person may say.
    pub const MAX: usize = 200;

    /// These; of those that are about one app, the last.
    ///
    /// # Errors
    /// If they are more than [`Self::MAX`].
    pub fn of(said: impl IntoIterator<Item = Alias>) -> Result<Self, TooManyAliases> {
        let said: BTreeMap<String, Alias> = said.into_iter().map(|alias| (fold(&alias.app), alias)).collect();
        if said.len() > Self::MAX {
            return Err(TooManyAliases);
        }
        let shown = said.values().map(|alias| (alias.shown.as_str().to_lowercase(), alias.shown.clone()));
        Ok(Self { shown: shown.collect(), said })
    }

    /// These and one more, in place of any that is about the same app.
    ///
    /// # Errors
    /// If they are more than [`Self::MAX`] then.
    pub fn with(&self, alias: Alias) -> Result<Self, TooManyAliases> {
        Self::of(self.said.values().cloned().chain([alias]))
    }

    /// These without what is said about an app.
    #[must_use]
    pub fn without(&self, app: &AppName) -> Self {
        let folded = fold(app);
        let rest = self.said.iter().filter(|(name, _)| **name != folded);
        Self::of(rest.map(|(_, alias)| alias.clone())).unwrap_or_default()
    }

    /// What the person says, by the name of the app.
    pub fn said(&self) -> impl ExactSizeIterator<Item = &Alias> {
        self.said.values()
    }

    /// What the person says about an app.
    pub fn said_of(&self, app: &AppName) -> Option<&Alias> {
        self.said.get(&fold(app))
    }

    /// The name that an app is shown by. It is not looked up again: who calls `a` `b` and `b` `c` sees
    /// `b` and `c`.
    pub fn shown<'a>(&'a self, app: &'a AppName) -> Cow<'a, AppName> {
        let folded = fold(app);
        if let Some(alias) = self.said.get(&folded) {
            return Cow::Borrowed(&alias.shown);
        }
        if let Some(known) = shown_name(&folded) {
            return Cow::Borrowed(known);
        }
        let text = app.as_str();
        let stem = text.len().checked_sub(SUFFIX.len()).and_then(|at| text.split_at_checked(at));
        let stem = stem.filter(|(_, suffix)| suffix.eq_ignore_ascii_case(SUFFIX));
        stem.and_then(|(stem, _)| AppName::new(stem).ok()).map_or(Cow::Borrowed(app), Cow::Owned)
    }

    /// The shown name that is meant by a name, in any case: a name that the person has given, else the one
    /// that an app of this name is shown by.
    pub fn meant<'a>(&'a self, name: &'a AppName) -> Cow<'a, AppName> {
        let given = self.shown.get(&name.as_str().to_lowercase());
        given.map_or_else(|| self.shown(name), Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> AppName {
        AppName::new(name).unwrap()
    }

    fn alias(name: &str, shown: &str) -> Alias {
        Alias { app: app(name), shown: app(shown) }
    }

    fn shown(aliases: &Aliases, name: &str) -> String {
        aliases.shown(&app(name)).as_str().to_owned()
    }

    #[test]
    fn programs_of_the_table_are_shown_as_people_call_them_and_others_by_their_name() {
        let none = Aliases::default();
        for (name, expected) in [
            ("firefox.exe", "Firefox"),
            ("org.mozilla.firefox", "Firefox"),
            ("google-chrome", "Chrome"),
            ("vscode", "Code"),
            ("nvim", "Neovim"),
            ("MyTool.EXE", "MyTool"),
            ("MyTool", "MyTool"),
            (".exe", ".exe"),
            ("日.exe", "日"),
            ("exe", "exe"),
            ("日本", "日本"),
        ] {
            assert_eq!(shown(&none, name), expected, "{name}");
        }
    }

    #[test]
    fn what_the_person_says_goes_before_the_table_for_exactly_that_app() {
        let said = Aliases::of([alias("chromium", "Chromium"), alias("mytool", "Tool")]).unwrap();
        assert_eq!(shown(&said, "Chromium"), "Chromium");
        assert_eq!(shown(&said, "chrome.exe"), "Chrome");
        assert_eq!(shown(&said, "MYTOOL.exe"), "Tool");
        assert_eq!(shown(&said.without(&app("MyTool")), "mytool"), "mytool");
    }

    #[test]
    fn an_alias_is_not_looked_up_again() {
        let said = Aliases::of([alias("a", "b"), alias("b", "c")]).unwrap();
        assert_eq!([shown(&said, "a"), shown(&said, "b")], ["b", "c"]);
    }

    #[test]
    fn an_app_is_meant_by_any_of_its_names_but_first_by_one_that_was_given() {
        let said =
            Aliases::of([alias("Code", "Editor"), alias("vim", "Code"), alias("nvim", "Code")]).unwrap();
        for (name, expected) in [
            ("EDITOR", "Editor"),
            ("code", "Code"),
            ("vim", "Code"),
            ("mail.exe", "mail"),
            ("firefox.exe", "Firefox"),
        ] {
            assert_eq!(said.meant(&app(name)).as_str(), expected, "{name}");
        }
    }

    #[test]
    fn of_two_about_one_app_the_last_holds_and_too_many_are_refused() {
        let twice = Aliases::of([alias("a", "b"), alias("A.exe", "c")]).unwrap();
        assert_eq!(twice.said().collect::<Vec<_>>(), [&alias("A.exe", "c")]);
        let full = Aliases::of((0..Aliases::MAX).map(|n| alias(&n.to_string(), "n"))).unwrap();
        assert_eq!(full.with(alias("more", "n")), Err(TooManyAliases));
        assert_eq!(full.with(alias("0", "m")).unwrap().said().len(), Aliases::MAX);
    }
}
