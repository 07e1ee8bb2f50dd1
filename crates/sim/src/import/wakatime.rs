//! Data dumps of WakaTime: days with their heartbeats, read one heartbeat at a time. What is edited is not sent.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use dayline_domain::UtcMs;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::item::{Item, Target};
use super::stream::{Elements, Members, Sink, Stopped};

/// A heartbeat as it is written.
#[derive(Deserialize)]
struct Written {
    time: f64,
    r#type: Option<String>,
    entity: Option<String>,
    project: Option<String>,
    language: Option<String>,
    user_agent: Option<String>,
    /// The user agent itself, or the identity of one that the dump does not have.
    user_agent_id: Option<String>,
    machine: Option<String>,
    /// The machine's name, or the identity of one that the dump does not have.
    machine_name_id: Option<String>,
}

/// Reads a dump. Heartbeats that don't say which editor they are of are of `editor`, if that is given.
///
/// # Errors
/// If it is no JSON, or the sink stops.
pub(super) fn read(
    file: impl Read,
    editor: Option<&str>,
    sink: &mut Sink<'_>,
) -> Result<(), serde_json::Error> {
    let mut take = |heartbeat: &RawValue| sink(item(heartbeat, editor));
    let days = Days(&mut take);
    let mut file = serde_json::Deserializer::from_reader(file);
    Members { name: "days", inner: Some(days) }.deserialize(&mut file)
}

/// All days.
struct Days<'a>(&'a mut dyn FnMut(&RawValue) -> Result<(), Stopped>);

impl<'de> DeserializeSeed<'de> for Days<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Days<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of days")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut days: A) -> Result<(), A::Error> {
        loop {
            let heartbeats = Elements(&mut *self.0);
            let day = days.next_element_seed(Members { name: "heartbeats", inner: Some(heartbeats) })?;
            if day.is_none() {
                return Ok(());
            }
        }
    }
}

fn item(heartbeat: &RawValue, editor: Option<&str>) -> Item {
    let Ok(written) = serde_json::from_str::<Written>(heartbeat.get()) else {
        return Item::LeftOut("heartbeats that cannot be read");
    };
    let Written {
        time,
        r#type,
        entity,
        project,
        language,
        user_agent,
        user_agent_id,
        machine,
        machine_name_id,
    } = written;
    if time <= 0.0 {
        return Item::LeftOut("heartbeats without a time");
    }
    let named = |id: Option<String>| id.filter(|id| !is_identity(id));
    // Of a file nothing is kept. Of an app it is the name, of a page the address.
    let is_file = r#type.as_deref().is_none_or(|kind| kind == "file" || kind.is_empty());
    let entity = entity.filter(|_| !is_file);
    let user_agent =
        user_agent.or_else(|| named(user_agent_id)).or_else(|| editor.map(|name| format!("{name}/0")));
    let fields = [
        ("type", r#type),
        ("entity", entity),
        ("project", project),
        ("language", language),
        ("user_agent", user_agent),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    let mut json: Map<String, Value> = given.collect();
    json.insert("time".to_owned(), time.into());
    let machine: Option<Arc<str>> = machine.or_else(|| named(machine_name_id)).map(Into::into);
    let at = UtcMs((time * 1_000.0) as i64);
    Item::Sent { to: Target::Machine(machine), at, json: Value::Object(json).to_string() }
}

/// Whether a text is a UUID.
fn is_identity(text: &str) -> bool {
    let is_fit = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = r#"{"user": {"id": "x"}, "range": {"start": 1, "end": 2}, "days": [
        {"date": "2026-11-20", "heartbeats": [
            {"id": "h", "branch": "main", "entity": "/home/ada/secret.rs", "type": "file", "time": 1795168800.25,
                "project": "proj", "language": "Rust", "lines": 3, "created_at": "2026-11-20T10:00:00Z",
                "machine_name_id": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
                "user_agent_id": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"},
            {"entity": "Terminal", "type": "app", "time": 1795168801, "project": null,
                "machine_name_id": "my box", "user_agent_id": "wakatime/1 (linux) go1.2 vim/9 vim-wakatime/1"},
            {"time": 0}, {"time": null}, null]},
        {"date": "2026-11-21", "heartbeats": null},
        {"date": "2026-11-22", "grand_total": {"total_seconds": 5}}]}"#;

    fn items(text: &str, editor: Option<&str>) -> Vec<Item> {
        let mut items = Vec::new();
        let mut sink = |item| {
            items.push(item);
            Ok(())
        };
        read(text.as_bytes(), editor, &mut sink).unwrap();
        items
    }

    #[test]
    fn heartbeats_are_read_without_what_was_edited() {
        let items = items(DUMP, Some("vscode"));
        let file = r#"{"language":"Rust","project":"proj","time":1795168800.25,"type":"file","user_agent":"vscode/0"}"#;
        let app = r#"{"entity":"Terminal","time":1795168801.0,"type":"app","user_agent":"wakatime/1 (linux) go1.2 vim/9 vim-wakatime/1"}"#;
        let sent = |machine: Option<&str>, ms: i64, json: &str| Item::Sent {
            to: Target::Machine(machine.map(Into::into)),
            at: UtcMs(ms),
            json: json.to_owned(),
        };
        assert_eq!(items[0], sent(None, 1_795_168_800_250, file));
        assert_eq!(items[1], sent(Some("my box"), 1_795_168_801_000, app));
        assert_eq!(items.len(), 5);
        assert!(items[2..].iter().all(|item| matches!(item, Item::LeftOut(_))), "{items:?}");
    }

    #[test]
    fn without_an_editor_none_is_told() {
        let Item::Sent { json, .. } = &items(DUMP, None)[0] else { panic!() };
        assert!(!json.contains("user_agent"), "{json}");
    }
}
