//! The reports' side of the fake store's ledger.

use std::collections::BTreeMap;

use dayline_app::ports::{
    DayKey, Edition, KnownDevice, LedgerReader, LedgerView, LoadedDay, Mark, PortFuture, Settling,
};
use dayline_domain::{Correction, DaySums, DeviceId, Interval, Piece, UserId, UtcDay, UtcMs};

use super::day::Day;
use super::{FakeStore, Tables};

impl LedgerReader for FakeStore {
    fn marks(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, Mark)>> {
        self.transaction(|tables| Ok(tables.view(user, interval).marks))
    }

    fn changed_since(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        self.transaction(|tables| {
            let changed = tables.days_of(user).filter(|day| day.changed_at >= since);
            Ok(changed.map(|day| (day.of, day.version)).collect())
        })
    }

    fn extent(&self, user: UserId) -> PortFuture<'_, Option<(UtcDay, UtcDay)>> {
        self.transaction(|tables| {
            let mut days = tables.days_of(user).map(|day| day.of);
            let first = days.next();
            Ok(first.map(|first| (first, days.next_back().unwrap_or(first))))
        })
    }

    fn read(&self, user: UserId, interval: Interval) -> PortFuture<'_, LedgerView> {
        self.transaction(|tables| Ok(tables.view(user, interval)))
    }

    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView> {
        self.transaction(|tables| {
            let mut view = tables.view(user, interval);
            let days = tables.days_of(user).filter(|day| day.of.interval().clip(interval).is_some());
            let whole = days.filter(|day| !cut.contains(&day.of));
            view.sums = whole.filter_map(Day::current_sums).cloned().collect();
            let is_summed = |piece: &Piece| {
                view.sums.binary_search_by_key(&piece.interval.start().day(), DaySums::day).is_ok()
            };
            view.counted.retain(|piece| !is_summed(piece));
            Ok(view)
        })
    }

    fn days(&self, user: UserId, days: Vec<UtcDay>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.transaction(|tables| Ok(days.into_iter().map(|day| tables.load(DayKey { user, day })).collect()))
    }

    fn corrections(&self, user: UserId, within: Option<Interval>) -> PortFuture<'_, Vec<Correction>> {
        self.transaction(|tables| Ok(tables.corrections_in(user, within)))
    }

    fn devices(&self, user: UserId) -> PortFuture<'_, Vec<KnownDevice>> {
        self.transaction(|tables| {
            let mut devices = BTreeMap::<&DeviceId, Option<UtcMs>>::new();
            for day in tables.days_of(user) {
                for device in day.observed_devices() {
                    devices.entry(device).or_default();
                }
                for piece in day.counted() {
                    let last = devices.entry(&piece.source.device).or_default();
                    *last = (*last).max(Some(piece.interval.end()));
                }
            }
            let known =
                devices.into_iter().map(|(id, last_counted)| KnownDevice { id: id.clone(), last_counted });
            Ok(known.collect())
        })
    }

    fn settling(&self, user: UserId) -> PortFuture<'_, Settling> {
        self.transaction(|tables| {
            let terms = tables.terms(user);
            let is_left = |day: &&Day| day.edition == Edition::Second && day.settled_by != terms;
            let days = tables.days_of(user).count() as u64;
            Ok(Settling { days, left: tables.days_of(user).filter(is_left).count() as u64 })
        })
    }
}

impl Tables {
    /// A person's days, in order.
    fn days_of(&self, user: UserId) -> impl DoubleEndedIterator<Item = &Day> {
        let [first, last] = [i32::MIN, i32::MAX].map(|day| DayKey { user, day: UtcDay(day) });
        self.days.range(first..=last).map(|(_, day)| day)
    }

    fn view(&self, user: UserId, interval: Interval) -> LedgerView {
        let mut view = LedgerView::default();
        for day in self.days_of(user).filter(|day| day.of.interval().clip(interval).is_some()) {
            view.marks.push((day.of, day.mark));
            let touching = day.counted().filter(|piece| piece.interval.clip(interval).is_some());
            view.counted.extend(touching.cloned());
        }
        view
    }
}
