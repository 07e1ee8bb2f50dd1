//! From what was to be seen at single moments to observations: a pure machine, which knows no desktop.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Now, before};
use crate::device::Device;
use crate::observation::{Observation, Seen};

/// What goes on is told at least once in so long.
pub const PING: Duration = Duration::from_secs(10);
/// If the clocks differ by more than this between two looks, the machine was suspended or its clock was set.
const LEAP: Duration = Duration::from_secs(5);
/// What was not looked at for so long is not known.
const UNSEEN: Duration = Duration::from_mins(1);

/// What is to be seen at one moment, by the person's own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The app in front and its project; `None` if there is none or it is not told.
    pub activity: Option<(String, Option<String>)>,
    /// For how long nobody touched anything.
    pub idle: Duration,
    /// Whether the screen is locked.
    pub locked: bool,
    /// Whether the microphone or a camera is in use.
    pub recording: bool,
}

/// Watches one desktop.
#[derive(Debug)]
pub struct Watch {
    device: Device,
    away_after: Duration,
    last: Option<Last>,
    /// Until when it was told that nobody is there, if nobody is.
    away_until: Option<Timestamp>,
}

/// What was seen at the last look.
#[derive(Debug)]
struct Last {
    at: Now,
    /// From when on it was not told.
    since: Now,
    view: View,
}

impl Watch {
    /// Watches the desktop of this device, on which nobody is after so long without input.
    pub fn new(device: Device, away_after: Duration) -> Self {
        Self { device, away_after, last: None, away_until: None }
    }

    /// How long the next look may wait for a change.
    pub fn patience(&self, now: Now) -> Duration {
        self.last.as_ref().map_or(Duration::ZERO, |last| PING.saturating_sub(steady_between(last.since, now)))
    }

    /// Forgets what was seen, as if it began now.
    pub fn forget(&mut self) {
        self.last = None;
        self.away_until = None;
    }

    /// What can be told at the end, of the time since something was told last.
    pub fn end(&mut self, now: Now) -> Vec<Observation> {
        let Some(last) = self.last.take() else { return Vec::new() };
        let until = if is_unbroken(last.at, now) { now } else { last.at };
        self.seen(&last, until.utc)
    }

    /// What the look at this moment tells about the time since the one before, and that something came to the front now: should
    /// this program be killed, the timeline rule lets that go on, and not what was in front before.
    pub fn look(&mut self, now: Now, view: View) -> Vec<Observation> {
        let Some(last) = self.last.take() else {
            let mut told: Vec<_> = self.away(now, view.idle).into_iter().collect();
            told.extend(self.begin(now, view));
            return told;
        };
        if !is_unbroken(last.at, now) {
            return self.look_after_a_break(&last, now, view);
        }
        let changed = differ(&last.view, &view);
        if !changed && steady_between(last.since, now) < PING && !self.comes_or_goes(view.idle) {
            self.last = Some(Last { at: now, since: last.since, view });
            return Vec::new();
        }
        let mut told = self.seen(&last, now.utc);
        told.extend(self.away(now, view.idle));
        let begun = self.begin(now, view);
        told.extend(begun.filter(|_| changed));
        told
    }

    /// The machine was suspended, its clock was set, or this program stood still. In a suspended machine nobody was there.
    fn look_after_a_break(&mut self, last: &Last, now: Now, view: View) -> Vec<Observation> {
        let mut told = self.seen(last, last.at.utc);
        if wall_between(last.at, now) > steady_between(last.at, now) + LEAP {
            told.extend(self.observation(Seen::Away, last.at.utc, now.utc));
        }
        self.away_until = None;
        told.extend(self.begin(now, view));
        told
    }

    /// Goes on from this view; gives the app that is in front from now on.
    fn begin(&mut self, now: Now, view: View) -> Option<Observation> {
        let activity = view.activity.clone().filter(|_| !view.locked);
        self.last = Some(Last { at: now, since: now, view });
        let (app_name, project) = activity?;
        let seen = Seen::Use { app_name, domain: None, project };
        Some(Observation { seen, start_time: now.utc, end_time: now.utc, device_id: self.device.clone() })
    }

    /// What the last look showed, up to this time.
    fn seen(&self, last: &Last, until: Timestamp) -> Vec<Observation> {
        let since = last.since.utc;
        let mut told = Vec::new();
        if last.view.locked {
            told.extend(self.observation(Seen::Away, since, until));
        } else if let Some((app_name, project)) = last.view.activity.clone() {
            told.extend(self.observation(Seen::Use { app_name, domain: None, project }, since, until));
        }
        if last.view.recording {
            told.extend(self.observation(Seen::Here, since, until));
        }
        told
    }

    /// That nobody is there, from their last touch on; or up to when nobody was.
    fn away(&mut self, now: Now, idle: Duration) -> Option<Observation> {
        let touched = before(now.utc, idle);
        if idle >= self.away_after {
            let since = self.away_until.replace(now.utc).unwrap_or(touched);
            return self.observation(Seen::Away, since, now.utc);
        }
        let since = self.away_until.take()?;
        self.observation(Seen::Away, since, touched)
    }

    fn comes_or_goes(&self, idle: Duration) -> bool {
        self.away_until.is_some() != (idle >= self.away_after)
    }

    fn observation(&self, seen: Seen, start_time: Timestamp, end_time: Timestamp) -> Option<Observation> {
        let device_id = self.device.clone();
        (start_time < end_time).then_some(Observation { seen, start_time, end_time, device_id })
    }
}

/// Whether the views tell different things. For how long nobody touched anything is not one.
fn differ(one: &View, other: &View) -> bool {
    (&one.activity, one.locked, one.recording) != (&other.activity, other.locked, other.recording)
}

fn is_unbroken(earlier: Now, later: Now) -> bool {
    let steady = steady_between(earlier, later);
    let goes_back = later.utc < earlier.utc;
    !goes_back && wall_between(earlier, later).abs_diff(steady) <= LEAP && steady < UNSEEN
}

/// Nothing, if the clock was set back.
fn wall_between(earlier: Now, later: Now) -> Duration {
    Duration::try_from(later.utc.duration_since(earlier.utc)).unwrap_or_default()
}

fn steady_between(earlier: Now, later: Now) -> Duration {
    later.steady.saturating_duration_since(earlier.steady)
}

#[cfg(test)]
mod tests;
