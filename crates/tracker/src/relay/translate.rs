//! From an event of a watcher to an observation, each alone: what needs a neighbour is the timeline rule's.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::bucket::Bucket;
use crate::clock::whole_ms;
use crate::device::Computer;
use crate::observation::{Observation, Seen};
use crate::rules::Rules;

/// An event as watchers send it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Event {
    timestamp: Timestamp,
    /// Seconds.
    #[serde(default)]
    duration: f64,
    data: Data,
}

/// What an event may say. Anything else is not even read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Data {
    app: Value,
    title: Value,
    url: Value,
    status: Value,
    audible: Value,
    incognito: Value,
}

/// A year: whoever says longer has a broken clock.
const LONGEST_S: f64 = 366.0 * 86_400.0;

impl Event {
    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        if (0.0..=LONGEST_S).contains(&self.duration) {
            return Ok(());
        }
        Err(format!("duration {} must be from 0 to a year, in seconds", self.duration))
    }

    fn end(&self) -> Timestamp {
        let seconds = jiff::SignedDuration::from_secs_f64(self.duration);
        self.timestamp.checked_add(seconds).unwrap_or(self.timestamp)
    }
}

/// The observation that an event of this bucket is; `None` if nothing is told of it.
pub(super) fn observe(
    id: &str,
    bucket: &Bucket,
    event: &Event,
    rules: &Rules,
    computer: &Computer,
) -> Option<Observation> {
    let seen = match bucket.kind.as_str() {
        "currentwindow" => window(&event.data, rules),
        "afkstatus" => presence(&event.data),
        "web.tab.current" => page(id, &event.data, rules),
        _ => None,
    };
    Some(Observation {
        seen: seen?,
        start_time: whole_ms(event.timestamp),
        end_time: whole_ms(event.end()),
        device_id: computer.meant_by(&bucket.hostname),
    })
}

fn window(data: &Data, rules: &Rules) -> Option<Seen> {
    let app_name = rules.app(data.app.as_str()?)?;
    let project = data.title.as_str().and_then(|title| rules.project(&app_name, title));
    let domain = data.url.as_str().and_then(|url| rules.domain(url));
    Some(Seen::Use { app_name, domain, project })
}

fn presence(data: &Data) -> Option<Seen> {
    match data.status.as_str()? {
        "afk" => Some(Seen::Away),
        "not-afk" => Some(Seen::Here),
        _ => None,
    }
}

fn page(id: &str, data: &Data, rules: &Rules) -> Option<Seen> {
    let app_name = rules.app(browser(id)?)?;
    let incognito = data.incognito.as_bool().unwrap_or(false);
    let domain = data.url.as_str().filter(|_| !incognito).and_then(|url| rules.domain(url));
    Some(Seen::Page { app_name, domain, audible: data.audible.as_bool().unwrap_or(false) })
}

/// The browser in the name of a bucket: `aw-watcher-web-firefox`, `aw-watcher-web-firefox_laptop`.
fn browser(id: &str) -> Option<&str> {
    let named = id.strip_prefix("aw-watcher-web-")?;
    let browser = named.split_once('_').map_or(named, |(browser, _)| browser);
    (browser != "unknown").then_some(browser)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bucket(kind: &str, hostname: &str) -> Bucket {
        let text = |text: &str| text.to_owned();
        Bucket { kind: text(kind), client: text("test"), hostname: text(hostname), created: None }
    }

    fn rules() -> Rules {
        let project: Vec<crate::rules::ProjectRule> =
            serde_json::from_value(json!([{"title": "dayline", "project": "Dayline"}])).unwrap();
        Rules::new(&["KeePassXC".to_owned()], &["bank.example".to_owned()], project).unwrap()
    }

    fn translated(id: &str, bucket: &Bucket, event: Value) -> Option<Value> {
        let event: Event = serde_json::from_value(event).unwrap();
        event.check().unwrap();
        let computer = Computer::named(crate::device::chosen("desk").unwrap());
        let observation = observe(id, bucket, &event, &rules(), &computer)?;
        Some(serde_json::from_str(&observation.to_line()).unwrap())
    }

    fn event(data: &Value) -> Value {
        json!({"id": null, "timestamp": "2026-11-23T13:52:22.969000+00:00", "duration": 5.009, "data": data})
    }

    fn with(what: &Value, device: &str) -> Value {
        let mut whole = json!({
            "start_time": "2026-11-23T13:52:22.969Z", "end_time": "2026-11-23T13:52:27.978Z", "device_id": device,
        });
        whole.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        whole
    }

    #[test]
    fn a_window_is_a_use_without_its_title() {
        let windows = bucket("currentwindow", "Laptop.local");
        let secret = translated("w", &windows, event(&json!({"app": "XTerm", "title": "secret plan"})));
        assert_eq!(secret.unwrap(), with(&json!({"kind": "use", "app_name": "XTerm"}), "laptop"));
        let ruled = translated("w", &windows, event(&json!({"app": "Code", "title": "main.rs - Dayline"})));
        assert_eq!(
            ruled.unwrap(),
            with(&json!({"kind": "use", "app_name": "Code", "project": "Dayline"}), "laptop")
        );
        let page = event(&json!({"app": "Safari", "title": "t", "url": "https://www.example.org/path?q"}));
        let expected = with(&json!({"kind": "use", "app_name": "Safari", "domain": "example.org"}), "laptop");
        assert_eq!(translated("w", &windows, page).unwrap(), expected);
    }

    #[test]
    fn presence_is_away_or_here() {
        let afk = bucket("afkstatus", "unknown");
        assert_eq!(
            translated("a", &afk, event(&json!({"status": "afk"}))).unwrap(),
            with(&json!({"kind": "away"}), "desk")
        );
        assert_eq!(
            translated("a", &afk, event(&json!({"status": "not-afk"}))).unwrap(),
            with(&json!({"kind": "here"}), "desk")
        );
    }

    #[test]
    fn a_tab_is_a_page_of_the_browser_in_the_name_of_the_bucket() {
        let web = bucket("web.tab.current", "laptop");
        let tab = |url: &str, incognito: bool| {
            event(&json!({"url": url, "title": "t", "audible": true, "incognito": incognito, "tabCount": 3}))
        };
        let page = |browser: &str, domain: Value| {
            with(&json!({"kind": "page", "app_name": browser, "domain": domain, "audible": true}), "laptop")
        };
        for (id, url, incognito, expected) in [
            (
                "aw-watcher-web-firefox_laptop",
                "https://example.org/a?b",
                false,
                page("firefox", json!("example.org")),
            ),
            ("aw-watcher-web-chrome", "https://example.org/a?b", true, page("chrome", json!(null))),
            ("aw-watcher-web-chrome", "https://my.bank.example/", false, page("chrome", json!(null))),
            ("aw-watcher-web-brave_my_host", "about:newtab", false, page("brave", json!(null))),
        ] {
            assert_eq!(translated(id, &web, tab(url, incognito)).unwrap(), expected, "{id}");
        }
        assert_eq!(translated("aw-watcher-web-unknown", &web, tab("https://example.org", false)), None);
    }

    #[test]
    fn what_says_nothing_is_not_told() {
        let windows = bucket("currentwindow", "laptop");
        for data in
            [json!({}), json!({"app": 7}), json!({"app": ""}), json!({"app": "KeePassXC", "title": "x"})]
        {
            assert_eq!(translated("w", &windows, event(&data)), None);
        }
        assert_eq!(
            translated("a", &bucket("afkstatus", "laptop"), event(&json!({"status": "hibernating"}))),
            None
        );
        assert_eq!(
            translated("e", &bucket("app.editor.activity", "laptop"), event(&json!({"file": "/x"}))),
            None
        );
    }

    #[test]
    fn an_event_may_leave_out_its_duration_but_not_end_before_it_begins() {
        let short: Event =
            serde_json::from_value(json!({"timestamp": "2026-11-23T14:01:57.295Z", "data": {}})).unwrap();
        assert_eq!((short.check(), short.end()), (Ok(()), short.timestamp));
        let mut wrong = event(&json!({}));
        wrong["duration"] = json!(-1.0);
        let wrong: Event = serde_json::from_value(wrong).unwrap();
        assert_eq!(wrong.check(), Err("duration -1 must be from 0 to a year, in seconds".to_owned()));
    }
}
