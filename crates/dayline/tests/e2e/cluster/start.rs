//! Starting while something is missing: what can wait is waited for, what can't is named.

use std::time::Duration;

use dayline_domain::DAY_MS;

use super::installation;
use crate::support::account::{eventually, newcomer, ping, send, totals};
use crate::support::command::{Ended, run};
use crate::support::now;
use crate::support::postgres::Postgres;
use crate::support::readiness::readiness;
use crate::support::server::{Installation, Role, get};
use crate::support::shared::{Database, Shared};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_an_api_process_starts_and_takes_pings_and_a_worker_waits_for_it() {
    let mut postgres = Postgres::start();
    let installation = Installation::over(Shared::over(postgres.database()));
    let mut server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    assert_eq!(server.stop().code(), Some(0));
    postgres.stop();

    let mut apis = [0, 1].map(|number| installation.process(Role::Api, number, &[]));
    let worker = installation.process(Role::Worker, 0, &[]);
    for api in &mut apis {
        let took = api.wait_until_ready();
        println!("an api process without its database is ready after {took:?}");
        assert!(took < Duration::from_secs(6), "{took:?}");
        assert_eq!(readiness(api), (200, true, vec!["database".to_owned()]));
    }
    let lacking_database = (503, false, vec!["database".to_owned()]);
    let start = now().plus(-DAY_MS).day().start();
    send(&device, ping("Code", start, 5_000)).await;
    eventually(lacking_database, Duration::from_secs(10), async || readiness(&worker)).await;

    postgres.start_again();
    eventually((200, false, Vec::new()), Duration::from_secs(15), async || readiness(&worker)).await;
    let day = start.day().to_string();
    eventually(true, Duration::from_secs(15), async || device.report("apps", &day, "UTC").await.is_ok())
        .await;
    let expected = [("Code".to_owned(), 5_000)].into();
    eventually(expected, Duration::from_secs(15), async || totals(&device, "apps", &day, "UTC").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_database_without_schema_readiness_says_so_until_it_was_migrated() {
    let installation = Installation::over(Shared::over_blank(Database::new()));
    let server = installation.spawn(&[]);
    let [api, _, worker, _] = &server.processes[..] else { panic!("four processes") };
    let lacks = |parts: &[&str]| (503, false, parts.iter().map(|&part| part.to_owned()).collect());
    let no_schema = lacks(&["schema", "database"]);
    eventually(no_schema, Duration::from_secs(20), async || readiness(api)).await;
    eventually(lacks(&["database"]), Duration::from_secs(20), async || readiness(worker)).await;
    for process in [api, worker] {
        assert!(get(process.address, "/readyz").unwrap().contains("dayline migrate"), "a hint");
    }

    let data = installation.data_options();
    run(&["migrate", &data[0], &data[1]]).expect_success();
    for process in [api, worker] {
        eventually((200, false, Vec::new()), Duration::from_secs(10), async || readiness(process)).await;
    }
    newcomer(&installation, "ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_has_no_memory_left_an_api_process_is_not_ready_and_a_worker_is() {
    let installation = installation();
    let server = installation.start(&[]);
    let [api, _, worker, _] = &server.processes[..] else { panic!("four processes") };
    let redis = &installation.shared().redis;
    redis.tell("CONFIG SET maxmemory 1");
    let full = (503, false, vec!["ping_log".to_owned()]);
    eventually(full, Duration::from_secs(8), async || readiness(api)).await;
    assert_eq!(readiness(worker), (200, false, Vec::new()));
    assert!(get(api.address, "/metrics").unwrap().contains("dayline_check_ok{check=\"ping_log\"} 0"));
    redis.tell("CONFIG SET maxmemory 0");
    eventually((200, false, Vec::new()), Duration::from_secs(8), async || readiness(api)).await;
}

/// A server with these options, which must refuse to start with one line.
fn refused(installation: &Installation, options: &[&str]) -> (Option<i32>, String) {
    let (address, data) = (installation.address().to_string(), installation.data().display().to_string());
    let Ended { code, stdout, stderr } =
        run(&[&["serve", "--listen", &address, "--data", &data], options].concat());
    assert_eq!(stdout, "", "{stderr}");
    assert_eq!(stderr.trim().lines().count(), 1, "{stderr}");
    assert!(!installation.data().exists(), "nothing was made");
    (code, stderr)
}

#[test]
fn what_a_process_of_a_cluster_cannot_do_without_is_named_and_no_password_is_shown() {
    let installation = installation();
    let [(_, database), (_, redis), (_, keys)] = installation.shared().variables();
    let with = |database: &str, redis: &str, keys: &str| {
        refused(&installation, &["--database-url", database, "--redis-url", redis, "--keys-file", keys])
    };
    for nobody_there in ["redis://ada:hunter2@127.0.0.1:1", "unix:///nowhere/redis.sock?pass=hunter2"] {
        let (code, said) = with(&database, nobody_there, &keys);
        assert!(code == Some(1) && said.contains("redis") && !said.contains("hunter2"), "{said}");
    }
    let (code, said) = with(&database, &redis, "/nowhere/keys.json");
    assert!(code == Some(1) && said.contains("/nowhere/keys.json"), "{said}");
    for wrong in ["postgres://ada:hunter2@host:port/x", "mysql://ada:hunter2@host/x"] {
        let (code, said) = with(wrong, &redis, &keys);
        assert!(code == Some(2) && said.contains("postgresql") && !said.contains("hunter2"), "{said}");
    }
    for wrong in ["http://ada:hunter2@host", "redis://ada:hunter2@host:port"] {
        let (code, said) = with(&database, wrong, &keys);
        assert!(code == Some(2) && !said.contains("hunter2"), "{said}");
    }
    for (options, missing) in [
        (&["--database-url", &database, "--redis-url", &redis][..], "--keys-file"),
        (&["--database-url", &database], "--redis-url"),
        (&["--redis-url", &redis], "--database-url"),
    ] {
        let (code, said) = refused(&installation, options);
        assert!(code == Some(2) && said.contains(missing), "{said}");
    }
}
