//! What an event in a bucket says that was observed: one observation at most, by itself.
//! Not here: what follows from several (the timeline rule).

use std::borrow::Cow;

use dayline_app::tracking::ingest::{PingDraft, SeenDraft, Site};
use dayline_domain::DeviceId;
use dayline_domain::bucket::Bucket;

use super::event::{Data, Event};

/// The type of buckets that say which window is in front.
pub const WINDOWS: &str = "currentwindow";
/// The type of those that say whether anybody is there.
const PRESENCE: &str = "afkstatus";
/// The type of those that say which page a browser shows.
const PAGES: &str = "web.tab.current";
/// What stands before the browser in the identity of a bucket of pages; behind it may stand the computer.
const BEFORE_BROWSER: &str = "aw-watcher-web-";
/// What watchers say that see no window, or don't know their browser.
const NONE: &str = "unknown";

/// What is kept of an event; `None` if nothing is.
pub fn observed<'a>(bucket: &'a Bucket, event: &'a Event) -> Option<PingDraft<'a>> {
    let data = &event.data;
    let seen = match bucket.kind.as_str() {
        WINDOWS => window(data)?,
        PRESENCE => presence(data)?,
        PAGES => SeenDraft::Page {
            app_name: Cow::Borrowed(browser(bucket)?),
            site: if data.incognito { Site::None } else { site(data) },
            audible: data.audible,
        },
        _ => return None,
    };
    let device = DeviceId::of_host(bucket.host.as_str());
    let device_id = device.map(|device| Cow::Owned(device.as_str().to_owned()));
    Some(PingDraft { seen, start: event.start, end: event.end, device_id })
}

fn window(data: &Data) -> Option<SeenDraft<'_>> {
    let app = data.app.as_deref().filter(|app| !app.trim().is_empty() && *app != NONE)?;
    Some(SeenDraft::Use { app_name: Cow::Borrowed(app), site: site(data), project: None })
}

fn presence(data: &Data) -> Option<SeenDraft<'static>> {
    match data.status.as_deref()? {
        "afk" => Some(SeenDraft::Away),
        "not-afk" => Some(SeenDraft::Here),
        _ => None,
    }
}

fn site(data: &Data) -> Site<'_> {
    data.url.as_deref().map_or(Site::None, |url| Site::Url(Cow::Borrowed(url)))
}

/// The browser that a bucket of pages is of.
fn browser(bucket: &Bucket) -> Option<&str> {
    let rest = bucket.id.as_str().strip_prefix(BEFORE_BROWSER)?;
    let name = rest.split('_').next().unwrap_or_default();
    (!name.is_empty() && name != NONE).then_some(name)
}

#[cfg(test)]
mod tests {
    use dayline_app::tracking::ingest::MAX_URL;
    use dayline_domain::UtcMs;
    use dayline_domain::bucket::{BucketId, BucketWord};

    use super::*;

    fn bucket(id: &str, kind: &str, host: &str) -> Bucket {
        let word = |text: &str| BucketWord::new(text).unwrap();
        Bucket { id: BucketId::new(id).unwrap(), kind: word(kind), client: word("watcher"), host: word(host) }
    }

    /// What is kept of an event from second 1 on, in words.
    fn kept(bucket: &Bucket, duration: f64, data: &str) -> Option<String> {
        let start = UtcMs(1_000);
        let end = start.plus((duration * 1_000.0) as i64);
        let event = Event { start, end, data: serde_json::from_str(data).unwrap() };
        let draft = observed(bucket, &event)?;
        assert_eq!((draft.start, draft.end), (start, end));
        let device = draft.device_id.map_or("key".to_owned(), Cow::into_owned);
        let said = |site: &Site<'_>| match site {
            Site::None => "-".to_owned(),
            Site::Url(url) => url.to_string(),
            Site::Domain(domain) => panic!("{domain} is no address"),
        };
        let seen = match &draft.seen {
            SeenDraft::Use { app_name, site, project: None } => format!("use {app_name} {}", said(site)),
            SeenDraft::Page { app_name, site, audible } => {
                format!("page {app_name} {} {audible}", said(site))
            }
            SeenDraft::Away => "away".to_owned(),
            SeenDraft::Here => "here".to_owned(),
            other => panic!("{other:?}"),
        };
        Some(format!("{device}: {seen}"))
    }

    #[test]
    fn a_window_is_a_use_without_its_title() {
        let windows = bucket("aw-watcher-window_Laptop.local", WINDOWS, "Laptop.local");
        let kept = |data: &str| kept(&windows, 5.009, data);
        let said = kept(r#"{"app": "XTerm", "title": "secret.txt - editor"}"#);
        assert_eq!(said.as_deref(), Some("laptop: use XTerm -"));
        let said = kept(r#"{"app": "Safari", "title": "x", "url": "https://example.org/a?b"}"#);
        assert_eq!(said.as_deref(), Some("laptop: use Safari https://example.org/a?b"));
    }

    #[test]
    fn no_window_is_no_use() {
        let windows = bucket("aw-watcher-window_laptop", WINDOWS, "laptop");
        for data in [r#"{"app": "unknown", "title": "unknown"}"#, r#"{"app": " "}"#, r#"{"app": null}"#, "{}"]
        {
            assert_eq!(kept(&windows, 1.0, data), None, "{data}");
        }
    }

    #[test]
    fn presence_is_away_or_here() {
        let presence = bucket("aw-watcher-afk_laptop", PRESENCE, "laptop");
        for (data, said) in [
            (r#"{"status": "afk"}"#, Some("laptop: away")),
            (r#"{"status": "not-afk"}"#, Some("laptop: here")),
            (r#"{"status": "hibernating"}"#, None),
            (r#"{"status": true}"#, None),
            ("{}", None),
        ] {
            assert_eq!(kept(&presence, 0.0, data).as_deref(), said, "{data}");
            assert_eq!(kept(&presence, 200_000.0, data).as_deref(), said, "{data}, for days");
        }
    }

    #[test]
    fn a_tab_is_a_page_of_the_browser_in_the_bucket_s_name() {
        let tab = r#"{"url": "https://example.org/a?q=1", "title": "Page A", "audible": true, "incognito": false, "tabCount": 2}"#;
        for (id, host, said) in [
            (
                "aw-watcher-web-firefox_laptop",
                "laptop",
                Some("laptop: page firefox https://example.org/a?q=1 true"),
            ),
            (
                "aw-watcher-web-chrome_my_pc",
                "my_pc",
                Some("my_pc: page chrome https://example.org/a?q=1 true"),
            ),
            // Until it has learned the name of its computer.
            ("aw-watcher-web-firefox", "unknown", Some("key: page firefox https://example.org/a?q=1 true")),
            ("aw-watcher-web-unknown_laptop", "laptop", None),
            ("aw-watcher-web-", "laptop", None),
            ("my-own-bucket", "laptop", None),
        ] {
            assert_eq!(kept(&bucket(id, PAGES, host), 0.0, tab).as_deref(), said, "{id}");
        }
    }

    #[test]
    fn a_private_tab_has_no_domain_and_may_be_heard() {
        let tabs = bucket("aw-watcher-web-firefox_laptop", PAGES, "laptop");
        let tab = r#"{"url": "https://example.org/", "audible": true, "incognito": true}"#;
        assert_eq!(kept(&tabs, 1.0, tab).as_deref(), Some("laptop: page firefox - true"));
        assert_eq!(kept(&tabs, 1.0, "{}").as_deref(), Some("laptop: page firefox - false"));
    }

    #[test]
    fn nothing_is_kept_of_other_buckets() {
        for kind in ["app.editor.activity", "Currentwindow", "", "os.hid.input"] {
            let other = bucket("aw-watcher-window_laptop", kind, "laptop");
            assert_eq!(kept(&other, 1.0, r#"{"app": "XTerm", "status": "afk", "url": "https://a/"}"#), None);
        }
    }

    #[test]
    fn a_computer_without_a_name_is_the_key_s_device() {
        for host in ["", "unknown", "Unknown", "localhost"] {
            let presence = bucket("aw-watcher-afk", PRESENCE, host);
            assert_eq!(kept(&presence, 1.0, r#"{"status": "afk"}"#).as_deref(), Some("key: away"), "{host}");
        }
    }

    #[test]
    fn an_address_that_is_too_long_still_has_its_host() {
        let tabs = bucket("aw-watcher-web-firefox_laptop", PAGES, "laptop");
        let tab = format!(r#"{{"url": "https://example.org/{}"}}"#, "x".repeat(2 * MAX_URL));
        let said = kept(&tabs, 0.0, &tab).unwrap();
        assert!(
            said.starts_with("laptop: page firefox https://example.org/xxx") && said.len() < MAX_URL + 40
        );
    }
}
