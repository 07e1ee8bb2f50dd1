//! Why a request did not succeed, and whether it is worth another try.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::wire::Rejected;

/// Why a request did not succeed.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// No whole answer came: whether the server did what was asked is not known.
    Unanswered(String),
    /// The server answered with an error.
    Answered {
        /// The status.
        status: StatusCode,
        /// The problem's code and detail, or what of the body could be read.
        problem: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// The pings of the request that were refused, where it had some.
        rejected: Vec<Rejected>,
    },
    /// The answer is not what the contract says.
    Unreadable(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unanswered(why) => write!(f, "no answer: {why}"),
            Self::Answered { status, problem, .. } => write!(f, "{} {problem}", status.as_u16()),
            Self::Unreadable(why) => write!(f, "unexpected answer: {why}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        // The source names the cause ("connection refused"); the error itself would show the URL as well.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Self::Unanswered(cause.to_string())
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
    rejected: Vec<Rejected>,
}

impl Refusal {
    /// Reads what the server says about the error.
    pub(super) async fn from_response(response: Response) -> Self {
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = response.bytes().await.unwrap_or_default();
        let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
        Self::Answered {
            status,
            problem: format!("{} {}", problem.code, problem.detail).trim().to_owned(),
            retry_after,
            rejected: problem.rejected,
        }
    }

    /// Whether the server answered with this status.
    pub fn is_answer(&self, with: StatusCode) -> bool {
        matches!(self, Self::Answered { status, .. } if *status == with)
    }

    /// Whether the same request may succeed later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unanswered(_) => true,
            Self::Answered { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Unreadable(_) => false,
        }
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
