//! `dayline replay`: sends a recorded file as its trackers would. Safe to repeat, since pings may be sent twice.

mod plan;
mod recording;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, stdin};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use dayline_domain::{UtcDay, UtcMs};
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::client::wire::{Body, Format, Receipt};
use crate::client::{Account, Client, Device, Patience, Refusal, made_up};
use crate::dice::Dice;
use dayline_cli_kit::console::{end_progress, remark, say, show_progress};
use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units;
use plan::{DevicePlan, Order};
use recording::Recorded;

/// Options of `dayline replay`.
#[derive(Debug, Args)]
pub struct Options {
    /// Recorded file: one JSON object per line with `device_id`, `app_name`, `url` (optional), `start_ms` and
    /// `end_ms`, both counted from midnight UTC of the day; `-` is standard input
    file: PathBuf,
    /// Server to send to; plain http only
    #[arg(long, env = "DAYLINE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Whose day it is; without it a new account is made, and its address and password are shown at the end
    #[arg(long, env = "DAYLINE_EMAIL")]
    email: Option<String>,
    /// Password of the account; better given by its variable or by --password-file
    #[arg(long, env = "DAYLINE_PASSWORD", hide_env_values = true)]
    password: Option<SecretString>,
    /// File whose first line is the password
    #[arg(long, env = "DAYLINE_PASSWORD_FILE", conflicts_with = "password")]
    password_file: Option<PathBuf>,
    /// Make the account first, unless it exists
    #[arg(long, env = "DAYLINE_REPLAY_REGISTER")]
    register: bool,
    /// Day (UTC) on which the recording begins; the day before yesterday by default
    #[arg(long, env = "DAYLINE_REPLAY_DAY", value_name = "YYYY-MM-DD", value_parser = recording::day)]
    day: Option<UtcDay>,
    /// Pings in one request, 1 to 1000; a range such as 1-1000 takes a different number each time
    #[arg(long, env = "DAYLINE_REPLAY_BATCH", default_value = "100", value_parser = plan::batch)]
    batch: RangeInclusive<u64>,
    /// Send in any order
    #[arg(long, env = "DAYLINE_REPLAY_SHUFFLE")]
    shuffle: bool,
    /// How often each ping is sent
    #[arg(long, env = "DAYLINE_REPLAY_REPEAT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Makes order and batches the same each time
    #[arg(long, env = "DAYLINE_REPLAY_SEED", default_value_t = 1)]
    seed: u64,
    /// Send everything over one session, each ping with its device, instead of one session per device
    #[arg(long, env = "DAYLINE_REPLAY_ONE_SESSION")]
    one_session: bool,
    /// How long a request is tried again while the server is down or overloaded
    #[arg(long, env = "DAYLINE_REPLAY_PATIENCE", default_value = "5m", value_parser = units::duration)]
    patience: Duration,
}

/// What all devices of a replay share.
struct Replay {
    client: Client,
    account: Arc<Account>,
    day: UtcDay,
    one_session: bool,
    patience: Patience,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    sent: AtomicU64,
    accepted: AtomicU64,
    requests: AtomicU64,
    rejected: Mutex<BTreeMap<String, u64>>,
}

/// Runs the command. A new account's name and password are made of `random`.
pub async fn run(options: Options, now: fn() -> UtcMs, random: [u8; 16]) -> Result<(), Failure> {
    let recording = read(&options.file)?;
    let total = recording.len() as u64 * u64::from(options.repeat);
    let dice = Dice::new(options.seed);
    let (account, new) = account(&options, random)?;
    let replay = Arc::new(Replay {
        client: Client::new(&options.url, None).map_err(Failure::usage)?,
        account: Arc::new(account),
        day: options.day.unwrap_or_else(|| UtcDay(now().day().0 - 2)),
        one_session: options.one_session,
        patience: Patience::new(options.patience, dice.fork(u64::MAX)),
        tally: Tally::default(),
    });
    if new || options.register {
        replay.register(!new).await?;
    }
    let order = Order { batch: options.batch, shuffle: options.shuffle, repeat: options.repeat };
    let plans = plan::plan(recording, &order, &dice);
    let progress = || replay.progress(total);
    tokio::select! {
        outcome = send_all(&replay, plans) => outcome?,
        () = show_progress(progress) => {}
    }
    end_progress();
    say(replay.progress(total));
    if new {
        say(format_args!("account: {}", replay.account.email));
        say(format_args!("password: {}", secrecy::ExposeSecret::expose_secret(&replay.account.password)));
    }
    replay.tally.verdict()
}

fn read(file: &Path) -> Result<Vec<Recorded>, Failure> {
    let name = file.display();
    let read = if file == Path::new("-") {
        recording::read(stdin().lock())
    } else {
        let opened = File::open(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        recording::read(BufReader::new(opened))
    };
    Ok(read.map_err(|error| format!("cannot read {name}: {error}"))?)
}

/// Whose day it is, and whether that is a new account of our own.
fn account(options: &Options, random: [u8; 16]) -> Result<(Account, bool), Failure> {
    let Some(email) = options.email.clone() else {
        let (name, password) = made_up(random);
        return Ok((Account { email: format!("replay-{name}@example.org"), password }, true));
    };
    let password = match (&options.password, &options.password_file) {
        (Some(password), _) => password.clone(),
        (None, Some(file)) => password_in(file)?,
        (None, None) => {
            return Err(Failure::usage(
                "give the password of --email by DAYLINE_PASSWORD or --password-file",
            ));
        }
    };
    Ok((Account { email, password }, false))
}

fn password_in(file: &Path) -> Result<SecretString, Failure> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned().into())
}

async fn send_all(replay: &Arc<Replay>, plans: Vec<DevicePlan>) -> Result<(), Failure> {
    let mut devices = JoinSet::new();
    for plan in plans {
        let replay = Arc::clone(replay);
        devices.spawn(async move { replay.send(plan).await });
    }
    while let Some(sent) = devices.join_next().await {
        sent.map_err(|error| format!("a device failed: {error}"))??;
    }
    Ok(())
}

impl Replay {
    /// Makes the account; one that exists is fine if `may_exist`, or if an earlier try may have made it.
    async fn register(&self, may_exist: bool) -> Result<(), Failure> {
        self.patience
            .until_done(|number| self.client.register(&self.account, "Replay", may_exist || number > 0))
            .await
            .map_err(|refusal| Failure::new(format!("cannot make the account: {refusal}")))
    }

    async fn send(&self, plan: DevicePlan) -> Result<(), Failure> {
        let session = if self.one_session { "replay" } else { &plan.device_id };
        let device = self.sign_in(session).await?;
        for batch in plan.batches {
            let receipt = self
                .send_batch(&device, &batch)
                .await
                .map_err(|refusal| Failure::new(format!("gave up sending: {refusal}")))?;
            self.tally.add(batch.len(), &receipt);
        }
        Ok(())
    }

    async fn sign_in(&self, device_id: &str) -> Result<Device, Failure> {
        self.patience
            .until_done(|_| Device::sign_in(self.client.clone(), Arc::clone(&self.account), device_id))
            .await
            .map_err(|refusal| Failure::new(format!("cannot sign in: {refusal}")))
    }

    async fn send_batch(&self, device: &Device, batch: &[Recorded]) -> Result<Receipt, Refusal> {
        let with_device = self.one_session;
        let pings: Vec<_> = batch.iter().map(|ping| ping.on(self.day, with_device)).collect();
        let body =
            Body::new(&pings, Format::Array).map_err(|error| Refusal::Unreadable(error.to_string()))?;
        self.patience.until_done(|_| device.track(&body)).await
    }

    fn progress(&self, total: u64) -> String {
        let tally = &self.tally;
        format!(
            "sent {} of {total} pings in {} requests, {} accepted, {} tries repeated",
            tally.sent.load(Ordering::Relaxed),
            tally.requests.load(Ordering::Relaxed),
            tally.accepted.load(Ordering::Relaxed),
            self.patience.retries()
        )
    }
}

impl Tally {
    fn add(&self, sent: usize, receipt: &Receipt) {
        self.sent.fetch_add(sent as u64, Ordering::Relaxed);
        self.accepted.fetch_add(receipt.accepted as u64, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        for ping in &receipt.rejected {
            *rejected.entry(ping.code.clone()).or_default() += 1;
        }
    }

    /// A failure if the server refused any ping.
    fn verdict(&self) -> Result<(), Failure> {
        let rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        for (code, count) in &*rejected {
            remark(format_args!("{count} pings were refused: {code}"));
        }
        if rejected.is_empty() { Ok(()) } else { Err(Failure::new("the server refused some pings")) }
    }
}
