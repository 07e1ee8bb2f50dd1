//! Bodies of `POST /usage/track`: what is read is JSON, a ping is the same alone, among others and as a line, and
//! what was read of it survives being written and read again.

#![no_main]

use dayline_app::tracking::ingest::{MAX_PINGS, PingDraft, Refusal, SeenDraft, Site};
use dayline_domain::UtcMs;
use dayline_api::fuzzing::{pings_of_json, pings_of_lines};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

type Draft<'a> = Result<PingDraft<'a>, Refusal>;

fuzz_target!(|text: &str| {
    if let Some(drafts) = pings_of_lines(text) {
        assert!(drafts.len() <= MAX_PINGS);
        drafts.iter().for_each(survives);
    }
    let drafts = pings_of_json(text);
    assert_eq!(drafts.is_some(), is_acceptable(text));
    let Some(drafts) = drafts else { return };
    assert!(drafts.len() <= MAX_PINGS);
    drafts.iter().for_each(survives);
    if text.trim_ascii_start().starts_with('{') {
        is_the_same_anywhere(text, &drafts[0]);
    }
});

/// Whether somebody else's JSON reader takes it, and it is an object or an array that is not too long.
fn is_acceptable(text: &str) -> bool {
    let is_object = text.trim_ascii_start().starts_with('{');
    let elements = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(text);
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    is_json && (is_object || elements.is_ok_and(|elements| elements.len() <= MAX_PINGS))
}

fn is_the_same_anywhere(text: &str, alone: &Draft<'_>) {
    let good = r#"{"app_name":"Code","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:00:05Z"}"#;
    let array = format!("[{good},{text},{good}]");
    let among = pings_of_json(&array).expect("a ping in an array is read");
    assert_eq!(told(&among[1]), told(alone));
    assert!(among[0].is_ok() && among[2].is_ok());
    if !text.contains('\n') {
        let lines = format!("{good}\n{text}\n");
        let lines = pings_of_lines(&lines).expect("a ping on a line is read");
        assert_eq!(told(&lines[1]), told(alone));
    }
}

fn survives(draft: &Draft<'_>) {
    let Ok(ping) = draft else { return };
    let mut text = match &ping.seen {
        SeenDraft::Use { app_name, site, project } => {
            json!({"app_name": app_name, "url": url(site), "domain": domain(site), "project": project})
        }
        SeenDraft::Page { app_name, site, audible } => {
            json!({"kind": "page", "app_name": app_name, "url": url(site), "domain": domain(site), "audible": audible})
        }
        SeenDraft::Beat { app_name, project, language } => {
            json!({"kind": "beat", "app_name": app_name, "project": project, "language": language})
        }
        SeenDraft::Away => json!({"kind": "away"}),
        SeenDraft::Here => json!({"kind": "here"}),
    };
    (text["start_time"], text["end_time"]) = (rfc3339(ping.start).into(), rfc3339(ping.end).into());
    text["device_id"] = json!(ping.device_id);
    let text = text.to_string();
    let again = pings_of_json(&text).expect("what we write is json");
    assert_eq!(told(&again[0]), told(draft));
}

fn url<'a>(site: &'a Site<'_>) -> Option<&'a str> {
    if let Site::Url(url) = site { Some(url) } else { None }
}

fn domain<'a>(site: &'a Site<'_>) -> Option<&'a str> {
    if let Site::Domain(domain) = site { Some(domain) } else { None }
}

/// All that was read, whichever parts of the body it borrows; of a refusal its code.
fn told(draft: &Draft<'_>) -> Result<String, &'static str> {
    draft.as_ref().map(|ping| format!("{ping:?}")).map_err(|refusal| refusal.code)
}

fn rfc3339(at: UtcMs) -> String {
    let ms = at.since(at.day().start());
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    let date = dayline_domain::LocalDate(at.day().0);
    format!("{date}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", ms % 1_000)
}
