//! What is not kept any more: told by a dry run, removed by the server, refused from then on, and kept in an archive.

use std::fs;
use std::time::Duration;

use dayline_domain::DAY_MS;
use dayline_sim::client::wire::{Body, Format};

use crate::support::account::{PASSWORD, eventually, newcomer, ping, send, totals};
use crate::support::command::{dayline, end, run};
use crate::support::now;
use crate::support::server::Installation;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_it_is_kept_is_told_by_a_dry_run_goes_and_comes_back_only_from_the_archive() {
    let installation = Installation::alone();
    let mut server = installation.start(&[]);
    let ada = newcomer(&installation, "ada").await;
    let noon = |days_ago: i64| now().plus(-days_ago * DAY_MS).day().start().plus(DAY_MS / 2);
    let (old, young) = (noon(40), noon(2));
    for start in [old, young] {
        send(&ada, ping("Code", start, 60_000)).await;
    }
    let apps = async |day: String| totals(&ada, "apps", &day, "UTC").await.len();
    let both = async || [apps(old.day().to_string()).await, apps(young.day().to_string()).await];
    eventually([1, 1], SOON, both).await;

    let data = installation.data().display().to_string();
    let dry_run = |keep| run(&["retention", "--keep", keep, "--data", &data]).expect_success();
    assert_eq!(dry_run("3y"), "0 people  0 days  0 pieces  0.0 MiB of observations and sums\n");
    assert!(dry_run("30d").starts_with("1 people  1 days  1 pieces  0.0 MiB"), "{}", dry_run("30d"));
    assert_eq!(both().await, [1, 1]);
    assert_eq!(server.stop().code(), Some(0));

    let archive = installation.folder().join("archive");
    let mut server = installation.start(&["--keep", "30d", "--keep-archive", archive.to_str().unwrap()]);
    eventually([0, 1], SOON, both).await;
    assert!(dry_run("30d").starts_with("0 people"));
    let receipt = ada.track(&Body::new(&[ping("Code", old, 60_000)], Format::Array).unwrap()).await;
    assert!(format!("{receipt:?}").contains("no_longer_kept"), "{receipt:?}");
    assert_eq!(server.stop().code(), Some(0));

    // Kept again, it comes back from the archive.
    let _server = installation.start(&[]);
    let person = fs::read_dir(&archive).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_dir(person).unwrap().next().unwrap().unwrap().path();
    let url = installation.url();
    let mut import =
        dayline(&["import", file.to_str().unwrap(), "--url", &url, "--email", "ada@example.org"]);
    end(import.env("DAYLINE_PASSWORD", PASSWORD).spawn().unwrap()).expect_success();
    eventually([1, 1], SOON, both).await;
}
