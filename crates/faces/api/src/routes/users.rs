//! `/users`: register, and one's own profile.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::identity::accounts::{self, ProfileEdit, Registration};
use dayline_domain::{Email, FullName, NewPassword};
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::json::private_json;
use dayline_http_kit::problem::{Problem, ProblemBody};
use dayline_http_kit::registration::RegistrationOpen;
use http::StatusCode;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, LimitedProblems, SignedInProblems};
use crate::signed_out;
use crate::state::Api;
use crate::views::location::set_location;
use crate::views::profile::Profile;

/// A registration.
#[derive(ToSchema)]
pub(crate) struct NewUser {
    /// Unique without regard to case.
    #[schema(value_type = String, format = Email, max_length = 254, example = "ada@example.org")]
    email: Email,
    /// 8–128 characters of any kind; the most used passwords are refused.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128,
        example = "tea at half past four")]
    password: NewPassword,
    /// 1–200 characters.
    #[schema(value_type = String, min_length = 1, example = "Ada Lovelace")]
    full_name: FullName,
    /// IANA name of the time zone that reports use by default, or what Windows calls it; UTC if left out.
    #[schema(nullable, required = false, example = "Europe/Berlin")]
    timezone: Option<String>,
}

impl FromFields for NewUser {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", Email::new);
        let password = fields.required("password", NewPassword::new);
        let full_name = fields.required("full_name", FullName::new);
        let timezone = fields.zone("timezone");
        Some(Self { email: email?, password: password?, full_name: full_name?, timezone })
    }
}

/// Register.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses(
        (status = 201, body = Profile, description = "The account exists now"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json",
            description = "`registration_closed`: only who runs the server makes accounts"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json",
            description = "`email_taken`"),
        BodyProblems, LimitedProblems,
    ),
)]
pub(crate) async fn register(
    State(api): State<Api>,
    _: RegistrationOpen,
    ClientAddress(address): ClientAddress,
    Json(NewUser { email, password, full_name, timezone }): Json<NewUser>,
) -> Result<Response, Problem> {
    let registration = Registration { email, password, full_name, timezone, address };
    let user = accounts::register(&api.app, registration).await?;
    let mut response = private_json(&Profile::from(user));
    *response.status_mut() = StatusCode::CREATED;
    set_location(&mut response, &api.kit.config, "/api/v1/users/me");
    Ok(response)
}

/// My profile.
#[utoipa::path(
    get, path = "/api/v1/users/me", tag = "users", operation_id = "get_profile",
    responses((status = 200, body = Profile, description = "The profile"), SignedInProblems),
    security(("session" = [])),
)]
pub(crate) async fn profile(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    Ok(private_json(&Profile::from(accounts::profile(&api.app, &caller).await?)))
}

/// What to change of a profile.
#[derive(ToSchema)]
pub(crate) struct ProfileChange {
    /// 1–200 characters.
    #[schema(value_type = Option<String>, nullable, required = false, example = "Ada King")]
    full_name: Option<FullName>,
    /// IANA name of a time zone, or what Windows calls it.
    #[schema(nullable, required = false, example = "Europe/London")]
    timezone: Option<String>,
    /// The address to sign in with; a new one needs the password.
    #[schema(value_type = Option<String>, format = Email, max_length = 254, nullable, required = false,
        example = "ada@example.net")]
    email: Option<Email>,
    /// My password, for a new address.
    #[schema(format = Password, nullable, required = false)]
    password: Option<String>,
}

impl FromFields for ProfileChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let full_name = fields.optional("full_name", FullName::new);
        let timezone = fields.zone("timezone");
        let email = fields.optional("email", Email::new);
        Some(Self { full_name, timezone, email, password: fields.optional("password", str::parse) })
    }
}

/// Change my profile. What is left out or null stays as it is. A new address needs the password;
/// sessions and keys go on.
#[utoipa::path(
    patch, path = "/api/v1/users/me", tag = "users", request_body = ProfileChange,
    responses(
        (status = 200, body = Profile, description = "The profile after the change"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json",
            description = "`email_taken`"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn update_profile(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(change): Json<ProfileChange>,
) -> Result<Response, Problem> {
    let ProfileChange { full_name, timezone, email, password } = change;
    let edit = ProfileEdit { full_name, timezone, email, password };
    let user = accounts::update_profile(&api.app, &caller, edit).await?;
    Ok(private_json(&Profile::from(user)))
}

/// What confirms that I am the person whose account it is.
#[derive(ToSchema)]
pub(crate) struct Confirmation {
    /// My present password.
    #[schema(format = Password)]
    password: String,
}

impl FromFields for Confirmation {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { password: fields.required("password", str::parse)? })
    }
}

/// Erase my account and all its data. This can't be undone.
#[utoipa::path(
    delete, path = "/api/v1/users/me", tag = "users", operation_id = "delete_account", request_body = Confirmation,
    responses(
        (status = 204, description = "Nothing is left"),
        SignedInProblems, BodyProblems, LimitedProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(Confirmation { password }): Json<Confirmation>,
) -> Result<Response, Problem> {
    accounts::delete(&api.app, &caller, password).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A change of the password.
#[derive(ToSchema)]
pub(crate) struct PasswordChange {
    /// The password until now.
    #[schema(format = Password)]
    current_password: String,
    /// 8–128 characters of any kind; the most used passwords are refused.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128,
        example = "tea at half past four")]
    new_password: NewPassword,
    /// Whether my API keys are deleted, too; false if left out.
    #[schema(required = false)]
    delete_api_keys: bool,
}

impl FromFields for PasswordChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let current_password = fields.required("current_password", str::parse);
        let new_password = fields.required("new_password", NewPassword::new);
        let delete_api_keys = fields.flag("delete_api_keys").unwrap_or(false);
        Some(Self { current_password: current_password?, new_password: new_password?, delete_api_keys })
    }
}

/// Change my password. All my other sessions end, and with them the device codes that they approved.
#[utoipa::path(
    post, path = "/api/v1/users/me/password", tag = "users", request_body = PasswordChange,
    responses(
        (status = 204, description = "The new password holds",
            headers(("api-keys-deleted" = u64, description = "How many API keys were deleted"))),
        SignedInProblems, BodyProblems, LimitedProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_password(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(change): Json<PasswordChange>,
) -> Result<Response, Problem> {
    let PasswordChange { current_password, new_password, delete_api_keys } = change;
    let changed =
        accounts::change_password(&api.app, &caller, current_password, new_password, delete_api_keys);
    Ok(signed_out::answer(changed.await?))
}
