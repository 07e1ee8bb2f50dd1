//! The head of the API document, and the problems that many routes share.
//! Not here: the routes themselves; each is documented at its handler.

use std::collections::BTreeMap;

use dayline_http_kit::problem::{FieldProblem, PROBLEM_JSON, ProblemBody};
use http::StatusCode;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Type};
use utoipa::{IntoResponses, Modify, OpenApi};

use crate::views::export::ExportLine;

/// The document before any route is added.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dayline",
        description = "Time tracking: send pings, get one clean timeline per person, and reports from it.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "users", description = "Accounts"),
        (name = "auth", description = "Signing devices in and out"),
        (name = "api-keys", description = "Long-lived keys for trackers"),
        (name = "usage", description = "Pings and the timeline"),
        (name = "report", description = "Sums over local days"),
        (name = "categories", description = "To what time belongs, and what apps are called"),
        (name = "live", description = "Changes as they happen"),
        (name = "operations", description = "For operators"),
    ),
    components(schemas(ProblemBody, FieldProblem, ExportLine<'_>)),
    modifiers(&Credentials),
)]
pub(crate) struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, format, description) in [
            ("session", "JWT", "The access token of `POST /api/v1/auth/login`."),
            ("api_key", "dlk_…", "An API key of `POST /api/v1/api-keys` with the scope that is named."),
        ] {
            let scheme = HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format(format)
                .description(Some(description))
                .build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// A body that may be left out is documented as one that is left out or null. Clients send the one or nothing.
pub(crate) fn without_null_bodies(document: &mut utoipa::openapi::OpenApi) {
    let items = document.paths.paths.values_mut();
    let operations =
        items.flat_map(|item| [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete]);
    for body in operations.flatten().filter_map(|operation| operation.request_body.as_mut()) {
        let RefOr::T(body) = body else { continue };
        for content in body.content.values_mut() {
            let RefOr::T(content) = content else { continue };
            if let Some(only) = content.schema.as_ref().and_then(or_null) {
                content.schema = Some(only);
            }
        }
    }
}

/// What a schema is that is that or null.
fn or_null(schema: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    let RefOr::T(Schema::OneOf(either)) = schema else { return None };
    let (nulls, others): (Vec<_>, Vec<_>) = either.items.iter().partition(|item| is_null(item));
    match others[..] {
        [only] if !nulls.is_empty() => Some(only.clone()),
        _ => None,
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    let null = SchemaType::Type(Type::Null);
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == null)
}

fn problems(rows: &[(StatusCode, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let row = |(status, description): &(StatusCode, &str)| {
        let schema = Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response =
            ResponseBuilder::new().description(*description).content(PROBLEM_JSON, content).build();
        (status.as_str().to_owned(), RefOr::T(response))
    };
    rows.iter().map(row).collect()
}

/// What a route that needs a caller, and so a store, may answer.
pub(crate) struct SignedInProblems;

impl IntoResponses for SignedInProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::UNAUTHORIZED, "`not_signed_in` or `session_revoked`"),
            (StatusCode::FORBIDDEN, "`missing_scope`: the detail names the scope that the key lacks"),
            (StatusCode::UNPROCESSABLE_ENTITY, "`invalid_input`: see `errors`"),
            (StatusCode::TOO_MANY_REQUESTS, "`too_many_requests`; see `Retry-After`"),
            (StatusCode::INTERNAL_SERVER_ERROR, "`internal`"),
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "`unavailable`, `overloaded` or `maintenance`; see `Retry-After`",
            ),
        ])
    }
}

/// What is answered instead of the result of a report job.
pub(crate) struct NoResult;

impl IntoResponses for NoResult {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = problems(&[
            (StatusCode::NOT_FOUND, "I have no such job, or it ended more than a day ago"),
            (
                StatusCode::CONFLICT,
                "`not_finished`: see `Retry-After`; `no_result`: it failed or was cancelled",
            ),
        ]);
        let held = "The same as the one named by `If-None-Match`";
        let elsewhere =
            ResponseBuilder::new().description("The job has another format: its result is there").header(
                "location",
                HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build(),
            );
        responses.insert("303".to_owned(), RefOr::T(elsewhere.build()));
        responses.insert("304".to_owned(), RefOr::T(ResponseBuilder::new().description(held).build()));
        responses
    }
}

/// What a route that reads a body may answer.
pub(crate) struct BodyProblems;

impl IntoResponses for BodyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (
                StatusCode::BAD_REQUEST,
                "`malformed_json`, `invalid_utf8`, `broken_body`; of pings also `invalid_gzip`",
            ),
            (StatusCode::REQUEST_TIMEOUT, "`body_timeout`"),
            (StatusCode::PAYLOAD_TOO_LARGE, "`body_too_large`, `too_many_pings`"),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "`unsupported_media_type`, `unsupported_encoding`"),
            (StatusCode::UNPROCESSABLE_ENTITY, "`invalid_input`: see `errors`"),
        ])
    }
}

/// The same as [`LimitedProblems`], also in the words of OAuth for those who send forms.
pub(crate) struct OAuthProblems;

impl IntoResponses for OAuthProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = LimitedProblems::responses();
        for response in responses.values_mut() {
            let RefOr::T(response) = response else { continue };
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("OAuthError"))).build();
            response.content.insert("application/json".to_owned(), content.into());
        }
        responses
    }
}

/// What a route for those who are not signed in may answer: it limits attempts and needs a store.
pub(crate) struct LimitedProblems;

impl IntoResponses for LimitedProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::UNPROCESSABLE_ENTITY, "`invalid_input`: see `errors`"),
            (StatusCode::TOO_MANY_REQUESTS, "`too_many_requests`; see `Retry-After`"),
            (StatusCode::INTERNAL_SERVER_ERROR, "`internal`"),
            (StatusCode::SERVICE_UNAVAILABLE, "`unavailable` or `maintenance`; see `Retry-After`"),
        ])
    }
}
