//! Dayline's own exports, read line by line: what was observed, and the entries.

use std::io::BufRead;

use super::item::{Item, Target};
use super::stream::Sink;
use crate::client::wire::Line;

/// Reads an export.
///
/// # Errors
/// If it was cut off or can't be read, or the sink stops.
pub(super) fn read(mut file: impl BufRead, sink: &mut Sink<'_>) -> Result<(), String> {
    let (mut line, mut ended) = (Vec::new(), false);
    while file.read_until(b'\n', &mut line).map_err(|error| error.to_string())? > 0 {
        if !line.trim_ascii().is_empty() {
            match serde_json::from_slice(&line) {
                Ok(Line::End) => ended = true,
                Ok(Line::Else) => {}
                Ok(line) => sink(item(line)).map_err(|stopped| stopped.to_string())?,
                Err(_) => {
                    sink(Item::LeftOut("lines that cannot be read"))
                        .map_err(|stopped| stopped.to_string())?;
                }
            }
        }
        line.clear();
    }
    if ended { Ok(()) } else { Err("it was cut off: its last line is missing".to_owned()) }
}

fn item(line: Line) -> Item {
    match line {
        Line::Observation(observed) => {
            let (at, ping) = (observed.start(), observed.into_ping());
            // Texts always serialise.
            Item::Sent { to: Target::Own, at, json: serde_json::to_string(&ping).unwrap_or_default() }
        }
        Line::Correction(correction) => match correction.as_entry() {
            Some(entry) => Item::Entry(correction.version(), entry),
            None => Item::LeftOut("erasures and deleted corrections"),
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
    fn observations_and_entries_are_sent_and_nothing_else() {
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
        let Item::Sent { to: Target::Own, json, .. } = &items[0] else { panic!("{items:?}") };
        let expected = r#"{"kind":"page","app_name":"Firefox","domain":"a.org","audible":true,"start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:00:05Z","device_id":"pc"}"#;
        assert_eq!(json, expected);
        assert!(
            matches!(&items[1], Item::Entry(7, entry) if entry.entry.as_ref().unwrap().app_name == "Meeting")
        );
        assert!(items[2..].iter().all(|item| matches!(item, Item::LeftOut(_))), "{items:?}");
        assert_eq!(items.len(), 4);
    }

    #[test]
    fn an_export_without_its_last_line_was_cut_off() {
        let (_, outcome) = read_lines(&[r#"{"type":"profile"}"#]);
        assert!(outcome.unwrap_err().contains("cut off"));
    }
}
