//! The rule a second time, written from the text of the design alone and without regard to cost:
//! every instant is painted on its own. Shares nothing with the implementation but the values that
//! go in and come out.
//!
//! What is painted are cells, a partition of the window.
//! [`every_millisecond`](crate::cells::every_millisecond) makes each millisecond near what was
//! observed a cell; [`where_nothing_changes`](crate::cells::where_nothing_changes) makes a cell of
//! each stretch in which nothing begins or ends, which is quicker by far. That both paint the same
//! is a test of its own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use dayline_domain::activity::{Activity, Piece};
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, Says};
use dayline_domain::observation::{Observation, Seen};
use dayline_domain::{DeviceId, Interval, UtcDay};

use crate::cells::{Cells, DAY, HOLD, PAGE_HOLD, beat_hold, window};
use crate::values::{app, device, domain, interval, language, project, source};

const JOIN: i64 = 1_000;

type Name = Option<String>;
/// A use's app, domain and project; a beat's app, project and language.
type Three = (String, Name, Name);
/// A browser, a domain, whether it is audible.
type PageValue = (String, Name, bool);

/// The families of the names that the tests use.
fn family(name: &str) -> &str {
    match name {
        "Firefox" | "firefox.exe" => "the Firefox family",
        "Code" | "code.exe" | "vscode" => "the Code family",
        other => other,
    }
}

fn is_lock_screen(name: &str) -> bool {
    ["swaylock", "LockApp.exe"].contains(&name)
}

/// A value's cells: in each that it covers, when the united observation that covers it started.
type Starts = Vec<Option<i64>>;

/// One device's observations after step 1.
#[derive(Default)]
struct Device {
    uses: BTreeMap<Three, Starts>,
    pages: BTreeMap<PageValue, Starts>,
    beats: BTreeSet<(i64, Three)>,
    away: Option<Starts>,
    here: Option<Starts>,
}

/// What a device shows in a cell.
#[derive(Clone, PartialEq)]
struct Shown {
    names: (String, Name, Name, Name),
    inferred: bool,
}

/// What the rule says of a day.
#[derive(Debug, PartialEq)]
pub(crate) struct Painting {
    pub(crate) counted: Vec<Piece>,
    /// What devices showed while something else counted; by start, then source.
    pub(crate) outranked: Vec<Piece>,
    /// When nobody was at a device and it showed nothing that a page kept; by device, then start.
    pub(crate) away: Vec<(DeviceId, Interval)>,
}

/// A device and what it shows.
type Counts = (String, (String, Name, Name, Name));

pub(crate) fn paint(
    day: UtcDay,
    observations: &[Observation],
    corrections: &[Correction],
    choices: Choices,
    cells: &Cells,
) -> Painting {
    let devices = step_1(day, observations, corrections, cells);
    let all_beats: BTreeSet<(i64, Three)> =
        devices.values().flat_map(|device| device.beats.iter().cloned()).collect();
    let lines: BTreeMap<&String, Vec<Option<(Shown, i64)>>> =
        devices.iter().map(|(name, device)| (name, line(device, &all_beats, choices, cells))).collect();
    let midnight = i64::from(day.0) * DAY;
    let of_day: Vec<usize> = cells.within(midnight, midnight + DAY).collect();
    let nothing: Vec<Option<Counts>> = vec![None; cells.0.len()];
    let mut counted = nothing.clone();
    for &cell in &of_day {
        counted[cell] = step_9(corrections, cells.0[cell], step_8(&lines, cell));
    }
    let (mut outranked, mut away) = (Vec::new(), Vec::new());
    for (name, line) in &lines {
        let (mut loses, mut nobody) = (nothing.clone(), nothing.clone());
        for &cell in &of_day {
            let shown = line[cell].as_ref().map(|(shown, _)| ((*name).clone(), shown.names.clone()));
            if shown.is_none() && step_6_is_away(&devices[*name], cell, false) {
                nobody[cell] = Some(((*name).clone(), ("nobody".to_owned(), None, None, None)));
            }
            if shown.is_some() && counted[cell].is_some() && shown != counted[cell] {
                loses[cell] = shown;
            }
        }
        outranked.extend(step_10(loses, cells));
        away.extend(step_10(nobody, cells).into_iter().map(|piece| (device(name), piece.interval)));
    }
    outranked.sort_by(|a, b| (a.interval.start(), &a.source).cmp(&(b.interval.start(), &b.source)));
    Painting { counted: step_10(counted, cells), outranked, away }
}

/// Steps 0 and 1.
fn step_1(
    day: UtcDay,
    observations: &[Observation],
    corrections: &[Correction],
    cells: &Cells,
) -> BTreeMap<String, Device> {
    let erased: Vec<Interval> = corrections
        .iter()
        .filter_map(|correction| match correction.says {
            Says::Erasure { interval } => Some(interval),
            _ => None,
        })
        .collect();
    let is_erased =
        |(start, end): (i64, i64)| erased.iter().any(|gone| gone.start().0 <= start && end <= gone.end().0);
    let cut = window(day);
    let mut painted = BTreeMap::<(String, Seen), Vec<bool>>::new();
    for observation in observations {
        let mut seen = observation.subject().seen.clone();
        if matches!(&seen, Seen::Use { app, .. } if is_lock_screen(app.as_str())) {
            seen = Seen::Away;
        }
        let (start, end) = (observation.interval().start().0, observation.interval().end().0);
        let key = (observation.subject().device.as_str().to_owned(), seen);
        let canvas = painted.entry(key).or_insert_with(|| vec![false; cells.0.len()]);
        for cell in cells.within(start.max(cut.0), end.min(cut.1)) {
            canvas[cell] |= !is_erased(cells.0[cell]);
        }
    }
    let mut devices = BTreeMap::<String, Device>::new();
    for ((name, seen), painted) in painted {
        let device = devices.entry(name).or_default();
        match seen {
            Seen::Use { app, domain, project } => {
                let value = (app.as_str().to_owned(), domain.map(text), project.map(text));
                device.uses.insert(value, united(&painted, JOIN, cells));
            }
            Seen::Page { browser, domain, audible } => {
                let value = (browser.as_str().to_owned(), domain.map(text), audible);
                device.pages.insert(value, united(&painted, 0, cells));
            }
            Seen::Beat { app, project, language } => {
                let value = (app.as_str().to_owned(), project.map(text), language.map(text));
                // A beat's millisecond may be a cell, or cells of several beats may follow each
                // other.
                for (cell, _) in painted.iter().enumerate().filter(|(_, painted)| **painted) {
                    let (start, end) = cells.0[cell];
                    device.beats.extend((start..end).map(|at| (at, value.clone())));
                }
            }
            Seen::Away => device.away = Some(united(&painted, JOIN, cells)),
            Seen::Here => device.here = Some(united(&painted, JOIN, cells)),
        }
    }
    devices
}

trait Text {
    fn text(&self) -> &str;
}

impl Text for dayline_domain::Domain {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl Text for dayline_domain::activity::Project {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl Text for dayline_domain::activity::Language {
    fn text(&self) -> &str {
        self.as_str()
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is mapped over options")]
fn text(name: impl Text) -> String {
    name.text().to_owned()
}

/// Unites what is painted and closes gaps of at most `join`.
fn united(painted: &[bool], join: i64, cells: &Cells) -> Starts {
    let mut starts: Starts = vec![None; painted.len()];
    let mut last: Option<usize> = None;
    for cell in (0..painted.len()).filter(|&cell| painted[cell]) {
        match last {
            Some(last) if cells.0[cell].0 - cells.0[last].1 <= join => {
                let start = starts[last];
                starts[last..=cell].fill(start);
            }
            _ => starts[cell] = Some(cells.0[cell].0),
        }
        last = Some(cell);
    }
    starts
}

/// Steps 2 to 7: what a device shows in each cell, and when the run that it belongs to started.
fn line(
    device: &Device,
    all_beats: &BTreeSet<(i64, Three)>,
    choices: Choices,
    cells: &Cells,
) -> Vec<Option<(Shown, i64)>> {
    let seen: Vec<Option<&Three>> = (0..cells.0.len()).map(|cell| step_2(device, cell)).collect();
    let in_front = step_3(&seen, cells);
    let inferred = step_4(device, &seen, choices, cells);
    let ended = ended_pages(device, cells);
    let mut line: Vec<Option<(Shown, i64)>> = Vec::new();
    for cell in 0..cells.0.len() {
        let at = cells.0[cell].0;
        let (value, is_inferred) = match (in_front[cell], &inferred[cell]) {
            (Some(value), _) => (value.clone(), false),
            (None, Some(app)) => ((app.clone(), None, None), true),
            (None, None) => {
                line.push(None);
                continue;
            }
        };
        let (app, mut domain, mut project) = value;
        let page = in_front[cell].and_then(|_| step_5a(device, &ended, &app, cell, at));
        if let (None, Some((_, of_page, _))) = (&domain, &page) {
            domain.clone_from(of_page);
        }
        let mut language = None;
        if project.is_none()
            && let Some((_, of_beat, in_language)) = step_5b(device, all_beats, &app, choices, at)
        {
            (project, language) = (of_beat, in_language);
        }
        let audible = page.is_some_and(|(_, _, audible)| audible);
        if step_6_is_away(device, cell, audible && choices.audible_counts) {
            line.push(None);
            continue;
        }
        let shown = Shown { names: (app, domain, project, language), inferred: is_inferred };
        let started = match line.last() {
            Some(Some((before, started))) if before.names == shown.names => *started,
            _ => at,
        };
        line.push(Some((shown, started)));
    }
    line
}

fn step_2(device: &Device, cell: usize) -> Option<&Three> {
    let covering = device.uses.iter().filter_map(|(value, starts)| Some((starts[cell]?, value)));
    covering.max_by_key(|(start, value)| (*start, Reverse(*value))).map(|(_, value)| value)
}

fn step_3<'a>(seen: &[Option<&'a Three>], cells: &Cells) -> Vec<Option<&'a Three>> {
    let mut in_front = seen.to_vec();
    let covered: Vec<usize> = (0..seen.len()).filter(|&cell| seen[cell].is_some()).collect();
    for &[last, next] in covered.array_windows() {
        if cells.0[next].0 - cells.0[last].1 <= HOLD {
            in_front[last + 1..next].fill(seen[last]);
        }
    }
    in_front
}

fn step_4(device: &Device, seen: &[Option<&Three>], choices: Choices, cells: &Cells) -> Vec<Option<String>> {
    let mut inferred = vec![None; seen.len()];
    let mut instants = BTreeMap::<i64, &Three>::new();
    for (at, value) in &device.beats {
        instants.entry(*at).or_insert(value);
    }
    let instants: Vec<(i64, &Three)> = instants.into_iter().collect();
    for &[(earlier, value), (later, _)] in instants.array_windows() {
        if later - earlier > beat_hold(choices) {
            continue;
        }
        let between: Vec<usize> = cells.within(earlier, later).collect();
        if between.iter().all(|&cell| seen[cell].is_none()) {
            for cell in between {
                inferred[cell] = Some(value.0.clone());
            }
        }
    }
    inferred
}

/// All pages that ended, each with its end, start and value.
fn ended_pages<'a>(device: &'a Device, cells: &Cells) -> Vec<(i64, i64, &'a PageValue)> {
    let mut ended = Vec::new();
    for (value, starts) in &device.pages {
        for cell in 0..starts.len() {
            let Some(start) = starts[cell] else { continue };
            if starts.get(cell + 1).copied().flatten().is_none() {
                ended.push((cells.0[cell].1, start, value));
            }
        }
    }
    ended
}

fn step_5a(
    device: &Device,
    ended: &[(i64, i64, &PageValue)],
    app: &str,
    cell: usize,
    at: i64,
) -> Option<PageValue> {
    let of_family = |value: &PageValue| family(&value.0) == family(app);
    let covering = device.pages.iter().filter_map(|(value, starts)| Some((starts[cell]?, value)));
    let covering = covering.filter(|(_, value)| of_family(value));
    if let Some((_, value)) = covering.max_by_key(|(start, value)| (*start, Reverse(*value))) {
        return Some(value.clone());
    }
    let before = ended.iter().filter(|(end, _, value)| *end <= at && of_family(value));
    let last = before.max_by_key(|(end, start, value)| (*end, *start, Reverse(*value)));
    last.filter(|(end, _, _)| at < end + PAGE_HOLD).map(|(_, _, value)| (*value).clone())
}

fn step_5b(
    device: &Device,
    all_beats: &BTreeSet<(i64, Three)>,
    app: &str,
    choices: Choices,
    at: i64,
) -> Option<Three> {
    let latest = |beats: &BTreeSet<(i64, Three)>| -> Option<Three> {
        let before = beats.iter().filter(|(beat, value)| *beat <= at && family(&value.0) == family(app));
        let holding = before.filter(|(beat, _)| at < beat + beat_hold(choices));
        holding.max_by_key(|(beat, value)| (*beat, Reverse(value))).map(|(_, value)| value.clone())
    };
    latest(&device.beats).or_else(|| latest(all_beats))
}

fn step_6_is_away(device: &Device, cell: usize, audible: bool) -> bool {
    let covers = |starts: &Option<Starts>| starts.as_ref().is_some_and(|starts| starts[cell].is_some());
    covers(&device.away) && !covers(&device.here) && !audible
}

fn step_8(lines: &BTreeMap<&String, Vec<Option<(Shown, i64)>>>, cell: usize) -> Option<Counts> {
    let mut covering: Vec<(i64, Reverse<&String>, &Shown)> = lines
        .iter()
        .filter_map(|(name, line)| line[cell].as_ref().map(|(shown, start)| (*start, Reverse(*name), shown)))
        .collect();
    if covering.iter().any(|(_, _, shown)| !shown.inferred) {
        covering.retain(|(_, _, shown)| !shown.inferred);
    }
    let first = covering.into_iter().max_by_key(|(start, name, _)| (*start, *name));
    first.map(|(_, Reverse(name), shown)| (name.clone(), shown.names.clone()))
}

fn step_9(corrections: &[Correction], (start, end): (i64, i64), counted: Option<Counts>) -> Option<Counts> {
    let exists = |correction: &&Correction| {
        let same = corrections.iter().filter(|other| other.id == correction.id);
        same.map(|other| other.version).max() == Some(correction.version)
    };
    let covers = |correction: &&Correction| match &correction.says {
        Says::Nothing => false,
        Says::Entry { interval, .. } | Says::Erasure { interval } => {
            interval.start().0 <= start && end <= interval.end().0
        }
    };
    let deciding =
        corrections.iter().filter(exists).filter(covers).max_by_key(|correction| correction.version);
    match deciding.map(|correction| &correction.says) {
        None => counted,
        Some(Says::Entry { source, .. }) => {
            let Activity { app, domain, project, language } = (*source.activity).clone();
            let names = (app.as_str().to_owned(), domain.map(text), project.map(text), language.map(text));
            Some((source.device.as_str().to_owned(), names))
        }
        Some(_) => None,
    }
}

fn step_10(counted: Vec<Option<Counts>>, cells: &Cells) -> Vec<Piece> {
    let mut runs: Vec<(Counts, i64, i64)> = Vec::new();
    for (counts, (start, end)) in counted.into_iter().zip(&cells.0) {
        let Some(counts) = counts else { continue };
        match runs.last_mut() {
            Some((run, _, run_end)) if *run == counts && *run_end == *start => *run_end = *end,
            _ => runs.push((counts, *start, *end)),
        }
    }
    let piece = |((on, names), start, end): (Counts, i64, i64)| {
        let activity = Activity {
            app: app(&names.0),
            domain: domain(names.1.as_deref()),
            project: project(names.2.as_deref()),
            language: language(names.3.as_deref()),
        };
        let source = source(device(&on).as_str(), activity);
        Piece { source, interval: interval(start, end) }
    };
    runs.into_iter().map(piece).collect()
}
