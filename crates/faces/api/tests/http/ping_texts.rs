//! What a text of a ping may be made of, and what a text that is none costs.

use dayline_domain::UtcMs;
use serde_json::json;

use crate::support::ping;
use crate::track::{code_of, seen, send, send_json, with, world};

#[tokio::test]
async fn half_a_surrogate_pair_spoils_its_own_ping_only() {
    let world = world().await;
    let good = ping("Code", "10:00:00", "10:00:05").to_string();
    for bad in [
        good.replace("Code", r"\ud83d"),
        good.replace("Code", r"\udc00x"),
        good.replace('}', r#","x\ud800":1}"#),
    ] {
        let reply = send(&world, "application/json", format!("[{good},{bad},{good}]")).await;
        assert_eq!(
            (&reply.json()["accepted"], &reply.json()["rejected"][0]["code"]),
            (&json!(2), &json!("invalid_ping"))
        );
        for content_type in ["application/json", "application/x-ndjson"] {
            assert_eq!(code_of(&send(&world, content_type, bad.clone()).await), "invalid_ping", "{bad}");
        }
    }
    let whole = good.replace("Code", r"\ud83d\ude00");
    assert_eq!(code_of(&send(&world, "application/json", whole).await), "");
}

/// A good ping with these bytes in place of a part of its text.
fn with_bytes(part: &str, bytes: &[u8]) -> Vec<u8> {
    let good = ping("Code", "10:00:00", "10:00:05").to_string();
    let (before, after) = good.split_once(part).unwrap();
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

#[tokio::test]
async fn what_is_not_utf_8_costs_its_ping_alone() {
    let world = world().await;
    let good = ping("Good", "10:00:00", "10:00:05").to_string().into_bytes();
    for (bad, accepted) in [
        (with_bytes("Code", b"Caf\xe9"), 2),
        (with_bytes("Code", b"\\\xe9"), 2),
        (with_bytes("app_name", b"app_\xff"), 2),
        // A field that no ping has is not looked at.
        (with_bytes("{", b"{\"title\":\"Caf\xe9\","), 3),
    ] {
        let array = [&b"["[..], &good, b",", &bad, b",", &good, b"]"].concat();
        let lines = [&good[..], &bad, &good].join(&b'\n');
        for (content_type, body) in [("application/json", array), ("application/x-ndjson", lines)] {
            let answer = send(&world, content_type, body).await.json();
            assert_eq!(answer["accepted"], accepted, "{content_type} {answer}");
            let refused: Vec<_> = answer["rejected"].as_array().unwrap().iter().collect();
            assert_eq!(refused.len(), 3 - accepted, "{answer}");
            assert!(
                refused.iter().all(|ping| ping["index"] == 1 && ping["code"] == "invalid_ping"),
                "{answer}"
            );
        }
    }
    let alone = send(&world, "application/json", with_bytes("Code", b"Caf\xe9")).await;
    assert_eq!(code_of(&alone), "invalid_ping");
    // Of a line that is no JSON either, the others are still read.
    let broken = [&good[..], b"\xff\xfe", &good].join(&b'\n');
    let answer = send(&world, "application/x-ndjson", broken).await.json();
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["code"]), (&json!(2), &json!("malformed_json")));
}

#[tokio::test]
async fn one_byte_order_mark_before_the_pings_is_skipped() {
    let world = world().await;
    let good = ping("Code", "10:00:00", "10:00:05").to_string();
    for (content_type, body) in [
        ("application/json", format!("\u{feff}{good}")),
        ("application/json", format!("\u{feff}[{good}]")),
        ("application/x-ndjson", format!("\u{feff}{good}\r\n")),
    ] {
        assert_eq!(code_of(&send(&world, content_type, body).await), "");
    }
    let marked = [&b"\xef\xbb\xbf["[..], &with_bytes("Code", b"\xff"), b"]"].concat();
    assert_eq!(code_of(&send(&world, "application/json", marked).await), "invalid_ping");
}

#[tokio::test]
async fn a_time_may_be_spelled_in_any_way_that_means_one_moment() {
    let world = world().await;
    for spelled in [
        "2026-11-20 10:00:00Z",
        "2026-11-20T10:00:00,000Z",
        "2026-11-20T11:00:00+0100",
        "20261120T100000Z",
        "2026-11-20T10:00Z",
        "2026-W47-5T10:00:00Z",
        "2026-324T10:00:00Z",
        "2026-11-20T11:00:00+01:00[Europe/Berlin]",
        " 2026-11-20T05:00:00\u{2212}05:00 ",
    ] {
        let before = seen(&world).await.len();
        assert_eq!(code_of(&send_json(&world, &with("start_time", json!(spelled))).await), "", "{spelled}");
        let last = seen(&world).await.split_off(before).remove(0);
        // Ten o'clock of the fakes' day.
        assert_eq!(last.interval().start(), UtcMs(1_795_168_800_000), "{spelled}");
    }
}
