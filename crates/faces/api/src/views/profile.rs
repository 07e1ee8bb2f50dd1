//! A person's account.

use dayline_app::ports::User;
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A person's profile.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile {
    /// Never changes.
    #[schema(format = Uuid)]
    id: String,
    /// The address to sign in with.
    #[schema(example = "ada@example.org")]
    email: String,
    /// As the person writes it.
    #[schema(example = "Ada Lovelace")]
    full_name: String,
    /// IANA name of the time zone that reports use by default.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
    /// When the person registered.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    created_at: String,
    /// When the profile or the password changed last.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    updated_at: String,
}

impl From<User> for Profile {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            full_name: user.full_name.as_str().to_owned(),
            timezone: user.timezone,
            created_at: instant::utc(user.created_at),
            updated_at: instant::utc(user.updated_at),
        }
    }
}
