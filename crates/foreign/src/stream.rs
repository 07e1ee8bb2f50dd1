//! Reads large JSON files a piece at a time, so that none is ever in memory as a whole.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::item::Item;

/// Takes the pieces of a file, in their order; an error if no more are wanted.
pub type Sink<'a> = dyn FnMut(Item) -> Result<(), Stopped> + 'a;

/// No more pieces are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

/// An object of which one member is read, by `inner`; the others are skipped.
pub(crate) struct Members<S> {
    /// The member's name.
    pub(crate) name: &'static str,
    /// How it is read, once.
    pub(crate) inner: Option<S>,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Members<S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Members<S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with {}", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            match self.inner.take_if(|_| name == self.name) {
                Some(inner) => members.next_value_seed(inner)?,
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Most bytes of one piece; of larger ones nothing is kept. What is read of one may take many times as much memory.
pub(crate) const MAX_PIECE: usize = 256 << 10;

/// An array, or null for none, whose elements are given to a function one by one, each as it is written: an odd one must
/// not cost the others.
pub(crate) struct Elements<'a>(pub(crate) &'a mut dyn FnMut(&RawValue) -> Result<(), Stopped>);

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<Box<RawValue>>()? {
            (self.0)(&element).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
