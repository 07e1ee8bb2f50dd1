//! `/categories`: to what my time belongs.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::reporting::labels::{self, CategoryDraft, RuleAsked, resolve_rule};
use dayline_domain::id::CategoryKind;
use dayline_domain::labels::{CategoryName, Colour, Rule};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::path::PathId;
use dayline_http_kit::problem::{Problem, ProblemBody};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::category::{CategoryItem, ColourName};
use crate::views::location::set_location;
use dayline_http_kit::json::private_json;

/// A category as I want it.
#[derive(ToSchema)]
#[schema(as = CategoryBody)]
pub(crate) struct CategoryBody {
    /// One to six parts of 1 to 64 characters with the sign > between them; no other category of mine has it.
    /// What lies within a category follows when its name changes.
    #[schema(value_type = String, example = "Work > Code")]
    name: CategoryName,
    /// Null or left out: the colour of the category around it.
    #[schema(value_type = Option<ColourName>, nullable, required = false)]
    colour: Option<Colour>,
    /// What belongs to it; at most 500 in all categories together.
    #[schema(value_type = Vec<RuleBody>, nullable, required = false, max_items = 500)]
    rules: Vec<Rule>,
}

/// What belongs to a category. All that is given has to fit, and something must be given. Upper and lower
/// case make no difference, and a `*` stands for any characters, or none.
#[derive(ToSchema)]
#[schema(as = CategoryRuleBody)]
#[expect(dead_code, reason = "describes what is read as a rule")]
struct RuleBody {
    /// An app, by any of its names.
    #[schema(nullable, required = false, max_length = 255, example = "Code")]
    app: Option<String>,
    /// A host, with all that lie within it.
    #[schema(nullable, required = false, example = json!(null))]
    domain: Option<String>,
    /// A project.
    #[schema(nullable, required = false, max_length = 255, example = json!(null))]
    project: Option<String>,
}

impl FromFields for CategoryBody {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", CategoryName::new);
        let colour = fields.optional("colour", colour);
        let rules = fields.objects("rules", rule).unwrap_or_default();
        Some(Self { name: name?, colour, rules })
    }
}

fn colour(name: &str) -> Result<Colour, String> {
    let unknown = || format!("must be one of {}", Colour::ALL.map(Colour::name).join(", "));
    Colour::from_name(name).ok_or_else(unknown)
}

fn rule(fields: &mut Fields<'_>) -> Option<Rule> {
    let mut text = |field| fields.optional(field, |text| Ok::<_, String>(text.to_owned()));
    let (app, domain, project) = (text("app"), text("domain"), text("project"));
    let is_given = ["app", "domain", "project"].iter().any(|field| fields.is_given(field));
    if is_given && app.is_none() && domain.is_none() && project.is_none() {
        // What is no text was told already.
        return None;
    }
    let asked = RuleAsked { app, domain, project };
    resolve_rule(fields.app(), asked).map_err(|errors| fields.refuse(errors)).ok()
}

impl From<CategoryBody> for CategoryDraft {
    fn from(CategoryBody { name, colour, rules }: CategoryBody) -> Self {
        Self { name, colour, rules }
    }
}

/// My categories.
#[derive(Serialize, ToSchema)]
pub(crate) struct CategoryList<'a> {
    /// In the order of their names, each before those within it.
    categories: Vec<CategoryItem<'a>>,
}

/// My categories.
///
/// A rule with a project is asked before one with a domain, that before one with an app alone, and of
/// equal ones the one with more characters. The first that fits decides; within its category the same is
/// done again, so that time counts under the deepest. An app goes by the name that it is shown by. All of
/// the past follows at once.
#[utoipa::path(
    get, path = "/api/v1/categories", tag = "categories", operation_id = "list_categories",
    responses((status = 200, body = CategoryList<'_>, description = "All of them"), SignedInProblems),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn list(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let labels = labels::labels(&api.app, &caller).await?;
    Ok(private_json(&CategoryList { categories: labels.categories.iter().map(CategoryItem::from).collect() }))
}

/// Add a category. At most 200.
#[utoipa::path(
    post, path = "/api/v1/categories", tag = "categories", operation_id = "create_category",
    request_body = CategoryBody,
    responses(
        (status = 201, body = CategoryItem<'_>, description = "All of the past follows from now on"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(body): Json<CategoryBody>,
) -> Result<Response, Problem> {
    let category = labels::add_category(&api.app, &caller, body.into()).await?;
    let mut response = private_json(&CategoryItem::from(&category));
    *response.status_mut() = StatusCode::CREATED;
    set_location(&mut response, &api.kit.config, &format!("/api/v1/categories/{}", category.id));
    Ok(response)
}

/// Say what a category is, in place of what it was before.
#[utoipa::path(
    put, path = "/api/v1/categories/{id}", tag = "categories", operation_id = "change_category",
    params(("id" = String, Path, format = Uuid, description = "The category's identity")),
    request_body = CategoryBody,
    responses(
        (status = 200, body = CategoryItem<'_>, description = "All of the past follows from now on"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such category"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CategoryKind>,
    Json(body): Json<CategoryBody>,
) -> Result<Response, Problem> {
    let category = labels::change_category(&api.app, &caller, id, body.into()).await?;
    Ok(private_json(&CategoryItem::from(&category)))
}

/// Delete a category. Those within it stay.
#[utoipa::path(
    delete, path = "/api/v1/categories/{id}", tag = "categories", operation_id = "delete_category",
    params(("id" = String, Path, format = Uuid, description = "The category's identity")),
    responses(
        (status = 204, description = "The category is gone"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such category"),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CategoryKind>,
) -> Result<Response, Problem> {
    labels::delete_category(&api.app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
