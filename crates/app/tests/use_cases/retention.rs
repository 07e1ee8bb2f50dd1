//! What is past goes, by the installation's word and the person's own, and does not come back.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{
    AuditKind, AuditLog, DayKey, LedgerReader, Partition, PreferenceStore, RetentionStore,
};
use dayline_app::reporting::reports::read_version;
use dayline_app::tracking::corrections::{Change, Draft, apply, preview};
use dayline_app::tracking::ingest::{PingDraft, Receipt, SeenDraft, Site, accept};
use dayline_app::tracking::preferences::{prefer, preferences};
use dayline_app::tracking::retention::{Archiving, CleanUp, DryRun, Kept, Step};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::{FakeApp, FakeArchive, FakeForms, FakeLog};
use dayline_domain::{DAY_MS, Interval, Preferences, UtcDay, UtcMs};

use super::{ada_in, send, used};

/// An installation that keeps timelines for so long, or for ever, and Ada in UTC.
async fn keeping(keep: Option<&str>) -> (Arc<FakeApp>, Caller) {
    let mut world = FakeApp::over(FakeLog::default());
    world.app.rules.keep = keep.map(|keep| keep.parse().unwrap());
    ada_in(world).await
}

/// The middle of the UTC day so many days before today.
fn noon(world: &FakeApp, days_ago: i32) -> UtcMs {
    UtcDay(world.app.clock.now().day().0 - days_ago).start().plus(DAY_MS / 2)
}

fn hour(world: &FakeApp, days_ago: i32) -> Interval {
    let noon = noon(world, days_ago);
    Interval::new(noon, noon.plus(3_600_000)).unwrap()
}

async fn work(world: &FakeApp) -> usize {
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    let mut forgotten = 0;
    loop {
        let step = worker.step().await.unwrap();
        forgotten += step.forgotten;
        if step.entries == 0 {
            return forgotten;
        }
    }
}

/// An hour of each of these days is in the timeline.
async fn track(world: &FakeApp, ada: &Caller, days_ago: &[i32]) {
    let seen: Vec<_> = days_ago.iter().map(|&ago| used("Code", None, hour(world, ago))).collect();
    send(world, ada.user, &seen).await;
    work(world).await;
}

/// Cleans up to the end; gives how many days went.
async fn clean(world: &FakeApp) -> u64 {
    let mut clean_up = CleanUp::new(&world.app, world.app.clock.now(), false);
    let mut gone = 0;
    loop {
        match clean_up.step(&world.app).await.unwrap() {
            Step::Went { days } => gone += days,
            Step::Looked => {}
            Step::Unreadable(user) => panic!("{user}"),
            Step::Done { .. } => return gone,
        }
    }
}

/// How many days ago each day was of which something is stored.
async fn stored(world: &FakeApp, ada: &Caller) -> Vec<i32> {
    let everything = Interval::new(UtcMs(0), UtcMs(i64::MAX)).unwrap();
    let marks = LedgerReader::marks(&*world.store, ada.user, everything).await.unwrap();
    marks.into_iter().map(|(day, _)| world.app.clock.now().day().0 - day.0).collect()
}

async fn want(world: &FakeApp, ada: &Caller, keep: &str) -> Kept {
    let keep = Some(keep.parse().unwrap());
    prefer(&world.app, ada, Preferences { keep, ..Preferences::default() }).await.unwrap().kept
}

async fn ping(world: &FakeApp, ada: &Caller, days_ago: i32) -> Receipt {
    let (start, end) = (hour(world, days_ago).start(), hour(world, days_ago).end());
    let seen = SeenDraft::Use { app_name: "Code".into(), site: Site::None, project: None };
    accept(&world.app, ada, [Ok(PingDraft { seen, start, end, device_id: None })]).await.unwrap()
}

async fn told(world: &FakeApp, ada: &Caller, kind: AuditKind) -> Vec<Box<str>> {
    let all = AuditLog::list(&*world.store, ada.user, None, 100).await.unwrap();
    all.into_iter()
        .filter(|stored| stored.event.kind == kind)
        .filter_map(|stored| stored.event.subject)
        .collect()
}

#[tokio::test]
async fn by_default_everything_is_kept() {
    let (world, ada) = keeping(None).await;
    track(&world, &ada, &[5_000, 400, 0]).await;
    assert_eq!(clean(&world).await, 0);
    assert_eq!(stored(&world, &ada).await, [5_000, 400, 0]);
    let preferred = preferences(&world.app, &ada).await.unwrap();
    assert_eq!(preferred.kept, Kept { installation: None, since: None });
}

#[tokio::test]
async fn what_the_installation_does_not_keep_goes_however_much_it_is() {
    let (world, ada) = keeping(Some("30d")).await;
    let days: Vec<i32> = (0..100).rev().collect();
    track(&world, &ada, &days).await;
    assert_eq!(clean(&world).await, 69);
    assert_eq!(stored(&world, &ada).await, (0..=30).rev().collect::<Vec<_>>());
    assert_eq!(clean(&world).await, 0);
    // The next day one more goes, of which nobody needs to be told.
    world.clock.advance(DAY_MS);
    assert_eq!(clean(&world).await, 1);
    assert_eq!(told(&world, &ada, AuditKind::PastRemoved).await.len(), 1);
}

#[tokio::test]
async fn a_persons_shorter_choice_holds_and_a_longer_one_has_no_effect() {
    let (world, ada) = keeping(Some("30d")).await;
    track(&world, &ada, &[40, 20, 5, 0]).await;
    let date = |days_ago| Some(dayline_domain::LocalDate(world.app.clock.now().day().0 - days_ago));
    let installation = world.app.rules.keep;
    assert_eq!(want(&world, &ada, "3y").await, Kept { installation, since: date(30) });
    assert_eq!(clean(&world).await, 1);
    assert_eq!(want(&world, &ada, "10d").await, Kept { installation, since: date(10) });
    assert_eq!(clean(&world).await, 1);
    assert_eq!(stored(&world, &ada).await, [5, 0]);
    assert_eq!(told(&world, &ada, AuditKind::KeepChanged).await, ["10d".into(), "3y".into()]);
}

#[tokio::test]
async fn a_late_ping_does_not_bring_back_what_went_unless_it_is_kept_again() {
    let (world, ada) = keeping(None).await;
    track(&world, &ada, &[40, 0]).await;
    want(&world, &ada, "30d").await;
    assert_eq!(clean(&world).await, 1);
    // It is taken, since only the worker knows, and forgotten; so is what a kept log brings again.
    assert_eq!(ping(&world, &ada, 40).await.accepted, 1);
    assert_eq!(work(&world).await, 1);
    assert_eq!(stored(&world, &ada).await, [0]);
    // Wanted again, it may be brought in at once.
    want(&world, &ada, "50d").await;
    ping(&world, &ada, 40).await;
    assert_eq!((work(&world).await, clean(&world).await), (0, 0));
    assert_eq!(stored(&world, &ada).await, [40, 0]);
}

#[tokio::test]
async fn a_worker_that_has_a_day_in_memory_does_not_bring_it_back() {
    let (world, ada) = keeping(None).await;
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    send(&world, ada.user, &[used("Code", None, hour(&world, 40))]).await;
    worker.step().await.unwrap();
    want(&world, &ada, "30d").await;
    assert_eq!(clean(&world).await, 1);
    send(&world, ada.user, &[used("Mail", None, hour(&world, 40))]).await;
    assert!(worker.step().await.unwrap().stale);
    assert_eq!(worker.step().await.unwrap().forgotten, 1);
    assert_eq!(stored(&world, &ada).await, [] as [i32; 0]);
}

#[tokio::test]
async fn a_ping_that_nobody_is_kept_of_is_refused_with_the_reason() {
    let (world, ada) = keeping(Some("30d")).await;
    for kept in [30, 1] {
        assert_eq!(ping(&world, &ada, kept).await.accepted, 1);
    }
    let receipt = ping(&world, &ada, 40).await;
    let refusal = &receipt.rejected[0].refusal;
    assert_eq!((receipt.accepted, refusal.code, refusal.retry), (0, "no_longer_kept", false));
    assert!(refusal.detail.contains("this server keeps timelines for 30d"), "{refusal:?}");
}

#[tokio::test]
async fn corrections_of_what_is_not_kept_are_refused_and_others_go_in_time() {
    let (world, ada) = keeping(None).await;
    track(&world, &ada, &[40, 0]).await;
    let erase = |days_ago| {
        let at = hour(&world, days_ago);
        Change::New(Draft { start: at.start(), end: at.end(), entry: None })
    };
    apply(&world.app, &ada, erase(40)).await.unwrap();
    work(&world).await;
    want(&world, &ada, "30d").await;
    clean(&world).await;
    assert_eq!(LedgerReader::corrections(&*world.store, ada.user, None).await.unwrap(), []);
    for refused in [
        apply(&world.app, &ada, erase(40)).await.map(drop),
        preview(&world.app, &ada, erase(40)).await.map(drop),
    ] {
        let Err(AppError::Invalid(errors)) = refused else { panic!("{refused:?}") };
        assert_eq!(errors[0].field, "end_time");
        assert!(errors[0].detail.contains("the first day of your timeline that is kept"), "{errors:?}");
    }
    apply(&world.app, &ada, erase(30)).await.unwrap();
}

#[tokio::test]
async fn an_answer_about_a_day_that_went_is_another_one() {
    let (world, ada) = keeping(None).await;
    track(&world, &ada, &[40, 0]).await;
    let both = Interval::new(hour(&world, 41).start(), hour(&world, 0).end()).unwrap();
    let before = read_version(&world.app, &ada, Some(both)).await.unwrap();
    want(&world, &ada, "30d").await;
    clean(&world).await;
    let after = read_version(&world.app, &ada, Some(both)).await.unwrap();
    assert_ne!(after, before);
    // Sent again and kept again it is what it was, and still no old answer.
    want(&world, &ada, "50d").await;
    track(&world, &ada, &[40]).await;
    let again = read_version(&world.app, &ada, Some(both)).await.unwrap();
    assert!(again != before && again != after);
}

#[tokio::test]
async fn a_dry_run_says_what_goes_and_takes_nothing() {
    let (world, ada) = keeping(Some("30d")).await;
    track(&world, &ada, &[50, 40, 20, 0]).await;
    want(&world, &ada, "10d").await;
    let mut dry_run = DryRun::new(&world.app, world.app.clock.now());
    let told = dry_run.next(&world.app).await.unwrap().unwrap();
    assert_eq!(
        (told.user, told.before, told.past.days, told.past.pieces),
        (ada.user, noon(&world, 10).day(), 3, 3)
    );
    assert_eq!(dry_run.next(&world.app).await, Ok(None));
    assert_eq!(stored(&world, &ada).await, [50, 40, 20, 0]);
    assert_eq!(clean(&world).await, told.past.days);
}

#[tokio::test]
async fn what_is_left_half_done_is_found_by_a_thorough_look() {
    let (world, ada) = keeping(Some("30d")).await;
    track(&world, &ada, &[50, 40, 0]).await;
    // The border was set, and the process ended.
    let border = Some(noon(&world, 30).day());
    assert_eq!(world.store.keep_from(ada.user, border).await, Ok(true));
    assert_eq!(clean(&world).await, 0);
    let mut thorough = CleanUp::new(&world.app, world.app.clock.now(), true);
    while !matches!(thorough.step(&world.app).await.unwrap(), Step::Done { .. }) {}
    assert_eq!(stored(&world, &ada).await, [0]);
}

#[tokio::test]
async fn days_are_those_of_the_person_wherever_they_are_and_whenever_they_begin() {
    let (world, ada) = keeping(Some("1d")).await;
    track(&world, &ada, &[2, 1, 0]).await;
    // At 04:00 UTC days that begin at 05:00 are still those of yesterday.
    world.clock.advance(noon(&world, -1).since(world.app.clock.now()) - 8 * 3_600_000);
    let day_start = dayline_domain::DayStart::from_minutes(300).unwrap();
    let late = Preferences { day_start, ..Preferences::default() };
    assert_eq!(PreferenceStore::set_preferences(&*world.store, ada.user, late).await, Ok(true));
    assert_eq!(clean(&world).await, 1);
    world.clock.advance(3_600_000);
    assert_eq!(clean(&world).await, 1);
    assert_eq!(stored(&world, &ada).await, [1]);
}

/// A clean-up that archives first.
fn archiving(world: &FakeApp, archive: &Arc<FakeArchive>) -> CleanUp {
    let archiving = Archiving { archive: archive.clone(), forms: Arc::new(FakeForms) };
    CleanUp::new(&world.app, world.app.clock.now(), true).archiving(Some(archiving))
}

#[tokio::test]
async fn what_goes_is_archived_before_and_nothing_else_is() {
    let (world, ada) = keeping(Some("30d")).await;
    let days: Vec<i32> = (25..45).rev().collect();
    track(&world, &ada, &days).await;
    let archive = Arc::<FakeArchive>::default();
    archive.fill(true);
    let mut full = archiving(&world, &archive);
    while full.step(&world.app).await.is_ok() {}
    assert_eq!(stored(&world, &ada).await, days, "what can't be archived stays");
    archive.fill(false);
    let mut clean_up = archiving(&world, &archive);
    while !matches!(clean_up.step(&world.app).await.unwrap(), Step::Done { .. }) {}
    assert_eq!(stored(&world, &ada).await, (25..=30).rev().collect::<Vec<_>>());
    let kept = archive.kept();
    let ago = |day: UtcDay| world.app.clock.now().day().0 - day.0;
    let files: Vec<_> =
        kept.iter().map(|(user, (first, last), _)| (*user, ago(*first), ago(*last))).collect();
    assert_eq!(files, [(ada.user, 44, 38), (ada.user, 37, 31)]);
    for (_, _, lines) in &kept {
        assert!(lines.starts_with("Profile(") && lines.ends_with("end\n"), "{lines}");
        assert_eq!(lines.matches("Ledger {").count(), 7, "{lines}");
    }
}

#[tokio::test]
async fn what_only_the_person_does_not_want_kept_is_archived_nowhere() {
    let (world, ada) = keeping(Some("30d")).await;
    track(&world, &ada, &[40, 20, 0]).await;
    want(&world, &ada, "10d").await;
    let archive = Arc::<FakeArchive>::default();
    let mut clean_up = archiving(&world, &archive);
    while !matches!(clean_up.step(&world.app).await.unwrap(), Step::Done { .. }) {}
    assert_eq!(stored(&world, &ada).await, [0]);
    let [(_, days, lines)] = &archive.kept()[..] else { panic!("{:?}", archive.kept()) };
    assert_eq!(*days, (noon(&world, 40).day(), noon(&world, 31).day()));
    assert_eq!(lines.matches("Ledger {").count(), 1, "{lines}");
}

#[tokio::test]
async fn a_day_that_can_not_be_read_is_not_archived_and_stays_and_holds_up_nobody_else() {
    let (world, ada) = keeping(Some("30d")).await;
    super::register(&world, "bob@example.org").await;
    let tokens = super::login(&world, "bob@example.org", "laptop").await;
    let bob = super::caller(&world, &tokens).await.unwrap();
    for person in [&ada, &bob] {
        track(&world, person, &[40, 0]).await;
    }
    world.store.damage(DayKey { user: ada.user, day: noon(&world, 40).day() });
    let archive = Arc::<FakeArchive>::default();
    let mut clean_up = archiving(&world, &archive);
    let mut unreadable = Vec::new();
    loop {
        match clean_up.step(&world.app).await.unwrap() {
            Step::Unreadable(user) => unreadable.push(user),
            Step::Done { .. } => break,
            _ => {}
        }
    }
    assert_eq!(unreadable, [ada.user]);
    assert_eq!((stored(&world, &ada).await, stored(&world, &bob).await), (vec![40, 0], vec![0]));
}
