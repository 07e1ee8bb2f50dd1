//! The observations of a window as step 1 of the rule leaves them: united, joined, and in the
//! orders in which the other steps look at them. Not here: which gaps are joined, which the rule
//! says.

use std::collections::BTreeMap;

use crate::observation::Seen;
use crate::timeline::numbers::{DeviceNo, FamilyNo, Numbers, SubjectNo};
use crate::timeline::spans::{Grown, Overlapping, SpanSet};
use crate::timeline::window::Span;

/// What all devices of a person saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    devices: Vec<DeviceEvidence>,
    /// The uses and pages of each subject, which the devices have in another order.
    by_subject: Vec<SpanSet>,
    /// The beats of each family, of all devices.
    beats: BTreeMap<FamilyNo, Beats>,
}

/// What one device saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeviceEvidence {
    /// What was in front, lock screens apart.
    pub(crate) uses: Overlapping,
    /// The instants that any of them covers.
    pub(crate) covered: SpanSet,
    /// Pages by the family of their browser.
    pub(crate) pages: BTreeMap<FamilyNo, Overlapping>,
    /// The beats of all editors together.
    pub(crate) beats: Beats,
    /// The same by the family of their editor.
    pub(crate) beats_of: BTreeMap<FamilyNo, Beats>,
    /// When nobody was there, and when a lock screen was in front.
    pub(crate) away: SpanSet,
    /// When somebody was there.
    pub(crate) here: SpanSet,
}

impl Evidence {
    /// What a device saw; `None` if that is nothing.
    pub(crate) fn device(&self, device: DeviceNo) -> Option<&DeviceEvidence> {
        self.devices.get(device.index())
    }

    /// The beats of a family, of all devices.
    pub(crate) fn beats_of(&self, family: FamilyNo) -> &Beats {
        beats_of(&self.beats, family)
    }

    /// What a device saw, to be changed.
    pub(crate) fn device_mut(&mut self, device: DeviceNo) -> &mut DeviceEvidence {
        if self.devices.len() <= device.index() {
            self.devices.resize_with(device.index() + 1, DeviceEvidence::default);
        }
        &mut self.devices[device.index()]
    }

    /// Unites a use or page with those of its subject, closing gaps of at most `join`.
    pub(crate) fn unite(&mut self, subject: SubjectNo, span: Span, join: u32) -> Option<Grown> {
        if self.by_subject.len() <= subject.index() {
            self.by_subject.resize_with(subject.index() + 1, SpanSet::default);
        }
        self.by_subject[subject.index()].insert(span, join)
    }

    /// Adds a beat; whether it is new.
    pub(crate) fn add_beat(&mut self, beat: Beat, numbers: &Numbers) -> bool {
        let subject = &numbers[beat.subject];
        let Some(family) = subject.family else { return false };
        let device = self.device_mut(subject.device);
        let new = device.beats.add(beat, numbers);
        if new {
            device.beats_of.entry(family).or_default().add(beat, numbers);
            self.beats.entry(family).or_default().add(beat, numbers);
        }
        new
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        let spans: usize = self.by_subject.iter().map(SpanSet::capacity).sum();
        let devices: usize = self.devices.iter().map(DeviceEvidence::approx_bytes).sum();
        let beats: usize = self.beats.values().map(|beats| beats.0.capacity()).sum();
        spans * size_of::<Span>()
            + self.by_subject.capacity() * size_of::<SpanSet>()
            + beats * size_of::<Beat>()
            + devices
    }
}

impl DeviceEvidence {
    /// The device's beats of a family.
    pub(crate) fn beats_of(&self, family: FamilyNo) -> &Beats {
        beats_of(&self.beats_of, family)
    }

    fn approx_bytes(&self) -> usize {
        let spans = self.covered.capacity() + self.away.capacity() + self.here.capacity();
        let pages: usize = self.pages.values().map(Overlapping::capacity).sum();
        // A span with its subject takes half as much more.
        let uses = (self.uses.capacity() + pages) * 3 / 2;
        // Each beat is there a second time, by family.
        let beats = self.beats.0.capacity() * 2;
        size_of::<Self>() + (spans + uses) * size_of::<Span>() + beats * size_of::<Beat>()
    }
}

fn beats_of(beats: &BTreeMap<FamilyNo, Beats>, family: FamilyNo) -> &Beats {
    static NONE: Beats = Beats(Vec::new());
    beats.get(&family).unwrap_or(&NONE)
}

/// A beat: a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beat {
    pub(crate) at: u32,
    pub(crate) subject: SubjectNo,
}

impl Beat {
    fn order_key(self, numbers: &Numbers) -> (u32, &Seen) {
        (self.at, numbers.seen(self.subject))
    }
}

/// Beats by instant; those of one instant by app, project and language.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beats(Vec<Beat>);

impl Beats {
    /// Adds a beat; whether it is new.
    fn add(&mut self, beat: Beat, numbers: &Numbers) -> bool {
        let at = self.0.partition_point(|old| old.order_key(numbers) < beat.order_key(numbers));
        let equal = self.0[at..].iter().take_while(|old| old.order_key(numbers) == beat.order_key(numbers));
        // The same value may come from another device.
        let new = !equal.into_iter().any(|old| old.subject == beat.subject);
        if new {
            self.0.insert(at, beat);
        }
        new
    }

    /// The smallest beat of each instant, in order, from the last instant at or before `from` on.
    pub(crate) fn instants_from(&self, from: u32) -> impl Iterator<Item = Beat> + '_ {
        let later = self.0.partition_point(|beat| beat.at <= from);
        let at = later.checked_sub(1).map(|last| self.0[last].at);
        let first = at.map_or(0, |at| self.0.partition_point(|beat| beat.at < at));
        self.0[first..].chunk_by(|a, b| a.at == b.at).map(|beats| beats[0])
    }

    /// The last instant of a beat before `at`.
    pub(crate) fn last_before(&self, at: u32) -> Option<u32> {
        let earlier = self.0.partition_point(|beat| beat.at < at);
        earlier.checked_sub(1).map(|last| self.0[last].at)
    }
}
