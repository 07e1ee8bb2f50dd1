//! What a person says about the names of their time: aliases and categories. Whatever they say holds for
//! all of history at once, since it is looked up when something is shown. Not here: what may be said
//! (the domain's labels).

use dayline_domain::labels::{
    Alias, Aliases, Categories, Category, CategoryName, CategoryRefusal, Colour, Labels, Rule, starter,
};
use dayline_domain::{AppName, CategoryId, Domain, Project, Scope};

use crate::identity::account_writes::count_write;
use crate::identity::caller::Caller;
use crate::ports::{LabelMark, LabelsSet, MarkedLabels};
use crate::reporting::filters::part;
use crate::reporting::stored_labels::{self, MAX_BYTES};
use crate::tracking::ingest::domain_of_host;
use crate::{App, AppError, FieldError};

/// How often a change is tried again when another one comes in between.
const TRIES: usize = 8;

/// What the caller says about names.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the store can't be read.
pub async fn labels(app: &App, caller: &Caller) -> Result<Labels, AppError> {
    caller.require(Scope::Read)?;
    Ok(app.label_book.labels(caller.user).await?.labels)
}

/// A category as the person wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryDraft {
    /// No other of theirs has it.
    pub name: CategoryName,
    /// None: that of the category around it.
    pub colour: Option<Colour>,
    /// What belongs to it.
    pub rules: Vec<Rule>,
}

/// What a rule is to name, as the client wrote it.
#[derive(Debug, Clone, Default)]
pub struct RuleAsked {
    /// An app by any of its names.
    pub app: Option<String>,
    /// A host in any spelling.
    pub domain: Option<String>,
    /// A project.
    pub project: Option<String>,
}

/// Reads a rule. What is given without anything in it is as if it was not given.
///
/// # Errors
///
/// Everything that is no such name; if nothing is named, that of the app.
pub fn resolve_rule(app: &App, asked: RuleAsked) -> Result<Rule, Vec<FieldError>> {
    let host = |host: &str| {
        // Names with signs for anything are no host names.
        let domain = if host.contains('*') {
            Domain::new(&host.trim().to_lowercase()).ok()
        } else {
            domain_of_host(app, host).and_then(|domain| Domain::new(&domain).ok())
        };
        domain.ok_or("must be a host name such as example.org, with * for any characters")
    };
    let mut errors = Vec::new();
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let name = part("app", given(asked.app), AppName::new, &mut errors);
    let domain = part("domain", given(asked.domain), host, &mut errors);
    let project = part("project", given(asked.project), Project::new, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    Rule::new(name, domain, project).map_err(|why| vec![FieldError::new("app", why.to_string())])
}

/// Adds a category.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::Invalid`] if its name is taken or there
/// are too many categories or rules; when the store is away.
pub async fn add_category(app: &App, caller: &Caller, draft: CategoryDraft) -> Result<Category, AppError> {
    let CategoryDraft { name, colour, rules } = draft;
    let category = Category { id: app.new_id(), name, colour, rules };
    let all = edit_categories(app, caller, |all| all.with([category.clone()])).await?;
    all.find(category.id).cloned().ok_or(AppError::NotFound)
}

/// Makes a category as the caller wants it now. What lies within it does so still when its name changes.
///
/// # Errors
///
/// As [`add_category`]; [`AppError::NotFound`] if there is none with this identity.
pub async fn change_category(
    app: &App,
    caller: &Caller,
    id: CategoryId,
    draft: CategoryDraft,
) -> Result<Category, AppError> {
    let CategoryDraft { name, colour, rules } = draft;
    let category = Category { id, name, colour, rules };
    let all = edit_categories(app, caller, |all| all.with_changed(category.clone())).await?;
    all.find(id).cloned().ok_or(AppError::NotFound)
}

/// Gives a category another name and colour; its rules stay.
///
/// # Errors
///
/// As [`change_category`].
pub async fn rename_category(
    app: &App,
    caller: &Caller,
    id: CategoryId,
    name: CategoryName,
    colour: Option<Colour>,
) -> Result<(), AppError> {
    let rename = |category: &Category| Category { name: name.clone(), colour, ..category.clone() };
    change_one(app, caller, id, rename).await
}

/// Adds a rule to a category.
///
/// # Errors
///
/// As [`change_category`].
pub async fn add_rule(app: &App, caller: &Caller, id: CategoryId, rule: Rule) -> Result<(), AppError> {
    let add = |category: &Category| {
        let rules = category.rules.iter().cloned().chain([rule.clone()]).collect();
        Category { rules, ..category.clone() }
    };
    change_one(app, caller, id, add).await
}

/// Takes a rule from a category, if it has it.
///
/// # Errors
///
/// As [`change_category`].
pub async fn remove_rule(app: &App, caller: &Caller, id: CategoryId, rule: &Rule) -> Result<(), AppError> {
    let remove = |category: &Category| {
        let rules = category.rules.iter().filter(|other| *other != rule).cloned().collect();
        Category { rules, ..category.clone() }
    };
    change_one(app, caller, id, remove).await
}

/// Deletes a category. Those within it stay.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::NotFound`]; when the store is away.
pub async fn delete_category(app: &App, caller: &Caller, id: CategoryId) -> Result<(), AppError> {
    edit_categories(app, caller, |all| all.without(id)).await.map(drop)
}

/// Adds the categories to begin with, but for those whose names there are already.
///
/// # Errors
///
/// As [`add_category`].
pub async fn take_starter(app: &App, caller: &Caller) -> Result<(), AppError> {
    let new: Vec<Category> =
        starter().map(|(name, colour, rules)| Category { id: app.new_id(), name, colour, rules }).collect();
    let add = |all: &Categories| {
        let is_new = |new: &&Category| all.iter().all(|old| old.name != new.name);
        all.with(new.iter().filter(is_new).cloned())
    };
    edit_categories(app, caller, add).await.map(drop)
}

/// Says what apps are called, in place of all that was said before.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::Invalid`] if they are too many; when the
/// store is away.
pub async fn set_aliases(app: &App, caller: &Caller, said: Vec<Alias>) -> Result<Aliases, AppError> {
    let aliases = Aliases::of(said).map_err(|why| AppError::field("aliases", why.to_string()))?;
    edit_aliases(app, caller, |_| Ok(aliases.clone())).await
}

/// Says what an app is called.
///
/// # Errors
///
/// As [`set_aliases`].
pub async fn set_alias(app: &App, caller: &Caller, alias: Alias) -> Result<(), AppError> {
    let set =
        |all: &Aliases| all.with(alias.clone()).map_err(|why| AppError::field("aliases", why.to_string()));
    edit_aliases(app, caller, set).await.map(drop)
}

/// Takes back what was said of an app.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; when the store is away.
pub async fn remove_alias(app: &App, caller: &Caller, name: &AppName) -> Result<(), AppError> {
    edit_aliases(app, caller, |all| Ok(all.without(name))).await.map(drop)
}

async fn change_one(
    app: &App,
    caller: &Caller,
    id: CategoryId,
    change: impl Fn(&Category) -> Category + Send + Sync,
) -> Result<(), AppError> {
    let edit = |all: &Categories| {
        let category = all.find(id).ok_or(CategoryRefusal::NotFound)?;
        all.with_changed(change(category))
    };
    edit_categories(app, caller, edit).await.map(drop)
}

async fn edit_categories(
    app: &App,
    caller: &Caller,
    change: impl Fn(&Categories) -> Result<Categories, CategoryRefusal> + Send + Sync,
) -> Result<Categories, AppError> {
    let edit = |before: &Labels| {
        let categories = change(&before.categories).map_err(refused)?;
        Ok(Labels { categories, ..before.clone() })
    };
    Ok(edit_labels(app, caller, "rules", edit).await?.categories)
}

async fn edit_aliases(
    app: &App,
    caller: &Caller,
    change: impl Fn(&Aliases) -> Result<Aliases, AppError> + Send + Sync,
) -> Result<Aliases, AppError> {
    let edit = |before: &Labels| Ok(Labels { aliases: change(&before.aliases)?, ..before.clone() });
    Ok(edit_labels(app, caller, "aliases", edit).await?.aliases)
}

/// Changes what the caller says, whatever else they say at the same time. `field` is what there may be too
/// much of.
async fn edit_labels(
    app: &App,
    caller: &Caller,
    field: &'static str,
    change: impl Fn(&Labels) -> Result<Labels, AppError> + Send + Sync,
) -> Result<Labels, AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    for _ in 0..TRIES {
        let before = app.label_book.labels(caller.user).await?;
        let labels = change(&before.labels)?;
        if labels == before.labels {
            return Ok(labels);
        }
        if stored_labels::encode(&labels).len() > MAX_BYTES {
            let detail = format!("must be shorter: categories and aliases may have {MAX_BYTES} bytes in all");
            return Err(AppError::field(field, detail));
        }
        let to = MarkedLabels { mark: new_mark(app), labels };
        match app.label_book.set_labels(caller.user, before.mark, to.clone()).await? {
            LabelsSet::Done => return Ok(to.labels),
            LabelsSet::Changed => {}
            LabelsSet::NoSuchUser => return Err(AppError::NotSignedIn),
        }
    }
    Err(AppError::Unavailable(format!("labels were changed by others {TRIES} times in between")))
}

/// Never that of who has said nothing.
fn new_mark(app: &App) -> LabelMark {
    let mut random = [0; 8];
    app.randomness.fill(&mut random);
    LabelMark(u64::from_be_bytes(random).max(1))
}

fn refused(why: CategoryRefusal) -> AppError {
    let field = match why {
        CategoryRefusal::NotFound => return AppError::NotFound,
        CategoryRefusal::NameTaken | CategoryRefusal::TooDeep | CategoryRefusal::TooMany => "name",
        CategoryRefusal::TooManyRules => "rules",
    };
    AppError::field(field, why.to_string())
}
