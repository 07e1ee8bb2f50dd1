//! Titles without what changes in them all the time, after the reference's `simplify_string`.

use std::sync::Arc;

use serde_json::Value as Json;

use super::value::Event;

/// Simplifies a member of each event that has it as a text.
pub(super) fn simplify(mut events: Vec<Event>, key: &str) -> Vec<Event> {
    for event in &mut events {
        let Some(Json::String(text)) = event.data.get(key) else { continue };
        let of_window = key == "title" && event.data.contains_key("app");
        let simple = simplified(text, of_window);
        if simple != *text {
            let mut data = (*event.data).clone();
            data.insert(key.to_owned(), Json::String(simple));
            event.data = Arc::new(data);
        }
    }
    events
}

/// A text without a number of messages before it; a window's title also without a frame rate and a mark of what is not saved.
fn simplified(text: &str, of_window: bool) -> String {
    let text = without_count(text);
    if !of_window {
        return text.to_owned();
    }
    let text = without_rate(text);
    let unmarked = text.strip_prefix(['●', '*']).map(str::trim_start);
    unmarked.map_or_else(|| text.clone(), str::to_owned)
}

/// `Mail` of `(2) Mail`.
fn without_count(text: &str) -> &str {
    let inside = text.strip_prefix('(').and_then(|text| text.split_once(')'));
    match inside {
        Some((count, rest)) if !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()) => {
            rest.trim_start()
        }
        _ => text,
    }
}

/// `FPS: ...` of `FPS: 59.9`, wherever it stands.
fn without_rate(text: &str) -> String {
    const RATE: &str = "FPS:";
    let mut parts = text.split(RATE);
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.trim_start();
        let rest = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let is_rate = number.len() < part.len() && rest.len() < number.len();
        without.push_str(RATE);
        without.push_str(if is_rate { " ..." } else { "" });
        without.push_str(if is_rate { rest } else { part });
    }
    without
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_simplified_as_the_reference_does() {
        for (title, of_window, other) in [
            ("(12) Mail", "Mail", "Mail"),
            ("(x) Mail", "(x) Mail", "(x) Mail"),
            ("() Mail", "() Mail", "() Mail"),
            (
                "Cemu - FPS: 59.2 - x FPS:1 FPS:  7",
                "Cemu - FPS: ... - x FPS:1 FPS: ...",
                "Cemu - FPS: 59.2 - x FPS:1 FPS:  7",
            ),
            ("● main.rs", "main.rs", "● main.rs"),
            ("(1) * notes", "notes", "* notes"),
            ("", "", ""),
        ] {
            assert_eq!(
                (simplified(title, true).as_str(), simplified(title, false).as_str()),
                (of_window, other)
            );
        }
    }
}
