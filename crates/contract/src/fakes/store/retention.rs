//! What is past, in the fake store.

use dayline_app::ports::{DayKey, KeptPerson, Past, PortFuture, RetentionStore};
use dayline_domain::timeline::window::Window;
use dayline_domain::{UserId, UtcDay};

use super::{FakeStore, Tables};

impl RetentionStore for FakeStore {
    fn people(
        &self,
        after: Option<UserId>,
        before: Option<UtcDay>,
        limit: usize,
    ) -> PortFuture<'_, Vec<KeptPerson>> {
        self.transaction(|tables| {
            let all = tables.users.values().map(|(user, _)| tables.kept_person(user.id, &user.timezone));
            let has_old = |user| before.is_some_and(|before| !tables.days_before(user, before).is_empty());
            let wanted = all
                .filter(|person| after.is_none_or(|after| person.user > after))
                .filter(|person| person.keep.is_some() || person.kept_from.is_some() || has_old(person.user));
            Ok(wanted.take(limit).collect())
        })
    }

    fn keep_from(&self, user: UserId, from: Option<UtcDay>) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            match from {
                Some(from) if tables.users.contains_key(&user) => tables.kept_from.insert(user, from),
                _ => tables.kept_from.remove(&user),
            };
            Ok(tables.users.contains_key(&user))
        })
    }

    fn measure(&self, user: UserId, before: UtcDay) -> PortFuture<'_, Past> {
        self.transaction(|tables| {
            let mut past = Past::default();
            for day in tables.days_before(user, before) {
                let Some(day) = tables.days.get(&DayKey { user, day }) else { continue };
                past.days += 1;
                past.pieces += day.counted().count() as u64;
                past.bytes += day.bytes() as u64;
            }
            Ok(past)
        })
    }

    fn past_days(&self, user: UserId, before: UtcDay, limit: usize) -> PortFuture<'_, Vec<UtcDay>> {
        self.transaction(|tables| {
            let mut days = tables.days_before(user, before);
            days.truncate(limit);
            Ok(days)
        })
    }

    fn remove(&self, user: UserId, before: UtcDay) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            let days = tables.days_before(user, before);
            tables.days.retain(|key, _| key.user != user || key.day >= before);
            let window = Window::of(before).interval();
            let is_past = |says: &dayline_domain::Says| {
                says.interval().is_some_and(|interval| interval.end() <= window.start())
            };
            tables.corrections.retain(|(of, _), correction| *of != user || !is_past(&correction.says));
            tables.dead.retain(|_, stored| stored.letter.user != Some(user) || stored.at >= before.start());
            Ok(days.len() as u64)
        })
    }

    fn forget_names(&self, _: UserId) -> PortFuture<'_, ()> {
        // Each day has its own.
        self.transaction(|_| Ok(()))
    }

    fn drop_empty(&self, _: UtcDay) -> PortFuture<'_, u64> {
        self.transaction(|_| Ok(0))
    }
}

impl Tables {
    fn kept_person(&self, user: UserId, timezone: &str) -> KeptPerson {
        let preferences = self.preferences.get(&user).copied().unwrap_or_default();
        KeptPerson {
            user,
            timezone: timezone.to_owned(),
            day_start: preferences.day_start,
            keep: preferences.keep,
            kept_from: self.kept_from.get(&user).copied(),
        }
    }

    fn days_before(&self, user: UserId, before: UtcDay) -> Vec<UtcDay> {
        let theirs = self.days.keys().filter(|key| key.user == user);
        theirs.map(|key| key.day).filter(|day| *day < before).collect()
    }
}
