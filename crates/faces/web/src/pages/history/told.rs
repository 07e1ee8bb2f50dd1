//! What a file has, in numbers and words: what a preview shows, and what is said in the end.

use std::collections::BTreeMap;

use dayline_app::tracking::ingest::{PingDraft, Refusal, SeenDraft};
use dayline_domain::{UtcMs, Zone};

use crate::show::{number, short_date};

/// What was read of a file.
#[derive(Debug, Default)]
pub(super) struct Told {
    seen: BTreeMap<(What, String), Count>,
    pub(super) entries: usize,
    /// Those of them that were not known before.
    pub(super) new_entries: usize,
    left_out: BTreeMap<&'static str, usize>,
    refused: BTreeMap<&'static str, (usize, String)>,
}

/// Kinds of what is seen, as people tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Apps,
    Pages,
    Editors,
    Presence,
}

/// How many there are, and from when to when.
#[derive(Debug, Clone, Copy)]
struct Count {
    number: usize,
    first: UtcMs,
    last: UtcMs,
}

/// A line of the table.
pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) device: String,
    pub(super) number: String,
    pub(super) from: String,
    pub(super) to: String,
}

impl Told {
    /// Counts something that was seen.
    pub(super) fn add(&mut self, PingDraft { seen, start, end, device_id }: &PingDraft<'_>) {
        let what = match seen {
            SeenDraft::Use { .. } => What::Apps,
            SeenDraft::Page { .. } => What::Pages,
            SeenDraft::Beat { .. } => What::Editors,
            SeenDraft::Away | SeenDraft::Here => What::Presence,
        };
        let device = device_id.as_deref().unwrap_or_default().to_owned();
        let new = Count { number: 0, first: *start, last: *end };
        let Count { number, first, last } = self.seen.entry((what, device)).or_insert(new);
        (*number, *first, *last) = (*number + 1, (*first).min(*start), (*last).max(*end));
    }

    /// Counts something of which nothing is kept.
    pub(super) fn leave_out(&mut self, what: &'static str) {
        *self.left_out.entry(what).or_default() += 1;
    }

    /// Counts something that was refused.
    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        let why = || match refusal.code {
            "too_far_in_past" => "too long ago: more than 20 years".to_owned(),
            "too_far_in_future" => "in the future".to_owned(),
            "too_long" => "longer than anything may be that is seen at once".to_owned(),
            "too_many_names" => {
                "with new names, of which there were too many today; bring the file in again tomorrow"
                    .to_owned()
            }
            _ => refusal.detail.to_string(),
        };
        self.refused.entry(refusal.code).or_insert_with(|| (0, why())).0 += 1;
    }

    /// Whether there is anything to bring in.
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.entries == 0
    }

    /// The table, with dates in a zone.
    pub(super) fn rows(&self, zone: &dyn Zone) -> Vec<Row> {
        let date = |at: UtcMs| short_date(zone.date_at(at));
        let row = |((what, device), count): (&(What, String), &Count)| Row {
            what: what.words(),
            device: device.clone(),
            number: number(count.number as i64),
            from: date(count.first),
            to: date(count.last),
        };
        self.seen.iter().map(row).collect()
    }

    /// What was neither taken nor will be, and why.
    pub(super) fn remarks(&self) -> Vec<String> {
        let left_out =
            self.left_out.iter().map(|(what, many)| format!("Left out: {} {what}.", number(*many as i64)));
        let refused =
            self.refused.values().map(|(many, why)| format!("Not taken: {}, {why}.", number(*many as i64)));
        left_out.chain(refused).collect()
    }
}

impl What {
    fn words(self) -> &'static str {
        match self {
            Self::Apps => "Apps in front",
            Self::Pages => "Pages in browsers",
            Self::Editors => "Work in editors",
            Self::Presence => "Whether somebody was there",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_told_by_its_reason() {
        let mut told = Told::default();
        for code in ["too_far_in_past", "too_far_in_past", "invalid_app_name"] {
            told.refuse(&Refusal::new(code, "app_name must not be empty"));
        }
        (0..1_200).for_each(|_| told.leave_out("events that cannot be read"));
        let expected = [
            "Left out: 1,200 events that cannot be read.",
            "Not taken: 1, app_name must not be empty.",
            "Not taken: 2, too long ago: more than 20 years.",
        ];
        assert_eq!(told.remarks(), expected);
        assert!(told.is_empty());
    }
}
