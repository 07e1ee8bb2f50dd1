//! The corrections that a day knows, and what they say of its window.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::activity::Source;
use crate::correction::{Correction, CorrectionId, Says};
use crate::names::DeviceId;
use crate::timeline::spans::SpanSet;
use crate::timeline::stretch::{Stretch, split, topmost};
use crate::timeline::window::{Span, Window};

/// All corrections of a window.
///
/// What an erasure takes is not kept: an entry under later erasures leaves only its version behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Corrections {
    entries: BTreeMap<CorrectionId, Entry>,
    erasures: BTreeMap<(CorrectionId, u64), Span>,
    /// The instants of all erasures.
    erased: SpanSet,
}

/// The greatest version of an entry. Of one version that says two things, which nobody sends, the
/// greater is taken, so that the order does not matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    version: u64,
    /// What it says of the window; `None` if it covers nothing there.
    says: Option<(Span, Arc<Source>)>,
}

/// A correction that covers something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Covering<'a> {
    pub(crate) span: Span,
    pub(crate) version: u64,
    /// What counts in it; `None` for an erasure.
    pub(crate) source: Option<&'a Arc<Source>>,
}

impl Corrections {
    /// Adds versions of corrections. Of one id only the greatest version exists.
    pub(crate) fn add(&mut self, window: Window, corrections: &[Correction]) {
        for &Correction { id, version, ref says } in corrections {
            match says {
                Says::Nothing => self.add_entry(id, Entry { version, says: None }),
                Says::Entry { interval, source } => {
                    let says = window.cut(*interval).map(|span| (span, Arc::clone(source)));
                    self.add_entry(id, Entry { version, says });
                }
                Says::Erasure { interval } => {
                    if let Some(span) = window.cut(*interval) {
                        let known = self.erasures.entry((id, version)).or_insert(span);
                        *known = known.hull(span);
                    }
                }
            }
        }
        self.forget_erased_entries();
    }

    /// The devices that entries are of.
    pub(crate) fn entered_devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.entries.values().filter_map(|entry| entry.says.as_ref()).map(|(_, source)| &source.device)
    }

    fn add_entry(&mut self, id: CorrectionId, entry: Entry) {
        let known = self.entries.entry(id).or_insert_with(|| entry.clone());
        if *known < entry {
            *known = entry;
        }
    }

    /// Lets go of what entries say where later erasures decide over all of it.
    fn forget_erased_entries(&mut self) {
        let erasures = self.erasures.iter().map(|(&(_, version), &span)| Stretch { span, of: version });
        let latest = topmost(erasures, |erasure| erasure.of, Span::WINDOW);
        for entry in self.entries.values_mut() {
            let Some((span, _)) = &entry.says else { continue };
            let later = |(_, version): (Span, Option<u64>)| version > Some(entry.version);
            if split(&latest, *span).all(later) {
                entry.says = None;
            }
        }
        self.erased = latest.into_iter().map(|erasure| erasure.span).collect();
    }

    /// The instants that are erased.
    pub(crate) fn erased(&self) -> &SpanSet {
        &self.erased
    }

    /// All that cover something.
    pub(crate) fn covering(&self) -> impl Iterator<Item = Covering<'_>> {
        let entries = self.entries.values().filter_map(|entry| {
            let (span, source) = entry.says.as_ref()?;
            Some(Covering { span: *span, version: entry.version, source: Some(source) })
        });
        let erasure = |(&(_, version), &span)| Covering { span, version, source: None };
        entries.chain(self.erasures.iter().map(erasure))
    }

    /// All of them, cut to the window, by id.
    pub(crate) fn all(&self, window: Window) -> impl Iterator<Item = Correction> {
        let entries = self.entries.iter().map(move |(&id, entry)| {
            let says = entry.says.as_ref().and_then(|(span, source)| {
                Some(Says::Entry { interval: window.interval_of(*span)?, source: Arc::clone(source) })
            });
            Correction { id, version: entry.version, says: says.unwrap_or(Says::Nothing) }
        });
        let erasures = self.erasures.iter().filter_map(move |(&(id, version), &span)| {
            let says = Says::Erasure { interval: window.interval_of(span)? };
            Some(Correction { id, version, says })
        });
        entries.chain(erasures)
    }
}
