//! What the wiring promises and no port shows.

use clap::{Args, Command, FromArgMatches};
use dayline_app::ports::{CreateUser, PasswordHash, PortError, User};
use dayline_app::reporting::report_worker::Ran;
use dayline_contract::fakes::FakeApp;
use dayline_domain::report::Filter;
use dayline_domain::{
    Email, FullName, JobId, JobPolicy, JobState, ReportFormat, ReportJob, ReportKind, UserId,
};

use super::*;

fn options(words: &[&str]) -> ServeOptions {
    let command = ServeOptions::augment_args(Command::new("serve"));
    let matches = command.try_get_matches_from(["serve"].iter().chain(words)).unwrap();
    ServeOptions::from_arg_matches(&matches).unwrap()
}

#[test]
fn what_an_operator_says_of_report_jobs_is_a_rule_of_the_application() {
    let usual = Settings::of(&options(&[])).rules.jobs;
    let set = Settings::of(&options(&["--report-jobs=2", "--report-lease=7s"])).rules.jobs;
    assert_eq!(set, JobPolicy { max_unfinished: 2, lease_ms: 7_000, ..usual });
}

fn export_job(user: UserId, now: UtcMs) -> ReportJob {
    ReportJob {
        id: JobId::from_bits(1),
        user,
        kind: ReportKind::Export,
        format: ReportFormat::Ndjson,
        days: None,
        filter: Filter::ALL,
        created_at: now,
        state: JobState::Queued,
        attempt: 0,
        days_done: 0,
        days_all: 0,
        chunks: 0,
        bytes: 0,
    }
}

#[tokio::test]
async fn an_export_job_is_made_over_the_report_workers_own_connections_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(FolderLock::acquire(folder.path()).unwrap()).unwrap();
    let tracking = FakeApp::default();
    let now = tracking.app.clock.now();
    let ada = User {
        id: UserId::from_bits(7),
        email: Email::new("ada@example.org").unwrap(),
        full_name: FullName::new("Ada").unwrap(),
        timezone: "UTC".to_owned(),
        created_at: now,
        updated_at: now,
        disabled_at: None,
    };
    let job = export_job(ada.id, now);
    assert_eq!(Accounts::create(&store, ada, PasswordHash("hash".to_owned())).await, Ok(CreateUser::Created));
    ReportJobs::create(&store, job.clone(), 1, 1).await.unwrap();

    tracking.store.fail(Some(PortError::Unavailable("tracking's connections are busy".to_owned())));
    let own = store.with_own_reader().unwrap();
    let worker = reports(&tracking.app, move || Ok(own))().unwrap();
    assert_eq!(worker.run_next(&|| false).await, Ok(Some(Ran::Done)));
    let result = ReportJobs::chunk(&store, job.user, job.id, 0).await.unwrap().unwrap();
    assert!(String::from_utf8(result).unwrap().contains("ada@example.org"));
}
