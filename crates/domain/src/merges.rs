//! Which of a person's devices are merged into others, and what a day is settled by. Start with
//! [`Merges`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::activity::Source;
use crate::choices::Choices;
use crate::correction::{Correction, Says};
use crate::names::DeviceId;
use crate::observation::{Observation, Subject};

/// One device is to count as another, for all that was and will be observed on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The device that is no longer one of its own.
    pub device: DeviceId,
    /// The one that it is from now on; it may be merged itself, before or later.
    pub into: DeviceId,
}

/// All merges that a person has made, in their order. None is ever taken back, so that of two states
/// of them one is the beginning of the other.
///
/// ```
/// use dayline_domain::DeviceId;
/// use dayline_domain::merges::{Merge, Merges};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (old, new, newest) = (DeviceId::new("old")?, DeviceId::new("new")?, DeviceId::new("newest")?);
/// let merges = Merges::of([
///     Merge { device: old.clone(), into: new.clone() },
///     Merge { device: new.clone(), into: newest.clone() },
/// ]);
/// assert_eq!(merges.end_of(&old), &newest);
/// // What would lead back is refused.
/// assert!(merges.judge(&newest, &old).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Merges {
    made: Arc<[Merge]>,
    /// Where each merged device has come to, over however many merges.
    ends: Arc<BTreeMap<DeviceId, DeviceId>>,
}

/// Why a device can't be merged into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeRefusal {
    /// It is the same.
    Itself,
    /// The other one is merged into this one.
    Circle,
    /// It is merged already, into this other one.
    Elsewhere(DeviceId),
}

impl fmt::Display for MergeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => f.write_str("must be another device"),
            Self::Circle => f.write_str("is merged into this device: merge it into one that is not"),
            Self::Elsewhere(end) => {
                write!(f, "must be {}, into which the device is merged already", end.as_str())
            }
        }
    }
}

impl std::error::Error for MergeRefusal {}

impl Merges {
    /// These, in this order.
    pub fn of(made: impl IntoIterator<Item = Merge>) -> Self {
        let made: Arc<[Merge]> = made.into_iter().collect();
        let next: BTreeMap<&DeviceId, &DeviceId> =
            made.iter().map(|merge| (&merge.device, &merge.into)).collect();
        let end_of = |device: &DeviceId| {
            let mut end = device;
            // However they came there: a circle ends as well.
            for _ in 0..next.len() {
                let Some(&further) = next.get(end) else { break };
                end = further;
            }
            end.clone()
        };
        let ends = next.keys().map(|&device| (device.clone(), end_of(device))).collect();
        Self { ends: Arc::new(ends), made }
    }

    /// The merges, in their order.
    pub fn made(&self) -> &[Merge] {
        &self.made
    }

    /// The first so many of them.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        if count >= self.made.len() { self.clone() } else { Self::of(self.made[..count].iter().cloned()) }
    }

    /// The device as which one counts: itself unless it is merged.
    pub fn end_of<'a>(&'a self, device: &'a DeviceId) -> &'a DeviceId {
        self.ends.get(device).unwrap_or(device)
    }

    /// Whether a device is merged into another.
    pub fn has(&self, device: &DeviceId) -> bool {
        self.ends.contains_key(device)
    }

    /// Whether a device may be merged into another: the merge to add, none if it is so already.
    ///
    /// # Errors
    ///
    /// If it may not, and why.
    pub fn judge(&self, device: &DeviceId, into: &DeviceId) -> Result<Option<Merge>, MergeRefusal> {
        let (from, to) = (self.end_of(device), self.end_of(into));
        if device == into {
            return Err(MergeRefusal::Itself);
        }
        if self.has(device) {
            return if from == to { Ok(None) } else { Err(MergeRefusal::Elsewhere(from.clone())) };
        }
        if from == to {
            return Err(MergeRefusal::Circle);
        }
        Ok(Some(Merge { device: device.clone(), into: into.clone() }))
    }

    /// An observation of the device as which its own counts.
    pub fn observation<'a>(&self, observation: &'a Observation) -> Cow<'a, Observation> {
        let subject = observation.subject();
        let Some(end) = self.ends.get(&subject.device) else { return Cow::Borrowed(observation) };
        let subject = Subject { device: end.clone(), seen: subject.seen.clone() };
        Cow::Owned(Observation::new(Arc::new(subject), observation.interval()))
    }

    /// A correction; an entry is of the device as which its own counts.
    pub fn correction<'a>(&self, correction: &'a Correction) -> Cow<'a, Correction> {
        let Says::Entry { interval, source } = &correction.says else { return Cow::Borrowed(correction) };
        let Some(end) = self.ends.get(&source.device) else { return Cow::Borrowed(correction) };
        let source = Arc::new(Source { device: end.clone(), activity: Arc::clone(&source.activity) });
        Cow::Owned(Correction { says: Says::Entry { interval: *interval, source }, ..*correction })
    }
}

impl PartialEq for Merges {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.made, &other.made) || self.made == other.made
    }
}

impl Eq for Merges {}

/// What a person's days are settled by, beside what was observed and said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// The person's two choices.
    pub choices: Choices,
    /// Which devices count as others.
    pub merges: Merges,
}

/// As long as no device is merged.
impl From<Choices> for Terms {
    fn from(choices: Choices) -> Self {
        Self { choices, merges: Merges::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str) -> DeviceId {
        DeviceId::new(name).unwrap()
    }

    fn merges(made: &[(&str, &str)]) -> Merges {
        Merges::of(made.iter().map(|(from, to)| Merge { device: device(from), into: device(to) }))
    }

    #[test]
    fn a_chain_leads_to_its_end_in_whatever_order_it_was_made() {
        for made in [[("a", "b"), ("b", "c")], [("b", "c"), ("a", "b")]] {
            let merges = merges(&made);
            let ends = ["a", "b", "c", "d"].map(|name| merges.end_of(&device(name)).as_str().to_owned());
            assert_eq!(ends, ["c", "c", "c", "d"]);
        }
        let some = merges(&[("a", "b"), ("b", "c")]).first(1);
        assert_eq!((some.end_of(&device("a")), some.has(&device("b"))), (&device("b"), false));
        assert_eq!(some.first(9), some);
    }

    #[test]
    fn itself_circles_and_other_ends_are_refused_and_the_same_again_is_known() {
        let merges = merges(&[("a", "b"), ("b", "c")]);
        let judge = |from: &str, to: &str| merges.judge(&device(from), &device(to));
        let merge = |from: &str, to: &str| Merge { device: device(from), into: device(to) };
        assert_eq!(judge("d", "d"), Err(MergeRefusal::Itself));
        assert_eq!(judge("a", "a"), Err(MergeRefusal::Itself));
        assert_eq!(judge("c", "a"), Err(MergeRefusal::Circle));
        assert_eq!(judge("c", "b"), Err(MergeRefusal::Circle));
        assert_eq!(judge("a", "d"), Err(MergeRefusal::Elsewhere(device("c"))));
        assert_eq!(judge("a", "b"), Ok(None));
        assert_eq!(judge("a", "c"), Ok(None));
        // Into one that is merged is into where that has come to.
        assert_eq!(judge("d", "a"), Ok(Some(merge("d", "a"))));
        assert_eq!(judge("c", "d"), Ok(Some(merge("c", "d"))));
    }

    #[test]
    fn even_a_stored_circle_comes_to_an_end() {
        let merges = merges(&[("a", "b"), ("b", "a")]);
        assert!(["a", "b"].contains(&merges.end_of(&device("a")).as_str()));
    }
}
