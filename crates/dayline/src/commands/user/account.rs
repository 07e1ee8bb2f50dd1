//! Which account is meant, and what is said of one to which nothing was done.

use dayline_app::AppError;
use dayline_domain::Email;

use dayline_cli_kit::failure::Failure;

/// The address of an account, as an operator typed it.
pub(super) fn address(text: &str) -> Result<Email, Failure> {
    Email::new(text).map_err(|error| Failure::usage(format!("{text:?} {error}")))
}

/// Why it was not done for who has this address.
pub(super) fn refused(email: &str, error: AppError) -> Failure {
    match error {
        AppError::NotFound => Failure::new(format!("there is no account {email}")),
        AppError::EmailTaken => Failure::new(format!("there is an account {email} already")),
        AppError::Invalid(fields) => {
            let texts = fields.iter().map(|field| format!("the {} {}", field.field, field.detail));
            Failure::usage(texts.collect::<Vec<_>>().join("; "))
        }
        error => Failure::because(error),
    }
}
