//! **The rule**, second edition: how observations and corrections become the timeline of a UTC day
//! (design, section 2). Everything else in Dayline serves this file: one step of the text, one
//! function, from [`settle`] on.
//!
//! "At most" includes the limit; names are compared as bytes, none before some, not audible before
//! audible, which is the order of [`Seen`]. All spans are half-open, in milliseconds of the day's
//! window. The reach is in [`crate::timeline::window`], the beat hold in [`crate::choices`].
//!
//! So the timeline is a pure function of the set of observations and corrections, and of the
//! person's two choices: order, repetition and grouping do not matter, nor whether one interval was
//! told as one, as pieces that touch, as growing prefixes or as overlapping stretches; for use,
//! away and here also with holes of at most the join (but for a hole on the window's very edge, and
//! one that an erasure touches).
//!
//! Each step from 2 on can be done for any part of the window, so that a ledger day does it again
//! only where something changed (see [`crate::timeline::day`]). Not here: what is remembered
//! between observations.

use std::cmp::Reverse;

use crate::activity::Piece;
use crate::choices::Choices;
use crate::correction::Correction;
use crate::observation::{Observation, Seen};
use crate::time::UtcDay;
use crate::timeline::corrections::Corrections;
use crate::timeline::evidence::{Beat, Beats, DeviceEvidence, Evidence};
use crate::timeline::line::{Basis, Line, Shown};
use crate::timeline::numbers::{DeviceNo, FamilyNo, Named, Numbers, SourceNo, SubjectNo};
use crate::timeline::spans::{Overlapping, SpanSet};
use crate::timeline::stretch::{Stretch, append, split, topmost};
use crate::timeline::window::{Span, Window};

/// Which edition of the rule this is. All programs that settle days of one store must have the same:
/// with any change of what the rule gives it becomes another.
pub const EDITION: u8 = 2;
/// The longest gap within a use, away or here that is no gap, in milliseconds.
pub const JOIN_MS: u32 = 1_000;
/// How long what was seen last is held until something else is seen, in milliseconds.
pub const HOLD_MS: u32 = 30_000;
/// How long a page that ended is still shown, in milliseconds.
pub const PAGE_HOLD_MS: u32 = 90_000;

/// The rule as a whole: the timeline of a day, by start and without overlap.
///
/// ```
/// use std::sync::Arc;
///
/// use dayline_domain::choices::Choices;
/// use dayline_domain::observation::{Observation, Seen, Subject};
/// use dayline_domain::timeline::steps::settle;
/// use dayline_domain::{AppName, DeviceId, Interval, UtcDay};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let day = UtcDay(20_000);
/// let seen = |app: &str, start, end| -> Result<Observation, Box<dyn std::error::Error>> {
///     let device = DeviceId::new("laptop")?;
///     let seen = Seen::Use { app: AppName::new(app)?, domain: None, project: None };
///     let at = |seconds: i64| day.start().plus(seconds * 1_000);
///     let interval = Interval::new(at(start), at(end)).ok_or("an empty interval")?;
///     Ok(Observation::new(Arc::new(Subject { device, seen }), interval))
/// };
/// // What was seen last is held until something else is seen, for at most 30 s.
/// let observations = [seen("Code", 0, 5)?, seen("Mail", 8, 12)?, seen("Code", 20, 25)?];
/// let timeline = settle(day, &observations, &[], Choices::default());
/// let lengths: Vec<i64> = timeline.iter().map(|piece| piece.interval.ms()).collect();
/// assert_eq!(lengths, [8_000, 12_000, 5_000]);
/// # Ok(())
/// # }
/// ```
pub fn settle(
    day: UtcDay,
    observations: &[Observation],
    corrections: &[Correction],
    choices: Choices,
) -> Vec<Piece> {
    let window = Window::of(day);
    let (mut known, mut numbers) = (Corrections::default(), Numbers::default());
    known.add(window, corrections);
    let observed = observations.iter().filter_map(|observation| cut(observation, window, &mut numbers));
    let observed: Vec<Stretch<SubjectNo>> = without_erased(observed, known.erased()).collect();
    let evidence = unite_all(observed.into_iter(), &numbers);
    let lines: Vec<Line> = numbers
        .devices()
        .map(|device| {
            let named = activities(&evidence, device, &numbers, choices, Span::WINDOW);
            runs(named, &mut numbers)
        })
        .collect();
    let counted = what_counts(&lines, &mut numbers, Span::DAY);
    let runs = timeline(counted, &deciding(&known, &mut numbers), Span::DAY);
    runs.into_iter().filter_map(|run| numbers.piece(window, run)).collect()
}

/// Step 0, *days*. Each UTC day is settled on its own. Its window reaches from one reach before the
/// day to one reach after it; what was observed is first cut to the window, what lies outside is
/// not looked at. Steps 1 to 7 are done over the window, so that a run that began before midnight
/// has its start; steps 8 to 10 give the day alone. (What began before the window began with it:
/// such starts are equal.)
///
/// That an observation without length counts as one millisecond is seen to at the door.
pub(crate) fn cut(
    observation: &Observation,
    window: Window,
    numbers: &mut Numbers,
) -> Option<Stretch<SubjectNo>> {
    let span = window.cut(observation.interval())?;
    Some(Stretch { span, of: numbers.subject(observation.subject()) })
}

/// Step 1, *observations*, first sentence. Erasures come first: their instants are taken out of
/// every observation, as if nothing had been seen.
pub(crate) fn without_erased(
    observed: impl Iterator<Item = Stretch<SubjectNo>>,
    erased: &SpanSet,
) -> impl Iterator<Item = Stretch<SubjectNo>> {
    observed.flat_map(|Stretch { span, of }| erased.gaps(span).map(move |span| Stretch { span, of }))
}

/// Step 1 for all that was observed. In the order of ends, which is the one in which it costs
/// least.
pub(crate) fn unite_all(observed: impl Iterator<Item = Stretch<SubjectNo>>, numbers: &Numbers) -> Evidence {
    let mut observed: Vec<Stretch<SubjectNo>> = observed.collect();
    observed.sort_unstable_by_key(|observed| observed.span.end);
    let mut evidence = Evidence::default();
    for observed in observed {
        unite(&mut evidence, numbers, observed);
    }
    evidence
}

/// Step 1, *observations*. Of one device, kind and value (use: app, domain, project; page: browser,
/// domain or none, audible or not; away; here) unite the intervals, also those that only touch. For
/// use, away and here, gaps of at most the join are closed; for pages none is. Beats are a set of
/// points: (instant, app, project, language). A use observation of a lock screen is an away
/// observation instead.
///
/// Says what that changed, if anything. Joining commutes with uniting, so that one observation can
/// follow another.
pub(crate) fn unite(
    evidence: &mut Evidence,
    numbers: &Numbers,
    Stretch { span, of: subject }: Stretch<SubjectNo>,
) -> Option<Change> {
    let known = &numbers[subject];
    match &known.subject.seen {
        Seen::Use { .. } if known.is_lock_screen => {
            let grown = evidence.device_mut(known.device).away.insert(span, JOIN_MS)?;
            grown.changed().map(Change::Presence)
        }
        Seen::Use { .. } => {
            let grown = evidence.unite(subject, span, JOIN_MS)?;
            let device = evidence.device_mut(known.device);
            device.uses.follow(subject, &grown);
            device.covered.insert(grown.span, 0);
            grown.changed().map(Change::Use)
        }
        Seen::Page { .. } => {
            let grown = evidence.unite(subject, span, 0)?;
            let pages = &mut evidence.device_mut(known.device).pages;
            pages.entry(known.family?).or_default().follow(subject, &grown);
            grown.changed().map(Change::Page)
        }
        Seen::Beat { .. } => {
            let beats = (span.start..span.end).map(|at| Beat { at, subject });
            let new = beats.filter(|beat| evidence.add_beat(*beat, numbers)).count();
            (new > 0).then_some(Change::Beats(span))
        }
        Seen::Away => {
            evidence.device_mut(known.device).away.insert(span, JOIN_MS)?.changed().map(Change::Presence)
        }
        Seen::Here => {
            evidence.device_mut(known.device).here.insert(span, JOIN_MS)?.changed().map(Change::Presence)
        }
    }
}

/// Where what step 1 gives is another than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A use covers more, or starts earlier.
    Use(Span),
    /// A page covers more, or starts earlier.
    Page(Span),
    /// There are more beats.
    Beats(Span),
    /// More is away or here.
    Presence(Span),
}

/// Steps 2 to 6 for one device: what it shows at each instant of `within`, without what is away.
pub(crate) fn activities(
    evidence: &Evidence,
    device: DeviceNo,
    numbers: &Numbers,
    choices: Choices,
    within: Span,
) -> Vec<Stretch<(Named, Basis)>> {
    let Some(device) = evidence.device(device) else { return Vec::new() };
    let in_front = in_front(device, numbers, within);
    let inferred = inferred(device, choices, within);
    let pages = pages_of_browsers(device, numbers, &in_front, within);
    let away = away(device, within);
    let naming = Naming { evidence, device, numbers, choices };
    let mut list = Vec::new();
    for (part, app) in split(&in_front, within) {
        let Some(app) = app else {
            for (part, beat) in split(&inferred, part) {
                let Some(beat) = beat else { continue };
                naming.name(beat, None, part, |part, named| {
                    append_present(&mut list, &away, part, (named, Basis::Inferred));
                });
            }
            continue;
        };
        let shown = numbers[app].family.and_then(|family| pages.iter().find(|(of, _)| *of == family));
        for (part, page) in split(shown.map_or(&[][..], |(_, pages)| pages), part) {
            let is_kept = choices.audible_counts && page.is_some_and(|page| is_audible(numbers, page));
            let away = if is_kept { &[][..] } else { &away };
            naming.name(app, page, part, |part, named| {
                append_present(&mut list, away, part, (named, Basis::SeenOrHeld));
            });
        }
    }
    list
}

/// Steps 2 and 3: what is in front in `within`, and a little around it.
pub(crate) fn in_front(device: &DeviceEvidence, numbers: &Numbers, within: Span) -> Vec<Stretch<SubjectNo>> {
    held(seen(device, numbers, with_held(device, within)))
}

/// The part of the window that says what is in front in `within`: what is held at an edge was seen
/// before it, and is held if something is seen after it.
fn with_held(device: &DeviceEvidence, Span { start, end }: Span) -> Span {
    let last = device.covered.covered_until(start);
    let next = device.covered.covered_from(end);
    let start = if start - last <= HOLD_MS { last.saturating_sub(1) } else { start };
    let end = if next - end <= HOLD_MS { next.saturating_add(1) } else { end };
    Span { start, end: end.min(Span::WINDOW.end) }
}

/// Step 2, *seen*. At each instant that use observations of the device cover: of these the one that
/// started last (the start that step 1 gave). Equal starts: the smaller app, then domain, then
/// project.
fn seen(device: &DeviceEvidence, numbers: &Numbers, within: Span) -> Vec<Stretch<SubjectNo>> {
    let uses = device.uses.meeting(within).map(|used| Stretch { span: used.span, of: used.subject });
    topmost(uses, |used| (used.span.start, Reverse(numbers.seen(used.of))), within)
}

/// Step 3, *held*. Where no use observation covers: what step 2 gave in the last covered
/// millisecond is held until the next use observation of the device starts, if that is at most the
/// hold after the last covered instant's end. Otherwise nothing. (Pages, beats, away, here and lock
/// screens neither end nor prolong a hold; step 6 still takes away time out of it.)
fn held(mut seen: Vec<Stretch<SubjectNo>>) -> Vec<Stretch<SubjectNo>> {
    for next in 1..seen.len() {
        let starts = seen[next].span.start;
        let last = &mut seen[next - 1].span;
        if starts - last.end <= HOLD_MS {
            last.end = starts;
        }
    }
    seen
}

/// Step 4, *inferred*. Where steps 2 and 3 give nothing: from one beat of the device to the next
/// one of any app, if they are at most the beat hold apart and no use observation of the device
/// covers any instant from the earlier one up to but not including the later one, the app of the
/// earlier one, without a domain. (Several beats at one instant count here as one: the smallest by
/// app, then project, then language.)
pub(crate) fn inferred(device: &DeviceEvidence, choices: Choices, within: Span) -> Vec<Stretch<SubjectNo>> {
    let mut list = Vec::new();
    let mut beats = device.beats.instants_from(within.start).peekable();
    while let Some(earlier) = beats.next().filter(|beat| beat.at < within.end) {
        let Some(span) = beats.peek().and_then(|later| Span::new(earlier.at, later.at)) else { break };
        if span.ms() <= choices.beat_hold.ms() && device.covered.meeting(span).is_empty() {
            list.push(Stretch { span, of: earlier.subject });
        }
    }
    list
}

/// Step 5, *named*, (a). Where steps 2 and 3 give an app: the page observation of that browser (by
/// family) on this device that covers the instant (started last; equal: the smaller browser, then
/// domain, then audible), else the one that ended last (equal: as before), up to but not including
/// the page hold after its end. If the app came without a domain, that page's domain is shown; "no
/// domain" is a value and is shown as none.
pub(crate) fn pages(pages: &Overlapping, numbers: &Numbers, within: Span) -> Vec<Stretch<SubjectNo>> {
    let looked_at = within.widen(PAGE_HOLD_MS, 0);
    let told = pages.meeting(looked_at).map(|page| Stretch { span: page.span, of: page.subject });
    let rank = |page: &Stretch<SubjectNo>| (page.span.start, Reverse(numbers.seen(page.of)));
    let mut shown = topmost(told, rank, looked_at);
    // Where no page covers, those that ended last are those that covered the millisecond before:
    // the same one leads.
    for at in 0..shown.len() {
        let next = shown.get(at + 1).map_or(Span::WINDOW.end, |next| next.span.start);
        let page = &mut shown[at].span;
        page.end = next.min(page.end.saturating_add(PAGE_HOLD_MS));
    }
    shown
}

/// Step 5 (a) for each browser that is in front in `within`.
fn pages_of_browsers(
    device: &DeviceEvidence,
    numbers: &Numbers,
    in_front: &[Stretch<SubjectNo>],
    within: Span,
) -> Vec<(FamilyNo, Vec<Stretch<SubjectNo>>)> {
    if device.pages.is_empty() {
        return Vec::new();
    }
    let mut families: Vec<FamilyNo> =
        in_front.iter().filter_map(|stretch| numbers[stretch.of].family).collect();
    families.sort_unstable();
    families.dedup();
    let of_family = |family| Some((family, pages(device.pages.get(&family)?, numbers, within)));
    families.into_iter().filter_map(of_family).collect()
}

/// Whether a page could be heard.
pub(crate) fn is_audible(numbers: &Numbers, page: SubjectNo) -> bool {
    matches!(numbers.seen(page), Seen::Page { audible: true, .. })
}

/// Step 5, *named*, with what it looks at.
struct Naming<'a> {
    evidence: &'a Evidence,
    device: &'a DeviceEvidence,
    numbers: &'a Numbers,
    choices: Choices,
}

impl Naming<'_> {
    /// Step 5: names an app with the page that (a) found for it, and with the beats that (b) finds
    /// in the parts of `within`.
    fn name(&self, app: SubjectNo, page: Option<SubjectNo>, within: Span, mut each: impl FnMut(Span, Named)) {
        let known = &self.numbers[app];
        let (has_domain, has_project) = match &known.subject.seen {
            Seen::Use { domain, project, .. } => (domain.is_some(), project.is_some()),
            _ => (false, false),
        };
        let page = page.filter(|_| !has_domain);
        match known.family.filter(|_| !has_project) {
            None => each(within, Named { app, page, beat: None }),
            Some(family) => self.beats(family, within, |part, beat| each(part, Named { app, page, beat })),
        }
    }

    /// Step 5 (b). Where steps 2 to 4 give an app without a project: of the beats of this device
    /// and that family, the latest at or before the instant, up to but not including the beat hold
    /// after it (equal: the smaller app, project, language): its project and language, also where
    /// they are none. If there is none on this device, the same over the beats of all the person's
    /// devices (an editor that works on another machine).
    fn beats(&self, family: FamilyNo, within: Span, mut each: impl FnMut(Span, Option<SubjectNo>)) {
        let everywhere = self.evidence.beats_of(family);
        let own = self.latest(self.device.beats_of(family), within);
        for (part, own) in split(&own, within) {
            if own.is_some() {
                each(part, own);
                continue;
            }
            let others = self.latest(everywhere, part);
            split(&others, part).for_each(|(part, other)| each(part, other));
        }
    }

    /// The latest of the beats at each instant, as long as it holds.
    fn latest(&self, beats: &Beats, within: Span) -> Vec<Stretch<SubjectNo>> {
        let mut list = Vec::new();
        let mut beats = beats.instants_from(within.start).peekable();
        while let Some(beat) = beats.next().filter(|beat| beat.at < within.end) {
            let holds = beat.at.saturating_add(self.choices.beat_hold.ms());
            let until = beats.peek().map_or(holds, |next| holds.min(next.at));
            let span = Span::new(beat.at, until).and_then(|span| span.clip(within));
            list.extend(span.map(|span| Stretch { span, of: beat.subject }));
        }
        list
    }
}

/// Step 5 at one instant, for an app in front or inferred and the page that (a) finds for it.
pub(crate) fn named(
    evidence: &Evidence,
    device: DeviceNo,
    numbers: &Numbers,
    choices: Choices,
    app: SubjectNo,
    page: Option<SubjectNo>,
    at: Span,
) -> Option<Named> {
    let naming = Naming { evidence, device: evidence.device(device)?, numbers, choices };
    let mut found = None;
    naming.name(app, page, at, |_, named| found = Some(named));
    found
}

/// Step 6, *away*. An instant within an away observation of the device counts for nothing on it,
/// unless a here observation covers it too, or the page that step 5 (a) finds for the app in front
/// is audible and the person lets audible pages count. Here makes no time of its own.
///
/// These are the instants that only such a page can keep.
pub(crate) fn away(device: &DeviceEvidence, within: Span) -> Vec<Stretch<()>> {
    let away = device.away.meeting(within).iter().filter_map(|away| away.clip(within));
    away.flat_map(|away| device.here.gaps(away)).map(|span| Stretch { span, of: () }).collect()
}

/// Adds the parts of a span that are not away.
fn append_present(
    list: &mut Vec<Stretch<(Named, Basis)>>,
    away: &[Stretch<()>],
    span: Span,
    of: (Named, Basis),
) {
    for (span, away) in split(away, span) {
        if away.is_none() {
            append(list, Stretch { span, of });
        }
    }
}

/// Step 7, *lines*. The maximal runs of one activity (app, domain, project and language all equal)
/// that steps 2 to 6 give over the window, for each device.
fn runs(activities: Vec<Stretch<(Named, Basis)>>, numbers: &mut Numbers) -> Line {
    let mut line = Line::default();
    line.replace(Span::WINDOW, shown(activities, numbers));
    line
}

/// What steps 2 to 6 gave, with its activities by number, so that equal ones are equal however they
/// were named.
pub(crate) fn shown(activities: Vec<Stretch<(Named, Basis)>>, numbers: &mut Numbers) -> Vec<Stretch<Shown>> {
    let number = |Stretch { span, of: (named, basis) }| {
        let activity = numbers.activity(named)?;
        Some(Stretch { span, of: Shown { activity, basis } })
    };
    activities.into_iter().filter_map(number).collect()
}

/// Step 8, *what counts*. At every instant of the day, of the runs of the person's devices that
/// cover it, the one that started last; equal starts: the smaller `device_id`. Where a run that
/// covers the instant is seen or held there (steps 2, 3; what is away does not count), what is
/// inferred on other devices does not take part.
pub(crate) fn what_counts(lines: &[Line], numbers: &mut Numbers, within: Span) -> Vec<Stretch<SourceNo>> {
    let covering = numbers.devices().zip(lines).flat_map(|(device, line)| {
        line.meeting(within).map(move |part| Stretch { span: part.span, of: (device, *part) })
    });
    let counted = topmost(
        covering,
        |Stretch { of: (device, part), .. }| {
            (part.shown.basis, part.started, Reverse(numbers.device(*device)))
        },
        within,
    );
    let mut list = Vec::new();
    for Stretch { span, of: (device, part) } in counted {
        append(&mut list, Stretch { span, of: numbers.source(device, part.shown.activity) });
    }
    list
}

/// Step 9, *corrections*. Of one id only the greatest version exists, which [`Corrections`] see to.
/// Where corrections cover an instant, the one with the greatest version decides: an entry's device
/// and activity count, an erasure leaves nothing.
///
/// Says what is decided, as a source that counts or as nothing.
pub(crate) fn deciding(corrections: &Corrections, numbers: &mut Numbers) -> Vec<Stretch<Option<SourceNo>>> {
    let covering: Vec<_> = corrections.covering().collect();
    let numbered =
        covering.iter().enumerate().map(|(no, correction)| Stretch { span: correction.span, of: no });
    let decided = topmost(numbered, |correction| covering[correction.of].version, Span::WINDOW);
    let mut source = |no: usize| covering[no].source.map(|source| numbers.entered(source));
    decided.into_iter().map(|Stretch { span, of }| Stretch { span, of: source(of) }).collect()
}

/// Step 10, *the timeline*: the maximal runs, within the day, of one device and activity among what
/// counts; an entry beside an equal run is one with it; equal activities of two devices stay two.
/// What corrections decide comes before what was `counted`.
pub(crate) fn timeline(
    counted: Vec<Stretch<SourceNo>>,
    deciding: &[Stretch<Option<SourceNo>>],
    within: Span,
) -> Vec<Stretch<SourceNo>> {
    if deciding.is_empty() {
        return counted;
    }
    let mut runs = Vec::new();
    for (part, decided) in split(deciding, within) {
        let parts = match decided {
            Some(source) => vec![(part, source)],
            None => split(&counted, part).collect(),
        };
        for (span, source) in parts {
            if let Some(of) = source {
                append(&mut runs, Stretch { span, of });
            }
        }
    }
    runs
}
