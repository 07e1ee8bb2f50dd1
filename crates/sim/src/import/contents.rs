//! What a file has, in numbers: what a preview shows, and what is said in the end.

use std::collections::BTreeMap;

use dayline_domain::UtcMs;

use super::item::{Sent, Target};

/// What was read of a file so far.
#[derive(Debug, Default)]
pub(super) struct Contents {
    sent: BTreeMap<Target, Count>,
    entries: u64,
    left_out: BTreeMap<&'static str, u64>,
}

/// How many there are, and from when to when they began.
#[derive(Debug, Clone, Copy)]
struct Count {
    number: u64,
    first: UtcMs,
    last: UtcMs,
}

impl Contents {
    /// Counts something that is sent.
    pub(super) fn add(&mut self, Sent { to, at, .. }: &Sent) {
        if let Some(count) = self.sent.get_mut(to) {
            let Count { number, first, last } = *count;
            *count = Count { number: number + 1, first: first.min(*at), last: last.max(*at) };
        } else {
            self.sent.insert(to.clone(), Count { number: 1, first: *at, last: *at });
        }
    }

    /// Counts an entry.
    pub(super) fn add_entry(&mut self) {
        self.entries += 1;
    }

    /// Counts something of which nothing is sent.
    pub(super) fn leave_out(&mut self, what: &'static str) {
        *self.left_out.entry(what).or_default() += 1;
    }

    /// Whether there is anything to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.entries == 0
    }

    /// For people, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let sent = self.sent.iter().map(|(target, Count { number, first, last })| {
            format!("{number} {target}, {} to {} (UTC)", first.day(), last.day())
        });
        let entries = (self.entries > 0).then(|| format!("{} entries", self.entries));
        let left_out = self.left_out.iter().map(|(what, number)| format!("left out: {number} {what}"));
        sent.chain(entries).chain(left_out).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_is_told_with_its_number_and_its_dates() {
        let sent = |machine: Option<&str>, day: i64| Sent {
            to: Target::Machine(machine.map(Into::into)),
            at: UtcMs(day * 86_400_000 + 5),
            json: "{}".into(),
        };
        let mut contents = Contents::default();
        assert!(contents.is_empty());
        for sent in [sent(Some("pc"), 20_000), sent(None, 10), sent(Some("pc"), 19_000)] {
            contents.add(&sent);
        }
        contents.leave_out("odd ones");
        let expected = [
            "1 heartbeats, 1970-01-11 to 1970-01-11 (UTC)",
            "2 heartbeats of pc, 2022-01-08 to 2024-10-04 (UTC)",
            "left out: 1 odd ones",
        ];
        assert_eq!(contents.lines(), expected);
        assert!(!contents.is_empty());
    }
}
