//! Problem details (RFC 9457): the one table from an error to a status, a type and a body.
//! Not here: the errors of the use cases themselves; their codes and texts come from there.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use dayline_app::ports::TooMany;
use dayline_app::{AppError, FieldError, Kind};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::slots::NoSlot;

/// Seconds after which somebody's streams may be fewer.
const STREAM_WAIT_S: u32 = 10;
/// Seconds after which somebody's packed bodies may be unpacked.
const UNPACKING_WAIT_S: u32 = 1;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One row of the table: what a client may tell apart without knowing codes.
#[derive(Debug)]
struct Class {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
}

const fn class(status: StatusCode, slug: &'static str, title: &'static str) -> Class {
    Class { status, slug, title }
}

static INVALID: Class = class(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid input");
static UNAUTHENTICATED: Class = class(StatusCode::UNAUTHORIZED, "unauthenticated", "Not signed in");
static FORBIDDEN: Class = class(StatusCode::FORBIDDEN, "forbidden", "Not allowed");
static NOT_FOUND: Class = class(StatusCode::NOT_FOUND, "not-found", "Not found");
static CONFLICT: Class = class(StatusCode::CONFLICT, "conflict", "Conflict with the present state");
static TOO_MANY: Class = class(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many requests");
static UNAVAILABLE: Class = class(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable");
static INTERNAL: Class = class(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong");

/// RFC 6749, section 5.2, wants 400 for all of these.
static NO_TOKENS: Class = class(StatusCode::BAD_REQUEST, "no-tokens", "No tokens for the device");

// What only HTTP can get wrong.
static LONG_TARGET: Class = class(StatusCode::URI_TOO_LONG, "long-target", "Target too long");
static LARGE_HEAD: Class =
    class(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "large-head", "Request head too large");
static MALFORMED: Class = class(StatusCode::BAD_REQUEST, "malformed", "Malformed request");
static METHOD: Class = class(StatusCode::METHOD_NOT_ALLOWED, "method", "Method not allowed");
static NOT_IMPLEMENTED: Class = class(StatusCode::NOT_IMPLEMENTED, "not-implemented", "Not implemented");
static TIMEOUT: Class = class(StatusCode::REQUEST_TIMEOUT, "timeout", "Request timeout");
static TOO_LARGE: Class = class(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Request too large");
static MEDIA_TYPE: Class = class(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Unsupported media type");

fn class_of(kind: Kind) -> &'static Class {
    match kind {
        Kind::Invalid => &INVALID,
        Kind::Unauthenticated => &UNAUTHENTICATED,
        Kind::Forbidden => &FORBIDDEN,
        Kind::NotFound => &NOT_FOUND,
        Kind::Conflict => &CONFLICT,
        Kind::TooMany => &TOO_MANY,
        Kind::Unavailable => &UNAVAILABLE,
        Kind::Internal => &INTERNAL,
    }
}

/// An answer that is not what was asked for.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    class: &'static Class,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    limit: Option<TooMany>,
    /// For the operator's log; never shown.
    cause: Option<String>,
}

impl Problem {
    fn new(class: &'static Class, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        let errors = Vec::new();
        Self(Box::new(Inner { class, code, detail, errors, retry_after_s: None, limit: None, cause: None }))
    }

    /// The bytes are not what they claim to be: not UTF-8, not JSON, not gzip, cut off.
    pub fn malformed(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&MALFORMED, code, detail)
    }

    /// What came is no request of HTTP/1.
    pub fn no_http() -> Self {
        Self::malformed("malformed_request", "this is not a request of http/1.1 that can be read")
    }

    /// The request's target is longer than any of ours.
    pub fn long_target() -> Self {
        Self::new(&LONG_TARGET, "target_too_long", "the path and query are too long")
    }

    /// The head has more bytes or lines than one may have.
    pub fn large_head() -> Self {
        Self::new(&LARGE_HEAD, "head_too_large", "the head has too many bytes or too many header lines")
    }

    /// A body's length is given in two ways that may differ.
    pub fn ambiguous_length() -> Self {
        Self::malformed("ambiguous_length", "give content-length or transfer-encoding, not both")
    }

    /// The body's length is a number that no body has.
    pub fn impossible_length() -> Self {
        Self::too_large("body_too_large", "content-length is more than any body may have")
    }

    /// A transfer coding that is not `chunked` alone.
    pub fn unknown_transfer_encoding() -> Self {
        let detail = "transfer-encoding must be chunked or absent";
        Self::new(&NOT_IMPLEMENTED, "unsupported_transfer_encoding", detail)
    }

    /// There is no `Host`, more than one, or one that is no host.
    pub fn bad_host() -> Self {
        Self::malformed("bad_host", "give exactly one host header, with a name or an address")
    }

    /// A value breaks a rule that no single field is to blame for.
    pub fn invalid(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&INVALID, code, detail)
    }

    /// More bytes or pings than one request may have.
    pub fn too_large(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&TOO_LARGE, code, detail)
    }

    /// A content type or encoding that this route does not take.
    pub fn unsupported(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&MEDIA_TYPE, code, detail)
    }

    /// The body did not arrive in time.
    pub fn body_timeout() -> Self {
        Self::new(&TIMEOUT, "body_timeout", "the body did not arrive in time")
    }

    /// No route has this path.
    pub fn no_route() -> Self {
        Self::new(&NOT_FOUND, "no_such_route", "no route has this path; openapi.json names all")
    }

    /// The route has other methods; `Allow` names them.
    pub fn method_not_allowed() -> Self {
        Self::new(&METHOD, "method_not_allowed", "this route has other methods; see the allow header")
    }

    /// The request comes from a page of another site.
    pub fn foreign_origin() -> Self {
        Self::new(&FORBIDDEN, "foreign_origin", "the cookie is only taken from pages of this site")
    }

    /// A device that polls gets no tokens (RFC 8628, section 3.5).
    pub fn no_tokens(code: &'static str, detail: &'static str) -> Self {
        Self::new(&NO_TOKENS, code, detail)
    }

    /// The person has as many long answers under way as one may have.
    pub fn too_many_streams() -> Self {
        let mut problem =
            Self::new(&TOO_MANY, "too_many_streams", "too many of your streams are open; close one first");
        problem.0.retry_after_s = Some(STREAM_WAIT_S);
        problem
    }

    /// The person has as many packed bodies waiting as one may have.
    pub fn too_many_packed_bodies() -> Self {
        let detail = "too many of your packed bodies wait to be unpacked; send one after another";
        let mut problem = Self::new(&TOO_MANY, "too_many_packed_bodies", detail);
        problem.0.retry_after_s = Some(UNPACKING_WAIT_S);
        problem
    }

    /// The person leaves as many answers unread as one may.
    pub fn too_much_unread() -> Self {
        let detail = "too many of your answers have not been read; read or close them first";
        let mut problem = Self::new(&TOO_MANY, "too_much_unread", detail);
        problem.0.retry_after_s = Some(STREAM_WAIT_S);
        problem
    }

    /// All together leave as many answers unread as may be.
    pub fn all_too_much_unread() -> Self {
        AppError::Unavailable("too many answers are not read".into()).into()
    }

    /// A handler panicked.
    pub fn panicked() -> Self {
        AppError::Internal("a handler panicked".into()).into()
    }

    /// The status of its answer.
    pub fn status(&self) -> StatusCode {
        self.0.class.status
    }

    /// What exactly it is; stable.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What it is, for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// After how many seconds a client may try again, if that is known.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s
    }

    /// The fields that break a rule.
    pub fn fields(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Lets an answer in other words be logged as this problem.
    pub fn log_with(&self, response: &mut Response) {
        response.extensions_mut().insert(Logged { code: self.0.code, cause: self.0.cause.clone() });
    }

    /// What may be seen of the problem, for answers that add to it.
    pub fn body(&self) -> ProblemBody {
        let Inner { class, code, detail, errors, .. } = &*self.0;
        ProblemBody {
            r#type: format!("urn:dayline:problem:{}", class.slug),
            title: class.title,
            status: class.status.as_u16(),
            code,
            detail: detail.clone(),
            errors: errors.iter().map(FieldProblem::from).collect(),
        }
    }

    /// The answer with a body of its own, which has at least what [`Problem::body`] gives.
    pub fn respond_with(&self, body: &impl Serialize) -> Response {
        // The bodies are structs of texts and numbers, which always serialise.
        let body = serde_json::to_vec(body).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.class.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(limit) = &self.0.limit {
            tell_limit(headers, limit);
        }
        if self.0.class.status == StatusCode::UNAUTHORIZED {
            let asks = match self.0.code {
                "session_revoked" | "token_reused" => r#"Bearer realm="dayline", error="invalid_token""#,
                _ => r#"Bearer realm="dayline""#,
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(asks));
        }
        if self.0.class.status == StatusCode::REQUEST_TIMEOUT {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        self.log_with(&mut response);
        response
    }
}

/// Says how many requests are allowed in how many seconds (draft-ietf-httpapi-ratelimit-headers).
fn tell_limit(headers: &mut HeaderMap, limit: &TooMany) {
    let TooMany { retry_after_s, quota, window_s } = limit;
    let policy = HeaderValue::try_from(format!(r#""limit";q={quota};w={window_s}"#));
    let left = HeaderValue::try_from(format!(r#""limit";r=0;t={retry_after_s}"#));
    if let (Ok(policy), Ok(left)) = (policy, left) {
        headers.insert("ratelimit-policy", policy);
        headers.insert("ratelimit", left);
    }
}

/// What the log shows of a problem; travels with the response as an extension.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) code: &'static str,
    pub(crate) cause: Option<String>,
}

impl From<NoSlot> for Problem {
    fn from(none: NoSlot) -> Self {
        match none {
            NoSlot::OfTheirs => Self::too_many_streams(),
            NoSlot::AtAll => AppError::Unavailable("too many streams at once".into()).into(),
        }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let mut problem = Self::new(class_of(error.kind()), error.code(), error.detail());
        problem.0.retry_after_s = error.retry_after_s();
        match error {
            AppError::Invalid(errors) => problem.0.errors = errors,
            AppError::TooMany(limit) => problem.0.limit = Some(limit),
            AppError::Unavailable(cause) | AppError::Internal(cause) => problem.0.cause = Some(cause),
            _ => {}
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond_with(&self.body())
    }
}

/// A problem as RFC 9457 describes it. Tell problems apart by `code`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:dayline:problem:invalid",
    "title": "Invalid input",
    "status": 422,
    "code": "invalid_input",
    "detail": "some fields break a rule; see errors",
    "errors": [{"field": "password", "detail": "must have at least 8 characters"}],
}))]
pub struct ProblemBody {
    /// What kind of problem it is; the same for all problems with this title.
    r#type: String,
    /// The kind in words.
    title: &'static str,
    /// The status of the answer, again.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What exactly it is. Stable: clients may rely on it.
    code: &'static str,
    /// A sentence for people. May change.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// For invalid input: each field that breaks a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem>,
}

/// A field that breaks a rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub struct FieldProblem {
    /// The field or parameter, as the client named it.
    #[schema(value_type = String)]
    field: Cow<'static, str>,
    /// What is wrong and what to do.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
}

impl From<&FieldError> for FieldProblem {
    fn from(FieldError { field, detail }: &FieldError) -> Self {
        Self { field: field.clone(), detail: detail.clone() }
    }
}
