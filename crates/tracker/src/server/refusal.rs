//! Why the server did not do what it was asked.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

/// Why the server did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// No whole answer came: whether the server did it is not known.
    #[error("no answer from the server: {0}")]
    Unanswered(String),
    /// The server says no.
    #[error("the server says {} {problem}", status.as_u16())]
    Answered {
        /// The status.
        status: StatusCode,
        /// What it says, by its stable code and for people.
        problem: Problem,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer is not what a Dayline says.
    #[error("that is not the answer of a dayline: {0}")]
    Unreadable(String),
}

/// What the server says of an error.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Its stable name.
    pub code: String,
    /// For people.
    pub detail: String,
    /// Observations that were not taken.
    pub rejected: Vec<Rejected>,
    /// For a device that waits: seconds between two polls from now on.
    pub interval: Option<u64>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let separator = if self.code.is_empty() || self.detail.is_empty() { "" } else { ": " };
        write!(f, "{}{separator}{}", self.code, self.detail)
    }
}

/// An observation that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rejected {
    /// Its place in the request, from 0.
    pub index: usize,
    /// Why, as a stable name.
    pub code: String,
    /// Whether it may be taken later.
    #[serde(default)]
    pub retry: bool,
}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        // The innermost cause says what happened; the error around it would show the address as well.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let mut what = if error.is_timeout() { "it took too long".to_owned() } else { cause.to_string() };
        if what.contains("invalid peer certificate") {
            what += "; if the server's certificate is its own, see `dayline-tracker help login` about --ca";
        }
        Self::Unanswered(what)
    }
}

impl Refusal {
    /// Reads what the server says of an error.
    pub(super) async fn read(response: Response) -> Self {
        let status = response.status();
        let seconds =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = response.bytes().await.unwrap_or_default();
        let problem = serde_json::from_slice(&body).unwrap_or_default();
        Self::Answered { status, problem, retry_after: seconds.map(Duration::from_secs) }
    }

    /// How long to wait before the same is asked again, as far as the server says so; `None` if it will never be done.
    pub fn passes_after(&self) -> Option<Option<Duration>> {
        match self {
            Self::Unanswered(_) => Some(None),
            Self::Answered { status, retry_after, .. } => {
                let passes = status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS;
                passes.then_some(*retry_after)
            }
            Self::Unreadable(_) => None,
        }
    }
}
