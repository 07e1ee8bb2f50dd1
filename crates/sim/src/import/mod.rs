//! `dayline import`: brings in the history that another program or another Dayline has written down. Safe to repeat, since
//! what is sent twice counts once.

mod batches;
mod contents;
mod item;
mod options;
mod reading;
mod sender;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dayline_cli_kit::console::{end_progress, interrupted, remark, say, show_progress};
use dayline_cli_kit::failure::Failure;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;

use crate::client::Patience;
use crate::dice::Dice;
use crate::tally::Tally;
use batches::Batch;
use item::Target;
pub use options::Options;
use reading::{Found, Reading};
use sender::Sender;

/// Batches that may wait to be sent.
const WAITING: usize = 4;

/// Runs the command. `random` spreads the times at which things are tried again.
pub async fn run(options: Options, random: [u8; 16]) -> Result<(), Failure> {
    let name = options.file.display().to_string();
    let size = fs::metadata(&options.file).map_err(|error| format!("cannot read {name}: {error}"))?.len();
    let tally = Arc::<Tally>::default();
    let patience = Patience::new(options.patience, Dice::new(u128::from_be_bytes(random) as u64));
    let sender =
        if options.dry_run { None } else { Some(Sender::new(&options, patience, Arc::clone(&tally)).await?) };
    let read = Arc::<AtomicU64>::default();
    let (found, batches) = start_reading(&options.file, options.editor.clone(), &read);
    let progress = || {
        let percent = read.load(Ordering::Relaxed) * 100 / size.max(1);
        format!("read {percent} % of {name}, {}", tally.so_far())
    };
    let outcome = tokio::select! {
        outcome = bring_in(&name, found, batches, sender) => outcome,
        () = interrupted() => Err(Failure::interrupted()),
        () = show_progress(progress) => Ok(()),
    };
    end_progress();
    if !options.dry_run {
        say(tally.so_far());
        tally.show_refused();
    }
    outcome.and_then(|()| tally.verdict())
}

type WhatIsFound = JoinHandle<(Found, Result<(), String>)>;

/// Starts to read a file; gives what it has, when all was read, and the batches until then.
fn start_reading(
    file: &Path,
    editor: Option<String>,
    read: &Arc<AtomicU64>,
) -> (WhatIsFound, Receiver<(Target, Batch)>) {
    let (out, batches) = mpsc::channel(WAITING);
    let (file, read) = (file.to_owned(), Arc::clone(read));
    let found = tokio::task::spawn_blocking(move || Reading::to(out).read(&file, editor.as_deref(), &read));
    (found, batches)
}

/// Sends the batches of a file, and its entries in the end; without a sender nothing. Says what the file has.
async fn bring_in(
    name: &str,
    found: WhatIsFound,
    mut batches: Receiver<(Target, Batch)>,
    mut sender: Option<Sender>,
) -> Result<(), Failure> {
    while let Some((target, batch)) = batches.recv().await {
        if let Some(sender) = &mut sender {
            sender.send(&target, &batch).await?;
        }
    }
    let (Found { contents, entries }, whole) =
        found.await.map_err(|error| format!("cannot read {name}: {error}"))?;
    end_progress();
    contents.lines().iter().for_each(say);
    whole.map_err(|error| format!("cannot read all of {name}: {error}"))?;
    if contents.is_empty() {
        return Err(Failure::new(format!("there is nothing in {name} that can be brought in")));
    }
    match sender {
        None => remark("nothing was sent"),
        Some(sender) if !entries.is_empty() => {
            let sent = sender.send_entries(entries).await?;
            say(format_args!("{sent} entries are new"));
        }
        Some(_) => {}
    }
    Ok(())
}
