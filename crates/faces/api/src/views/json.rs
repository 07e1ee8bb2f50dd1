//! JSON that is written piece by piece.

use serde::Serialize;

/// Writes a value.
pub(crate) fn write_json(value: &impl Serialize, out: &mut Vec<u8>) {
    // Structs of texts and numbers always serialise, and memory takes all bytes.
    let _ = serde_json::to_writer(out, value);
}

/// An object whose last member is an empty list, up to where the list's elements go.
pub(crate) fn begin_list(object: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::new();
    write_json(object, &mut text);
    text.truncate(text.len().saturating_sub("]}".len()));
    text
}
