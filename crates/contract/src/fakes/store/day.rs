//! A ledger day of the fake store. Its state is kept as bytes, as real stores keep it. Changes are
//! applied piece by piece in the documented order, and an overlap at any moment is refused, as a
//! database's constraint would.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_app::ports::{DayWrite, Edition, Mark, PortError, StateWrite};
use dayline_app::tracking::stored_state::{StateError, decode_observed, encode_observed};
use dayline_domain::timeline::window::Window;
use dayline_domain::{
    DaySums, DeviceId, Hours, Interval, Observation, Piece, PieceChanges, Seen, Subject, Terms, UtcDay, UtcMs,
};

/// A stored day.
#[derive(Clone)]
pub(super) struct Day {
    pub(super) of: UtcDay,
    pub(super) version: u64,
    pub(super) mark: Mark,
    pub(super) changed_at: UtcMs,
    pub(super) edition: Edition,
    pub(super) settled_by: Terms,
    /// By start.
    pub(super) ended: Vec<Piece>,
    pub(super) tail: Option<Piece>,
    hours: BTreeMap<u8, Part>,
    recent: Part,
    pub(super) sums: Option<StoredSums>,
    /// Of a day of the first edition.
    outranked: Vec<Piece>,
}

/// Sums as they are stored.
#[derive(Clone)]
pub(super) struct StoredSums {
    /// The version that they are of.
    pub(super) of: u64,
    /// `None` if they can't be read.
    pub(super) sums: Option<DaySums>,
}

/// A part of a day's state: observations with a dictionary of their own.
#[derive(Clone)]
struct Part {
    subjects: Vec<Arc<Subject>>,
    bytes: Vec<u8>,
}

impl Part {
    fn of(day: UtcDay, observations: &[Observation]) -> Self {
        let mut subjects: Vec<Arc<Subject>> = Vec::new();
        let bytes = encode_observed(day, observations.iter().cloned(), |subject| {
            let known = subjects.iter().position(|known| known == subject);
            let number = known.unwrap_or_else(|| {
                subjects.push(Arc::clone(subject));
                subjects.len() - 1
            });
            number as u32
        });
        Self { subjects, bytes }
    }

    fn observations(&self, day: UtcDay) -> Result<Vec<Observation>, StateError> {
        decode_observed(day, &self.bytes, |number| self.subjects.get(number as usize).cloned())
    }
}

impl Day {
    /// A day that is about to be written for the first time.
    pub(super) fn empty(day: UtcDay) -> Self {
        Self {
            of: day,
            version: 0,
            mark: Mark(0),
            changed_at: UtcMs(0),
            edition: Edition::Second,
            settled_by: Terms::default(),
            ended: Vec::new(),
            tail: None,
            hours: BTreeMap::new(),
            recent: Part::of(day, &[]),
            sums: None,
            outranked: Vec::new(),
        }
    }

    /// A day as the release before stored it, of its first version.
    pub(super) fn of_first_edition(
        day: UtcDay,
        mark: Mark,
        mut counted: Vec<Piece>,
        outranked: Vec<Piece>,
    ) -> Self {
        sort(&mut counted);
        let empty = Self::empty(day);
        Self { version: 1, mark, edition: Edition::First, ended: counted, outranked, ..empty }
    }

    /// How many bytes its state takes.
    pub(super) fn bytes(&self) -> usize {
        self.recent.bytes.len() + self.hours.values().map(|part| part.bytes.len()).sum::<usize>()
    }

    /// What counts: ended pieces, and last the tail.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Piece> {
        self.ended.iter().chain(&self.tail)
    }

    /// The day's sums, if they are those of this very version and can be read.
    pub(super) fn current_sums(&self) -> Option<&DaySums> {
        let stored = self.sums.as_ref().filter(|stored| stored.of == self.version);
        stored.and_then(|stored| stored.sums.as_ref())
    }

    /// What was observed in the day's window; of a day of the first edition what it counted and
    /// outranked, as uses.
    pub(super) fn observations(&self) -> Result<Vec<Observation>, StateError> {
        let mut observations = self.recent()?;
        for part in self.hours.values() {
            observations.extend(part.observations(self.of)?);
        }
        if self.edition == Edition::First {
            observations.extend(self.counted().chain(&self.outranked).map(as_use));
        }
        Ok(observations)
    }

    /// What was observed since the last fold.
    pub(super) fn recent(&self) -> Result<Vec<Observation>, StateError> {
        self.recent.observations(self.of)
    }

    /// The devices that the state is of.
    pub(super) fn observed_devices(&self) -> impl Iterator<Item = &DeviceId> {
        let subjects = self.hours.values().chain([&self.recent]).flat_map(|part| &part.subjects);
        subjects.map(|subject| &subject.device)
    }

    /// Damages the day's state, so that it can't be read.
    pub(super) fn damage(&mut self) {
        self.recent.bytes.clear();
    }

    pub(super) fn write(&mut self, write: &DayWrite, at: UtcMs) -> Result<(), PortError> {
        self.version = write.to_version;
        self.mark = write.mark;
        self.changed_at = at;
        self.settled_by.clone_from(&write.settled_by);
        self.change_ended(&write.ended)?;
        self.tail.clone_from(&write.tail);
        self.check_tail()?;
        self.write_state(&write.state)
    }

    fn write_state(&mut self, state: &StateWrite) -> Result<(), PortError> {
        match state {
            StateWrite::Recent(_) if self.edition == Edition::First => {
                return Err(rejected("a day of the first edition has no state to add to"));
            }
            StateWrite::Recent(observed) => self.recent = Part::of(self.of, observed),
            StateWrite::Folded { hours, sums } => {
                self.edition = Edition::Second;
                self.outranked.clear();
                self.recent = Part::of(self.of, &[]);
                for (hour, observed) in hours {
                    if *hour >= Hours::IN_WINDOW {
                        return Err(rejected("an hour outside the day's window"));
                    }
                    self.hours.insert(*hour, Part::of(self.of, observed));
                }
                self.sums = Some(StoredSums { of: self.version, sums: Some(sums.clone()) });
            }
        }
        Ok(())
    }

    fn change_ended(&mut self, changes: &PieceChanges) -> Result<(), PortError> {
        let place = |ended: &[Piece], piece: &Piece| {
            let at = ended.iter().position(|stored| stored == piece);
            at.ok_or_else(|| rejected("a change of a piece that is not there"))
        };
        for gone in &changes.removed {
            self.ended.remove(place(&self.ended, gone)?);
        }
        for resized in &changes.resized {
            let at = place(&self.ended, &resized.piece)?;
            let whole = Interval::new(resized.piece.interval.start(), resized.new_end);
            self.ended[at].interval = whole.ok_or_else(|| rejected("a piece shrinks to nothing"))?;
            self.check_place(&self.ended[at])?;
        }
        for added in &changes.added {
            self.ended.push(added.clone());
            self.check_place(added)?;
        }
        sort(&mut self.ended);
        Ok(())
    }

    /// Checks the place of one of the ended pieces.
    fn check_place(&self, piece: &Piece) -> Result<(), PortError> {
        self.check_day(piece)?;
        let meets = |other: &&Piece| other.interval.clip(piece.interval).is_some();
        if self.ended.iter().filter(meets).count() > 1 {
            return Err(rejected("counted pieces overlap"));
        }
        Ok(())
    }

    fn check_tail(&self) -> Result<(), PortError> {
        let Some(tail) = &self.tail else { return Ok(()) };
        self.check_day(tail)?;
        if self.ended.iter().any(|piece| piece.interval.end() > tail.interval.start()) {
            return Err(rejected("the tail is not the last piece"));
        }
        Ok(())
    }

    fn check_day(&self, piece: &Piece) -> Result<(), PortError> {
        let inside = piece.interval.clip(self.of.interval()) == Some(piece.interval);
        inside.then_some(()).ok_or_else(|| rejected("a piece leaves its day"))
    }
}

fn sort(pieces: &mut [Piece]) {
    pieces.sort_by_key(|piece| piece.interval.start());
}

fn rejected(why: &str) -> PortError {
    PortError::Rejected(why.to_owned())
}

/// A piece of the first edition as what was observed.
fn as_use(piece: &Piece) -> Observation {
    let (device, activity) = (piece.source.device.clone(), &piece.source.activity);
    let seen = Seen::Use {
        app: activity.app.clone(),
        domain: activity.domain.clone(),
        project: activity.project.clone(),
    };
    Observation::new(Arc::new(Subject { device, seen }), piece.interval)
}

/// Those of `observations` that lie in the window of `day`, cut to it.
pub(super) fn in_window(
    day: UtcDay,
    observations: impl IntoIterator<Item = Observation>,
) -> impl Iterator<Item = Observation> {
    let window = Window::of(day).interval();
    observations.into_iter().filter_map(move |observation| observation.clip(window))
}
