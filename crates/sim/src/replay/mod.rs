//! `dayline replay`: sends a recorded file as its trackers would. Safe to repeat, since pings may be sent twice.

mod account;
mod options;
mod plan;
mod recording;

use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::Path;
use std::sync::Arc;

use dayline_cli_kit::console::{end_progress, interrupted, say, show_progress};
use dayline_cli_kit::failure::Failure;
use dayline_domain::{UtcDay, UtcMs};
use tokio::task::JoinSet;

use crate::client::wire::{Body, Format, Receipt};
use crate::client::{Account, Client, Device, Patience, Refusal};
use crate::dice::Dice;
use crate::tally::Tally;
use account::Owner;
pub use options::Options;
use plan::{DevicePlan, Order};
use recording::RecordedPing;

/// What all devices of a replay share.
struct Replay {
    client: Client,
    account: Arc<Account>,
    day: UtcDay,
    one_session: bool,
    patience: Patience,
    tally: Tally,
}

/// Runs the command. A new account's name and password are made of `random`.
pub async fn run(options: Options, now: fn() -> UtcMs, random: [u8; 16]) -> Result<(), Failure> {
    let recording = read(&options.file)?;
    if recording.is_empty() {
        return Err(Failure::new(format!("there is no ping in {}", options.file.display())));
    }
    let total = recording.len() as u64 * u64::from(options.repeat);
    let dice = Dice::new(options.seed);
    let owner = Owner::of(&options, random)?;
    let client = Client::new(&options.sign_in.url, None).map_err(Failure::usage)?;
    let patience = Patience::new(options.patience, dice.fork(u64::MAX));
    let made = owner.register(&client, &patience).await?;
    let replay = Arc::new(Replay {
        client,
        account: owner.account,
        day: options.day.unwrap_or_else(|| UtcDay(now().day().0 - 2)),
        one_session: options.one_session,
        patience,
        tally: Tally::default(),
    });
    let order = Order { batch: options.batch, shuffle: options.shuffle, repeat: options.repeat };
    let plans = plan::plan(recording, &order, &dice);
    let outcome = tokio::select! {
        outcome = send_all(&replay, plans) => outcome,
        () = interrupted() => Err(Failure::interrupted()),
        () = show_progress(|| replay.progress(total)) => Ok(()),
    };
    end_progress();
    say(replay.progress(total));
    replay.tally.show_refused();
    if made && !replay.tally.any_accepted() {
        account::remove(&replay.client, &replay.account).await;
    }
    outcome.and_then(|()| replay.tally.verdict())
}

fn read(file: &Path) -> Result<Vec<RecordedPing>, Failure> {
    let name = file.display();
    let read = if file == Path::new("-") {
        recording::read(stdin().lock())
    } else {
        let opened = File::open(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        recording::read(BufReader::new(opened))
    };
    Ok(read.map_err(|error| format!("cannot read {name}: {error}"))?)
}

async fn send_all(replay: &Arc<Replay>, plans: Vec<DevicePlan>) -> Result<(), Failure> {
    let mut devices = JoinSet::new();
    for (number, plan) in plans.into_iter().enumerate() {
        let replay = Arc::clone(replay);
        devices.spawn(async move { replay.send(number, plan).await });
    }
    while let Some(sent) = devices.join_next().await {
        sent.map_err(|error| format!("a device failed: {error}"))??;
    }
    Ok(())
}

impl Replay {
    async fn send(&self, number: usize, plan: DevicePlan) -> Result<(), Failure> {
        let device = self.sign_in(&self.session(number)).await?;
        for batch in plan.batches() {
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

    /// What a session is called. Not as its device: signing in as that would sign the device itself out. So each
    /// ping says which device it is of.
    fn session(&self, number: usize) -> String {
        if self.one_session { "replay".to_owned() } else { format!("replay-{}", number + 1) }
    }

    async fn send_batch(&self, device: &Device, batch: &[&RecordedPing]) -> Result<Receipt, Refusal> {
        let pings: Vec<_> = batch.iter().map(|ping| ping.on(self.day)).collect();
        let body =
            Body::new(&pings, Format::Array).map_err(|error| Refusal::Unreadable(error.to_string()))?;
        self.patience.until_done(|_| device.track(&body)).await
    }

    fn progress(&self, total: u64) -> String {
        format!("{}, {} tries repeated", self.tally.progress(total), self.patience.retries())
    }
}
