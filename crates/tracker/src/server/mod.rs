//! Dayline's API, as far as a tracker uses it.

mod refusal;
mod wire;

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::json;

pub use refusal::{Problem, Refusal, Rejected};
pub use wire::{Codes, MadeKey, Receipt, Session};

/// How long one request may take before it counts as unanswered.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A Dayline.
#[derive(Debug, Clone)]
pub struct Server {
    http: Client,
    base: Url,
}

/// The address of a server, which must keep secrets: `https`, or `http` on this computer; with `plain` over any network.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str, plain: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("server: {text:?} is no address: {error}"))?;
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(format!("server: {text:?} names no host")),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if local || plain => Ok(url),
        "http" => Err(format!(
            "server: {text:?} would show your key to the network; use https, or --plain-http if you trust the network"
        )),
        _ => Err(format!("server: {text:?} must begin with https://")),
    }
}

impl Server {
    /// A client of the server at this address, which certificates that this computer trusts confirm, or one of `ca` in PEM.
    ///
    /// # Errors
    /// What is wrong with the certificates.
    pub fn new(base: Url, ca: Option<&str>) -> Result<Self, String> {
        let http = Client::builder()
            .tls_certs_merge(certificates(ca)?)
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .user_agent(concat!("dayline-tracker/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("cannot set up https: {error}"))?;
        Ok(Self { http, base })
    }

    /// Asks for a code by which a person lets this device in.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn ask_for_code(&self, device: &str, name: &str) -> Result<Codes, Refusal> {
        let body = json!({ "device_id": device, "device_name": name });
        parsed(self.post("auth/device").json(&body)).await
    }

    /// Asks whether the person has let this device in.
    ///
    /// # Errors
    /// [`Refusal`]; while they have not decided, with the code `authorization_pending` or `slow_down`.
    pub async fn poll(&self, device_code: &SecretString) -> Result<Session, Refusal> {
        parsed(self.post("auth/device/token").json(&json!({ "device_code": device_code.expose_secret() })))
            .await
    }

    /// Makes a key that may only send observations.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn make_key(&self, session: &Session, name: &str) -> Result<MadeKey, Refusal> {
        let body = json!({ "name": name, "scopes": ["track"] });
        parsed(self.post("api-keys").bearer_auth(session.token()).json(&body)).await
    }

    /// Deletes a key. That it is gone already is fine.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn delete_key(&self, session: &Session, id: &str) -> Result<(), Refusal> {
        let request = self.request(Method::DELETE, &format!("api-keys/{id}")).bearer_auth(session.token());
        match answer(request).await {
            Err(Refusal::Answered { status: StatusCode::NOT_FOUND, .. }) => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn sign_out(&self, session: &Session) -> Result<(), Refusal> {
        answer(self.post("auth/logout").bearer_auth(session.token())).await.map(drop)
    }

    /// Sends observations, one a line.
    ///
    /// # Errors
    /// [`Refusal`]. That none was accepted, each for a reason of its own, is no error.
    pub async fn track(&self, key: &SecretString, lines: &[String]) -> Result<Receipt, Refusal> {
        let request = self
            .post("usage/track")
            .bearer_auth(key.expose_secret())
            .header("content-type", "application/x-ndjson")
            .body(lines.join("\n"));
        match parsed(request).await {
            Err(Refusal::Answered { status: StatusCode::UNPROCESSABLE_ENTITY, problem, .. })
                if !problem.rejected.is_empty() =>
            {
                Ok(Receipt { accepted: 0, rejected: problem.rejected })
            }
            outcome => outcome,
        }
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/api/v1/{path}", self.base.path().trim_end_matches('/')));
        self.http.request(method, url)
    }
}

/// The certificates of a text in PEM; none of no text.
fn certificates(ca: Option<&str>) -> Result<Vec<Certificate>, String> {
    let Some(pem) = ca else { return Ok(Vec::new()) };
    match Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => {
            Err("ca: there is no certificate that can be read (PEM: -----BEGIN CERTIFICATE-----)".to_owned())
        }
    }
}

/// Sends a request; a status of success is an answer, anything else a refusal.
async fn answer(request: RequestBuilder) -> Result<Response, Refusal> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(Refusal::read(response).await)
}

async fn parsed<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refusal> {
    let body = answer(request).await?.bytes().await?;
    serde_json::from_slice(&body).map_err(|error| Refusal::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests;
