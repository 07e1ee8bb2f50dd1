//! What a heartbeat says was done, by itself: no other heartbeat is looked at, so that late, doubled and
//! shuffled traffic says the same. What is edited, its branch, lines and dependencies are dropped.

use std::borrow::Cow;

use dayline_app::tracking::ingest::{PingDraft, SeenDraft, Site};
use dayline_domain::{AppName, Language, Project};

use super::heartbeat::{EntityKind, Heartbeat};
use super::program::program;

/// What an editor is called whose user agent names none.
const NO_NAME: &str = "unknown";

/// The pings of a heartbeat: none without a time. `sent_by` is the user agent of a request, which counts where the heartbeat
/// has none.
pub fn drafts<'a>(
    heartbeat: &'a Heartbeat<'_>,
    sent_by: Option<&'a str>,
    device_id: Option<Cow<'a, str>>,
) -> impl Iterator<Item = PingDraft<'a>> {
    heartbeat.at.into_iter().flat_map(move |at| {
        let seen = observations(heartbeat, sent_by).into_iter();
        let device_id = device_id.clone();
        seen.map(move |seen| PingDraft { seen, start: at, end: at, device_id: device_id.clone() })
    })
}

/// The observations of one heartbeat: none if nothing is kept of it, else a beat, and of a web page the
/// page at that instant besides.
fn observations<'a>(heartbeat: &'a Heartbeat<'_>, sent_by: Option<&'a str>) -> Vec<SeenDraft<'a>> {
    let user_agent = heartbeat.user_agent.as_deref().or(sent_by);
    let program = || user_agent.and_then(program).unwrap_or(NO_NAME);
    let project = heartbeat.project.as_deref().and_then(|name| kept(name, Project::check));
    match heartbeat.kind {
        EntityKind::File => {
            let language = heartbeat.language.as_deref().and_then(|name| kept(name, Language::check));
            vec![beat(program(), project, language)]
        }
        EntityKind::App => {
            let app = heartbeat.entity.as_deref().and_then(|name| AppName::check(name).ok());
            app.map(|app| beat(app, project, None)).into_iter().collect()
        }
        EntityKind::Domain | EntityKind::Url => {
            let app_name = Cow::Borrowed(program());
            let page = SeenDraft::Page { app_name, site: site(heartbeat), audible: false };
            vec![page, beat(program(), project, None)]
        }
        EntityKind::Other => Vec::new(),
    }
}

fn beat<'a>(app: &'a str, project: Option<&'a str>, language: Option<&'a str>) -> SeenDraft<'a> {
    let (project, language) = (project.map(Cow::Borrowed), language.map(Cow::Borrowed));
    SeenDraft::Beat { app_name: Cow::Borrowed(app), project, language }
}

/// A name that is kept. `<<LAST_PROJECT>>` and the like say that it is that of an earlier heartbeat, which
/// the rule finds; a name that is none costs itself, not the time.
fn kept<E>(name: &str, check: impl FnOnce(&str) -> Result<&str, E>) -> Option<&str> {
    let stands_for_earlier = name.starts_with("<<LAST_") && name.ends_with(">>");
    if stands_for_earlier { None } else { check(name).ok() }
}

fn site<'a>(heartbeat: &'a Heartbeat<'_>) -> Site<'a> {
    match heartbeat.entity.as_deref() {
        None => Site::None,
        // Domains come as addresses too.
        Some(entity) if entity.contains("://") => Site::Url(entity.into()),
        Some(entity) => Site::Domain(entity.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    const VSCODE: &str =
        "wakatime/v1.90.0 (linux-6.1.0-unknown) go1.27.3 vscode/1.95.0 vscode-wakatime/25.0.0";
    const CHROME: &str = "chrome/120.0.0 linux_x86-64 chrome-wakatime/3.0.18";

    /// What is seen, in short.
    fn seen(json: &str, sent_by: Option<&str>) -> Vec<String> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let heartbeat = Heartbeat::read(raw).unwrap();
        observations(&heartbeat, sent_by).iter().map(short).collect()
    }

    fn short(seen: &SeenDraft<'_>) -> String {
        match seen {
            SeenDraft::Beat { app_name, project, language } => {
                format!("beat {app_name} {:?} {:?}", project.as_deref(), language.as_deref())
            }
            SeenDraft::Page { app_name, site: Site::Url(url), audible } => {
                format!("page {app_name} url {url} {audible}")
            }
            SeenDraft::Page { app_name, site: Site::Domain(host), audible } => {
                format!("page {app_name} domain {host} {audible}")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_a_beat_of_the_editor_with_project_and_language_and_without_the_file() {
        let file = r#"{"entity":"/home/ada/secret/main.py","type":"file","project":"proj","branch":"master",
            "language":"Python","dependencies":["os"],"lines":2,"lineno":2,"is_write":true}"#;
        assert_eq!(seen(file, Some(VSCODE)), [r#"beat vscode Some("proj") Some("Python")"#]);
        assert_eq!(seen(r#"{"entity":"a.py"}"#, Some(VSCODE)), ["beat vscode None None"]);
    }

    #[test]
    fn an_app_is_a_beat_of_that_app() {
        let app = r#"{"entity":"Terminal","type":"app","project":"","language":"Org"}"#;
        assert_eq!(seen(app, Some(VSCODE)), ["beat Terminal None None"]);
        let in_project = r#"{"entity":"Figma","type":"app","project":"p"}"#;
        assert_eq!(seen(in_project, Some(VSCODE)), [r#"beat Figma Some("p") None"#]);
        assert!(seen(r#"{"entity":"a\u0000b","type":"app"}"#, Some(VSCODE)).is_empty());
        assert!(seen(r#"{"type":"app"}"#, Some(VSCODE)).is_empty());
    }

    #[test]
    fn a_page_is_a_page_at_that_instant_and_a_beat_of_the_browser() {
        let domain = r#"{"entity":"https://example.org","type":"domain","language":"Org","project":""}"#;
        let expected = ["page chrome url https://example.org false", "beat chrome None None"];
        assert_eq!(seen(domain, Some(CHROME)), expected);
        let host = r#"{"entity":"example.org","type":"domain"}"#;
        assert_eq!(seen(host, Some(CHROME))[0], "page chrome domain example.org false");
        let url = r#"{"entity":"https://example.org/a?q=1","type":"url","project":"p"}"#;
        let expected = ["page chrome url https://example.org/a?q=1 false", r#"beat chrome Some("p") None"#];
        assert_eq!(seen(url, Some(CHROME)), expected);
    }

    #[test]
    fn the_user_agent_of_the_heartbeat_wins() {
        let own = format!(r#"{{"plugin":"{CHROME}"}}"#);
        assert_eq!(seen(&own, Some(VSCODE)), ["beat chrome None None"]);
        assert_eq!(seen("{}", None), ["beat unknown None None"]);
    }

    #[test]
    fn what_stands_for_an_earlier_value_is_none() {
        let last = r#"{"project":"<<LAST_PROJECT>>","language":"<<LAST_LANGUAGE>>"}"#;
        assert_eq!(seen(last, Some(VSCODE)), ["beat vscode None None"]);
        let other = r#"{"project":"<<mine>>"}"#;
        assert_eq!(seen(other, Some(VSCODE)), [r#"beat vscode Some("<<mine>>") None"#]);
    }

    #[test]
    fn a_name_that_is_none_costs_itself_and_not_the_time() {
        let long = "x".repeat(256);
        let odd = format!(r#"{{"project":"{long}","language":"a\u0007b"}}"#);
        assert_eq!(seen(&odd, Some(VSCODE)), ["beat vscode None None"]);
    }

    #[test]
    fn of_an_entity_of_another_type_nothing_is_kept() {
        assert!(seen(r#"{"entity":"Talk with Bob","type":"event"}"#, Some(VSCODE)).is_empty());
    }
}
