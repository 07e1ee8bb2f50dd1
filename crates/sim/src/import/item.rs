//! Where the pieces of a file go, and how they are written there.

use std::fmt;
use std::sync::Arc;

use dayline_cli_kit::units::rfc3339;
use dayline_domain::bucket::Bucket;
use dayline_domain::{Observation, UtcMs, observation};
use dayline_foreign::Item;
use dayline_foreign::activitywatch::Event;
use dayline_foreign::wakatime::{EntityKind, Heartbeat};
use serde_json::{Map, Value, json};

use crate::client::wire::{Ping, Seen};

/// Where pieces go together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A bucket of ActivityWatch.
    Bucket(Arc<Bucket>),
    /// Heartbeats made on one computer, if it is known on which.
    Machine(Option<Arc<str>>),
    /// Dayline's own observations.
    Own,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(bucket) => write!(f, "events of {} ({})", bucket.id.as_str(), bucket.kind.as_str()),
            Self::Machine(Some(machine)) => write!(f, "heartbeats of {machine}"),
            Self::Machine(None) => f.write_str("heartbeats"),
            Self::Own => f.write_str("observations"),
        }
    }
}

/// Something that is sent.
#[derive(Debug, PartialEq)]
pub(super) struct Sent {
    /// Where to.
    pub(super) to: Target,
    /// When it began.
    pub(super) at: UtcMs,
    /// As it is written into a request.
    pub(super) json: String,
}

impl Sent {
    /// What is sent of a piece by itself. Entries go alone, in the end.
    pub(super) fn of(item: &Item) -> Option<Self> {
        match item {
            Item::Event(bucket, event) => {
                Some(Self { to: Target::Bucket(Arc::clone(bucket)), at: event.start, json: of_event(event) })
            }
            Item::Heartbeat(machine, heartbeat) => Some(Self {
                to: Target::Machine(machine.clone()),
                at: heartbeat.at?,
                json: of_heartbeat(heartbeat, heartbeat.at?),
            }),
            Item::Observation(observation) => {
                let at = observation.interval().start();
                // Texts always serialise.
                let json = serde_json::to_string(&ping(observation)).unwrap_or_default();
                Some(Self { to: Target::Own, at, json })
            }
            Item::Entry(_) | Item::LeftOut(_) => None,
        }
    }
}

fn of_event(Event { start, end, data }: &Event) -> String {
    let seconds = end.since(*start) as f64 / 1_000.0;
    json!({"timestamp": rfc3339(*start), "duration": seconds, "data": data}).to_string()
}

fn of_heartbeat(heartbeat: &Heartbeat<'_>, at: UtcMs) -> String {
    let kind = match heartbeat.kind {
        EntityKind::File => Some("file"),
        EntityKind::App => Some("app"),
        EntityKind::Domain => Some("domain"),
        EntityKind::Url => Some("url"),
        EntityKind::Other => None,
    };
    let fields = [
        ("type", kind),
        ("entity", heartbeat.entity.as_deref()),
        ("project", heartbeat.project.as_deref()),
        ("language", heartbeat.language.as_deref()),
        ("user_agent", heartbeat.user_agent.as_deref()),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    let mut json: Map<String, Value> = given.collect();
    json.insert("time".to_owned(), (at.0 as f64 / 1_000.0).into());
    Value::Object(json).to_string()
}

/// The ping that tells what was observed.
fn ping(observation: &Observation) -> Ping {
    let (subject, interval) = (observation.subject(), observation.interval());
    let device_id = Some(subject.device.as_str().to_owned());
    Ping { device_id, ..Ping::in_interval(seen(&subject.seen), interval) }
}

fn seen(seen: &observation::Seen) -> Seen {
    match seen {
        observation::Seen::Use { app, domain, project } => Seen::Use {
            app_name: app.as_str().to_owned(),
            url: None,
            domain: domain.as_ref().map(|domain| domain.as_str().to_owned()),
            project: project.as_ref().map(|project| project.as_str().to_owned()),
        },
        observation::Seen::Page { browser, domain, audible } => Seen::Page {
            app_name: browser.as_str().to_owned(),
            url: None,
            domain: domain.as_ref().map(|domain| domain.as_str().to_owned()),
            audible: *audible,
        },
        observation::Seen::Beat { app, project, language } => Seen::Beat {
            app_name: app.as_str().to_owned(),
            project: project.as_ref().map(|project| project.as_str().to_owned()),
            language: language.as_ref().map(|language| language.as_str().to_owned()),
        },
        observation::Seen::Away => Seen::Away,
        observation::Seen::Here => Seen::Here,
    }
}

#[cfg(test)]
mod tests {
    use dayline_foreign::file::{self, How};

    use super::*;

    /// What is sent of a file.
    fn sent(text: &str) -> Vec<(String, i64, String)> {
        let mut all = Vec::new();
        let mut sink = |item: Item| {
            all.extend(Sent::of(&item).map(|Sent { to, at, json }| (to.to_string(), at.0, json)));
            Ok(())
        };
        file::read(text.as_bytes(), &How::default(), &mut sink).unwrap();
        all
    }

    #[test]
    fn events_are_sent_without_titles_and_paths() {
        let export = r#"{"buckets": {"aw-watcher-web-firefox": {"type": "web.tab.current", "client": "c", "hostname": "pc",
            "events": [{"timestamp": "2026-11-20T10:00:00.5+00:00", "duration": 5.25,
                "data": {"url": "https://example.org/secret?q", "title": "secret", "audible": true}}]}}}"#;
        let json = r#"{"data":{"audible":true,"url":"https://example.org"},"duration":5.25,"timestamp":"2026-11-20T10:00:00.5Z"}"#;
        let to = "events of aw-watcher-web-firefox (web.tab.current)".to_owned();
        assert_eq!(sent(export), [(to, 1_795_168_800_500, json.to_owned())]);
    }

    #[test]
    fn heartbeats_are_sent_without_what_was_edited() {
        let dump = r#"{"days": [{"heartbeats": [
            {"entity": "/home/ada/secret.rs", "type": "file", "time": 1795168800.25, "project": "proj", "language": "Rust"},
            {"entity": "Terminal", "type": "app", "time": 1795168801, "machine_name_id": "my box", "user_agent_id": "vim/9"}]}]}"#;
        let file = r#"{"language":"Rust","project":"proj","time":1795168800.25,"type":"file"}"#;
        let app = r#"{"entity":"Terminal","time":1795168801.0,"type":"app","user_agent":"vim/9"}"#;
        let expected = [
            ("heartbeats".to_owned(), 1_795_168_800_250, file.to_owned()),
            ("heartbeats of my box".to_owned(), 1_795_168_801_000, app.to_owned()),
        ];
        assert_eq!(sent(dump), expected);
    }

    #[test]
    fn observations_are_sent_as_pings() {
        let times = r#""start_time":"2026-11-20T10:00:00.000Z","end_time":"2026-11-20T10:00:05.000Z""#;
        let line = |kind: &str| format!(r#"{{"type":"observation","kind":{kind},"device_id":"pc",{times}}}"#);
        let page = line(r#""page","app_name":"Firefox","domain":"a.org","audible":true"#);
        let beat = line(r#""beat","app_name":"vim","project":null,"language":"C""#);
        let lines = [&*page, &beat, r#"{"type":"end"}"#].join("\n");
        let json: Vec<_> = sent(&lines).into_iter().map(|(.., json)| json).collect();
        let expected = [
            r#"{"kind":"page","app_name":"Firefox","domain":"a.org","audible":true,"start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:00:05Z","device_id":"pc"}"#,
            r#"{"kind":"beat","app_name":"vim","language":"C","start_time":"2026-11-20T10:00:00Z","device_id":"pc"}"#,
        ];
        assert_eq!(json, expected);
    }
}
