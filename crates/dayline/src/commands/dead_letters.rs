//! `dayline dead-letters`: pings that could not be processed. Works alongside a running server.

use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use dayline_app::App;
use dayline_app::ports::{LedgerWriter, StoredDeadLetter};
use dayline_app::tracking::record::{self, Body};
use dayline_app::tracking::worker::{Step, Worker, WorkerLimits, WorkerPorts};
use dayline_domain::{Correction, Domain, Language, Observation, Project, Says, Seen, Source};
use tokio::time::sleep;

use crate::config::DataOptions;
use crate::wire;
use dayline_cli_kit::console::{remark, say};
use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units::rfc3339;

/// Letters read at a time.
const PAGE: usize = 100;
/// How often a letter is tried while a busy server is faster, and the pause between two tries.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// Options of `dayline dead-letters`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    data: DataOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all letters: number, time, person, pings, reason
    List,
    /// Show all there is to know about one letter, its pings included
    Show {
        /// Number of the letter
        id: u64,
    },
    /// Process letters again, and delete those that succeed
    Retry {
        #[command(flatten)]
        which: Which,
    },
    /// Delete letters; their pings are lost
    Delete {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Numbers of the letters
    ids: Vec<u64>,
    /// All letters
    #[arg(long, env = "DAYLINE_DEAD_LETTERS_ALL", value_parser = BoolishValueParser::new())]
    all: bool,
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    let (app, ledger) = wire::alongside(&options.data)?;
    match options.action {
        Action::List => all(&app).await?.iter().for_each(|letter| say(line(letter))),
        Action::Show { id } => show(&find(&app, id).await?),
        Action::Retry { which } => return retry(&app, &ledger, chosen(&app, which).await?).await,
        Action::Delete { which } => {
            for letter in chosen(&app, which).await? {
                delete(&app, letter.id).await?;
            }
        }
    }
    Ok(())
}

async fn all(app: &App) -> Result<Vec<StoredDeadLetter>, Failure> {
    let mut letters = Vec::new();
    loop {
        let after = letters.last().map_or(0, |stored: &StoredDeadLetter| stored.id);
        let page = app.dead_letters.list(after, PAGE).await.map_err(Failure::because)?;
        let last = page.len() < PAGE;
        letters.extend(page);
        if last {
            return Ok(letters);
        }
    }
}

async fn chosen(app: &App, which: Which) -> Result<Vec<StoredDeadLetter>, Failure> {
    if which.all {
        return all(app).await;
    }
    let mut letters = Vec::new();
    for id in which.ids {
        letters.push(find(app, id).await?);
    }
    Ok(letters)
}

async fn find(app: &App, id: u64) -> Result<StoredDeadLetter, Failure> {
    let found = app.dead_letters.find(id).await.map_err(Failure::because)?;
    found.ok_or_else(|| Failure::new(format!("there is no dead letter {id}")))
}

fn line(stored: &StoredDeadLetter) -> String {
    let user = stored.letter.user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
    let pings = match record::decode(&stored.letter.record) {
        Ok((_, Body::Observations(pings))) => format!("{} pings", pings.len()),
        Ok((_, Body::Correction(_))) => "a correction".to_owned(),
        Ok((_, Body::Chosen(days))) => format!("{} days to settle again", days.len()),
        Err(_) => format!("{} bytes", stored.letter.record.len()),
    };
    format!("{}  {}  {user}  {pings}  {}", stored.id, rfc3339(stored.at), stored.letter.reason)
}

fn show(stored: &StoredDeadLetter) {
    say(line(stored));
    say(format_args!("from the log's partition {} up to {}", stored.partition.0, stored.position));
    match record::decode(&stored.letter.record) {
        Err(error) => {
            say(format_args!("not readable: {error}; its bytes are"));
            say(stored.letter.record.escape_ascii());
        }
        Ok((_, Body::Observations(pings))) => pings.iter().for_each(|ping| say(observed(ping))),
        Ok((_, Body::Correction(correction))) => say(corrected(&correction)),
        Ok((_, Body::Chosen(days))) => days.iter().for_each(say),
    }
}

fn observed(ping: &Observation) -> String {
    let (subject, interval) = (ping.subject(), ping.interval());
    let domain = |domain: &Option<Domain>| domain.as_ref().map_or("", Domain::as_str).to_owned();
    let project = |project: &Option<Project>| project.as_ref().map_or("", Project::as_str).to_owned();
    let (kind, names) = match &subject.seen {
        Seen::Use { app, domain: of, project: on } => {
            ("use", vec![app.as_str().to_owned(), domain(of), project(on)])
        }
        Seen::Page { browser, domain: of, .. } => ("page", vec![browser.as_str().to_owned(), domain(of)]),
        Seen::Beat { app, project: on, language } => {
            let language = language.as_ref().map_or("", Language::as_str).to_owned();
            ("beat", vec![app.as_str().to_owned(), project(on), language])
        }
        Seen::Away => ("away", Vec::new()),
        Seen::Here => ("here", Vec::new()),
    };
    let (start, end) = (rfc3339(interval.start()), rfc3339(interval.end()));
    format!("{start}  {end}  {}  {kind}  {}", subject.device.as_str(), names.join("  "))
}

fn corrected(correction: &Correction) -> String {
    let (id, version) = (correction.id, correction.version);
    match &correction.says {
        Says::Nothing => format!("{id}  version {version}  deleted"),
        Says::Entry { interval, source } => {
            let Source { device, activity } = &**source;
            let (start, end) = (rfc3339(interval.start()), rfc3339(interval.end()));
            format!("{id}  version {version}  {start}  {end}  {}  {}", device.as_str(), activity.app.as_str())
        }
        Says::Erasure { interval } => {
            let (start, end) = (rfc3339(interval.start()), rfc3339(interval.end()));
            format!("{id}  version {version}  {start}  {end}  erased")
        }
    }
}

async fn retry(
    app: &App,
    ledger: &Arc<dyn LedgerWriter>,
    letters: Vec<StoredDeadLetter>,
) -> Result<(), Failure> {
    let mut failed = 0;
    for letter in letters {
        match retry_one(app, ledger, &letter).await {
            Ok(step) => {
                delete(app, letter.id).await?;
                let outcome = if step.forgotten > 0 { "forgotten, its person is gone" } else { "processed" };
                say(format_args!("{}: {outcome}", letter.id));
            }
            Err(reason) => {
                remark(format_args!("{}: {reason}", letter.id));
                failed += 1;
            }
        }
    }
    if failed > 0 { Err(Failure::new(format!("{failed} dead letters stay as they are"))) } else { Ok(()) }
}

/// Applies the dead letter's pings. A server that works at the same time may be faster, again and again.
async fn retry_one(
    app: &App,
    ledger: &Arc<dyn LedgerWriter>,
    stored: &StoredDeadLetter,
) -> Result<Step, String> {
    let ports = WorkerPorts {
        log: Arc::clone(&app.ping_log),
        ledger: Arc::clone(ledger),
        live: Arc::clone(&app.live),
        clock: Arc::clone(&app.clock),
        randomness: Arc::clone(&app.randomness),
    };
    let mut worker = Worker::new(ports, stored.partition, WorkerLimits::default());
    for _ in 0..TRIES {
        let step = worker.apply_again(&stored.letter.record).await.map_err(|error| error.to_string())?;
        if !step.stale {
            return Ok(step);
        }
        sleep(PAUSE).await;
    }
    Err("the server was faster each time; try again".to_owned())
}

async fn delete(app: &App, id: u64) -> Result<(), Failure> {
    app.dead_letters.delete(id).await.map_err(Failure::because).map(drop)
}
