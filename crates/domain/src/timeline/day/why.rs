//! Why an instant of a day is what it is: what each device had to show, step by step, and what
//! decided. Start with [`Why`]. Not here: the rule, whose steps are asked.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::activity::{Activity, Source};
use crate::choices::Choices;
use crate::correction::Correction;
use crate::names::DeviceId;
use crate::observation::Observation;
use crate::time::{Interval, UtcMs};
use crate::timeline::corrections::Corrections;
use crate::timeline::evidence::{DeviceEvidence, Evidence};
use crate::timeline::line::{Basis, Line, RunPart};
use crate::timeline::numbers::{DeviceNo, Named, Numbers, SubjectNo};
use crate::timeline::spans::{Overlapping, SpanSet};
use crate::timeline::steps::{PAGE_HOLD_MS, in_front, inferred, is_audible, named, pages};
use crate::timeline::stretch::Stretch;
use crate::timeline::window::{Span, Window};

/// What decides an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What counts at it, if anything does.
    pub counts: Option<Arc<Source>>,
    /// The correction that decides that, in place of what devices showed (step 9).
    pub correction: Option<Correction>,
    /// What the devices had to show, those of which something bears on the instant; by name.
    pub devices: Vec<DeviceWhy>,
}

/// What one device had to show at an instant. Observations are as step 1 leaves them: united, small
/// gaps closed, cut to the day's window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceWhy {
    /// The device.
    pub device: DeviceId,
    /// What was in front (steps 2 to 4), also if nobody was there.
    pub in_front: Option<InFront>,
    /// The page that step 5 (a) finds for it.
    pub page: Option<PageWhy>,
    /// The beat that tells its project and language (step 5 b), maybe of another device.
    pub beat: Option<Observation>,
    /// When it was said that nobody was there (step 6).
    pub away: Option<Interval>,
    /// When it was said that somebody was, whatever else says otherwise (step 6).
    pub here: Option<Interval>,
    /// What the device showed then, and since when without a break (step 7); `None` if it showed
    /// nothing, or nobody was there.
    pub shown: Option<ShownWhy>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What was in front of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InFront {
    /// Step 2: it was seen.
    Seen(Observation),
    /// Step 3: it was seen last, and is held.
    Held {
        /// What was seen last.
        last: Observation,
        /// When something is seen again.
        until: UtcMs,
    },
    /// Step 4: nothing was seen, but an editor was worked in before and after.
    Inferred {
        /// The beat before or at the instant.
        from: Observation,
        /// When the next beat is.
        until: UtcMs,
    },
}

/// The page of the browser in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageWhy {
    /// The page.
    pub page: Observation,
    /// Whether it had ended already and is held.
    pub is_held: bool,
    /// Whether its domain is the one that is shown, since the browser came without one.
    pub names_domain: bool,
    /// Whether it keeps its reader there, since it can be heard and the person lets such pages
    /// count.
    pub keeps: bool,
}

/// What a device showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownWhy {
    /// The activity.
    pub activity: Arc<Activity>,
    /// When its run started, as far as the day's window reaches back.
    pub since: UtcMs,
}

/// What became of what a device had to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It counts (step 8).
    Counts,
    /// It would count, but a correction decides (step 9).
    Corrected,
    /// Another device's run started later, or at the same time on a device with a smaller name
    /// (step 8).
    Outranked,
    /// It is only inferred, and something was seen or held on another device (step 8).
    OnlyInferred,
    /// Something was in front, but nobody was there (step 6).
    Away,
    /// Nothing was in front (steps 2 to 4).
    Nothing,
}

/// What a day is settled from, and what follows from it.
#[derive(Clone, Copy)]
pub(super) struct Settled<'a> {
    pub(super) window: Window,
    pub(super) choices: Choices,
    pub(super) numbers: &'a Numbers,
    pub(super) evidence: &'a Evidence,
    pub(super) lines: &'a [Line],
    pub(super) corrections: &'a Corrections,
    /// What counts at the instant.
    pub(super) counts: Option<&'a Arc<Source>>,
}

impl Settled<'_> {
    /// Why an instant, in milliseconds since the window's start, is what it is.
    pub(super) fn why(self, at: u32) -> Why {
        let within = Span { start: at, end: at.saturating_add(1) };
        let correction = self.corrections.all(self.window).filter(|correction| {
            let interval = correction.says.interval().and_then(|interval| self.window.cut(interval));
            interval.is_some_and(|span| span.clip(within).is_some())
        });
        let correction = correction.max_by_key(|correction| correction.version);
        let mut devices: Vec<DeviceWhy> =
            self.numbers.devices().filter_map(|device| self.device(device, within)).collect();
        let first = self.first(within);
        for device in &mut devices {
            device.outcome = match (&device.shown, first) {
                (Some(_), Some((name, _))) if *name == device.device && correction.is_some() => {
                    Outcome::Corrected
                }
                (Some(_), Some((name, _))) if *name == device.device => Outcome::Counts,
                (Some(_), Some((_, Basis::SeenOrHeld)))
                    if matches!(device.in_front, Some(InFront::Inferred { .. })) =>
                {
                    Outcome::OnlyInferred
                }
                (Some(_), _) => Outcome::Outranked,
                (None, _) if device.in_front.is_some() => Outcome::Away,
                (None, _) => Outcome::Nothing,
            };
        }
        devices.sort_by(|a, b| a.device.cmp(&b.device));
        Why { counts: self.counts.cloned(), correction, devices }
    }

    /// The device that step 8 lets count, and on what that rests.
    fn first(&self, within: Span) -> Option<(&DeviceId, Basis)> {
        let shown = self.numbers.devices().zip(self.lines).filter_map(|(device, line)| {
            let part = line.meeting(within).next()?;
            Some((part.shown.basis, part.started, Reverse(self.numbers.device(device))))
        });
        shown.max().map(|(basis, _, Reverse(device))| (device, basis))
    }

    /// What a device had to show; `None` if nothing of it bears on the instant.
    fn device(&self, device: DeviceNo, within: Span) -> Option<DeviceWhy> {
        let evidence = self.evidence.device(device)?;
        let line = self.lines.get(device.index());
        let (app, in_front) = self.in_front(evidence, within).unzip();
        let page = app.and_then(|app| self.page(evidence, app, within));
        let named = app.and_then(|app| {
            named(
                self.evidence,
                device,
                self.numbers,
                self.choices,
                app,
                page.map(|(page, _)| page.of),
                within,
            )
        });
        let page = page.and_then(|(page, is_held)| {
            let names_domain = named.is_some_and(|named| named.page.is_some());
            let keeps = self.choices.audible_counts && is_audible(self.numbers, page.of);
            Some(PageWhy { page: self.observation(page)?, is_held, names_domain, keeps })
        });
        let why = DeviceWhy {
            device: self.numbers.device(device).clone(),
            in_front,
            page,
            beat: named.and_then(|named| self.beat(evidence, named, within)),
            away: self.covering(&evidence.away, within),
            here: self.covering(&evidence.here, within),
            shown: line.and_then(|line| line.meeting(within).next()).map(|part| self.shown(part)),
            outcome: Outcome::Nothing,
        };
        let bears = why.in_front.is_some() || why.away.is_some() || why.here.is_some();
        bears.then_some(why)
    }

    /// Steps 2 to 4, with the app's subject.
    fn in_front(&self, evidence: &DeviceEvidence, within: Span) -> Option<(SubjectNo, InFront)> {
        let at = within.start;
        let covers = |stretch: &Stretch<SubjectNo>| stretch.span.clip(within).is_some();
        if let Some(used) = in_front(evidence, self.numbers, within).into_iter().find(covers) {
            if !evidence.covered.meeting(within).is_empty() {
                let seen = latest(&evidence.uses, used.of, within)?;
                return Some((used.of, InFront::Seen(self.observation(seen)?)));
            }
            let end = evidence.covered.covered_until(at);
            let last = Span::new(end.saturating_sub(1), end)?;
            let last = self.observation(latest(&evidence.uses, used.of, last)?)?;
            let until = self.window.at(evidence.covered.covered_from(at));
            return Some((used.of, InFront::Held { last, until }));
        }
        let beat = inferred(evidence, self.choices, within).into_iter().find(covers)?;
        let from = self.beat_at(beat.span.start, beat.of)?;
        Some((beat.of, InFront::Inferred { from, until: self.window.at(beat.span.end) }))
    }

    /// Step 5 (a) with whether the page is held. For what is inferred there is none.
    fn page(
        &self,
        evidence: &DeviceEvidence,
        app: SubjectNo,
        within: Span,
    ) -> Option<(Stretch<SubjectNo>, bool)> {
        let family = self.numbers[app].family?;
        let of_family = evidence.pages.get(&family)?;
        if in_front(evidence, self.numbers, within).iter().all(|used| used.of != app) {
            return None;
        }
        let shown = pages(of_family, self.numbers, within);
        let shown = shown.into_iter().find(|page| page.span.clip(within).is_some())?;
        if let Some(page) = latest(of_family, shown.of, within) {
            return Some((page, false));
        }
        Some((latest(of_family, shown.of, within.widen(PAGE_HOLD_MS, 0))?, true))
    }

    /// The beat that step 5 (b) finds.
    fn beat(&self, evidence: &DeviceEvidence, named: Named, within: Span) -> Option<Observation> {
        let (family, subject) = (self.numbers[named.app].family?, named.beat?);
        let own = evidence.beats_of(family).instants_from(within.start);
        let all = self.evidence.beats_of(family).instants_from(within.start);
        let beat = own.take(1).chain(all.take(1)).find(|beat| beat.subject == subject)?;
        self.beat_at(beat.at, subject)
    }

    fn beat_at(&self, at: u32, subject: SubjectNo) -> Option<Observation> {
        self.observation(Stretch { span: Span::new(at, at.saturating_add(1))?, of: subject })
    }

    fn covering(&self, spans: &SpanSet, within: Span) -> Option<Interval> {
        spans.meeting(within).first().and_then(|span| self.window.interval_of(*span))
    }

    fn shown(&self, part: &RunPart) -> ShownWhy {
        let activity = Arc::clone(self.numbers.activity_of(part.shown.activity));
        ShownWhy { activity, since: self.window.at(part.started) }
    }

    fn observation(&self, Stretch { span, of }: Stretch<SubjectNo>) -> Option<Observation> {
        let interval = self.window.interval_of(span)?;
        Some(Observation::new(Arc::clone(&self.numbers[of].subject), interval))
    }
}

/// The last of a subject's spans that meet `within`.
fn latest(spans: &Overlapping, subject: SubjectNo, within: Span) -> Option<Stretch<SubjectNo>> {
    let found = spans.meeting(within).filter(|found| found.subject == subject).last()?;
    Some(Stretch { span: found.span, of: subject })
}
