//! Which program's history a file has, seen by a first look at it.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::activitywatch::About;

/// What a file is.
#[derive(Debug)]
pub(super) enum Format {
    /// An export of ActivityWatch; with what it says of its buckets, which may come after their events.
    ActivityWatch(BTreeMap<String, About>),
    /// A data dump of WakaTime.
    Wakatime,
    /// An export of Dayline.
    Own,
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Outline {
    buckets: Option<BTreeMap<String, About>>,
    days: Option<IgnoredAny>,
    /// Of the first line of an export of Dayline.
    r#type: Option<String>,
}

/// What a file is.
///
/// # Errors
/// Why it is none of them, or can't be read.
pub(super) fn of(file: impl Read) -> Result<Format, String> {
    // Only the first value: in lines, each is one.
    let mut file = serde_json::Deserializer::from_reader(file);
    let outline = Outline::deserialize(&mut file).map_err(|error| error.to_string())?;
    match outline {
        Outline { buckets: Some(buckets), .. } => Ok(Format::ActivityWatch(buckets)),
        Outline { days: Some(_), .. } => Ok(Format::Wakatime),
        Outline { r#type: Some(_), .. } => Ok(Format::Own),
        _ => Err("it is no export of ActivityWatch or Dayline and no data dump of WakaTime".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_known_by_what_it_has() {
        assert!(matches!(of(&br#"{"buckets":{}}"#[..]), Ok(Format::ActivityWatch(_))));
        assert!(matches!(of(&br#"{"user":{},"days":[]}"#[..]), Ok(Format::Wakatime)));
        let lines = "{\"type\":\"profile\"}\n{\"type\":\"end\"}\n";
        assert!(matches!(of(lines.as_bytes()), Ok(Format::Own)));
        for other in ["", "[]", "{}", "7", "x", r#"{"buckets":[]}"#] {
            assert!(of(other.as_bytes()).is_err(), "{other}");
        }
    }
}
