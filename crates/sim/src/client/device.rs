//! A signed-in device: it keeps its tokens fresh by itself.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::sync::RwLock;

use super::wire::{Body, CorrectionReceipt, Export, NewCorrection, Receipt, Report, Timeline, Tokens};
use super::{Account, Client, Refusal, answer, parsed, receipt};

const CORRECTIONS: &str = "/api/v1/usage/corrections";

/// A device with a session of its own.
#[derive(Debug)]
pub struct Device {
    client: Client,
    account: Arc<Account>,
    id: String,
    tokens: RwLock<Tokens>,
}

impl Device {
    /// Signs a device in.
    pub async fn sign_in(client: Client, account: Arc<Account>, id: &str) -> Result<Self, Refusal> {
        let tokens = client.login(&account, id).await?;
        Ok(Self { client, account, id: id.to_owned(), tokens: RwLock::new(tokens) })
    }

    /// What the device calls itself.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sends pings. That all of them are refused is an answer too.
    pub async fn track(&self, body: &Body) -> Result<Receipt, Refusal> {
        let sent = self
            .request(Method::POST, "/api/v1/usage/track", |request| {
                request.header("content-type", body.content_type).body(body.text.clone())
            })
            .await;
        receipt(sent).await
    }

    /// The timeline from one RFC 3339 instant to another.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn timeline(&self, from: &str, to: &str) -> Result<Timeline, Refusal> {
        parsed(self.get("/api/v1/usage/timeline", &[("from", from), ("to", to)]).await?).await
    }

    /// What the server knows of the person whose device it is: all of it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn export(&self) -> Result<Export, Refusal> {
        let text = self.get("/api/v1/users/me/export", &[]).await?.bytes().await?;
        Export::read(&text).map_err(Refusal::Unreadable)
    }

    /// Sends a new correction: an entry or an erasure. Sent twice they are two.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn correct(&self, correction: &NewCorrection) -> Result<CorrectionReceipt, Refusal> {
        let body = |request: RequestBuilder| request.json(correction);
        parsed(self.request(Method::POST, CORRECTIONS, body).await?).await
    }

    /// Sends another version of an entry.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn change_entry(&self, id: &str, entry: &NewCorrection) -> Result<CorrectionReceipt, Refusal> {
        let path = format!("{CORRECTIONS}/{id}");
        parsed(self.request(Method::PUT, &path, |request| request.json(entry)).await?).await
    }

    /// Deletes an entry.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn delete_entry(&self, id: &str) -> Result<CorrectionReceipt, Refusal> {
        let path = format!("{CORRECTIONS}/{id}");
        parsed(self.request(Method::DELETE, &path, |request| request).await?).await
    }

    /// A report (`apps`, `domains`) of one local day.
    pub async fn report(&self, kind: &str, date: &str, tz: &str) -> Result<Report, Refusal> {
        let path = format!("/api/v1/report/{kind}");
        parsed(self.get(&path, &[("date", date), ("tz", tz)]).await?).await
    }

    /// Erases the account that the device belongs to.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn delete_account(&self) -> Result<(), Refusal> {
        let password = json!({ "password": self.account.password.expose_secret() });
        self.request(Method::DELETE, "/api/v1/users/me", |request| request.json(&password)).await.map(drop)
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Response, Refusal> {
        self.request(Method::GET, path, |request| request.query(query)).await
    }

    /// Sends a request with the access token; if that has ended, once more with a new one.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        build: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Refusal> {
        let tokens = self.tokens.read().await.clone();
        let url = self.client.at(path);
        let send = |token: &str| {
            answer(build(self.client.http.request(method.clone(), url.clone()).bearer_auth(token)))
        };
        match send(tokens.access_token.expose_secret()).await {
            Err(refusal) if refusal.is_answer(StatusCode::UNAUTHORIZED) => {
                let renewed = self.renew(&tokens).await?;
                send(renewed.access_token.expose_secret()).await
            }
            outcome => outcome,
        }
    }

    /// Tokens newer than `old`: somebody else's if they were faster, else by rotation, else by a new sign-in.
    async fn renew(&self, old: &Tokens) -> Result<Tokens, Refusal> {
        let mut tokens = self.tokens.write().await;
        if tokens.access_token.expose_secret() != old.access_token.expose_secret() {
            return Ok(tokens.clone());
        }
        *tokens = match self.client.refresh(&tokens).await {
            Err(refusal) if refusal.is_answer(StatusCode::UNAUTHORIZED) => {
                self.client.login(&self.account, &self.id).await?
            }
            outcome => outcome?,
        };
        Ok(tokens.clone())
    }
}
