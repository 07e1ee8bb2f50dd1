//! Names come back exactly, whatever they are of, and whosever they are.

use std::sync::Arc;

use dayline_app::ports::{DayWrite, StateWrite};
use dayline_domain::{
    Activity, AppName, DaySums, DeviceId, Domain, Interval, Language, Observation, Piece, Project, Seen,
    Source, Subject, UserId, UtcMs,
};

use crate::suites::Fact;
use crate::suites::store::StorePorts;
use crate::suites::worked_day::{DAY, added, by_hand, sorted};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("names_of_what_counts_come_back_exactly", |s| {
        Box::pin(names_of_what_counts_come_back_exactly(s))
    }),
    Fact::new("names_of_all_kinds_of_observations_come_back_exactly", |s| {
        Box::pin(names_of_all_kinds_of_observations_come_back_exactly(s))
    }),
    Fact::new("names_of_all_kinds_come_back_from_what_is_recent", |s| {
        Box::pin(names_of_all_kinds_come_back_from_what_is_recent(s))
    }),
    Fact::new("equal_names_of_two_people_do_not_mix", |s| Box::pin(equal_names_of_two_people_do_not_mix(s))),
];

/// Names that a store could take for each other, cut off, or trip over.
fn names() -> Vec<String> {
    let odd = [
        "App",
        "app",
        "APP",
        "ap",
        "a\u{a0}b",
        "Caf\u{e9} — ‏עברית 💻\u{202e}",
        "Cafe\u{301} — ‏עברית 💻\u{202e}",
        "'; DROP TABLE sources; --",
        "%27",
        "\\N",
        "NULL",
        "{}",
        "\"a\",b",
        // Of devices the white space is kept.
        " spaces kept ",
    ];
    let long = ["x".repeat(255), "X".repeat(255), "💻".repeat(255)];
    odd.into_iter().map(str::to_owned).chain(long).collect()
}

/// Devices have names of their own length.
fn device(name: &str) -> DeviceId {
    DeviceId::new(&name.chars().take(128).collect::<String>()).unwrap()
}

/// Each name, and none.
fn each<T>(names: &[String], parse: impl Fn(&str) -> T) -> Vec<Option<T>> {
    [None].into_iter().chain(names.iter().map(|name| Some(parse(name)))).collect()
}

fn domains() -> Vec<Option<Domain>> {
    let names = ["example.org", "examples.org", "xn--mller-kva.example:", "%27", "10.0.0.1", "[::1]"];
    each(&names.map(str::to_owned), |name| Domain::new(name).unwrap())
}

fn projects() -> Vec<Option<Project>> {
    each(&names(), |name| Project::new(name).unwrap())
}

fn languages() -> Vec<Option<Language>> {
    each(&names(), |name| Language::new(name).unwrap())
}

fn apps() -> Vec<AppName> {
    names().iter().map(|name| AppName::new(name).unwrap()).collect()
}

/// Sources that differ in one name each.
fn sources() -> Vec<Arc<Source>> {
    let plain = || Activity::of(AppName::new("App").unwrap());
    let mut activities: Vec<Activity> = apps().into_iter().map(Activity::of).collect();
    activities.extend(domains().into_iter().map(|domain| Activity { domain, ..plain() }));
    activities.extend(projects().into_iter().map(|project| Activity { project, ..plain() }));
    activities.extend(languages().into_iter().map(|language| Activity { language, ..plain() }));
    // The same texts in all combinations of being there.
    for n in 0..8 {
        let domain = (n & 1 > 0).then(|| Domain::new("one").unwrap());
        let project = (n & 2 > 0).then(|| Project::new("one").unwrap());
        let language = (n & 4 > 0).then(|| Language::new("one").unwrap());
        activities.push(Activity { app: AppName::new("one").unwrap(), domain, project, language });
    }
    let source = |device, activity| Arc::new(Source { device, activity: Arc::new(activity) });
    let mut sources: Vec<_> =
        activities.into_iter().map(|activity| source(device("App"), activity)).collect();
    sources.extend(names().iter().map(|name| source(device(name), plain())));
    sources.sort();
    sources.dedup();
    sources
}

/// Subjects of all kinds that differ in one name each.
fn subjects() -> Vec<Arc<Subject>> {
    let mut seen = vec![Seen::Away, Seen::Here];
    let plain = || AppName::new("App").unwrap();
    for app in apps() {
        seen.push(Seen::Use { app: app.clone(), domain: None, project: None });
        seen.push(Seen::Beat { app: app.clone(), project: None, language: None });
        seen.extend([false, true].map(|audible| Seen::Page { browser: app.clone(), domain: None, audible }));
    }
    for domain in domains() {
        seen.push(Seen::Use { app: plain(), domain: domain.clone(), project: None });
        seen.extend([false, true].map(|audible| Seen::Page {
            browser: plain(),
            domain: domain.clone(),
            audible,
        }));
    }
    for project in projects() {
        let domain = Some(Domain::new("example.org").unwrap());
        seen.push(Seen::Use { app: plain(), domain: None, project: project.clone() });
        seen.push(Seen::Use { app: plain(), domain, project: project.clone() });
        seen.push(Seen::Beat { app: plain(), project, language: None });
    }
    for language in languages() {
        let project = Some(Project::new("App").unwrap());
        seen.push(Seen::Beat { app: plain(), project: None, language: language.clone() });
        seen.push(Seen::Beat { app: plain(), project, language });
    }
    let subject = |device, seen| Arc::new(Subject { device, seen });
    let mut subjects: Vec<_> = seen.into_iter().map(|seen| subject(device("App"), seen)).collect();
    for name in names() {
        subjects.extend([Seen::Away, Seen::Here].map(|seen| subject(device(&name), seen)));
    }
    subjects.sort();
    subjects.dedup();
    subjects
}

/// The `n`-th second of the day.
fn nth(n: usize) -> Interval {
    let start: UtcMs = DAY.start().plus(1_000 * n as i64);
    Interval::new(start, start.plus(1_000)).unwrap()
}

fn pieces(sources: Vec<Arc<Source>>) -> Vec<Piece> {
    (0..).map(nth).zip(sources).map(|(interval, source)| Piece { source, interval }).collect()
}

fn observations(subjects: Vec<Arc<Subject>>) -> Vec<Observation> {
    (0..).map(nth).zip(subjects).map(|(interval, subject)| Observation::new(subject, interval)).collect()
}

/// A first write of the day with these pieces, the last of them as the tail, and observations.
fn write(mut pieces: Vec<Piece>, observations: Vec<Observation>) -> DayWrite {
    let sums = DaySums::of(DAY, &pieces);
    let tail = pieces.pop();
    let state = StateWrite::Folded { hours: vec![(2, observations)], sums };
    DayWrite { state, ..by_hand(0, added(pieces), tail) }
}

async fn names_of_what_counts_come_back_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let counted = pieces(sources());
    assert!(counted.len() > 60);
    store.write(user, [write(counted.clone(), Vec::new())]).await;
    assert_eq!(store.day(user, DAY).await.counted, counted);
    assert_eq!(store.reader.read(user, DAY.interval()).await.unwrap().counted, counted);
    let summed = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
    assert_eq!((summed.sums, summed.counted), (vec![DaySums::of(DAY, &counted)], vec![]));
    let devices = store.reader.devices(user).await.unwrap();
    let mut expected: Vec<DeviceId> = names().iter().map(|name| device(name)).collect();
    expected.sort();
    assert!(devices.into_iter().map(|device| device.id).eq(expected));
}

async fn names_of_all_kinds_of_observations_come_back_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let seen = observations(subjects());
    assert!(seen.len() > 150);
    store.write(user, [write(Vec::new(), seen.clone())]).await;
    assert_eq!(store.day(user, DAY).await.observations, sorted(&seen));
}

async fn names_of_all_kinds_come_back_from_what_is_recent(store: StorePorts) {
    let user = store.register(1).await.id;
    for (version, part) in (0..).zip(observations(subjects()).chunks(7)) {
        let write = by_hand(version, added([]), None);
        store.write(user, [DayWrite { state: StateWrite::Recent(part.to_vec()), ..write }]).await;
        let day = store.day(user, DAY).await;
        assert_eq!((day.recent, day.observations), (sorted(part), sorted(part)));
    }
}

/// Two people learn the same names in opposite orders, so that whatever a store numbers them by is
/// not the same for both.
async fn equal_names_of_two_people_do_not_mix(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let (mut sources, mut subjects) = (sources(), subjects());
    let hers = (pieces(sources.clone()), observations(subjects.clone()));
    sources.reverse();
    subjects.reverse();
    let his = (pieces(sources), observations(subjects));
    let days = [(ada, write(hers.0.clone(), hers.1.clone())), (bob, write(his.0.clone(), his.1.clone()))];
    store.apply(days.to_vec()).await.unwrap();
    for (user, (counted, seen)) in [(ada, &hers), (bob, &his)] {
        assert_named(&store, user, counted, seen).await;
    }
    // And one keeps theirs when the other is gone.
    store.accounts.delete(ada, UtcMs(0)).await.unwrap().unwrap();
    assert_named(&store, bob, &his.0, &his.1).await;
}

async fn assert_named(store: &StorePorts, user: UserId, counted: &[Piece], seen: &[Observation]) {
    let day = store.day(user, DAY).await;
    assert_eq!((day.counted, day.observations), (counted.to_vec(), sorted(seen)));
    let summed = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
    assert_eq!(summed.sums, [DaySums::of(DAY, counted)]);
}
