//! Taking pings in.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::clean_up::believed_time;
use dayline_app::ports::{AppendError, Partition, Payload, PingLog, Position};
use dayline_app::tracking::ingest::{PingDraft, Receipt, Refusal, accept};
use dayline_app::tracking::record;
use dayline_contract::fakes::{FakeApp, FakeNames};
use dayline_domain::{Ping, UserId};

use super::{ada_in, with_ada};

fn draft(world: &FakeApp, app_name: &'static str) -> PingDraft<'static> {
    let now = world.app.clock.now();
    PingDraft { app_name: app_name.into(), url: None, start: now.plus(-5_000), end: now, device_id: None }
}

/// What the log holds, decoded.
async fn logged(world: &FakeApp) -> Vec<(UserId, Vec<Ping>)> {
    let entries = world.log.read_after(Partition(0), Position::START, usize::MAX).await.unwrap();
    let mut found = Vec::new();
    for entry in entries {
        let Payload::Records(payload) = entry.payload else { panic!("damaged") };
        found.extend(record::split(&payload).map(|record| record::decode(record.unwrap()).unwrap()));
    }
    found
}

#[tokio::test]
async fn good_pings_are_logged_for_the_caller_and_bad_ones_named() {
    let (world, ada) = with_ada().await;
    let mut backwards = draft(&world, "Code");
    std::mem::swap(&mut backwards.start, &mut backwards.end);
    let drafts = [
        Ok(draft(&world, " Code ")),
        Ok(backwards),
        Err(Refusal::new("invalid_type", "app_name must be a text")),
        Ok(PingDraft { url: Some("https://www.github.com/a/b?c".into()), ..draft(&world, "Firefox") }),
        Ok(draft(&world, " ")),
    ];
    let receipt = accept(&world.app, &ada, drafts).await.unwrap();
    assert_eq!(receipt.accepted, 2);
    let rejected: Vec<_> = receipt.rejected.iter().map(|r| (r.index, r.refusal.code)).collect();
    assert_eq!(rejected, [(1, "end_before_start"), (2, "invalid_type"), (4, "invalid_app_name")]);

    let [(user, pings)] = &logged(&world).await[..] else { panic!("one record") };
    assert_eq!(*user, ada.user);
    let sources: Vec<_> = pings.iter().map(|ping| ping.source.clone()).collect();
    assert_eq!(sources[0].activity.app.as_str(), "Code");
    assert_eq!(sources[1].activity.domain.as_ref().unwrap().as_str(), "github.com");
    assert!(sources.iter().all(|source| source.device.as_str() == "laptop"));
}

#[tokio::test]
async fn every_rule_of_a_ping_has_its_code() {
    let (world, ada) = with_ada().await;
    let good = || draft(&world, "Code");
    let day = 86_400_000;
    let long = |length| "x".repeat(length);
    let cases = [
        ("invalid_app_name", PingDraft { app_name: long(256).into(), ..good() }),
        ("invalid_app_name", PingDraft { app_name: "a\u{0}b".into(), ..good() }),
        ("invalid_device_id", PingDraft { device_id: Some("".into()), ..good() }),
        ("invalid_device_id", PingDraft { device_id: Some(long(129).into()), ..good() }),
        ("url_too_long", PingDraft { url: Some(format!("https://a/{}", long(8_183)).into()), ..good() }),
        ("invalid_url", PingDraft { url: Some("github.com".into()), ..good() }),
        ("too_long", PingDraft { start: good().start.plus(-day), ..good() }),
        ("too_far_in_future", PingDraft { end: good().end.plus(300_001), ..good() }),
        (
            "too_far_in_past",
            PingDraft { start: good().end.plus(-367 * day), end: good().end.plus(-367 * day), ..good() },
        ),
    ];
    for (code, draft) in cases {
        let receipt = accept(&world.app, &ada, [Ok(draft)]).await.unwrap();
        assert_eq!((receipt.accepted, receipt.rejected[0].refusal.code), (0, code));
    }
    assert!(logged(&world).await.is_empty());
}

#[tokio::test]
async fn a_full_log_accepts_nothing_and_says_when_to_come_back() {
    let (world, ada) = with_ada().await;
    world.log.refuse(Some(AppendError::Full { retry_after_s: 3 }));
    let refused = accept(&world.app, &ada, [Ok(draft(&world, "Code"))]).await;
    assert_eq!(refused, Err(AppError::LogFull { retry_after_s: 3 }));
    world.log.refuse(None);
    let accepted = accept(&world.app, &ada, [Ok(draft(&world, "Code"))]).await;
    assert_eq!(accepted, Ok(Receipt { accepted: 1, rejected: vec![] }));
}

#[tokio::test]
async fn one_persons_flood_is_refused_before_it_reaches_the_log() {
    let (world, ada) = with_ada().await;
    world.limits.allow_pings(1);
    let two = [Ok(draft(&world, "Code")), Ok(draft(&world, "Code"))];
    assert!(matches!(accept(&world.app, &ada, two).await, Err(AppError::TooMany(_))));
    assert!(logged(&world).await.is_empty());
}

#[tokio::test]
async fn a_ping_is_too_old_for_now_only_while_the_clock_is_far_beyond_all_that_is_known() {
    let (world, ada) = with_ada().await;
    let day = 86_400_000;
    let old = |world: &FakeApp| {
        let end = world.app.clock.now().plus(-367 * day);
        PingDraft { start: end.plus(-5_000), end, ..draft(world, "Code") }
    };
    let retry = async |world: &FakeApp| {
        let receipt = accept(&world.app, &ada, [Ok(old(world))]).await.unwrap();
        assert_eq!(receipt.rejected[0].refusal.code, "too_far_in_past");
        receipt.rejected[0].refusal.retry
    };
    assert!(!retry(&world).await, "nothing contradicts the clock");
    accept(&world.app, &ada, [Ok(draft(&world, "Code"))]).await.unwrap();
    assert!(!retry(&world).await);
    world.clock.advance(400 * day);
    assert!(retry(&world).await, "the newest ping lies 400 days back");
    accept(&world.app, &ada, [Ok(draft(&world, "Code"))]).await.unwrap();
    assert!(!retry(&world).await, "a ping confirms the clock");
}

#[tokio::test]
async fn a_process_that_heard_no_ping_yet_learns_from_the_store_that_its_clock_is_in_doubt() {
    let (world, ada) = with_ada().await;
    world.clock.advance(800 * 86_400_000);
    let truth = world.app.clock.now().plus(-800 * 86_400_000);
    let late = PingDraft { start: truth, end: truth, ..draft(&world, "Code") };
    let retry =
        async || accept(&world.app, &ada, [Ok(late.clone())]).await.unwrap().rejected[0].refusal.retry;
    assert!(!retry().await);
    assert_eq!(believed_time(&world.app).await, Ok(None));
    assert!(retry().await);
}

#[tokio::test]
async fn more_names_than_a_person_may_bring_in_a_day_are_refused_ping_by_ping_until_tomorrow() {
    let mut world = FakeApp::default();
    world.app.name_quota = Arc::new(FakeNames::new(3));
    let (world, ada) = ada_in(world).await;
    let visit = |url: &'static str| Ok(PingDraft { url: Some(url.into()), ..draft(&world, "Firefox") });
    // Laptop, Firefox and the first domain.
    let drafts = [
        visit("https://a.org/"),
        visit("https://b.org/"),
        visit("https://www.a.org/x"),
        Ok(draft(&world, "Code")),
    ];
    let receipt = accept(&world.app, &ada, drafts).await.unwrap();
    let refused: Vec<_> =
        receipt.rejected.iter().map(|r| (r.index, r.refusal.code, r.refusal.retry)).collect();
    assert_eq!(
        (receipt.accepted, refused),
        (2, vec![(1, "too_many_names", true), (3, "too_many_names", true)])
    );
    assert_eq!(accept(&world.app, &ada, [visit("https://a.org/")]).await.unwrap().accepted, 1);
    world.clock.advance(86_400_000);
    assert_eq!(accept(&world.app, &ada, [visit("https://b.org/")]).await.unwrap().accepted, 1);
}
