//! Taking pings in.

use std::borrow::Cow;
use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::clean_up::believed_time;
use dayline_app::ports::{AppendError, Partition, Payload, PingLog, Position};
use dayline_app::tracking::ingest::{PingDraft, Receipt, Refusal, SeenDraft, Site, accept, accept_within};
use dayline_app::tracking::record::{self, Body};
use dayline_contract::fakes::{FakeApp, FakeNames};
use dayline_domain::{Observation, Seen, UserId, UtcMs};

use super::{ada_in, used, with_ada};

/// Something seen in the last five seconds.
fn seen(world: &FakeApp, seen: SeenDraft<'static>) -> PingDraft<'static> {
    let now = world.app.clock.now();
    PingDraft { seen, start: now.plus(-5_000), end: now, device_id: None }
}

fn draft(world: &FakeApp, app_name: &'static str) -> PingDraft<'static> {
    on_site(world, app_name, Site::None)
}

fn on_site(
    world: &FakeApp,
    app_name: impl Into<Cow<'static, str>>,
    site: Site<'static>,
) -> PingDraft<'static> {
    seen(world, SeenDraft::Use { app_name: app_name.into(), site, project: None })
}

/// What the log holds, decoded.
async fn logged(world: &FakeApp) -> Vec<(UserId, Vec<Observation>)> {
    let entries = world.log.read_after(Partition(0), Position::START, usize::MAX).await.unwrap().entries;
    let mut found = Vec::new();
    for entry in entries {
        let Payload::Records(payload) = entry.payload else { panic!("damaged") };
        found.extend(record::split(&payload).map(|record| match record::decode(record.unwrap()).unwrap() {
            (user, Body::Observations(observations)) => (user, observations),
            (_, other) => panic!("{other:?}"),
        }));
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
        Ok(on_site(&world, "Firefox", Site::Url("https://www.github.com/a/b?c".into()))),
        Ok(draft(&world, " ")),
    ];
    let receipt = accept(&world.app, &ada, drafts).await.unwrap();
    assert_eq!(receipt.accepted, 2);
    let rejected: Vec<_> = receipt.rejected.iter().map(|r| (r.index, r.refusal.code)).collect();
    assert_eq!(rejected, [(1, "end_before_start"), (2, "invalid_type"), (4, "invalid_app_name")]);

    let [(user, pings)] = &logged(&world).await[..] else { panic!("one record") };
    assert_eq!(*user, ada.user);
    let expect = |app: &str, domain| used(app, domain, pings[0].interval());
    assert_eq!(*pings, [expect("Code", None), expect("Firefox", Some("github.com"))]);
}

#[tokio::test]
async fn every_kind_of_observation_is_logged_as_it_was_seen() {
    let (world, ada) = with_ada().await;
    let site = || Site::Domain("docs.rs".into());
    let beat = SeenDraft::Beat {
        app_name: "vim".into(),
        project: Some(" dayline ".into()),
        language: Some("Rust".into()),
    };
    let mut away = seen(&world, SeenDraft::Away);
    away.start = UtcMs(away.end.0 - 30 * 86_400_000);
    let drafts = [
        SeenDraft::Use { app_name: "Code".into(), site: site(), project: Some("dayline".into()) },
        SeenDraft::Page { app_name: "Firefox".into(), site: site(), audible: true },
        beat,
        SeenDraft::Here,
    ];
    let drafts = drafts.map(|kind| seen(&world, kind)).into_iter().chain([away]);
    let receipt = accept(&world.app, &ada, drafts.map(Ok)).await.unwrap();
    assert_eq!(receipt, Receipt { accepted: 5, rejected: vec![] });
    let [(_, logged)] = &logged(&world).await[..] else { panic!("one record") };
    let kinds: Vec<String> = logged.iter().map(|seen| format!("{:?}", seen.subject().seen)).collect();
    for (kind, names) in kinds.iter().zip([
        &["Use", "Code", "docs.rs", "dayline"][..],
        &["Page", "Firefox", "docs.rs", "true"],
        &["Beat", "vim", "\"dayline\"", "Rust"],
        &["Here"],
        &["Away"],
    ]) {
        assert!(names.iter().all(|name| kind.contains(name)), "{kind}");
    }
    let lengths: Vec<i64> = logged.iter().map(|seen| seen.interval().ms()).collect();
    assert_eq!(lengths, [5_000, 5_000, 1, 5_000, 30 * 86_400_000]);
}

#[tokio::test]
async fn what_is_no_web_address_costs_the_domain_and_never_the_time() {
    let (world, ada) = with_ada().await;
    let urls = ["github.com", "", "file:///home/ada/diary.txt", "https://", "chrome://settings", "\u{0}"];
    let hosts = ["no host/", "", "a b", "ada@example.org", "example.org/diary"];
    let sites = urls.map(|url| Site::Url(url.into())).into_iter();
    let sites = sites.chain(hosts.map(|host| Site::Domain(host.into())));
    let drafts: Vec<_> = sites.map(|site| Ok(on_site(&world, "Firefox", site))).collect();
    let all = urls.len() + hosts.len();
    assert_eq!(accept(&world.app, &ada, drafts).await.unwrap().accepted, all);
    let [(_, logged)] = &logged(&world).await[..] else { panic!("one record") };
    assert_eq!(logged.len(), all);
    for seen in logged {
        assert!(matches!(&seen.subject().seen, Seen::Use { domain: None, .. }));
    }
}

#[tokio::test]
async fn every_rule_of_a_ping_has_its_code() {
    let (world, ada) = with_ada().await;
    let good = || draft(&world, "Code");
    let day = 86_400_000;
    let long = |length| "x".repeat(length);
    let beat = |project: Option<String>, language: Option<String>| {
        let (project, language) = (project.map(Cow::Owned), language.map(Cow::Owned));
        seen(&world, SeenDraft::Beat { app_name: "vim".into(), project, language })
    };
    let past = good().end.plus(-367 * day);
    let away = |start, end| PingDraft { start, end, ..seen(&world, SeenDraft::Away) };
    let page =
        || seen(&world, SeenDraft::Page { app_name: "Firefox".into(), site: Site::None, audible: false });
    let cases = [
        ("invalid_app_name", on_site(&world, long(256), Site::None)),
        ("invalid_app_name", on_site(&world, "a\u{0}b", Site::None)),
        ("invalid_device_id", PingDraft { device_id: Some("".into()), ..good() }),
        ("invalid_device_id", PingDraft { device_id: Some(long(129).into()), ..good() }),
        ("invalid_project", beat(Some(long(256)), None)),
        ("invalid_language", beat(None, Some(long(256)))),
        ("url_too_long", on_site(&world, "Code", Site::Url(format!("https://a/{}", long(8_183)).into()))),
        ("too_long", PingDraft { start: good().start.plus(-day), ..good() }),
        ("too_long", PingDraft { start: good().start.plus(-day), ..page() }),
        ("too_far_in_future", PingDraft { end: good().end.plus(300_001), ..good() }),
        ("too_far_in_future", away(good().start, good().end.plus(300_001))),
        ("too_far_in_past", PingDraft { start: past, end: past, ..good() }),
        ("too_far_in_past", away(past, good().end)),
        ("end_before_start", away(good().end, good().start)),
    ];
    for (code, draft) in cases {
        let receipt = accept(&world.app, &ada, [Ok(draft)]).await.unwrap();
        let refusals: Vec<_> = receipt.rejected.iter().map(|rejected| rejected.refusal.code).collect();
        assert_eq!((receipt.accepted, refusals), (0, vec![code]));
    }
    assert!(logged(&world).await.is_empty());
}

#[tokio::test]
async fn a_wire_may_have_limits_of_its_own() {
    let (world, ada) = with_ada().await;
    let old = || PingDraft {
        start: UtcMs(1_200_000_000_000),
        end: UtcMs(1_200_000_005_000),
        ..draft(&world, "vim")
    };
    let refused = accept(&world.app, &ada, [Ok(old())]).await.unwrap();
    assert_eq!((refused.accepted, refused.rejected[0].refusal.code), (0, "too_far_in_past"));
    let limits = world.app.rules.pings.of_foreign_wires();
    let accepted = accept_within(&limits, &world.app, &ada, [Ok(old())]).await;
    assert_eq!(accepted, Ok(Receipt { accepted: 1, rejected: vec![] }));
    let older = PingDraft { start: UtcMs(1_000_000), end: UtcMs(2_000_000), ..old() };
    let refused = accept_within(&limits, &world.app, &ada, [Ok(older)]).await.unwrap();
    assert_eq!(refused.rejected[0].refusal.detail, "start_time must be at most 7320 days in the past");
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
    let visit = |url: &'static str| Ok(on_site(&world, "Firefox", Site::Url(url.into())));
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
