//! Dayline's own exports, read line by line: what was observed, and the person's corrections.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use dayline_domain::observation::Seen;
use dayline_domain::{
    Activity, AppName, Correction, DeviceId, Domain, Interval, Language, NameError, Observation, Project,
    Says, Source, Subject, UtcMs,
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::item::Item;
use crate::stream::{MAX_PIECE, Sink};

/// One line of an export.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    /// Something that was observed.
    Observation(Observed),
    /// What the person said.
    Correction(KnownCorrection),
    /// The last one.
    End,
    /// What is of no interest here.
    #[serde(other)]
    Else,
}

/// An observation as it is written.
#[derive(Debug, Deserialize)]
pub struct Observed {
    #[serde(flatten)]
    seen: Written,
    device_id: String,
    start_time: Timestamp,
    end_time: Option<Timestamp>,
}

/// What was seen, by kind.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Written {
    Use {
        app_name: String,
        domain: Option<String>,
        project: Option<String>,
    },
    Page {
        app_name: String,
        domain: Option<String>,
        #[serde(default)]
        audible: bool,
    },
    Beat {
        app_name: String,
        project: Option<String>,
        language: Option<String>,
    },
    Away,
    Here,
}

/// A correction that a Dayline knows, in its greatest version, as it is written there and in its API.
#[derive(Debug, Clone, Deserialize)]
pub struct KnownCorrection {
    id: String,
    version: u64,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    #[serde(default)]
    erase: bool,
    #[serde(default)]
    deleted: bool,
    app_name: Option<String>,
    domain: Option<String>,
    project: Option<String>,
    device_id: Option<String>,
}

impl Observed {
    /// The observation.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parsed(&self) -> Result<Observation, String> {
        let seen = self.seen.parsed().map_err(|error| format!("a name {error}"))?;
        let device = DeviceId::new(&self.device_id).map_err(|error| format!("a device {error}"))?;
        // A beat is a point, which may come without an end.
        let start = utc_ms(self.start_time);
        let end = self.end_time.map_or(start, utc_ms);
        let interval = Interval::new(start, end.max(start.plus(1))).filter(|_| start <= end);
        let interval = interval.ok_or("an observation ends before it starts")?;
        Ok(Observation::new(Arc::new(Subject { device, seen }), interval))
    }
}

impl Written {
    fn parsed(&self) -> Result<Seen, NameError> {
        let domain = |name: &Option<String>| name.as_deref().map(Domain::new).transpose();
        let project = |name: &Option<String>| name.as_deref().map(Project::new).transpose();
        Ok(match self {
            Self::Use { app_name, domain: site, project: of } => {
                Seen::Use { app: AppName::new(app_name)?, domain: domain(site)?, project: project(of)? }
            }
            Self::Page { app_name, domain: site, audible } => {
                Seen::Page { browser: AppName::new(app_name)?, domain: domain(site)?, audible: *audible }
            }
            Self::Beat { app_name, project: of, language } => Seen::Beat {
                app: AppName::new(app_name)?,
                project: project(of)?,
                language: language.as_deref().map(Language::new).transpose()?,
            },
            Self::Away => Seen::Away,
            Self::Here => Seen::Here,
        })
    }
}

impl KnownCorrection {
    /// The correction, as the rule takes it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parsed(&self) -> Result<Correction, String> {
        let says = match self.start_time.zip(self.end_time) {
            None if self.deleted => Says::Nothing,
            None => return Err("a correction has no times".to_owned()),
            Some((start, end)) => {
                let interval = Interval::new(utc_ms(start), utc_ms(end));
                self.says(interval.ok_or("a correction is empty")?)?
            }
        };
        let id = self.id.parse().map_err(|_| format!("{:?} is no id", self.id))?;
        Ok(Correction { id, version: self.version, says })
    }

    fn says(&self, interval: Interval) -> Result<Says, String> {
        if self.erase {
            return Ok(Says::Erasure { interval });
        }
        Ok(Says::Entry { interval, source: self.source()? })
    }

    fn source(&self) -> Result<Arc<Source>, String> {
        let (Some(app), Some(device)) = (&self.app_name, &self.device_id) else {
            return Err("an entry has no app_name or no device_id".to_owned());
        };
        let names = || {
            let activity = Activity {
                domain: self.domain.as_deref().map(Domain::new).transpose()?,
                project: self.project.as_deref().map(Project::new).transpose()?,
                ..Activity::of(AppName::new(app)?)
            };
            Ok(Source { device: DeviceId::new(device)?, activity: Arc::new(activity) })
        };
        let wrong = |error: NameError| format!("an entry has a name that {error}");
        names().map(Arc::new).map_err(wrong)
    }
}

/// The instant of a time, cut to milliseconds.
fn utc_ms(at: Timestamp) -> UtcMs {
    UtcMs(at.as_millisecond())
}

/// Reads an export.
///
/// # Errors
/// If it was cut off or can't be read, or the sink stops.
pub(crate) fn read(mut file: impl BufRead, sink: &mut Sink<'_>) -> Result<(), String> {
    let (mut line, mut ended) = (Vec::new(), false);
    while next_line(&mut file, &mut line).map_err(|error| error.to_string())? {
        let item = match serde_json::from_slice(&line) {
            _ if line.trim_ascii().is_empty() => continue,
            Ok(Line::End) => {
                ended = true;
                continue;
            }
            Ok(Line::Else) => continue,
            Ok(line) => item(&line),
            Err(_) => Item::LeftOut("lines that cannot be read"),
        };
        sink(item).map_err(|stopped| stopped.to_string())?;
    }
    if ended { Ok(()) } else { Err("it was cut off: its last line is missing".to_owned()) }
}

/// Reads a line, of one that is too large only the beginning, which can't be read; false at the end.
fn next_line(mut file: impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    file.by_ref().take(MAX_PIECE as u64).read_until(b'\n', line)?;
    if line.len() == MAX_PIECE && !line.ends_with(b"\n") {
        file.skip_until(b'\n')?;
    }
    Ok(!line.is_empty())
}

fn item(line: &Line) -> Item {
    match line {
        Line::Observation(observed) => {
            observed.parsed().map_or(Item::LeftOut("observations that cannot be"), Item::Observation)
        }
        Line::Correction(correction) => match correction.parsed() {
            Ok(entry @ Correction { says: Says::Entry { .. }, .. }) => Item::Entry(entry),
            Ok(_) => Item::LeftOut("erasures and deleted corrections"),
            Err(_) => Item::LeftOut("corrections that cannot be"),
        },
        Line::End | Line::Else => Item::LeftOut("other lines"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: &str = r#""start_time":"2026-11-20T10:00:00.000Z","end_time":"2026-11-20T10:00:05.000Z""#;

    fn read_lines(lines: &[&str]) -> (Vec<Item>, Result<(), String>) {
        let mut items = Vec::new();
        let mut sink = |item| {
            items.push(item);
            Ok(())
        };
        let outcome = read(lines.join("\n").as_bytes(), &mut sink);
        (items, outcome)
    }

    #[test]
    fn observations_and_entries_are_taken_and_nothing_else() {
        let page = format!(
            r#"{{"type":"observation","kind":"page","app_name":"Firefox","domain":"a.org","audible":true,"device_id":"pc",{TIMES}}}"#
        );
        let id = "0192f8a0-0000-7000-8000-000000000001";
        let said = |what: &str| format!(r#"{{"type":"correction","id":"{id}","version":7,{what}}}"#);
        let entry =
            said(&format!(r#""app_name":"Meeting","domain":null,"project":"p","device_id":"pc",{TIMES}"#));
        let erasure = said(&format!(r#""erase":true,{TIMES}"#));
        let interval = page.replace("observation", "interval");
        let lines = [
            r#"{"type":"profile","id":"x","email":"ada@example.org"}"#,
            &page,
            "",
            &entry,
            &erasure,
            &interval,
            r#"{"type":"observation","kind":"stare"}"#,
            r#"{"type":"end","counts":{}}"#,
        ];
        let (items, outcome) = read_lines(&lines);
        assert_eq!(outcome, Ok(()));
        let Item::Observation(observation) = &items[0] else { panic!("{items:?}") };
        let seen = Seen::Page {
            browser: AppName::new("Firefox").unwrap(),
            domain: Some(Domain::new("a.org").unwrap()),
            audible: true,
        };
        let subject = Subject { device: DeviceId::new("pc").unwrap(), seen };
        assert_eq!((&**observation.subject(), observation.interval().ms()), (&subject, 5_000));
        let Item::Entry(Correction { version: 7, says: Says::Entry { source, .. }, .. }) = &items[1] else {
            panic!("{items:?}")
        };
        assert_eq!(source.activity.app.as_str(), "Meeting");
        assert!(items[2..].iter().all(|item| matches!(item, Item::LeftOut(_))), "{items:?}");
        assert_eq!(items.len(), 4);
    }

    #[test]
    fn a_line_that_is_too_large_costs_itself_alone() {
        let large = format!(r#"{{"type":"x","y":"{}"}}"#, "x".repeat(2 * MAX_PIECE));
        let (items, outcome) = read_lines(&[&large, r#"{"type":"end"}"#]);
        assert_eq!((items, outcome), (vec![Item::LeftOut("lines that cannot be read")], Ok(())));
    }

    #[test]
    fn an_export_without_its_last_line_was_cut_off() {
        let (_, outcome) = read_lines(&[r#"{"type":"profile"}"#]);
        assert!(outcome.unwrap_err().contains("cut off"));
    }
}
