//! History that comes in by a file.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{Method, Request};

use crate::support::{Browser, OWN, Server};

const LOOK: &str = "/settings/data/history/look";
const BRING_IN: &str = "/settings/data/history";

/// An export of ActivityWatch: an hour and a half in which nobody was there for a while.
const EVENTS: &str = r#"{"buckets": {
    "aw-watcher-window_pc": {"id": "aw-watcher-window_pc", "type": "currentwindow", "client": "aw-watcher-window",
        "hostname": "pc", "events": [
            {"timestamp": "2026-11-20T09:00:00Z", "duration": 1800, "data": {"app": "Code", "title": "secret.rs"}},
            {"timestamp": "2026-11-20T09:30:00Z", "duration": 3600, "data": {"app": "Mail", "title": "secret"}},
            {"timestamp": "soon", "duration": 1, "data": {}}]},
    "aw-watcher-afk_pc": {"id": "aw-watcher-afk_pc", "type": "afkstatus", "client": "aw-watcher-afk", "hostname": "pc",
        "events": [{"timestamp": "2026-11-20T10:00:00Z", "duration": 1800, "data": {"status": "afk"}}]}}}"#;

/// What counts on the day of the files.
async fn counted(browser: &mut Browser<'_>) -> String {
    let table = browser.get("/table/intervals?from=2026-11-20&to=2026-11-20").await;
    assert_eq!(table.status, 200);
    table.text().to_owned()
}

#[tokio::test]
async fn a_file_is_looked_into_before_anything_is_kept_of_it() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let before = counted(&mut ada).await;
    assert!(ada.get("/settings/data").await.text().contains("href=\"/settings/data/history\""));
    assert!(ada.get(BRING_IN).await.text().contains("data-bring-in hidden"));
    let looked = ada.upload(LOOK, &[("editor", "")], ("old \"export\".json", EVENTS)).await;
    assert_eq!(looked.status, 200, "{}", looked.text());
    for told in [
        "Apps in front",
        "<bdi>pc</bdi>",
        "Fri 20 Nov 2026",
        "Left out: 1 events that cannot be read",
        "Whether somebody was there",
    ] {
        assert!(looked.text().contains(told), "{told}: {}", looked.text());
    }
    assert!(looked.text().contains("data-bring-in>") && !looked.text().contains("secret"));
    server.settle().await;
    assert_eq!(counted(&mut ada).await, before, "nothing is kept yet");
}

#[tokio::test]
async fn what_is_brought_in_counts_and_the_same_file_again_changes_nothing() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let told = ada.upload(BRING_IN, &[("editor", "")], ("a.json", EVENTS)).await;
    assert!(told.status == 200 && told.text().contains("<bdi>a.json</bdi> is in"), "{}", told.text());
    server.settle().await;
    let counted_once = counted(&mut ada).await;
    assert!(counted_once.contains("Code") && counted_once.contains("Mail"), "{counted_once}");
    assert!(
        ada.get("/day/2026-11-20").await.text().contains("1 h"),
        "without the half hour in which nobody was there"
    );
    assert_eq!(ada.upload(BRING_IN, &[("editor", "")], ("a.json", EVENTS)).await.status, 200);
    server.settle().await;
    assert_eq!(counted(&mut ada).await, counted_once);
}

#[tokio::test]
async fn heartbeats_get_the_editor_that_they_don_t_say() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let dump = r#"{"days": [{"heartbeats": [
        {"entity": "/home/ada/a.rs", "type": "file", "time": 1795165200, "project": "dayline"},
        {"entity": "/home/ada/a.rs", "type": "file", "time": 1795165500, "project": "dayline"}]}]}"#;
    let looked = ada.upload(LOOK, &[("editor", "vscode")], ("dump.json", dump)).await;
    assert!(
        looked.text().contains("Work in editors") && looked.text().contains("value=\"vscode\""),
        "{}",
        looked.text()
    );
    ada.upload(BRING_IN, &[("editor", "vscode")], ("dump.json", dump)).await;
    server.settle().await;
    let counted = counted(&mut ada).await;
    assert!(
        counted.contains("\"Code\"") && counted.contains("dayline") && counted.contains("import"),
        "{counted}"
    );
}

#[tokio::test]
async fn an_export_of_another_dayline_brings_its_entries_once() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let times = r#""start_time":"2026-11-20T09:00:00.000Z","end_time":"2026-11-20T10:00:00.000Z""#;
    let id = "0192f8a0-0000-7000-8000-000000000001";
    let export = [
        r#"{"type":"profile"}"#.to_owned(),
        format!(r#"{{"type":"observation","kind":"use","app_name":"Code","device_id":"pc",{times}}}"#),
        format!(
            r#"{{"type":"correction","id":"{id}","version":7,"app_name":"Meeting","device_id":"pc",{times}}}"#
        ),
        r#"{"type":"end"}"#.to_owned(),
    ]
    .join("\n");
    let looked = ada.upload(LOOK, &[], ("e.ndjson", &export)).await;
    assert!(looked.text().contains("Entries of your own: 1, of which 1 are new."), "{}", looked.text());
    for new in ["of which 1 were new", "of which 0 were new"] {
        let told = ada.upload(BRING_IN, &[], ("e.ndjson", &export)).await;
        assert!(told.text().contains(new), "{}", told.text());
        server.settle().await;
    }
    assert!(counted(&mut ada).await.contains("Meeting"));
    assert_eq!(ada.get("/corrections").await.text().matches("Meeting").count(), 1);
}

#[tokio::test]
async fn history_goes_back_twenty_years_and_no_further() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    for (year, is_taken) in [(2007, true), (2005, false)] {
        let old = EVENTS.replace("2026-11-20", &format!("{year}-11-20"));
        let told = ada.upload(BRING_IN, &[], ("old.json", &old)).await;
        assert_eq!(told.text().contains("too long ago: more than 20 years"), !is_taken, "{}", told.text());
        server.settle().await;
        let day = ada.get(&format!("/table/intervals?from={year}-11-20&to={year}-11-20")).await;
        assert_eq!(day.text().contains("Code"), is_taken, "{year}");
    }
}

/// An export with so many events.
fn events(number: usize) -> String {
    let event = r#"{"timestamp": "2026-11-20T09:00:00Z", "data": {"app": "Code"}}"#;
    let all = vec![event; number].join(",");
    format!(
        r#"{{"buckets": {{"b": {{"type": "currentwindow", "client": "c", "hostname": "pc", "events": [{all}]}}}}}}"#
    )
}

#[tokio::test]
async fn a_file_that_can_t_be_read_here_is_refused_by_a_page_that_says_what_to_do() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let too_large = format!(r#"{{"buckets": {{}}, "x": "{}"}}"#, "x".repeat(32 << 20));
    for (name, content, status, told) in [
        ("", "", 422, "Choose a file first."),
        ("a.txt", "hello", 422, "it is no export of ActivityWatch"),
        ("a.json", &EVENTS[..EVENTS.len() - 9], 422, "The file can&#39;t be read: EOF"),
        ("a.json", r#"{"buckets": {}}"#, 200, "There is nothing in"),
        ("a.json", &too_large, 413, "more than 32 MiB; the command below"),
        ("a.json", &events(50_001), 413, "more than 50,000 things; the command below"),
    ] {
        let reply = ada.upload(LOOK, &[("editor", "")], (name, content)).await;
        assert_eq!(reply.status, status, "{told}: {}", reply.text());
        assert!(
            reply.text().contains(told) && reply.text().contains("dayline import FILE"),
            "{}",
            reply.text()
        );
        assert!(reply.text().contains("data-bring-in hidden"), "{}", reply.text());
    }
    let other = ada.upload(LOOK, &[("user", "eve")], ("a.json", EVENTS)).await;
    assert_eq!(other.status, 400, "{}", other.text());
    assert_eq!(ada.post(LOOK, "file=x").await.status, 415);
}

#[tokio::test]
async fn what_came_before_a_file_was_cut_off_is_in() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let told = ada.upload(BRING_IN, &[], ("a.json", &EVENTS[..EVENTS.len() - 9])).await;
    assert!(told.status == 422 && told.text().contains("Apps in front"), "{}", told.text());
    server.settle().await;
    assert!(counted(&mut ada).await.contains("Code"));
}

#[tokio::test]
async fn of_one_person_one_file_comes_in_at_a_time() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let mut bob = Browser::of(&server, "bob").await;
    let cookies: Vec<_> = ada.cookies.iter().map(|(name, text)| format!("{name}={text}")).collect();
    let mut request = Request::builder().method(Method::POST).uri(LOOK).header("cookie", cookies.join("; "));
    for (name, value) in OWN.iter().chain(&[("content-type", "multipart/form-data; boundary=x7")]) {
        request = request.header(*name, *value);
    }
    let never = stream::pending::<Result<Bytes, Infallible>>();
    let endless = server.send(request.body(Body::from_stream(never)).unwrap());
    let others = async {
        let second = ada.upload(LOOK, &[], ("a.json", EVENTS)).await;
        assert_eq!(second.status, 503);
        assert_eq!(bob.upload(LOOK, &[], ("a.json", EVENTS)).await.status, 200);
    };
    tokio::select! {
        biased;
        first = endless => panic!("{first:?}"),
        () = others => {}
    }
    assert_eq!(
        ada.upload(LOOK, &[], ("a.json", EVENTS)).await.status,
        200,
        "who goes away gives the place back"
    );
}
