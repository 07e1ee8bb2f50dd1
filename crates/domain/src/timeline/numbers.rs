//! The names of one day as numbers, in which the rule works: quick to copy, to compare and to find.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::Index;
use std::sync::Arc;

use crate::activity::{Activity, Piece, Source};
use crate::families::{Family, is_lock_screen};
use crate::names::DeviceId;
use crate::observation::{Seen, Subject};
use crate::timeline::stretch::Stretch;
use crate::timeline::window::Window;

/// A subject's number. Like all numbers of this file it counts from 0 in the order in which things
/// were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SubjectNo(u32);
/// A device's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DeviceNo(u32);
/// A family's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FamilyNo(u32);
/// An activity's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ActivityNo(u32);
/// A source's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SourceNo(u32);

impl SubjectNo {
    /// Where a list with an entry for each subject has this one's.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl DeviceNo {
    /// Where a list with an entry for each device has this one's.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl SourceNo {
    /// Where a list with an entry for each source has this one's.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Values in the order in which they were first seen.
#[derive(Debug, Clone)]
struct Table<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn number(&mut self, value: &T) -> u32 {
        if let Some(&number) = self.numbers.get(value) {
            return number;
        }
        // Each value takes far more than a byte of memory, so there are never 2^32 of them.
        let number = self.values.len() as u32;
        self.values.push(value.clone());
        self.numbers.insert(value.clone(), number);
        number
    }

    /// About how much memory the table takes, without what its values point to, in bytes.
    fn approx_bytes(&self) -> usize {
        // A hash map keeps one entry in eight free, and a byte each.
        let entry = size_of::<(T, u32)>() + 1;
        self.values.capacity() * size_of::<T>() + self.numbers.capacity() * entry * 8 / 7
    }
}

/// Hashes numbers of this file. They count from 0, so that nobody can choose them to collide, and
/// what is made of them is looked up far more often than names are.
#[derive(Debug, Clone, Copy, Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: the multiplier is 2^64 divided by the golden ratio.
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_isize(&mut self, discriminant: isize) {
        self.write_u64(discriminant as u64);
    }

    fn finish(&self) -> u64 {
        // The best bits are the upper ones; a hash map takes those at both ends.
        self.0.rotate_left(32)
    }
}

/// A subject, and what the rule asks of it most often.
#[derive(Debug, Clone)]
pub(crate) struct Numbered {
    pub(crate) subject: Arc<Subject>,
    pub(crate) device: DeviceNo,
    /// The family of its app or browser; `None` for away and here.
    pub(crate) family: Option<FamilyNo>,
    pub(crate) is_lock_screen: bool,
}

/// What step 5 names: what is in front or inferred, with the page and the beat that add to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    /// A use that is seen or held, or a beat from which it is inferred.
    pub(crate) app: SubjectNo,
    /// The page whose domain is shown.
    pub(crate) page: Option<SubjectNo>,
    /// The beat whose project and language are shown.
    pub(crate) beat: Option<SubjectNo>,
}

/// All names of a day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    subjects: Vec<Numbered>,
    by_subject: HashMap<Arc<Subject>, SubjectNo>,
    /// The one that was asked for last, which most often is asked for next.
    last: Option<SubjectNo>,
    devices: Table<DeviceId>,
    families: Table<Family>,
    activities: Table<Arc<Activity>>,
    by_named: HashMap<Named, ActivityNo, BuildHasherDefault<NumberHasher>>,
    sources: Vec<Arc<Source>>,
    /// The device and activity of each source.
    parts: Vec<(DeviceNo, ActivityNo)>,
    by_source: HashMap<(DeviceNo, ActivityNo), SourceNo, BuildHasherDefault<NumberHasher>>,
}

impl Numbers {
    /// The subject's number; a new one if it has none yet.
    pub(crate) fn subject(&mut self, subject: &Arc<Subject>) -> SubjectNo {
        if let Some(number) = self.last.filter(|last| self[*last].subject == *subject) {
            return number;
        }
        let number = match self.by_subject.get(subject) {
            Some(&number) => number,
            None => self.new_subject(subject),
        };
        self.last = Some(number);
        number
    }

    /// The subject's number, if it has one.
    pub(crate) fn find(&self, subject: &Arc<Subject>) -> Option<SubjectNo> {
        self.by_subject.get(subject).copied()
    }

    fn new_subject(&mut self, subject: &Arc<Subject>) -> SubjectNo {
        let number = SubjectNo(self.subjects.len() as u32);
        let app = subject.seen.app();
        self.subjects.push(Numbered {
            subject: Arc::clone(subject),
            device: DeviceNo(self.devices.number(&subject.device)),
            family: app.map(|app| FamilyNo(self.families.number(&Family::of(app)))),
            is_lock_screen: app.is_some_and(is_lock_screen) && matches!(subject.seen, Seen::Use { .. }),
        });
        self.by_subject.insert(Arc::clone(subject), number);
        number
    }

    /// The number of the activity that step 5 made; `None` if what it names has no app, which away
    /// and here have not.
    pub(crate) fn activity(&mut self, named: Named) -> Option<ActivityNo> {
        if let Some(&number) = self.by_named.get(&named) {
            return Some(number);
        }
        let number = ActivityNo(self.activities.number(&Arc::new(self.named(named)?)));
        self.by_named.insert(named, number);
        Some(number)
    }

    fn named(&self, Named { app, page, beat }: Named) -> Option<Activity> {
        let mut activity = Activity::of(self.seen(app).app()?.clone());
        if let Seen::Use { domain, project, .. } = self.seen(app) {
            (activity.domain, activity.project) = (domain.clone(), project.clone());
        }
        if let Some(Seen::Page { domain, .. }) = page.map(|page| self.seen(page)) {
            activity.domain.clone_from(domain);
        }
        if let Some(Seen::Beat { project, language, .. }) = beat.map(|beat| self.seen(beat)) {
            (activity.project, activity.language) = (project.clone(), language.clone());
        }
        Some(activity)
    }

    /// The number of a source that an entry brings.
    pub(crate) fn entered(&mut self, source: &Source) -> SourceNo {
        let device = DeviceNo(self.devices.number(&source.device));
        let activity = ActivityNo(self.activities.number(&source.activity));
        self.source(device, activity)
    }

    /// The number of a device's activity.
    pub(crate) fn source(&mut self, device: DeviceNo, activity: ActivityNo) -> SourceNo {
        if let Some(&number) = self.by_source.get(&(device, activity)) {
            return number;
        }
        let number = SourceNo(self.sources.len() as u32);
        self.sources.push(self.spelled_out(device, activity));
        self.parts.push((device, activity));
        self.by_source.insert((device, activity), number);
        number
    }

    /// A device's activity as the surface shows it.
    pub(crate) fn spelled_out(&self, device: DeviceNo, activity: ActivityNo) -> Arc<Source> {
        let activity = Arc::clone(self.activity_of(activity));
        Arc::new(Source { device: self.device(device).clone(), activity })
    }

    /// An activity with its names.
    pub(crate) fn activity_of(&self, activity: ActivityNo) -> &Arc<Activity> {
        &self.activities.values[activity.0 as usize]
    }

    /// The device and activity of a source.
    pub(crate) fn parts(&self, source: SourceNo) -> (DeviceNo, ActivityNo) {
        self.parts[source.index()]
    }

    /// The kind and value of a subject.
    pub(crate) fn seen(&self, subject: SubjectNo) -> &Seen {
        &self[subject].subject.seen
    }

    /// A device's name.
    pub(crate) fn device(&self, device: DeviceNo) -> &DeviceId {
        &self.devices.values[device.index()]
    }

    /// All devices, in the order of their numbers.
    pub(crate) fn devices(&self) -> impl Iterator<Item = DeviceNo> + use<> {
        (0..self.devices.values.len() as u32).map(DeviceNo)
    }

    /// All subjects, in the order of their numbers.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = SubjectNo> + use<> {
        (0..self.subjects.len() as u32).map(SubjectNo)
    }

    /// All sources, in the order of their numbers.
    pub(crate) fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// A run as the surface shows it.
    pub(crate) fn piece(&self, window: Window, run: Stretch<SourceNo>) -> Option<Piece> {
        let interval = window.interval_of(run.span)?;
        Some(Piece { source: Arc::clone(&self.sources[run.of.index()]), interval })
    }

    /// About how much memory the names take, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        // An `Arc` has two counters before its value, and names are some twenty bytes each.
        const SUBJECT: usize = size_of::<Subject>() + 2 * size_of::<usize>() + 40;
        const SOURCE: usize = size_of::<Source>() + 2 * size_of::<usize>() + 20;
        const ACTIVITY: usize = size_of::<Activity>() + 2 * size_of::<usize>() + 40;
        let subject = SUBJECT + size_of::<Numbered>() + size_of::<(Arc<Subject>, SubjectNo)>();
        let source = SOURCE + size_of::<Arc<Source>>() + size_of::<((DeviceNo, ActivityNo), SourceNo)>();
        self.subjects.len() * subject
            + self.sources.len() * source
            + self.activities.values.len() * ACTIVITY
            + self.by_named.capacity() * size_of::<(Named, ActivityNo)>()
            + self.devices.approx_bytes()
            + self.families.approx_bytes()
            + self.activities.approx_bytes()
    }
}

impl Index<SubjectNo> for Numbers {
    type Output = Numbered;

    fn index(&self, number: SubjectNo) -> &Numbered {
        &self.subjects[number.index()]
    }
}
