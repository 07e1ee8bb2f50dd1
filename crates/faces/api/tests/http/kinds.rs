//! `POST /usage/track`: the five kinds of observations, and which fields each has.

use std::collections::BTreeSet;

use dayline_domain::{AppName, Domain, Language, Project, Seen};
use serde_json::{Value, json};

use crate::track::{code_of, fate, seen, send_json, with, world};

/// A good observation of each kind, with all the fields it has.
fn of_kind(kind: &str) -> Value {
    let (start, end) = ("2026-11-20T10:00:00Z", "2026-11-20T10:00:05Z");
    let mut ping = match kind {
        "use" => json!({"app_name": "Firefox", "url": "https://github.com/a?b", "project": "dayline"}),
        "page" => json!({"app_name": "Firefox", "url": "https://github.com/a?b", "audible": true}),
        "beat" => json!({"app_name": "Code", "project": "dayline", "language": "Rust"}),
        _ => json!({}),
    };
    (ping["kind"], ping["start_time"]) = (json!(kind), json!(start));
    if kind != "beat" {
        ping["end_time"] = json!(end);
    }
    ping
}

#[tokio::test]
async fn a_project_and_a_language_are_optional_and_limited_like_an_app_name() {
    let world = world().await;
    for (field, kind) in [("project", "use"), ("project", "beat"), ("language", "beat")] {
        let with = |value: Value| {
            let mut ping = of_kind(kind);
            ping[field] = value;
            ping
        };
        for good in [json!(null), json!(""), json!(" \t"), json!(" C++ "), json!("ü".repeat(255))] {
            assert_eq!(fate(&world, &with(good.clone())).await, "", "{kind} {field} {good}");
        }
        for bad in [json!("ü".repeat(256)), json!("a\u{0}b"), json!(5), json!(true)] {
            let code = format!("invalid_{field}");
            assert_eq!(fate(&world, &with(bad.clone())).await, code, "{kind} {field} {bad}");
        }
    }
}

#[tokio::test]
async fn a_url_has_up_to_8192_bytes_and_costs_the_domain_alone_where_it_is_no_web_address() {
    let world = world().await;
    let long = |bytes: usize| format!("https://a.example/{}", "x".repeat(bytes - 18));
    for kind in ["use", "page"] {
        let with = |url: &str| {
            let mut ping = of_kind(kind);
            ping["url"] = json!(url);
            ping
        };
        let (fits, page_itself) = (long(8_192), format!("data:text/html,{}", "x".repeat(9_000)));
        for good in
            ["https://github.com/a/b?c", "https://www.com/", "file:///etc", "", "github.com", "https://"]
                .into_iter()
                .chain(["about:blank", "New Tab", &fits, &page_itself])
        {
            assert_eq!(fate(&world, &with(good)).await, "", "{good}");
        }
        assert_eq!(fate(&world, &with(&long(8_193))).await, "url_too_long");
    }
    let entries = seen(&world).await;
    let domains = entries.iter().filter_map(|seen| match &seen.subject().seen {
        Seen::Use { domain, .. } | Seen::Page { domain, .. } => {
            Some(domain.as_ref().map_or("", Domain::as_str).to_owned())
        }
        _ => None,
    });
    let domains: BTreeSet<String> = domains.collect();
    assert_eq!(domains, ["", "a.example", "github.com", "www.com"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_domain_may_stand_instead_of_a_url_in_any_spelling_of_a_host() {
    let world = world().await;
    for (given, kept) in [
        ("github.com", Some("github.com")),
        (" WWW.GitHub.com ", Some("github.com")),
        ("localhost:3000", Some("localhost")),
        ("", None),
        ("a/b", None),
        ("somebody@a.example", None),
        ("two words", None),
    ] {
        for kind in ["use", "page"] {
            let mut ping = of_kind(kind);
            ping.as_object_mut().unwrap().remove("url");
            ping["domain"] = json!(given);
            let before = seen(&world).await.len();
            assert_eq!(code_of(&send_json(&world, &ping).await), "", "{kind} {given}");
            let last = seen(&world).await.split_off(before).remove(0);
            let (Seen::Use { domain, .. } | Seen::Page { domain, .. }) = &last.subject().seen else {
                panic!()
            };
            assert_eq!(domain.as_ref().map(Domain::as_str), kept, "{kind} {given}");
        }
    }
    for both in [json!("github.com"), json!("other.example")] {
        let mut ping = of_kind("page");
        ping["domain"] = both;
        assert_eq!(fate(&world, &ping).await, "invalid_domain");
    }
}

#[tokio::test]
async fn each_kind_of_observation_is_taken_for_what_it_is() {
    let world = world().await;
    let kinds = ["use", "page", "beat", "away", "here"];
    for kind in kinds {
        assert_eq!(fate(&world, &of_kind(kind)).await, "", "{kind}");
    }
    let mut taken: Vec<Seen> = seen(&world).await.iter().map(|seen| seen.subject().seen.clone()).collect();
    taken.retain(|seen| seen.app().is_none_or(|app| app.as_str() != "Good"));
    taken.dedup();
    let app = |name: &str| AppName::new(name).unwrap();
    let domain = Some(Domain::new("github.com").unwrap());
    let project = Some(Project::new("dayline").unwrap());
    let language = Some(Language::new("Rust").unwrap());
    assert_eq!(
        taken,
        [
            Seen::Use { app: app("Firefox"), domain: domain.clone(), project: project.clone() },
            Seen::Page { browser: app("Firefox"), domain, audible: true },
            Seen::Beat { app: app("Code"), project, language },
            Seen::Away,
            Seen::Here,
        ]
    );
}

#[tokio::test]
async fn what_is_no_kind_is_refused_by_name() {
    let world = world().await;
    assert_eq!(fate(&world, &with("kind", json!(null))).await, "", "a use");
    for bad in [json!("Use"), json!(""), json!("pages"), json!(1), json!(true), json!(["use"])] {
        assert_eq!(fate(&world, &with("kind", bad.clone())).await, "invalid_kind", "{bad}");
    }
    let reply = send_json(&world, &with("kind", json!("afk"))).await.json();
    assert_eq!(reply["rejected"][0]["detail"], "kind must be use, page, beat, away or here");
}

#[tokio::test]
async fn each_kind_needs_its_own_fields_and_ignores_those_of_others() {
    let world = world().await;
    let needs: [(&str, &[&str]); 5] = [
        ("use", &["app_name", "start_time", "end_time"]),
        ("page", &["app_name", "start_time", "end_time"]),
        ("beat", &["app_name", "start_time"]),
        ("away", &["start_time", "end_time"]),
        ("here", &["start_time", "end_time"]),
    ];
    let has: [(&str, &[&str]); 5] = [
        ("use", &["url", "domain", "project"]),
        ("page", &["url", "domain", "audible"]),
        ("beat", &["project", "language", "end_time"]),
        ("away", &[]),
        ("here", &[]),
    ];
    for ((kind, needed), (_, optional)) in needs.into_iter().zip(has) {
        let all = ["app_name", "url", "domain", "project", "language", "audible", "start_time", "end_time"];
        for field in all {
            let (mut without, mut null, mut wrong) = (of_kind(kind), of_kind(kind), of_kind(kind));
            without.as_object_mut().unwrap().remove(field);
            (null[field], wrong[field]) = (json!(null), json!({"a": [1]}));
            let refused = format!("invalid_{field}");
            let missing = if needed.contains(&field) { refused.as_str() } else { "" };
            assert_eq!(fate(&world, &without).await, missing, "{kind} without {field}");
            assert_eq!(fate(&world, &null).await, missing, "{kind} with null as {field}");
            let is_known = needed.contains(&field) || optional.contains(&field);
            let wrong_type = if is_known { refused.as_str() } else { "" };
            assert_eq!(fate(&world, &wrong).await, wrong_type, "{kind} with an object as {field}");
        }
    }
}

#[tokio::test]
async fn whether_a_page_is_audible_is_true_or_false() {
    let world = world().await;
    let page = |audible: Value| {
        let mut page = of_kind("page");
        page["audible"] = audible;
        page
    };
    for good in [json!(true), json!(false), json!(null)] {
        assert_eq!(fate(&world, &page(good)).await, "");
    }
    for bad in [json!("true"), json!(1), json!([]), json!({})] {
        assert_eq!(fate(&world, &page(bad.clone())).await, "invalid_audible", "{bad}");
    }
}

#[tokio::test]
async fn a_beat_is_a_point_whatever_its_end() {
    let world = world().await;
    let beat = |end: &str| {
        let mut beat = of_kind("beat");
        beat["end_time"] = json!(end);
        beat
    };
    assert_eq!(fate(&world, &beat("2026-11-20T10:00:00Z")).await, "");
    assert_eq!(fate(&world, &beat("2026-11-20T11:00:00Z")).await, "");
    assert_eq!(fate(&world, &beat("2026-11-20T09:59:59.999Z")).await, "end_before_start");
    assert_eq!(fate(&world, &beat("later")).await, "invalid_end_time");
    let beats = seen(&world).await;
    let beats = beats.iter().filter(|seen| matches!(seen.subject().seen, Seen::Beat { .. }));
    assert!(beats.map(|beat| beat.interval().ms()).all(|ms| ms == 1));
}

#[tokio::test]
async fn nobody_may_be_there_for_longer_than_a_day_but_no_app_in_front() {
    let world = world().await;
    for (kind, fate_of_it) in [("use", "too_long"), ("page", "too_long"), ("away", ""), ("here", "")] {
        let mut long = of_kind(kind);
        long["start_time"] = json!("2026-11-10T10:00:00Z");
        assert_eq!(fate(&world, &long).await, fate_of_it, "{kind}");
        long["start_time"] = json!("2025-11-19T11:59:59Z");
        let too_early = if fate_of_it.is_empty() { "too_far_in_past" } else { "too_long" };
        assert_eq!(fate(&world, &long).await, too_early, "{kind}");
    }
    let mut early = of_kind("beat");
    early["start_time"] = json!("2025-11-19T11:59:59Z");
    assert_eq!(fate(&world, &early).await, "too_far_in_past");
    early["start_time"] = json!("2026-11-20T12:05:00.001Z");
    assert_eq!(fate(&world, &early).await, "too_far_in_future");
}
