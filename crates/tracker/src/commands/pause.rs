//! `pause`: nothing is watched for a while.

use clap::Args;

use crate::clock::Now;
use crate::config::{Places, duration};
use crate::console::say;
use crate::pause::Pause;

/// What `pause` is told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For how long, such as 30m or 2h; `off` ends the pause now
    #[arg(value_name = "TIME")]
    time: String,
}

pub(crate) fn run(places: &Places, options: &Options) -> Result<(), String> {
    let file = places.data()?.pause();
    let now = Now::read().utc;
    if options.time == "off" {
        return end(Pause::read(&file), now, &file);
    }
    let time = duration(&options.time)?;
    let until = now.checked_add(time).map_err(|_| format!("{:?} is too long", options.time))?;
    // A pause that goes on began when it began.
    let from = Pause::read(&file).filter(|pause| pause.holds_at(now)).map_or(now, |pause| pause.from);
    Pause { from, until }.write(&file)?;
    say(format_args!("Nothing is watched until {}.", in_words(until)));
    Ok(())
}

fn end(pause: Option<Pause>, now: jiff::Timestamp, file: &std::path::Path) -> Result<(), String> {
    let Some(pause) = pause.filter(|pause| pause.holds_at(now)) else {
        say("There is no pause.");
        return Ok(());
    };
    Pause { until: now, ..pause }.write(file)?;
    say("The pause is over.");
    Ok(())
}

/// A time as the clock on the wall shows it.
pub(super) fn in_words(at: jiff::Timestamp) -> String {
    at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%H:%M on %F").to_string()
}
