//! The watchers' own sequences: as they were recorded, and as their programs make them from what a person does.
//! Whatever becomes of the traffic on its way, the timeline is the same.

use std::collections::BTreeMap;

use dayline_app::identity::caller::Caller;
use dayline_http_kit::instant;

use crate::support::{MINUTE, Server, Shown, Tracker};

/// A heartbeat: to which bucket, and the event.
type Beat = (&'static str, String);

const WINDOWS: &str = "aw-watcher-window_laptop";
const PRESENCE: &str = "aw-watcher-afk_laptop";
const PAGES: &str = "aw-watcher-web-firefox_laptop";

fn event(start_ms: i64, length_ms: i64, data: &str) -> String {
    let timestamp = instant::utc(MINUTE.plus(start_ms));
    format!(
        r#"{{"id": null, "timestamp": "{timestamp}", "duration": {}, "data": {data}}}"#,
        length_ms as f64 / 1_000.0
    )
}

fn window(app: &str, start_ms: i64, length_ms: i64) -> Beat {
    (WINDOWS, event(start_ms, length_ms, &format!(r#"{{"app": "{app}", "title": "secret title"}}"#)))
}

fn presence(status: &str, start_ms: i64, length_ms: i64) -> Beat {
    (PRESENCE, event(start_ms, length_ms, &format!(r#"{{"status": "{status}"}}"#)))
}

fn page(url: &str, at_ms: i64) -> Beat {
    let data =
        format!(r#"{{"url": "{url}", "title": "t", "audible": false, "incognito": false, "tabCount": 3}}"#);
    (PAGES, event(at_ms, 0, &data))
}

/// Somebody's computer with all its watchers.
async fn desktop(server: &Server) -> (Caller, Tracker<'_>) {
    // Its day ends in the past.
    server.fake.clock.advance(3_600_000);
    let ada = server.person("ada").await;
    let watchers = server.tracker(&ada).await;
    watchers.open_both("laptop").await;
    watchers.open(PAGES, "aw-client-web", "web.tab.current", "laptop").await;
    (ada, watchers)
}

async fn send(watchers: &Tracker<'_>, beats: impl IntoIterator<Item = Beat>) {
    for (bucket, event) in beats {
        let reply = watchers.beat(bucket, &event).await;
        assert_eq!(reply.status, 200, "{event}: {reply:?}");
    }
}

/// The timeline of this traffic on a server of its own.
async fn timeline_of(beats: Vec<Beat>) -> Vec<Shown> {
    let server = Server::new();
    let (ada, watchers) = desktop(&server).await;
    send(&watchers, beats).await;
    server.timeline(&ada).await.0
}

/// The same in another order that is always the same.
fn shuffled(mut beats: Vec<Beat>) -> Vec<Beat> {
    let mut state = 0x9E37_79B9_u32;
    for last in (1..beats.len()).rev() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        beats.swap(last, state as usize % (last + 1));
    }
    beats
}

fn doubled(beats: &[Beat]) -> Vec<Beat> {
    shuffled(beats.iter().chain(beats).cloned().collect())
}

/// All of this bucket before all others.
fn first(bucket: &str, beats: &[Beat]) -> Vec<Beat> {
    let (first, rest): (Vec<_>, Vec<_>) = beats.iter().cloned().partition(|(of, _)| *of == bucket);
    [first, rest].concat()
}

/// What the window and AFK watchers sent on 2026-11-23, with a timeout of 6 s: nobody touched anything but for one
/// key. An event of the AFK watcher is older than the one before, and one of no length is among them.
fn recorded() -> Vec<Beat> {
    vec![
        window("XTerm", 22_969, 5_009),
        presence("not-afk", 22_730, 212),
        window("XTerm", 27_978, 1_006),
        presence("afk", 22_943, 8_007),
        presence("afk", 22_943, 10_009),
        presence("afk", 32_952, 0),
        presence("not-afk", 32_953, 0),
        window("XTerm", 29_989, 5_009),
        presence("not-afk", 32_952, 0),
        presence("afk", 32_953, 8_010),
    ]
}

#[tokio::test]
async fn the_recorded_watchers_say_that_somebody_was_there_for_a_key_s_length() {
    let shown = timeline_of(recorded()).await;
    assert_eq!(shown, [("laptop".to_owned(), "XTerm".to_owned(), None, 32_952, 32_954)]);
}

/// What a person does: for how many seconds, in which app, on which page, and whether they touch anything.
const DAY: [(i64, &str, &str, bool); 9] = [
    (95, "Editor", "", true),
    (40, "firefox", "https://docs.example/a?q=secret", true),
    (61, "Terminal", "", true),
    (300, "Editor", "", true),
    (420, "Editor", "", false),
    (30, "Mail", "", true),
    (200, "firefox", "https://news.example/x", true),
    (3, "Chat", "", true),
    (90, "Editor", "", true),
];

/// What `aw-watcher-window` and `aw-client` make of it: a look each second, looks that are alike merged in the
/// client, and sent when something else is seen or there are ten seconds of them. What is left at the end never leaves.
fn windows() -> Vec<Beat> {
    let looks = DAY.iter().flat_map(|(seconds, app, ..)| std::iter::repeat_n(*app, *seconds as usize));
    let (mut beats, mut pending) = (Vec::new(), None::<(&str, i64, i64)>);
    for (app, at) in looks.zip((0..).map(|look| look * 1_005)) {
        pending = Some(match pending {
            Some((last, start, end)) if last == app && end - start < 10_000 => (last, start, at),
            Some((last, start, _)) if last == app => {
                beats.push(window(last, start, at - start));
                (app, at, at)
            }
            Some((last, start, end)) => {
                beats.push(window(last, start, end - start));
                (app, at, at)
            }
            None => (app, at, at),
        });
    }
    beats
}

/// What `aw-watcher-afk` makes of it: a look each five seconds, away after 180 s without input, back-dated to it and
/// sent again with each look.
fn presences() -> Vec<Beat> {
    let mut beats = Vec::new();
    let touches: Vec<bool> = DAY
        .iter()
        .flat_map(|(seconds, .., touched)| std::iter::repeat_n(*touched, *seconds as usize))
        .collect();
    let (mut last_input, mut is_away) = (0, false);
    for (second, touched) in touches.iter().enumerate() {
        let now = second as i64 * 1_005;
        if *touched {
            last_input = now;
        }
        if second % 5 != 0 {
            continue;
        }
        let idle = now - last_input;
        match (is_away, idle) {
            (true, ..5_000) => {
                beats.push(presence("afk", last_input, 0));
                beats.push(presence("not-afk", last_input + 1, 0));
                is_away = false;
            }
            (false, ..180_000) => beats.push(presence("not-afk", last_input, 0)),
            _ => {
                beats.push(presence("afk", last_input + 1, idle));
                is_away = true;
            }
        }
    }
    beats
}

/// What `aw-watcher-web` makes of it: each minute and at each change, the old page at the last instant before.
fn pages() -> Vec<Beat> {
    let (mut beats, mut at, mut shown) = (Vec::new(), 0, "https://start.example/");
    for (seconds, _, url, _) in DAY {
        if !url.is_empty() {
            beats.extend([page(shown, at - 1), page(url, at)]);
            shown = url;
        }
        let end = at + seconds * 1_005;
        beats.extend((at / 60_000 + 1..=end / 60_000).map(|minute| page(shown, minute * 60_000)));
        at = end;
    }
    beats
}

/// All of it, by when it began.
fn traffic() -> Vec<Beat> {
    let mut beats = [windows(), presences(), pages()].concat();
    beats.sort_by_key(|(_, event)| event.find("timestamp").map(|at| event[at..at + 40].to_owned()));
    beats
}

#[tokio::test]
async fn each_app_and_page_has_its_time_to_within_a_look_and_a_half() {
    let shown = timeline_of(traffic()).await;
    let mut seconds = BTreeMap::<(String, Option<String>), i64>::new();
    for (_, app, domain, start, end) in shown {
        *seconds.entry((app, domain)).or_default() += end - start;
    }
    let mut truth = BTreeMap::<(String, Option<String>), i64>::new();
    for (seconds, app, url, touched) in DAY {
        let domain = url.split('/').nth(2).map(str::to_owned);
        *truth.entry((app.to_owned(), domain)).or_default() += if touched { seconds * 1_005 } else { 0 };
    }
    for (what, expected) in &truth {
        let found = seconds.get(what).copied().unwrap_or_default();
        // The client keeps up to ten seconds of the last app for good.
        let spare = if what.0 == "Editor" { 10_000 } else { 0 };
        assert!(
            (expected - 2_500 - spare..=expected + 2_500).contains(&found),
            "{what:?}: {found} of {expected} ms"
        );
    }
    assert_eq!(seconds.len(), truth.len(), "{seconds:?}");
}

#[tokio::test]
async fn order_and_repetition_on_the_way_change_nothing() {
    for beats in [recorded(), traffic()] {
        let expected = timeline_of(beats.clone()).await;
        for (how, other) in [
            ("shuffled", shuffled(beats.clone())),
            ("doubled", doubled(&beats)),
            ("windows first", first(WINDOWS, &beats)),
            ("presence first", first(PRESENCE, &beats)),
            ("backwards", beats.iter().rev().cloned().collect()),
        ] {
            assert_eq!(timeline_of(other).await, expected, "{how}");
        }
    }
}

#[tokio::test]
async fn what_comes_again_changes_no_version() {
    let server = Server::new();
    let (ada, watchers) = desktop(&server).await;
    send(&watchers, traffic()).await;
    let before = server.timeline(&ada).await;
    send(&watchers, doubled(&traffic())).await;
    assert_eq!(server.timeline(&ada).await, before);
}

#[tokio::test]
async fn nothing_of_titles_and_addresses_is_in_the_log() {
    let server = Server::new();
    let (_, watchers) = desktop(&server).await;
    send(&watchers, traffic()).await;
    let start = dayline_app::ports::Position::START;
    let log = server
        .fake
        .app
        .ping_log
        .read_after(dayline_app::ports::Partition(0), start, usize::MAX)
        .await
        .unwrap();
    let text = format!("{:?}", log.entries);
    for entry in &log.entries {
        let dayline_app::ports::Payload::Records(bytes) = &entry.payload else { panic!("{entry:?}") };
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("secret"), "{text}");
    }
    assert!(!log.entries.is_empty() && !text.contains("secret"));
}
