//! Corrections beside the days: which are kept, which come with a day, and which of them a reader
//! and a writer find.

use std::sync::Arc;

use dayline_app::ports::{Applied, DayWrite, LedgerCommit};
use dayline_domain::timeline::window::Window;
use dayline_domain::{
    Activity, AppName, Correction, CorrectionId, DeviceId, Domain, Interval, Language, Piece, Project, Says,
    Source, UserId, UtcDay,
};

use crate::suites::Fact;
use crate::suites::store::{NOW, StorePorts, commit, in_order, person};
use crate::suites::worked_day::{DAY, Form, WorkedDay, app, as_use, first, piece, record, seconds};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("of_one_correction_the_greatest_version_is_kept_in_any_order", |s| {
        Box::pin(of_one_correction_the_greatest_version_is_kept_in_any_order(s))
    }),
    Fact::new("an_erasure_is_never_replaced", |s| Box::pin(an_erasure_is_never_replaced(s))),
    Fact::new("a_deletion_is_kept_and_says_nothing", |s| Box::pin(a_deletion_is_kept_and_says_nothing(s))),
    Fact::new("corrections_are_found_by_their_ids", |s| Box::pin(corrections_are_found_by_their_ids(s))),
    Fact::new("corrections_are_found_by_what_they_are_of", |s| {
        Box::pin(corrections_are_found_by_what_they_are_of(s))
    }),
    Fact::new("a_day_comes_with_the_corrections_of_its_window", |s| {
        Box::pin(a_day_comes_with_the_corrections_of_its_window(s))
    }),
    Fact::new("names_of_corrections_come_back_exactly", |s| {
        Box::pin(names_of_corrections_come_back_exactly(s))
    }),
    Fact::new("corrections_of_a_person_who_is_gone_are_forgotten", |s| {
        Box::pin(corrections_of_a_person_who_is_gone_are_forgotten(s))
    }),
    Fact::new("corrections_are_kept_with_the_position_or_not_at_all", |s| {
        Box::pin(corrections_are_kept_with_the_position_or_not_at_all(s))
    }),
    Fact::new("an_erasure_leaves_nothing_of_what_it_erases", |s| {
        Box::pin(an_erasure_leaves_nothing_of_what_it_erases(s))
    }),
    Fact::new("an_entry_wholly_under_newer_erasures_leaves_its_version_in_any_order", |s| {
        Box::pin(an_entry_wholly_under_newer_erasures_leaves_its_version_in_any_order(s))
    }),
    Fact::new("an_erased_entry_is_known_and_may_say_something_else", |s| {
        Box::pin(an_erased_entry_is_known_and_may_say_something_else(s))
    }),
];

/// An entry for an app.
pub(in crate::suites) fn entry(id: u128, version: u64, name: &str, interval: Interval) -> Correction {
    let says = Says::Entry { interval, source: app(name) };
    Correction { id: CorrectionId::from_bits(id), version, says }
}

/// An erasure.
pub(in crate::suites) fn erasure(id: u128, version: u64, interval: Interval) -> Correction {
    Correction { id: CorrectionId::from_bits(id), version, says: Says::Erasure { interval } }
}

/// A deletion of an entry.
fn deletion(id: u128, version: u64) -> Correction {
    Correction { id: CorrectionId::from_bits(id), version, says: Says::Nothing }
}

/// What a writer finds by these ids, by version.
async fn kept(store: &StorePorts, user: UserId, ids: impl IntoIterator<Item = u128>) -> Vec<Correction> {
    let ids = ids.into_iter().map(CorrectionId::from_bits).collect();
    let mut found = store.writer.corrections(user, ids).await.unwrap();
    found.sort_by_key(|correction| correction.version);
    found
}

async fn of_one_correction_the_greatest_version_is_kept_in_any_order(store: StorePorts) {
    let user = store.register(1).await.id;
    let versions = [
        entry(0, 10, "A", seconds(0, 10)),
        entry(0, 20, "B", seconds(5, 15)),
        entry(0, u64::from(u32::MAX) + 30, "C", seconds(100, 200)),
    ];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (id, order) in (1..).zip(orders) {
        let id = CorrectionId::from_bits(id);
        let told = order.map(|n: usize| Correction { id, ..versions[n].clone() });
        for (n, correction) in told.iter().enumerate() {
            // The last two in one commit, and all again.
            let at_once = if n == 1 { told[1..].to_vec() } else { vec![correction.clone()] };
            store.keep(user, at_once).await;
        }
        let expected = [Correction { id, ..versions[2].clone() }];
        assert_eq!(kept(&store, user, [id.bits()]).await, expected, "{order:?}");
    }
    let found = store.reader.corrections(user, Some(DAY.interval())).await.unwrap();
    assert_eq!(found.len(), orders.len());
    assert!(found.iter().all(|correction| correction.says == versions[2].says));
    assert_eq!(store.reader.corrections(user, Some(seconds(0, 100))).await.unwrap(), []);
}

async fn an_erasure_is_never_replaced(store: StorePorts) {
    let user = store.register(1).await.id;
    let erased = erasure(1, 10, seconds(0, 10));
    store.keep(user, [erased.clone()]).await;
    for later in [entry(1, 20, "A", seconds(0, 10)), deletion(1, 30), entry(1, 5, "A", seconds(0, 99))] {
        store.keep(user, [later]).await;
        assert_eq!(kept(&store, user, [1]).await, std::slice::from_ref(&erased));
        assert_eq!(
            store.reader.corrections(user, Some(DAY.interval())).await.unwrap(),
            std::slice::from_ref(&erased)
        );
    }
    // Nor does it matter which of them comes first.
    store.keep(user, [entry(2, 40, "A", seconds(0, 10))]).await;
    store.keep(user, [erasure(2, 35, seconds(0, 10)), deletion(2, 50)]).await;
    assert_eq!(kept(&store, user, [2]).await, [erasure(2, 35, seconds(0, 10))]);
}

async fn a_deletion_is_kept_and_says_nothing(store: StorePorts) {
    let user = store.register(1).await.id;
    store.keep(user, [entry(1, 10, "A", seconds(0, 10)), deletion(1, 20)]).await;
    // Told again, as after a crash: it does not come back.
    store.keep(user, [entry(1, 10, "A", seconds(0, 10))]).await;
    assert_eq!(kept(&store, user, [1]).await, [deletion(1, 20)]);
    assert_eq!(store.reader.corrections(user, Some(DAY.interval())).await.unwrap(), []);
    assert_eq!(store.day(user, DAY).await.corrections, []);
    // A deletion may come before what it deletes.
    store.keep(user, [deletion(2, 40)]).await;
    store.keep(user, [entry(2, 30, "A", seconds(0, 10))]).await;
    assert_eq!(kept(&store, user, [1, 2]).await, [deletion(1, 20), deletion(2, 40)]);
}

async fn corrections_are_found_by_their_ids(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let hers = [
        entry(1, 10, "A", seconds(0, 10)),
        erasure(u128::MAX, 20, seconds(20, 30)),
        deletion(3, i64::MAX as u64),
    ];
    store.keep(ada, hers.clone()).await;
    // Another's may have the same id.
    store.keep(bob, [entry(1, 5, "B", seconds(0, 10))]).await;
    assert_eq!(kept(&store, ada, [1, 2, 3, u128::MAX]).await, hers);
    assert_eq!(kept(&store, ada, [3]).await, hers[2..]);
    assert_eq!(kept(&store, bob, [1, 2, 3, u128::MAX]).await, [entry(1, 5, "B", seconds(0, 10))]);
    assert_eq!(kept(&store, ada, [2, 4]).await, []);
    assert_eq!(kept(&store, ada, []).await, []);
    assert_eq!(kept(&store, person(3).id, [1]).await, []);
}

async fn corrections_are_found_by_what_they_are_of(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let all = [
        entry(1, 10, "A", seconds(0, 10)),
        erasure(2, 20, seconds(10, 20)),
        entry(3, 30, "A", seconds(-40 * 86_400, 40 * 86_400)),
        deletion(4, 40),
        entry(5, 50, "A", seconds(5, 6)),
    ];
    let mut told = all.clone();
    told.reverse();
    store.keep(ada, told).await;
    store.keep(bob, [entry(9, 60, "B", seconds(0, 20))]).await;
    let at = |ms: i64| DAY.start().plus(ms);
    for (from, to, expected) in [
        (-9, 0, vec![3]),
        (-9, 1, vec![1, 3]),
        (9_999, 10_000, vec![1, 3]),
        (10_000, 10_001, vec![2, 3]),
        (0, 86_400_000, vec![1, 2, 3, 5]),
        (20_000, 20_001, vec![3]),
        (40 * 86_400_000, 41 * 86_400_000, vec![]),
    ] {
        let interval = Interval::new(at(from), at(to)).unwrap();
        let found = store.reader.corrections(ada, Some(interval)).await.unwrap();
        let expected: Vec<_> = expected.into_iter().map(|n: usize| all[n - 1].clone()).collect();
        assert_eq!(found, expected, "{from}..{to}");
    }
    let ever = store.reader.corrections(ada, None).await.unwrap();
    assert_eq!(ever, [&all[..3], &all[4..]].concat());
    for within in [Some(DAY.interval()), None] {
        assert_eq!(store.reader.corrections(person(3).id, within).await.unwrap(), []);
    }
}

async fn a_day_comes_with_the_corrections_of_its_window(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    store.keep(bob, [entry(9, 60, "B", seconds(0, 20))]).await;
    let window = Window::of(DAY).interval();
    let (start, end) = (window.start(), window.end());
    let between = |from, to| Interval::new(from, to).unwrap();
    let inside = [
        // What comes after an erasure stands.
        erasure(4, 5, between(start.plus(-99), end.plus(99))),
        entry(1, 10, "A", between(start.plus(-9), start.plus(1))),
        erasure(2, 20, between(end.plus(-1), end.plus(9))),
        entry(3, 30, "A", seconds(100, 200)),
        erasure(8, 40, seconds(100, 199)),
    ];
    store.keep(ada, [entry(5, 35, "A", between(start.plus(-9), start)), deletion(7, 50)]).await;
    // It is erased wholly, the one around it in part.
    store.keep(ada, [entry(10, 36, "A", seconds(120, 199))]).await;
    store.keep(ada, [erasure(6, 45, between(end, end.plus(9)))]).await;
    store.keep(ada, inside.clone()).await;
    // Of a day that was never written too, and of each of its versions.
    let mut day = WorkedDay::empty(DAY);
    for n in 0..3 {
        let stored = store.day(ada, DAY).await;
        assert_eq!((stored.version, stored.corrections), (n, inside.to_vec()));
        let ping = piece("A", 1_000 * n as i64, 1_000 * n as i64 + 5);
        store.write(ada, [record(&mut day, &[ping])]).await;
    }
    let read = store.reader.days(ada, vec![DAY]).await.unwrap().remove(0);
    assert_eq!(in_order(read).corrections, inside);
    // What they say is whole, not cut to the window; and what has moved comes no more.
    let moved = entry(3, 99, "A", UtcDay(DAY.0 + 3).interval());
    store.keep(ada, [moved.clone()]).await;
    let left: Vec<Correction> = inside.iter().filter(|said| said.id != moved.id).cloned().collect();
    assert_eq!(store.day(ada, DAY).await.corrections, left);
    assert_eq!(store.day(ada, UtcDay(DAY.0 + 3)).await.corrections, [moved]);
}

async fn names_of_corrections_come_back_exactly(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let long = "💻".repeat(255);
    let names = ["App", "app", "'; DROP TABLE corrections; --", "e\u{301}", "é", long.as_str()];
    let mut says = Vec::new();
    for (n, name) in names.into_iter().enumerate() {
        for kinds in 0..8 {
            let activity = Activity {
                app: AppName::new(name).unwrap(),
                domain: (kinds & 1 > 0).then(|| Domain::new("example.org").unwrap()),
                project: (kinds & 2 > 0).then(|| Project::new(name).unwrap()),
                language: (kinds & 4 > 0).then(|| Language::new(name).unwrap()),
            };
            let device = DeviceId::new(["laptop", "Laptop"][n % 2]).unwrap();
            let source = Arc::new(Source { device, activity: Arc::new(activity) });
            says.push(Says::Entry { interval: seconds(0, 1 + n as i64), source });
        }
    }
    let numbered = |says: &[Says]| -> Vec<Correction> {
        let numbers = (1..).zip(says);
        let correction = |(n, says): (u64, &Says)| Correction {
            id: CorrectionId::from_bits(n.into()),
            version: n,
            says: says.clone(),
        };
        numbers.map(correction).collect()
    };
    let hers = numbered(&says);
    says.reverse();
    let his = numbered(&says);
    for (user, theirs) in [(ada, &hers), (bob, &his)] {
        store.keep(user, theirs.clone()).await;
    }
    for (user, theirs) in [(ada, &hers), (bob, &his)] {
        assert_eq!(store.reader.corrections(user, Some(DAY.interval())).await.as_ref(), Ok(theirs));
        assert_eq!(&store.day(user, DAY).await.corrections, theirs);
        assert_eq!(&kept(&store, user, 0..100).await, theirs);
    }
}

async fn corrections_of_a_person_who_is_gone_are_forgotten(store: StorePorts) {
    let (stays, goes) = (store.register(1).await.id, store.register(2).await.id);
    store.keep(goes, [entry(1, 10, "A", seconds(0, 10))]).await;
    store.accounts.delete(goes, NOW).await.unwrap().unwrap();
    let corrections = [stays, goes, person(3).id].map(|user| (user, erasure(2, 20, seconds(0, 10)))).to_vec();
    let from = store.position().await.major;
    let step = LedgerCommit { corrections, ..commit(from, from + 1) };
    assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
    assert_eq!(kept(&store, stays, [1, 2]).await, [erasure(2, 20, seconds(0, 10))]);
    for gone in [goes, person(3).id] {
        assert_eq!(kept(&store, gone, [1, 2]).await, []);
        assert_eq!(store.reader.corrections(gone, Some(DAY.interval())).await.unwrap(), []);
    }
}

async fn corrections_are_kept_with_the_position_or_not_at_all(store: StorePorts) {
    let user = store.register(1).await.id;
    let corrections = vec![(user, entry(1, 10, "A", seconds(0, 10)))];
    let fenced = LedgerCommit { corrections: corrections.clone(), ..commit(7, 8) };
    assert_eq!(store.writer.apply(Arc::new(fenced)).await, Ok(Applied::Fenced));
    let late = DayWrite { from_version: 3, to_version: 4, ..first(&[piece("A", 0, 10)]) };
    let stale = LedgerCommit { corrections: corrections.clone(), days: vec![(user, late)], ..commit(0, 1) };
    assert_eq!(store.writer.apply(Arc::new(stale)).await, Ok(Applied::Stale));
    assert_eq!(kept(&store, user, [1]).await, []);
    assert_eq!(store.reader.corrections(user, Some(DAY.interval())).await.unwrap(), []);
    // Where the position stands still they are kept as well.
    let again = LedgerCommit { corrections, ..commit(0, 0) };
    assert_eq!(store.writer.apply(Arc::new(again)).await, Ok(Applied::Done));
    assert_eq!(kept(&store, user, [1]).await.len(), 1);
}

async fn an_erasure_leaves_nothing_of_what_it_erases(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut day = WorkedDay::empty(DAY);
    let secret = Source::new("secret device", "secret app", Some("secret.example")).unwrap();
    let seen = Piece { source: Arc::clone(&secret), interval: seconds(100, 200) };
    store.write(user, [record(&mut day, &[piece("A", 0, 50), seen.clone()])]).await;
    assert_eq!(store.reader.devices(user).await.unwrap().len(), 2);
    let said = Says::Entry { interval: seconds(120, 150), source: secret };
    let said = Correction { id: CorrectionId::from_bits(1), version: 5, says: said };
    let erased = erasure(2, 10, seconds(60, 300));
    for correction in [said, deletion(1, 8), erased.clone()] {
        let days = day.correct(std::slice::from_ref(&correction)).map(|write| (user, write));
        let from = store.position().await.major;
        let corrections = vec![(user, correction)];
        let step = LedgerCommit { days: days.into_iter().collect(), corrections, ..commit(from, from + 1) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
        day.assert_is(&store.day(user, DAY).await);
    }
    let devices = store.reader.devices(user).await.unwrap();
    assert!(devices.iter().map(|device| device.id.as_str()).eq(["laptop"]), "{devices:?}");
    // Late pings do not bring it back, whatever the worker has forgotten meanwhile.
    let mut again = WorkedDay::of(&store.day(user, DAY).await);
    assert_eq!(again.record(Form::Folded, &[as_use(&seen)]), None);
    let everything = format!("{:?}", store.day(user, DAY).await);
    assert!(!everything.contains("secret"), "{everything}");
}

/// All orders of so few.
fn orders(of: &[Correction]) -> Vec<Vec<Correction>> {
    let [first, rest @ ..] = of else { return vec![Vec::new()] };
    let with_first = |order: Vec<Correction>| {
        (0..of.len()).map(move |at| {
            let mut order = order.clone();
            order.insert(at, first.clone());
            order
        })
    };
    orders(rest).into_iter().flat_map(with_first).collect()
}

async fn an_entry_wholly_under_newer_erasures_leaves_its_version_in_any_order(store: StorePorts) {
    let secret = Source::new("secret device", "secret app", Some("secret.example")).unwrap();
    let says = Says::Entry { interval: seconds(10, 50), source: secret };
    let erased = Correction { id: CorrectionId::from_bits(1), version: 20, says };
    let told = [
        erased.clone(),
        erasure(2, 30, seconds(0, 30)),
        erasure(3, 40, seconds(30, 60)),
        entry(4, 25, "cut short", seconds(50, 61)),
    ];
    let said_later = entry(5, 35, "said later", seconds(20, 25));
    let [_, first, last, cut_short] = told.clone();
    let left = [erased.without_words(), cut_short, first, said_later.clone(), last];
    for (n, order) in (1..).zip(orders(&told)) {
        let user = store.register(n).await.id;
        // One by one, and some in one commit.
        let (alone, at_once) = order.split_at(n as usize % order.len());
        store.keep(user, [said_later.clone()]).await;
        for correction in alone {
            store.keep(user, [correction.clone()]).await;
        }
        store.keep(user, at_once.to_vec()).await;
        // Told again, as after a crash, it does not come back.
        store.keep(user, order.clone()).await;
        assert_eq!(kept(&store, user, 1..6).await, left, "{order:?}");
        let found = store.reader.corrections(user, None).await.unwrap();
        assert_eq!(found, left[1..], "{order:?}");
        assert_eq!(store.day(user, DAY).await.corrections, left[1..], "{order:?}");
        let devices = store.reader.devices(user).await.unwrap();
        assert!(!devices.iter().any(|device| device.id.as_str() == "secret device"), "{order:?}");
    }
}

async fn an_erased_entry_is_known_and_may_say_something_else(store: StorePorts) {
    let user = store.register(1).await.id;
    store.keep(user, [entry(1, 10, "A", seconds(0, 10)), erasure(2, 20, seconds(0, 10))]).await;
    // An older version, which nothing covers, comes too late.
    store.keep(user, [entry(1, 5, "B", seconds(50, 60))]).await;
    assert_eq!(kept(&store, user, [1]).await, [deletion(1, 10)]);
    // So does one that is newer, and erased as well.
    store.keep(user, [entry(1, 15, "B", seconds(5, 6))]).await;
    assert_eq!(kept(&store, user, [1]).await, [deletion(1, 15)]);
    let again = entry(1, 30, "C", seconds(0, 10));
    store.keep(user, [again.clone()]).await;
    assert_eq!(kept(&store, user, [1]).await, [again]);
    // Another's erasure is none of theirs.
    let other = store.register(2).await.id;
    store.keep(other, [erasure(3, 90, seconds(0, 99))]).await;
    assert_eq!(kept(&store, user, [1]).await.len(), 1);
    assert_eq!(store.reader.corrections(user, None).await.unwrap().len(), 2);
}
