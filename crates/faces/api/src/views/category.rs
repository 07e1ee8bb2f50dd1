//! Categories and aliases as clients know them.

use dayline_domain::labels::{Alias, Category, Colour, Rule};
use serde::Serialize;
use utoipa::ToSchema;

/// A category.
#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
pub(crate) struct CategoryItem<'a> {
    /// Its identity, which it keeps when its name changes.
    #[schema(format = Uuid)]
    id: String,
    /// Its name; the sign > stands between a category and one that lies within it.
    #[schema(example = "Work > Code")]
    name: String,
    /// Its own colour; null: that of the category around it.
    #[schema(required, value_type = Option<ColourName>)]
    colour: Option<&'static str>,
    /// What belongs to it: all that fits one of these.
    rules: Vec<RuleItem<'a>>,
}

/// What belongs to a category. All that is not null has to fit.
#[derive(Serialize, ToSchema)]
#[schema(as = CategoryRule)]
pub(crate) struct RuleItem<'a> {
    /// An app, by any of its names, in any case; a `*` stands for any characters.
    #[schema(required, example = "Code")]
    app: Option<&'a str>,
    /// A domain, with all that lie within it.
    #[schema(required, example = json!(null))]
    domain: Option<&'a str>,
    /// A project, in any case.
    #[schema(required, example = json!(null))]
    project: Option<&'a str>,
}

/// What an app is called.
#[derive(Serialize, ToSchema)]
#[schema(as = Alias)]
pub(crate) struct AliasItem<'a> {
    /// One of its own names; upper and lower case, and `.exe` behind it, make no difference.
    #[schema(example = "firefox.exe")]
    app_name: &'a str,
    /// What it is called in reports and on pages.
    #[schema(example = "Firefox")]
    shown_as: &'a str,
}

#[derive(ToSchema)]
#[schema(as = CategoryColour, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what has names already")]
pub(crate) enum ColourName {
    Wine,
    Brick,
    Amber,
    Olive,
    Teal,
    Blue,
    Indigo,
    Violet,
}

impl<'a> From<&'a Category> for CategoryItem<'a> {
    fn from(Category { id, name, colour, rules }: &'a Category) -> Self {
        let rules = rules.iter().map(RuleItem::from).collect();
        Self { id: id.to_string(), name: name.to_string(), colour: colour.map(Colour::name), rules }
    }
}

impl<'a> From<&'a Rule> for RuleItem<'a> {
    fn from(rule: &'a Rule) -> Self {
        let [app, domain, project] = rule.parts();
        Self { app, domain, project }
    }
}

impl<'a> From<&'a Alias> for AliasItem<'a> {
    fn from(Alias { app, shown }: &'a Alias) -> Self {
        Self { app_name: app.as_str(), shown_as: shown.as_str() }
    }
}
