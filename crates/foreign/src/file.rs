//! A file in which another program, or another Dayline, has written down what it knows. Which it is, is seen by what it has.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::activitywatch::export::Buckets;
use crate::own;
use crate::stream::Sink;
use crate::wakatime::dump::Days;

/// What a file may begin with that some editors put there.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes by which it is seen whether a file has a line for each thing.
const FIRST_LOOK: u64 = 64;
/// Bytes that are read at once.
const BUFFER: usize = 64 << 10;

/// How a file is read.
#[derive(Debug, Clone)]
pub struct How<'a> {
    /// Editor of heartbeats that don't say theirs.
    pub editor: Option<&'a str>,
    /// Most bytes of events that are kept in memory until it is known of what kind they are. Exports have that first, so that
    /// nothing is kept.
    pub most_held: usize,
}

impl Default for How<'_> {
    fn default() -> Self {
        Self { editor: None, most_held: usize::MAX }
    }
}

/// Reads a file from its start to its end, a piece at a time. What was read until something is wrong was given to the sink.
///
/// # Errors
/// Why it is no file that can be read, or not to its end; or that the sink has stopped it.
pub fn read(mut file: impl Read, how: &How<'_>, sink: &mut Sink<'_>) -> Result<(), String> {
    let mut head = Vec::new();
    file.by_ref().take(FIRST_LOOK).read_to_end(&mut head).map_err(|error| error.to_string())?;
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).trim_ascii_start();
    let Some(first) = head.strip_prefix(b"{") else { return Err(unknown()) };
    let file = BufReader::with_capacity(BUFFER, head.chain(file));
    if first.trim_ascii_start().starts_with(b"\"type\"") {
        return own::read(file, sink);
    }
    if foreign(file, how, sink)? { Ok(()) } else { Err(unknown()) }
}

fn unknown() -> String {
    "it is no export of ActivityWatch or Dayline and no data dump of WakaTime".to_owned()
}

/// Whether it is one value that another program has written.
fn foreign(file: impl BufRead, how: &How<'_>, sink: &mut Sink<'_>) -> Result<bool, String> {
    let mut file = serde_json::Deserializer::from_reader(file);
    Outline { how, sink }.deserialize(&mut file).map_err(|error| error.to_string())
}

/// What tells the formats of other programs apart.
struct Outline<'a, 'b> {
    how: &'a How<'a>,
    sink: &'a mut Sink<'b>,
}

impl<'de> DeserializeSeed<'de> for Outline<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Outline<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("buckets or days")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let Self { how: &How { editor, most_held }, sink } = self;
        let mut known = false;
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "buckets" => members.next_value_seed(Buckets { most_held, sink })?,
                "days" => members.next_value_seed(Days { editor, sink })?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            known = true;
        }
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> Result<(), String> {
        read(text.as_bytes(), &How::default(), &mut |_| Ok(()))
    }

    #[test]
    fn each_format_is_known_by_what_it_has() {
        for known in [
            r#"{"buckets":{}}"#,
            "\u{feff}{\"buckets\":{}}",
            r#"{"user":{},"days":[]}"#,
            "{\"type\":\"profile\"}\n{\"type\":\"end\"}\n",
            " \n{ \"type\" : \"end\" }",
        ] {
            assert_eq!(outcome(known), Ok(()), "{known}");
        }
        for other in ["", "[]", "{}", "7", "x", r#"{"buckets":[]}"#, r#"{"days":{}}"#, r#"{"user":1}"#] {
            assert!(outcome(other).is_err(), "{other}");
        }
    }
}
