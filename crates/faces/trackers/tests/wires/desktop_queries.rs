//! The whole queries of ActivityWatch's reports: that of aw-client, and that of the pages of its server.

use serde_json::{Value, json};

use crate::queries::{answer, client, event, post};
use crate::support::{Server, Tracker};

/// Five minutes and a half of an editor, two browsers and a chat, of which the last two are without a hand on the keyboard.
async fn worked(server: &Server) -> Tracker<'_> {
    let client = client(server).await;
    for browser in ["firefox", "chrome"] {
        client.open(&format!("aw-watcher-web-{browser}_pc"), "aw-client-web", "web.tab.current", "pc").await;
    }
    client.open("aw-stopwatch", "aw-webui", "general.stopwatch", "pc").await;
    let window = |second, seconds, app: &str, title: &str| {
        event(second, seconds, &json!({"app": app, "title": title}))
    };
    let windows = json!([
        window(0, 100, "Editor", "lib.rs - dayline"),
        window(100, 100, "firefox-esr", "dayline/dayline · GitHub"),
        window(200, 100, "Google-chrome", "A talk - YOUTUBE"),
        window(300, 30, "Slack", "#general"),
    ]);
    post(&client, "aw-watcher-window_pc", &windows).await;
    let afk = |second, seconds, status: &str| event(second, seconds, &json!({"status": status}));
    post(&client, "aw-watcher-afk_pc", &json!([afk(0, 220, "not-afk"), afk(220, 110, "afk")])).await;
    let tab = |second, seconds, url: &str, audible: bool| {
        let data =
            json!({"url": url, "title": "a tab", "audible": audible, "incognito": false, "tabCount": 3});
        event(second, seconds, &data)
    };
    let tabs = json!([
        tab(100, 50, "https://www.github.com/dayline/dayline", false),
        tab(150, 130, "https://docs.rs/regex?search=x", false),
    ]);
    post(&client, "aw-watcher-web-firefox_pc", &tabs).await;
    let tabs = json!([tab(200, 90, "https://www.youtube.com/watch?v=x", true)]);
    post(&client, "aw-watcher-web-chrome_pc", &tabs).await;
    post(&client, "aw-stopwatch", &json!([event(10, 20, &json!({"label": "tea", "running": false}))])).await;
    client
}

/// Rules as people write them; backslashes come as clients send them.
const RULES: &str = r#"[[["Work"], {"type": "regex", "regex": "GitHub|Slack"}],
  [["Work", "Code"], {"type": "regex", "regex": "\.rs\b|\.(c|py)$", "select_keys": ["title"]}],
  [["Media", "Video"], {"type": "regex", "regex": "youtube|^Plex", "ignore_case": true}],
  [["Media"], {"type": "none"}]]"#;

/// A member of each event with how long it takes.
fn told(events: &Value, member: &str) -> Value {
    events.as_array().unwrap().iter().map(|event| json!([event["data"][member], event["duration"]])).collect()
}

#[tokio::test]
async fn aw_client_s_events_are_cut_to_when_somebody_was_there_and_have_categories() {
    let server = Server::new();
    let client = worked(&server).await;
    let report = answer(
        &client,
        &format!(
            r#"events = flood(query_bucket(find_bucket("aw-watcher-window_")));
not_afk = flood(query_bucket(find_bucket("aw-watcher-afk_")));
not_afk = filter_keyvals(not_afk, "status", ["not-afk"]);
browser_events = [];
events_chrome = flood(query_bucket("aw-watcher-web-chrome_pc"));
window_chrome = filter_keyvals(events, "app", ["Google Chrome", "Google-chrome"]);
events_chrome = filter_period_intersect(events_chrome, window_chrome);
events_chrome = split_url_events(events_chrome);
browser_events = concat(browser_events, events_chrome);
browser_events = sort_by_timestamp(browser_events);
audible_events = filter_keyvals(browser_events, "audible", [true]);
not_afk = period_union(not_afk, audible_events);
events = filter_period_intersect(events, not_afk);
events = categorize(events, {RULES});
all = events;
events = filter_keyvals(events, "$category", [["Work"], ["Work", "Code"]]);
RETURN = {{"all": all, "events": events, "tagged": tag(events, [["rust", {{"regex": "\.rs"}}]])}};"#
        ),
    )
    .await;
    let work = [json!([["Work", "Code"], 100.0]), json!([["Work"], 100.0])];
    assert_eq!(told(&report["events"], "$category"), json!(work));
    assert_eq!(told(&report["all"], "$category"), json!([work[0], work[1], [["Media", "Video"], 90.0]]));
    assert_eq!(told(&report["tagged"], "$tags"), json!([[["rust"], 100.0], [[], 100.0]]));
    let first = json!({"app": "Editor", "title": "lib.rs - dayline", "$category": ["Work", "Code"]});
    assert_eq!(report["events"][0]["data"], first);
}

#[tokio::test]
async fn the_pages_of_an_activitywatch_server_get_their_whole_day() {
    let server = Server::new();
    let client = worked(&server).await;
    let browser = |name: &str, pattern: &str| {
        format!(
            r#"events_{name} = flood(query_bucket("aw-watcher-web-{name}_pc"));
window_{name} = filter_keyvals(events, "app", ["org.example.{name}"]);
window_{name}_re = filter_keyvals_regex(events, "app", "{pattern}");
window_{name} = sort_by_timestamp(concat(window_{name}, window_{name}_re));
events_{name} = filter_period_intersect(events_{name}, window_{name});
events_{name} = split_url_events(events_{name});
browser_events = concat(browser_events, events_{name});
browser_events = sort_by_timestamp(browser_events);"#
        )
    };
    let browsers = [
        browser("chrome", r"(?i)^(google[-_ ]?chrome|chromium|arc(\\.exe)?$)"),
        browser("firefox", "(?i)(firefox|nightly)"),
    ];
    let by = |name: &str, events: &str, keys: &str| {
        format!("{name} = limit_events(sort_by_duration(merge_events_by_keys({events}, {keys})), 100);")
    };
    let query = format!(
        r#"events = flood(query_bucket("aw-watcher-window_pc"));
not_afk = flood(query_bucket("aw-watcher-afk_pc"));
not_afk = filter_keyvals(not_afk, "status", ["not-afk"]);
not_treat_as_afk = filter_keyvals_regex(events, "title", "^#\w+$");
not_afk = period_union(not_afk, not_treat_as_afk);
browser_events = [];
{}
audible_events = filter_keyvals(browser_events, "audible", [true]);
not_afk = period_union(not_afk, audible_events);
events = filter_period_intersect(events, not_afk);
stopwatch_events = query_bucket("aw-stopwatch");
events = union_no_overlap(stopwatch_events, events);
events = categorize(events, {RULES});
{}
browser_events = split_url_events(browser_events);
RETURN = {{"apps": app_events, "cats": cat_events, "active": not_afk, "duration": sum_durations(events),
  "domains": domains, "urls": urls, "stopwatch": stopwatch}};"#,
        browsers.join("\n"),
        [
            by("title_events", "events", r#"["app", "title"]"#),
            by("app_events", "title_events", r#"["app"]"#),
            by("cat_events", "events", r#"["$category"]"#),
            by("urls", "browser_events", r#"["url"]"#),
            by("domains", "browser_events", r#"["$domain"]"#),
            by("stopwatch", "stopwatch_events", r#"["label"]"#),
        ]
        .join("\n"),
    );
    let report = answer(&client, &query).await;
    let apps = json!([["firefox-esr", 100.0], ["Google-chrome", 90.0], ["Editor", 80.0], ["Slack", 30.0]]);
    assert_eq!(told(&report["apps"], "app"), apps);
    let categories = json!([
        [["Work"], 130.0],
        [["Media", "Video"], 90.0],
        [["Work", "Code"], 80.0],
        [["Uncategorized"], 20.0],
    ]);
    assert_eq!(told(&report["cats"], "$category"), categories);
    assert_eq!(report["duration"], json!(320.0));
    assert_eq!(told(&report["active"], "none"), json!([[null, 290.0], [null, 30.0]]));
    assert_eq!(told(&report["stopwatch"], "label"), json!([["tea", 20.0]]));
    let domains = json!([["youtube.com", 90.0], ["github.com", 50.0], ["docs.rs", 50.0]]);
    assert_eq!(told(&report["domains"], "$domain"), domains);
    assert_eq!(report["urls"].as_array().unwrap().len(), 3);
}
