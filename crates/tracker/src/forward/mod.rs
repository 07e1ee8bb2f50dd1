//! From the spool to the server: oldest first, in batches, until the server has them. Sending again is harmless, so that
//! nothing is forgotten before the server says that it is safe.

mod patience;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::clock::Now;
use crate::key::Key;
use crate::server::{Receipt, Refusal, Rejected, Server, address};
use crate::spool::{Batch, Spool};
use crate::status::Board;
use patience::Patience;

/// Most observations of one request.
const RECORDS: usize = 1_000;
/// Most bytes of one request; the server takes 1 MiB.
const BYTES: usize = 1_000_000;
/// What comes within so long goes together.
const GATHER: Duration = Duration::from_secs(1);
/// How often a key that is missing or was refused is looked for.
const KEY_CHECK: Duration = Duration::from_secs(30);
/// How long what may be taken later is left alone.
const LATER: Duration = Duration::from_mins(1);

/// Somebody who takes observations.
pub trait Takes {
    /// Takes them, for whoever has the key.
    fn take(&self, key: &Key, lines: &[String]) -> impl Future<Output = Result<Receipt, Refusal>>;
}

/// The server that a key is for.
#[derive(Debug, Default)]
pub struct KeysServer {
    known: std::sync::Mutex<Option<(Key, Server)>>,
}

impl KeysServer {
    /// The server, with the connections to it that are open.
    fn of(&self, key: &Key) -> Result<Server, String> {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, server)) = known.as_ref().filter(|(of, _)| of.is(key)) {
            return Ok(server.clone());
        }
        // Whether plain http is allowed was decided at `login`.
        let server = Server::new(address(&key.server, true)?, key.ca.as_deref())?;
        *known = Some((key.clone(), server.clone()));
        Ok(server)
    }
}

impl Takes for KeysServer {
    async fn take(&self, key: &Key, lines: &[String]) -> Result<Receipt, Refusal> {
        let server = self.of(key).map_err(Refusal::Unreadable)?;
        let secret: &SecretString = &key.key;
        server.track(secret, lines).await
    }
}

/// Sends what is in the spool.
#[derive(Debug)]
pub struct Forwarder<T> {
    spool: Arc<Spool>,
    /// Rung when something was added to the spool.
    bell: Arc<Notify>,
    board: Arc<Board>,
    key_file: PathBuf,
    server: T,
    patience: Patience,
    /// The key that the server refused.
    refused: Option<Key>,
    /// The trouble that was told.
    told: Option<String>,
}

/// What to do after a try.
#[derive(Debug, PartialEq)]
enum Next {
    Go,
    Wait(Duration),
    /// So many at once were too many.
    Fewer,
}

impl<T: Takes> Forwarder<T> {
    /// Sends from this spool with the key in this file, whenever the bell rings.
    pub fn new(
        spool: Arc<Spool>,
        bell: Arc<Notify>,
        board: Arc<Board>,
        key_file: PathBuf,
        server: T,
    ) -> Self {
        Self {
            spool,
            bell,
            board,
            key_file,
            server,
            patience: Patience::default(),
            refused: None,
            told: None,
        }
    }

    /// Sends for as long as it is polled.
    pub async fn run(mut self) {
        let bell = Arc::clone(&self.bell);
        loop {
            self.drain().await;
            bell.notified().await;
            sleep(GATHER).await;
        }
    }

    /// Sends until nothing waits.
    async fn drain(&mut self) {
        let mut records = RECORDS;
        loop {
            let batch = match self.spool.batch(records, BYTES) {
                Ok(batch) => batch,
                Err(error) => {
                    self.trouble(format!("the spool can't be read: {error}"));
                    sleep(LATER).await;
                    continue;
                }
            };
            if batch.texts.is_empty() {
                // What was damaged may be left.
                self.forget(&batch);
                return;
            }
            match self.send(&batch).await {
                Next::Go => records = RECORDS,
                Next::Wait(time) => sleep(time).await,
                Next::Fewer if batch.texts.len() > 1 => records = batch.texts.len() / 2,
                Next::Fewer => {
                    warn!("an observation was too long for the server and is dropped");
                    self.forget(&batch);
                }
            }
        }
    }

    async fn send(&mut self, batch: &Batch) -> Next {
        let key = match Key::read(&self.key_file) {
            Ok(Some(key)) => key,
            Ok(None) => return self.wait_for_key("there is no key; use `dayline-tracker login`".to_owned()),
            Err(error) => return self.wait_for_key(error),
        };
        if self.refused.as_ref().is_some_and(|refused| refused.is(&key)) {
            return Next::Wait(KEY_CHECK);
        }
        match self.server.take(&key, &batch.texts).await {
            Ok(receipt) => self.taken(batch, &receipt),
            Err(refusal) => self.refused(key, &refusal),
        }
    }

    fn taken(&mut self, batch: &Batch, receipt: &Receipt) -> Next {
        self.patience.is_rewarded();
        self.refused = None;
        if self.told.take().is_some() {
            info!("the server takes observations");
        }
        let (later, never): (Vec<_>, Vec<_>) = receipt.rejected.iter().partition(|rejected| rejected.retry);
        tell_rejected(&never);
        let later: Vec<_> =
            later.iter().filter_map(|rejected| batch.texts.get(rejected.index).cloned()).collect();
        // They are kept anew before they are forgotten, so that nothing can come in between.
        if let Err(refused) = self.spool.append(&later) {
            self.trouble(refused.to_string());
            return Next::Wait(LATER);
        }
        self.forget(batch);
        let now = Now::read().utc;
        let waiting = self.spool.waiting();
        self.board.change(|status| {
            status.taken = Some(now);
            status.trouble = None;
            status.waiting = waiting;
            status.rejected += never.len() as u64;
        });
        if later.is_empty() { Next::Go } else { Next::Wait(LATER) }
    }

    fn refused(&mut self, key: Key, refusal: &Refusal) -> Next {
        if let Refusal::Answered { status, .. } = refusal {
            match *status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    self.refused = Some(key);
                    return self.wait_for_key(format!("{refusal}; use `dayline-tracker login` again"));
                }
                StatusCode::PAYLOAD_TOO_LARGE => return Next::Fewer,
                _ => {}
            }
        }
        let wait = self.patience.wait(refusal.passes_after().flatten(), fastrand::f64());
        self.trouble(refusal.to_string());
        Next::Wait(wait)
    }

    fn wait_for_key(&mut self, why: String) -> Next {
        self.trouble(why);
        Next::Wait(KEY_CHECK)
    }

    fn forget(&mut self, batch: &Batch) {
        if let Err(error) = self.spool.forget(batch.end, batch.texts.len() as u64) {
            self.trouble(format!("what was sent can't be deleted: {error}"));
        }
    }

    /// Tells trouble once.
    fn trouble(&mut self, why: String) {
        let waiting = self.spool.waiting();
        self.board.change(|status| {
            status.waiting = waiting;
            status.trouble = Some(why.clone());
        });
        if self.told.as_ref() != Some(&why) {
            error!(waiting = waiting.records, "{why}");
            self.told = Some(why);
        }
    }
}

fn tell_rejected(never: &[&Rejected]) {
    if let Some(first) = never.first() {
        warn!(
            count = never.len(),
            code = first.code,
            "the server does not take some observations; they are dropped"
        );
    }
}

#[cfg(test)]
mod tests;
