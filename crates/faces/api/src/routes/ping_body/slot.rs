//! What was given for one field of a ping, borrowed from the body, whatever it is.

use std::borrow::Cow;
use std::fmt;

use dayline_app::tracking::ingest::Refusal;
use dayline_domain::UtcMs;
use dayline_http_kit::instant;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What was given for a field.
#[derive(Default)]
pub(super) enum Slot<'a> {
    #[default]
    Absent,
    Null,
    Text(Cow<'a, str>),
    Flag(bool),
    /// A number, a list or an object.
    Other,
    Twice,
}

/// What a refusal calls a field, and the code it has.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) field: &'static str,
    pub(super) code: &'static str,
}

impl Name {
    fn refusal(self, what: impl fmt::Display) -> Refusal {
        Refusal::new(self.code, format!("{} {what}", self.field))
    }
}

impl<'a> Slot<'a> {
    /// A text that may be left out or null.
    pub(super) fn maybe_text(self, name: Name) -> Result<Option<Cow<'a, str>>, Refusal> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Flag(_) | Self::Other => Err(name.refusal("must be a string")),
            Self::Twice => Err(name.refusal("is given twice")),
        }
    }

    /// A text that must be there.
    pub(super) fn text(self, name: Name) -> Result<Cow<'a, str>, Refusal> {
        self.maybe_text(name)?.ok_or_else(|| name.refusal("is missing"))
    }

    /// True or false; false if left out or null.
    pub(super) fn flag(self, name: Name) -> Result<bool, Refusal> {
        match self {
            Self::Absent | Self::Null => Ok(false),
            Self::Flag(flag) => Ok(flag),
            Self::Text(_) | Self::Other => Err(name.refusal("must be true or false")),
            Self::Twice => Err(name.refusal("is given twice")),
        }
    }

    /// An instant that must be there.
    pub(super) fn instant(self, name: Name) -> Result<UtcMs, Refusal> {
        read_instant(&self.text(name)?, name)
    }

    /// An instant that may be left out or null.
    pub(super) fn maybe_instant(self, name: Name) -> Result<Option<UtcMs>, Refusal> {
        self.maybe_text(name)?.map(|text| read_instant(&text, name)).transpose()
    }
}

fn read_instant(text: &str, name: Name) -> Result<UtcMs, Refusal> {
    instant::parse(text).map_err(|error| name.refusal(error))
}

/// Reads what is left of a list and keeps nothing of it.
pub(super) fn drain<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<(), A::Error> {
    while elements.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de> Deserialize<'de> for Slot<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotVisitor)
    }
}

struct SlotVisitor;

impl<'de> Visitor<'de> for SlotVisitor {
    type Value = Slot<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Slot<'de>, E> {
        Ok(Slot::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Slot<'de>, E> {
        Ok(Slot::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Slot<'de>, E> {
        Ok(Slot::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Slot<'de>, E> {
        Ok(Slot::Flag(flag))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Slot<'de>, E> {
        Ok(Slot::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Slot<'de>, E> {
        Ok(Slot::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Slot<'de>, E> {
        Ok(Slot::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Slot<'de>, A::Error> {
        drain(elements)?;
        Ok(Slot::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Slot<'de>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Slot::Other)
    }
}
