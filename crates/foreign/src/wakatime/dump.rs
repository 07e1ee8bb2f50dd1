//! Data dumps of WakaTime: days with their heartbeats, read one heartbeat at a time. What is edited is not sent.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::heartbeat::{EntityKind, Heartbeat};
use crate::item::Item;
use crate::stream::{Elements, MAX_PIECE, Members, Sink};

/// What dumps say of a heartbeat beside what plug-ins say.
#[derive(Deserialize)]
struct Besides {
    /// The user agent itself, or the identity of one that the dump does not have.
    user_agent_id: Option<String>,
    machine: Option<String>,
    /// The machine's name, or the identity of one that the dump does not have.
    machine_name_id: Option<String>,
}

/// All days. Heartbeats that don't say which editor they are of are of `editor`, if that is given.
pub(crate) struct Days<'a, 'b> {
    pub(crate) editor: Option<&'a str>,
    pub(crate) sink: &'a mut Sink<'b>,
}

impl<'de> DeserializeSeed<'de> for Days<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Days<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of days")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut days: A) -> Result<(), A::Error> {
        let mut take = |heartbeat: &RawValue| (self.sink)(item(heartbeat, self.editor));
        loop {
            let heartbeats = Elements(&mut take);
            let day = days.next_element_seed(Members { name: "heartbeats", inner: Some(heartbeats) })?;
            if day.is_none() {
                return Ok(());
            }
        }
    }
}

fn item(heartbeat: &RawValue, editor: Option<&str>) -> Item {
    if heartbeat.get().len() > MAX_PIECE {
        return Item::LeftOut("heartbeats that are too large");
    }
    let besides = serde_json::from_str::<Besides>(heartbeat.get()).ok();
    let Some((written, besides)) = Heartbeat::read(heartbeat).zip(besides) else {
        return Item::LeftOut("heartbeats that cannot be read");
    };
    if written.at.is_none() {
        return Item::LeftOut("heartbeats without a time");
    }
    let named = |id: Option<String>| id.filter(|id| !is_identity(id));
    let mut heartbeat = written.into_owned();
    match heartbeat.kind {
        EntityKind::Other => return Item::LeftOut("heartbeats of neither files nor apps nor pages"),
        // Of a file nothing is kept. Of an app it is the name, of a page the address.
        EntityKind::File => heartbeat.entity = None,
        EntityKind::App | EntityKind::Domain | EntityKind::Url => {}
    }
    let told = heartbeat.user_agent.take().or_else(|| named(besides.user_agent_id).map(Cow::Owned));
    heartbeat.user_agent = told.or_else(|| editor.map(|name| format!("{name}/0").into()));
    let machine = besides.machine.or_else(|| named(besides.machine_name_id));
    Item::Heartbeat(machine.map(Into::into), heartbeat)
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
    use dayline_domain::UtcMs;

    use super::*;
    use crate::file::{self, How};

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
        file::read(text.as_bytes(), &How { editor, ..How::default() }, &mut sink).unwrap();
        items
    }

    #[test]
    fn heartbeats_are_read_without_what_was_edited() {
        let items = items(DUMP, Some("vscode"));
        let file = Heartbeat {
            at: Some(UtcMs(1_795_168_800_250)),
            project: Some("proj".into()),
            language: Some("Rust".into()),
            user_agent: Some("vscode/0".into()),
            ..Heartbeat::default()
        };
        let app = Heartbeat {
            kind: EntityKind::App,
            entity: Some("Terminal".into()),
            at: Some(UtcMs(1_795_168_801_000)),
            user_agent: Some("wakatime/1 (linux) go1.2 vim/9 vim-wakatime/1".into()),
            ..Heartbeat::default()
        };
        assert_eq!(items[0], Item::Heartbeat(None, file));
        assert_eq!(items[1], Item::Heartbeat(Some("my box".into()), app));
        assert_eq!(items.len(), 5);
        assert!(items[2..].iter().all(|item| matches!(item, Item::LeftOut(_))), "{items:?}");
    }

    #[test]
    fn without_an_editor_none_is_told() {
        let Item::Heartbeat(_, heartbeat) = &items(DUMP, None)[0] else { panic!() };
        assert_eq!(heartbeat.user_agent, None);
    }

    #[test]
    fn a_heartbeat_says_what_was_done_on_its_computer() {
        let items = items(DUMP, Some("vscode"));
        let told: Vec<_> = items.iter().flat_map(Item::drafts).map(|draft| draft.device_id).collect();
        assert_eq!(told, [None, Some("my box".into())]);
    }
}
