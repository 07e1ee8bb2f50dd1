//! A day as an archive has it, and the lines that it is made of. Times are Unix milliseconds.

use std::collections::HashMap;
use std::sync::Arc;

use dayline_app::ports::PortError;
use dayline_domain::timeline::window::Window;
use dayline_domain::{Interval, LocalDate, Observation, Piece, Source, Subject, UserId, UtcDay, UtcMs};
use serde::{Deserialize, Serialize};

use crate::names::{Name, Spelled, of_source};

/// One person's day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ArchivedDay {
    pub(super) user: UserId,
    pub(super) day: UtcDay,
    pub(super) version: u64,
    pub(super) kept: Kept,
}

/// What is kept of a day.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept {
    /// What was observed in its window; all else follows.
    Observed(Vec<Observation>),
    /// By the first edition of the rule: what counts, and what that outranked.
    First { counted: Vec<Piece>, outranked: Vec<Piece> },
}

/// A line of the archive: a day of either edition.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DayLine {
    user: String,
    day: String,
    version: u64,
    /// What was observed; of the second edition only.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<ObservedLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    counted: Vec<PieceLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outranked: Vec<PieceLine>,
}

/// Subjects, and observations of them: which subject, from 0, start and length.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ObservedLine {
    subjects: Vec<NameLine>,
    observations: Vec<(usize, i64, i64)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PieceLine {
    start: i64,
    end: i64,
    #[serde(flatten)]
    source: NameLine,
}

#[derive(Debug, Serialize, Deserialize)]
struct NameLine {
    /// As the table `names` has it.
    kind: i16,
    device_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

impl DayLine {
    pub(super) fn of(day: &ArchivedDay) -> Self {
        let (observed, counted, outranked) = match &day.kept {
            Kept::Observed(observations) => (Some(ObservedLine::of(observations)), Vec::new(), Vec::new()),
            Kept::First { counted, outranked } => {
                let lines = |pieces: &[Piece]| pieces.iter().map(PieceLine::of).collect();
                (None, lines(counted), lines(outranked))
            }
        };
        let (user, version) = (day.user.to_string(), day.version);
        Self { user, day: day.day.to_string(), version, observed, counted, outranked }
    }

    /// The day; an error says what is wrong with the line.
    pub(super) fn to_day(&self) -> Result<ArchivedDay, String> {
        let day = parse_day(&self.day)?;
        let kept = if let Some(observed) = &self.observed {
            Kept::Observed(observed.to_observations(day)?)
        } else {
            let pieces = |lines: &[PieceLine]| -> Result<Vec<Piece>, String> {
                lines.iter().map(|line| line.to_piece(day)).collect()
            };
            Kept::First {
                counted: pieces(&self.counted).and_then(not_overlapping)?,
                outranked: pieces(&self.outranked)?,
            }
        };
        Ok(ArchivedDay { user: parse_user(&self.user)?, day, version: self.version, kept })
    }
}

pub(super) fn parse_day(text: &str) -> Result<UtcDay, String> {
    text.parse::<LocalDate>().map(|date| UtcDay(date.0)).map_err(|error| format!("a day: {error}"))
}

pub(super) fn parse_user(text: &str) -> Result<UserId, String> {
    text.parse().map_err(|error| format!("a person: {error}"))
}

/// Counted pieces by start.
pub(super) fn not_overlapping(mut pieces: Vec<Piece>) -> Result<Vec<Piece>, String> {
    pieces.sort_by_key(|piece| piece.interval.start());
    let overlap = pieces.windows(2).any(|two| two[0].interval.end() > two[1].interval.start());
    if overlap { Err("counted pieces overlap".into()) } else { Ok(pieces) }
}

/// A piece of a day, which it must not leave.
pub(super) fn piece_of(day: UtcDay, start: UtcMs, end: UtcMs, source: Arc<Source>) -> Result<Piece, String> {
    let interval =
        Interval::new(start, end).filter(|interval| interval.clip(day.interval()) == Some(*interval));
    Ok(Piece { source, interval: interval.ok_or("a piece is not within its day")? })
}

impl ObservedLine {
    fn of(observations: &[Observation]) -> Self {
        let (mut line, mut numbers) = (Self::default(), HashMap::<&Arc<Subject>, usize>::new());
        for observation in observations {
            let subject = observation.subject();
            let number = *numbers.entry(subject).or_insert_with(|| {
                line.subjects.push(NameLine::of(Name::Subject(Arc::clone(subject)).spelled()));
                line.subjects.len() - 1
            });
            let interval = observation.interval();
            line.observations.push((number, interval.start().0, interval.ms()));
        }
        line
    }

    fn to_observations(&self, day: UtcDay) -> Result<Vec<Observation>, String> {
        let window = Window::of(day).interval();
        let subject = |line: &NameLine| match line.spelled().to_name().map_err(told)? {
            Name::Subject(subject) => Ok(subject),
            Name::Source(_) => Err("what was observed is a source".to_owned()),
        };
        let subjects = self.subjects.iter().map(subject).collect::<Result<Vec<_>, String>>()?;
        let observation = |&(number, start, length): &(usize, i64, i64)| {
            let subject = subjects.get(number).ok_or("what was observed is missing")?;
            let interval = start.checked_add(length).and_then(|end| Interval::new(UtcMs(start), UtcMs(end)));
            let inside = interval.filter(|interval| interval.clip(window) == Some(*interval));
            Ok(Observation::new(
                Arc::clone(subject),
                inside.ok_or("an observation is not within its window")?,
            ))
        };
        self.observations.iter().map(observation).collect::<Result<_, &str>>().map_err(str::to_owned)
    }
}

impl PieceLine {
    fn of(piece: &Piece) -> Self {
        let (start, end) = (piece.interval.start().0, piece.interval.end().0);
        Self { start, end, source: NameLine::of(of_source(&piece.source)) }
    }

    fn to_piece(&self, day: UtcDay) -> Result<Piece, String> {
        let source = self.source.spelled().to_source().map_err(told)?;
        piece_of(day, UtcMs(self.start), UtcMs(self.end), source)
    }
}

impl NameLine {
    fn of(spelled: Spelled<'_>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            kind: spelled.kind,
            device_id: spelled.device.to_owned(),
            app_name: owned(spelled.app),
            domain: owned(spelled.domain),
            project: owned(spelled.project),
            language: owned(spelled.language),
        }
    }

    fn spelled(&self) -> Spelled<'_> {
        Spelled {
            kind: self.kind,
            device: &self.device_id,
            app: self.app_name.as_deref(),
            domain: self.domain.as_deref(),
            project: self.project.as_deref(),
            language: self.language.as_deref(),
        }
    }
}

fn told(error: PortError) -> String {
    match error {
        PortError::Corrupt(why) | PortError::Unavailable(why) | PortError::Rejected(why) => why,
    }
}
