//! `dayline simulate`: many trackers at once against a running server, and people who correct
//! themselves; then a check of what the server knows of everybody, and of every timeline.
//! It goes on when the server is killed and comes back: all is sent again until it is acknowledged.

mod catalog;
mod chaos;
pub mod check;
mod correcting;
mod crowd;
mod habits;
mod options;
mod probe;
mod run;
mod sender;
mod speaker;
mod stats;
mod tracker;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use dayline_domain::UtcMs;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::Patience;
use crate::dice::Dice;
use dayline_cli_kit::console::{end_progress, interrupted, remark, say, show_progress};
use dayline_cli_kit::failure::Failure;
pub use options::Options;
use run::{Person, Run};
use stats::{Stats, value};
use tracker::Schedule;
use verify::Checked;
pub use verify::stored;

/// Runs the command. The accounts' names and passwords are made of `random`.
pub async fn run(options: Options, now: fn() -> UtcMs, random: [u8; 16]) -> Result<(), Failure> {
    let dice = Dice::new(options.seed);
    let run = Arc::new(Run {
        stats: Stats::default(),
        patience: Patience::new(options.patience, dice.fork(u64::MAX)),
        patience_of_people: Patience::new(options.patience, dice.fork(u64::MAX - 1)),
        chaos: options.chaos,
    });
    let mut people = crowd::gather(&options, &run, &dice, random).await?;
    // The last one watches; the others are watched.
    let Some(watcher) = people.pop() else { return Err(Failure::new("nobody could sign in")) };
    let devices: usize = people.iter().map(|person| person.devices.len()).sum();
    remark(format_args!("{} people with {devices} devices are signed in", people.len()));

    let (started, start_utc) = (Instant::now(), now());
    let trackers = start_trackers(&options, &run, &people, &dice, start_utc);
    let progress = || progress(&run, started);
    let interrupted = tokio::select! {
        () = finish(trackers) => false,
        () = interrupted() => true,
        () = probe::watch(&run, &watcher.devices[0], start_utc) => false,
        () = show_progress(progress) => false,
    };
    end_progress();
    let took = started.elapsed();
    if value(&run.stats.accepted) == 0 {
        show_sent(&run, took, people.len(), devices);
        people.push(watcher);
        crowd::remove(&people).await;
        return Err(if interrupted { Failure::interrupted() } else { Failure::new("no ping was accepted") });
    }
    if interrupted {
        show_sent(&run, took, people.len(), devices);
        remark("timelines were not checked");
        return Err(Failure::interrupted());
    }
    let checked = verify::all(&people, options.catch_up).await;
    show_sent(&run, took, people.len(), devices);
    show_checked(&checked);
    verdict(&run.stats, &checked)
}

fn start_trackers(
    options: &Options,
    run: &Arc<Run>,
    people: &[Arc<Person>],
    dice: &Dice,
    start_utc: UtcMs,
) -> JoinSet<()> {
    let ticks = options.duration.as_millis().div_ceil(options.interval.as_millis());
    let schedule = Schedule {
        start: Instant::now(),
        start_utc,
        interval: options.interval,
        ticks: u32::try_from(ticks).unwrap_or(u32::MAX),
    };
    let mut phases = dice.fork(0);
    let mut trackers = JoinSet::new();
    for (number, person) in people.iter().enumerate() {
        for device in 0..person.devices.len() {
            let shift = Duration::from_millis(phases.below(options.interval.as_millis() as u64));
            let dice = dice.fork(1 + number as u64).fork(device as u64);
            trackers.spawn(tracker::run(
                Arc::clone(run),
                Arc::clone(person),
                device,
                schedule.shifted(shift),
                dice,
            ));
        }
    }
    trackers
}

async fn finish(mut trackers: JoinSet<()>) {
    while let Some(ended) = trackers.join_next().await {
        if let Err(error) = ended {
            remark(format_args!("a tracker failed: {error}"));
        }
    }
}

fn progress(run: &Run, started: Instant) -> String {
    let accepted = value(&run.stats.accepted);
    format!(
        "{:.0} s: {accepted} pings accepted, {} tries repeated",
        started.elapsed().as_secs_f64(),
        run.patience.retries()
    )
}

fn show_sent(run: &Run, took: Duration, people: usize, devices: usize) {
    let stats = &run.stats;
    let (accepted, requests) = (value(&stats.accepted), value(&stats.requests));
    let per_second = |count: u64| count as f64 / took.as_secs_f64();
    say(format_args!("people: {people} with {devices} devices, sending for {:.1} s", took.as_secs_f64()));
    say(format_args!("accepted: {accepted} pings, {:.0}/s", per_second(accepted)));
    say(format_args!("requests: {requests}, {:.0}/s", per_second(requests)));
    say(format_args!(
        "corrections: {}, {} tries repeated",
        value(&stats.corrections),
        run.patience_of_people.retries()
    ));
    say(format_args!("tries repeated: {}", run.patience.retries()));
    say(format_args!(
        "not acknowledged: {} refused, {} abandoned, {} given up",
        value(&stats.refused),
        value(&stats.abandoned),
        value(&stats.given_up)
    ));
    say(format_args!("due to 202: {}", stats.latency.summary()));
    say(format_args!("202 to timeline: {}", stats.lag.summary()));
}

fn show_checked(checked: &Checked) {
    say(format_args!("lost: {}", checked.faults.lost));
    say(format_args!("overlaps: {}", checked.faults.overlaps));
    say(format_args!("wrong: {}", checked.faults.wrong));
    if checked.unread > 0 {
        say(format_args!("timelines that could not be read: {}", checked.unread));
    }
}

fn verdict(stats: &Stats, checked: &Checked) -> Result<(), Failure> {
    if !checked.faults.none() {
        return Err(Failure::new("some people's time is not what was acknowledged"));
    }
    if checked.unread > 0 {
        return Err(Failure::new("some timelines could not be read"));
    }
    if value(&stats.refused) > 0 {
        return Err(Failure::new("the server refused pings or corrections that are good"));
    }
    Ok(())
}
