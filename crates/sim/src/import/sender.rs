//! Sends what a file has to a server, by the wires that the server speaks anyway.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use dayline_cli_kit::failure::Failure;
use dayline_domain::Correction;
use dayline_domain::bucket::{Bucket, BucketWord};
use dayline_foreign::own::KnownCorrection;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::batches::Batch;
use super::item::Target;
use super::options::Options;
use crate::client::wire::{NewCorrection, Receipt};
use crate::client::{Client, Device, Patience, Refusal, answer, parsed, receipt};
use crate::sign_in::first_line;
use crate::tally::Tally;

/// What the device is called that is signed in for this.
const DEVICE: &str = "import";
const TRACK: &str = "/api/v1/usage/track";
const HEARTBEATS: &str = "/api/v1/users/current/heartbeats.bulk";
const CORRECTIONS: &str = "/api/v1/usage/corrections";

/// Sends for one person.
pub(super) struct Sender {
    client: Client,
    who: Who,
    patience: Patience,
    tally: Arc<Tally>,
    /// Buckets that are there for sure.
    made: BTreeSet<Arc<Bucket>>,
}

enum Who {
    Key(SecretString),
    Session(Device),
}

/// The corrections that a server knows.
#[derive(Deserialize)]
struct Known {
    corrections: Vec<KnownCorrection>,
}

impl Sender {
    /// Who the options say; signs in if it is an account.
    pub(super) async fn new(
        options: &Options,
        patience: Patience,
        tally: Arc<Tally>,
    ) -> Result<Self, Failure> {
        let client = Client::new(&options.sign_in.url, None).map_err(Failure::usage)?;
        let who = match (&options.key, &options.key_file, &options.email) {
            (Some(key), ..) => Who::Key(key.clone()),
            (None, Some(file), _) => Who::Key(first_line(file)?),
            (None, None, Some(email)) => {
                let account = Arc::new(options.sign_in.account(email)?);
                let signed_in =
                    patience.until_done(|_| Device::sign_in(client.clone(), Arc::clone(&account), DEVICE));
                let device = signed_in.await;
                Who::Session(device.map_err(|refusal| Failure::new(format!("cannot sign in: {refusal}")))?)
            }
            (None, None, None) => {
                return Err(Failure::usage("say whose history it is: --key-file or --email"));
            }
        };
        Ok(Self { client, who, patience, tally, made: BTreeSet::new() })
    }

    /// Sends pieces that go together.
    pub(super) async fn send(&mut self, target: &Target, batch: &Batch) -> Result<(), Failure> {
        let body = Bytes::from(batch.json());
        let sent = match target {
            Target::Bucket(bucket) => self.send_events(bucket, body, batch.number).await,
            Target::Machine(machine) => self.send_heartbeats(machine.as_deref(), body, batch.number).await,
            Target::Own => self.patience.until_done(|_| self.track(&body)).await,
        };
        let receipt = sent.map_err(|refusal| gave_up(&refusal))?;
        self.tally.add(batch.number, &receipt);
        Ok(())
    }

    async fn track(&self, body: &Bytes) -> Result<Receipt, Refusal> {
        receipt(self.post(TRACK, body, |request| request.query(&[("history", "true")])).await).await
    }

    async fn send_heartbeats(
        &self,
        machine: Option<&str>,
        body: Bytes,
        number: usize,
    ) -> Result<Receipt, Refusal> {
        let name = machine.map(|name| utf8_percent_encode(name, NON_ALPHANUMERIC).to_string());
        let with_name = |request: RequestBuilder| match &name {
            Some(name) => request.header("x-machine-name", name),
            None => request,
        };
        self.patience.until_done(|_| self.post(HEARTBEATS, &body, with_name)).await?;
        Ok(all(number))
    }

    async fn send_events(
        &mut self,
        bucket: &Arc<Bucket>,
        body: Bytes,
        number: usize,
    ) -> Result<Receipt, Refusal> {
        let path = format!("/api/0/buckets/{}", utf8_percent_encode(bucket.id.as_str(), NON_ALPHANUMERIC));
        if !self.made.contains(bucket) {
            let [kind, client, host] = [&bucket.kind, &bucket.client, &bucket.host].map(BucketWord::as_str);
            let about = json!({"type": kind, "client": client, "hostname": host}).to_string().into();
            match self.patience.until_done(|_| self.post(&path, &about, |request| request)).await {
                // It is there already.
                Err(refusal) if !refusal.is_answer(StatusCode::NOT_MODIFIED) => return Err(refusal),
                _ => {}
            }
            self.made.insert(Arc::clone(bucket));
        }
        let path = format!("{path}/events");
        self.patience.until_done(|_| self.post(&path, &body, |request| request)).await?;
        Ok(all(number))
    }

    /// Sends the entries that the server does not have, in the order in which they were made, since of two that overlap
    /// the later one counts. Gives how many that were.
    pub(super) async fn send_entries(&self, mut entries: Vec<Correction>) -> Result<usize, Failure> {
        if entries.is_empty() {
            return Ok(0);
        }
        entries.sort_by_key(|entry| entry.version);
        let known = self.patience.until_done(|_| self.known()).await.map_err(|refusal| gave_up(&refusal))?;
        let mut sent = 0;
        for entry in entries.iter().filter_map(NewCorrection::of) {
            if known.contains(&entry) {
                continue;
            }
            // Texts always serialise.
            let body = serde_json::to_vec(&entry).unwrap_or_default().into();
            let post = |_| self.post(CORRECTIONS, &body, |request| request);
            self.patience.until_done(post).await.map_err(|refusal| gave_up(&refusal))?;
            sent += 1;
        }
        Ok(sent)
    }

    /// The entries that the server has.
    async fn known(&self) -> Result<Vec<NewCorrection>, Refusal> {
        let Known { corrections } =
            parsed(self.request(Method::GET, CORRECTIONS, |request| request).await?).await?;
        let parsed = corrections.iter().filter_map(|known| known.parsed().ok());
        Ok(parsed.filter_map(|known| NewCorrection::of(&known)).collect())
    }

    async fn post(
        &self,
        path: &str,
        body: &Bytes,
        more: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Refusal> {
        let with_body = |request: RequestBuilder| {
            more(request).header("content-type", "application/json").body(body.clone())
        };
        self.request(Method::POST, path, with_body).await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        build: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Refusal> {
        match &self.who {
            Who::Session(device) => device.request(method, path, build).await,
            Who::Key(key) => {
                answer(build(self.client.request(method, path)).bearer_auth(key.expose_secret())).await
            }
        }
    }
}

fn all(number: usize) -> Receipt {
    Receipt { accepted: number, rejected: Vec::new() }
}

fn gave_up(refusal: &Refusal) -> Failure {
    Failure::new(format!("gave up sending: {refusal}; what was sent may be sent again"))
}
