//! `/settings/categories`: the person's categories and their rules, and what belongs to none.

use std::str::FromStr;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::labels::{self, CategoryDraft, RuleAsked, resolve_rule};
use dayline_app::{AppError, FieldError};
use dayline_domain::CategoryId;
use dayline_domain::labels::{Categories, Category, CategoryName, Colour, Rule};
use http::{HeaderMap, StatusCode};

use crate::forms::Form;
use crate::page::Page;
use crate::pages::category_inbox::{DAYS, Inbox, Times};
use crate::pages::category_ranks::hue;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{Choice, capitalized, duration, sentence};
use crate::state::{Web, WebState};

#[derive(Template)]
#[template(path = "categories.html")]
struct CategoriesPage {
    shell: Shell,
    /// What is wrong with a form of something that there is already.
    problem: Option<String>,
    /// The form of a new one.
    form: Form,
    colours: Vec<Choice>,
    /// Of how many days the times are.
    days: i32,
    inbox: Inbox,
    categories: Vec<Row>,
}

/// A category.
struct Row {
    id: CategoryId,
    name: String,
    /// The class of its colour.
    class: &'static str,
    colours: Vec<Choice>,
    rules: Vec<RuleRow>,
    time: String,
}

/// A rule of a category.
struct RuleRow {
    words: String,
    /// The fields that name it, with what is in them.
    fields: Vec<(&'static str, String)>,
}

/// The list.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(filled(&web, &caller, &headers, Form::default(), None).await?.answer(&headers))
}

async fn filled(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    form: Form,
    problem: Option<String>,
) -> Result<Page, Refusal> {
    let categories = labels::labels(&web.app, caller).await?.categories;
    let (inbox, times) = Inbox::read(web, caller, &categories).await?;
    Page::of(&CategoriesPage {
        shell: Shell::at(web, headers, Place::Settings),
        problem,
        colours: colours(Colour::from_name(form.text("colour"))),
        form,
        days: DAYS,
        inbox,
        categories: categories.iter().map(|category| row(category, &categories, &times)).collect(),
    })
}

fn row(category: &Category, all: &Categories, times: &Times) -> Row {
    let Category { id, name, colour, rules } = category;
    let within = |other: &CategoryName| other == name || other.is_within(name);
    let ms = times.iter().filter(|(other, _)| within(other)).map(|(_, ms)| ms).sum();
    Row {
        id: *id,
        name: name.to_string(),
        class: hue(all.colour_of(name)).class(),
        colours: colours(*colour),
        rules: rules.iter().map(rule_row).collect(),
        time: if ms > 0 { duration(ms) } else { String::new() },
    }
}

fn rule_row(rule: &Rule) -> RuleRow {
    let named = ["app", "domain", "project"].into_iter().zip(rule.parts());
    let fields: Vec<_> = named.filter_map(|(field, part)| Some((field, part?.to_owned()))).collect();
    let words: Vec<_> = fields.iter().map(|(field, part)| format!("{field} {part}")).collect();
    RuleRow { words: words.join(" and "), fields }
}

fn colours(chosen: Option<Colour>) -> Vec<Choice> {
    let chosen = chosen.map_or("", Colour::name);
    let none = Choice::of("", "As the one around it", chosen);
    let choice = |colour: Colour| Choice::of(colour.name(), capitalized(colour.name()), chosen);
    [none].into_iter().chain(Colour::ALL.map(choice)).collect()
}

/// Adds one, with a first rule if one is given.
pub(crate) async fn add(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let name = form.read_field("name", CategoryName::new);
    let colour = form.read_field("colour", colour);
    let is_given = ["app", "domain", "project"].iter().any(|field| !form.text(field).trim().is_empty());
    let rule = if is_given { rule_of(&web, &form).map(Some) } else { Ok(None) };
    let added = match (name, colour, rule) {
        (Some(name), Some(colour), Ok(rule)) => {
            let draft = CategoryDraft { name, colour, rules: rule.into_iter().collect() };
            labels::add_category(&web.app, &caller, draft).await.map(drop)
        }
        (.., rule) => Err(AppError::Invalid(rule.err().unwrap_or_default())),
    };
    match added {
        Err(AppError::Invalid(errors)) => {
            form.refuse(errors);
            let page = filled(&web, &caller, &headers, form, None).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).answer(&headers))
        }
        other => outcome(&web, &caller, &headers, other).await,
    }
}

/// Gives one another name and colour.
pub(crate) async fn change(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let id = category_of(&form)?;
    let name = CategoryName::new(form.text("name")).map_err(|why| AppError::field("name", why.to_string()));
    let changed = match (name, form.read_field("colour", colour)) {
        (Ok(name), Some(colour)) => labels::rename_category(&web.app, &caller, id, name, colour).await,
        (Err(why), _) => Err(why),
        (_, None) => Err(AppError::field("colour", "must be one of the list")),
    };
    outcome(&web, &caller, &headers, changed).await
}

/// Deletes one.
pub(crate) async fn delete(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let deleted = labels::delete_category(&web.app, &caller, category_of(&form)?).await;
    outcome(&web, &caller, &headers, deleted).await
}

/// Adds a rule to one: also what puts something from the inbox into it.
pub(crate) async fn add_rule(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let add = async |id, rule| labels::add_rule(&web.app, &caller, id, rule).await;
    let added = with_rule(&web, &form, add).await;
    outcome(&web, &caller, &headers, added).await
}

/// Takes a rule from one.
pub(crate) async fn remove_rule(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let remove = async |id, rule: Rule| labels::remove_rule(&web.app, &caller, id, &rule).await;
    let removed = with_rule(&web, &form, remove).await;
    outcome(&web, &caller, &headers, removed).await
}

/// Does something with the rule of a category that a form names.
async fn with_rule(
    web: &WebState,
    form: &Form,
    change: impl AsyncFnOnce(CategoryId, Rule) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let id = category_of(form)?;
    let rule = rule_of(web, form).map_err(AppError::Invalid)?;
    change(id, rule).await
}

/// Takes the categories to begin with.
pub(crate) async fn take_starter(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let taken = labels::take_starter(&web.app, &caller).await;
    outcome(&web, &caller, &headers, taken).await
}

/// Which category a form is about.
fn category_of(form: &Form) -> Result<CategoryId, AppError> {
    CategoryId::from_str(form.text("category")).map_err(|_| AppError::NotFound)
}

fn rule_of(web: &WebState, form: &Form) -> Result<Rule, Vec<FieldError>> {
    let [app, domain, project] = ["app", "domain", "project"].map(|field| Some(form.text(field).to_owned()));
    resolve_rule(&web.app, RuleAsked { app, domain, project })
}

/// A colour by its name; nothing is none of its own.
fn colour(name: &str) -> Result<Option<Colour>, &'static str> {
    let known = Colour::from_name(name);
    if known.is_some() || name.is_empty() { Ok(known) } else { Err("must be one of the list") }
}

/// After a form: the list, with what is wrong if anything is.
async fn outcome(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    done: Result<(), AppError>,
) -> Result<Response, Refusal> {
    let errors = match done {
        Ok(()) => {
            return Ok(Redirect::to(&format!("{}/settings/categories", web.base)).into_response());
        }
        Err(AppError::Invalid(errors)) => errors,
        Err(error) => return Err(error.into()),
    };
    let words = errors.first().map(|error| sentence(&format!("the {} {}", error.field, error.detail)));
    let page = filled(web, caller, headers, Form::default(), words).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).answer(headers))
}
