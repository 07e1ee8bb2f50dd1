//! Dayline's API as a client sees it, for `replay`, `simulate` and `healthcheck`: plain HTTP and JSON.
//! Not here: the server's own types. What is read here is the contract, as a stranger would read it.

mod device;
mod patience;
mod refusal;
pub mod wire;

use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::json;

pub use device::Device;
pub use patience::Patience;
pub use refusal::Refusal;
use wire::{Receipt, Tokens};

/// How long one request may take before it counts as unanswered.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Who signs in.
#[derive(Debug, Clone)]
pub struct Account {
    /// Address.
    pub email: String,
    /// Password; never shown.
    pub password: SecretString,
}

/// A name for a new account that nobody else has, and a password that nobody guesses.
pub fn made_up(random: [u8; 16]) -> (String, SecretString) {
    let random = u128::from_be_bytes(random);
    let (name, password) = ((random >> 96) as u32, random & (u128::MAX >> 32));
    (format!("{name:08x}"), format!("{password:024x}").into())
}

/// A server, and the connections to it that are kept open.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// A client of the server at `url`. `from` is the local address to connect from.
    ///
    /// # Errors
    /// What is wrong with the URL, or with the system's certificates.
    pub fn new(url: &str, from: Option<IpAddr>) -> Result<Self, String> {
        let base = Url::parse(url).map_err(|error| format!("{url:?} is not a url: {error}"))?;
        if !["http", "https"].contains(&base.scheme()) || base.host_str().is_none() {
            return Err(format!("{url:?} must begin with http:// or https:// and name a host"));
        }
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .local_address(from)
            .no_proxy()
            .build()
            .map_err(|error| format!("cannot set up an http client: {error}"))?;
        Ok(Self { http, base })
    }

    /// Creates an account; gives whether this try did. An address that is taken counts as success if `repeat`: a
    /// first try whose answer was lost may have made it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn register(&self, account: &Account, full_name: &str, repeat: bool) -> Result<bool, Refusal> {
        let body = json!({
            "email": account.email,
            "password": account.password.expose_secret(),
            "full_name": full_name,
        });
        match answer(self.post("/api/v1/users").json(&body)).await {
            Err(refusal) if repeat && refusal.is_answer(StatusCode::CONFLICT) => Ok(false),
            outcome => outcome.map(|_| true),
        }
    }

    /// Signs a device in.
    pub async fn login(&self, account: &Account, device_id: &str) -> Result<Tokens, Refusal> {
        let body = json!({
            "email": account.email,
            "password": account.password.expose_secret(),
            "device_id": device_id,
        });
        parsed(answer(self.post("/api/v1/auth/login").json(&body)).await?).await
    }

    /// Rotates a device's tokens.
    pub async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, Refusal> {
        let body = json!({ "refresh_token": tokens.refresh_token.expose_secret() });
        parsed(answer(self.post("/api/v1/auth/refresh").json(&body)).await?).await
    }

    /// Whether the server says that it is ready.
    pub async fn ready(&self) -> Result<(), Refusal> {
        answer(self.get("/readyz")).await.map(drop)
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.at(path))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.at(path))
    }

    /// A request of the server.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.at(path))
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

/// Sends a request; a status of success is an answer, anything else a refusal.
pub(crate) async fn answer(request: RequestBuilder) -> Result<Response, Refusal> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(Refusal::from_response(response).await)
}

/// Reads an answer.
pub(crate) async fn parsed<T: DeserializeOwned>(response: Response) -> Result<T, Refusal> {
    let body = response.bytes().await?;
    serde_json::from_slice(&body).map_err(|error| Refusal::Unreadable(error.to_string()))
}

/// Reads what became of pings. That all of them are refused is an answer too.
pub(crate) async fn receipt(sent: Result<Response, Refusal>) -> Result<Receipt, Refusal> {
    match sent {
        Ok(response) => parsed(response).await,
        Err(Refusal::Answered { status, rejected, .. })
            if status == StatusCode::UNPROCESSABLE_ENTITY && !rejected.is_empty() =>
        {
            Ok(Receipt { accepted: 0, rejected })
        }
        Err(refusal) => Err(refusal),
    }
}
