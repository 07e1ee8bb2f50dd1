//! Random observations of all kinds, the same in every run, so that a failure can be looked at.

use std::sync::Arc;

use dayline_domain::{
    AppName, BeatHold, Choices, Correction, CorrectionId, DeviceId, Domain, Interval, Language, Observation,
    Project, Says, Seen, Source, Subject, UtcDay, UtcMs,
};

/// `SplitMix64`.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as i64
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as i64) as usize]
    }

    fn device(&mut self) -> DeviceId {
        DeviceId::new(self.one_of(&["laptop", "phone"])).unwrap()
    }

    fn domain(&mut self) -> Option<Domain> {
        self.one_of(&[None, None, Some("a.example"), Some("b.example")])
            .map(|name| Domain::new(name).unwrap())
    }

    fn project(&mut self) -> Option<Project> {
        self.one_of(&[None, Some("p"), Some("q")]).map(|name| Project::new(name).unwrap())
    }

    fn app(&mut self) -> AppName {
        AppName::new(self.one_of(&["Code", "Mail", "Firefox"])).unwrap()
    }

    /// An app in use.
    pub(super) fn used(&mut self) -> Arc<Subject> {
        let seen = Seen::Use { app: self.app(), domain: self.domain(), project: None };
        Arc::new(Subject { device: self.device(), seen })
    }

    fn subject(&mut self) -> Arc<Subject> {
        let seen = match self.below(10) {
            0..5 => return self.used(),
            5 | 6 => Seen::Page {
                browser: AppName::new("Firefox").unwrap(),
                domain: self.domain(),
                audible: self.below(2) == 0,
            },
            7 => Seen::Beat {
                app: AppName::new("Code").unwrap(),
                project: self.project(),
                language: self.one_of(&[None, Some("Rust")]).map(|name| Language::new(name).unwrap()),
            },
            8 => Seen::Away,
            _ => Seen::Here,
        };
        Arc::new(Subject { device: self.device(), seen })
    }

    /// Up to 40 s near the start, in the middle or at the very end of a day.
    fn interval(&mut self, day: UtcDay) -> Interval {
        let near = self.one_of(&[0, 40_000_000, 86_400_000 - 200_000]);
        let start = day.start().plus(near + self.below(200_000));
        let end = start.plus(1 + self.below(40_000)).min(day.interval().end());
        Interval::new(start, end).unwrap()
    }

    /// An observation of any kind.
    pub(super) fn observation(&mut self, day: UtcDay) -> Observation {
        let interval = self.interval(day);
        Observation::new(self.subject(), interval)
    }

    /// An app in use.
    pub(super) fn ping(&mut self, day: UtcDay) -> Observation {
        let interval = self.interval(day);
        Observation::new(self.used(), interval)
    }

    /// A correction, entries of few ids, so that many replace each other.
    pub(super) fn correction(&mut self, day: UtcDay, version: u64) -> Correction {
        let interval = self.interval(day);
        let entry = CorrectionId::from_bits(self.below(6) as u128);
        let (id, says) = match self.below(8) {
            0 => (entry, Says::Nothing),
            1 | 2 => (CorrectionId::from_bits(1_000 + u128::from(version)), Says::Erasure { interval }),
            _ => {
                let device = self.device();
                let source = Source::new(device.as_str(), "Meeting", None).unwrap();
                (entry, Says::Entry { interval, source })
            }
        };
        Correction { id, version, says }
    }

    pub(super) fn choices(&mut self) -> Choices {
        let minutes = self.one_of(&[1, 15, 60]);
        Choices { beat_hold: BeatHold::from_minutes(minutes).unwrap(), audible_counts: self.below(2) == 0 }
    }

    /// An instant of a day.
    pub(super) fn instant(&mut self, day: UtcDay) -> UtcMs {
        day.start().plus(self.below(86_000_000))
    }
}
