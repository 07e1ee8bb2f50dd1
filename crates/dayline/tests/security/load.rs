//! Many sign-ins at once do not slow pings down. For somebody who looks at the figures, not for every run.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::task::JoinSet;

use crate::web::{PASSWORD, Web, ping, send};

const LOGINS: usize = 500;
const TRACKERS: usize = 8;
const PINGS_PER_S: u32 = 200;

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// Pings at a fixed rate until told to stop, each timed from when it was due, so that a server that stands still
/// is seen in every ping that had to wait.
async fn pings(web: &Web, bearers: &[String], stop: impl Future<Output = ()>) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut sent = JoinSet::new();
    let mut due = tokio::time::Instant::now();
    tokio::pin!(stop);
    loop {
        due += Duration::from_secs(1) / PINGS_PER_S;
        tokio::select! {
            () = &mut stop => break,
            () = tokio::time::sleep_until(due) => {}
        }
        let request = web.track(&bearers[sent.len() % bearers.len()], &ping("Code"));
        let due = due.into_std();
        sent.spawn(async move {
            send(request).await.expect(202);
            due.elapsed()
        });
        while let Some(done) = sent.try_join_next() {
            times.push(done.unwrap());
        }
    }
    while let Some(done) = sent.join_next().await {
        times.push(done.unwrap());
    }
    times
}

/// `cargo test --release -p dayline --test security five_hundred -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures times; see above for how to run it"]
async fn five_hundred_parallel_sign_ins_leave_pings_fast() {
    let web = Web::start(&["--unlimited"]);
    let mut bearers = Vec::new();
    for tracker in 0..TRACKERS {
        bearers.push(web.newcomer(&format!("tracker{tracker}")).await.access);
    }
    let ada = web.register("ada").await;
    let quiet = || tokio::time::sleep(Duration::from_secs(10));
    pings(&web, &bearers, tokio::time::sleep(Duration::from_secs(2))).await;
    let before = pings(&web, &bearers, quiet()).await;

    let began = Instant::now();
    let mut refused = 0;
    let logins = async {
        let logins = (0..LOGINS).map(|device| send(web.login(&ada, PASSWORD, &format!("device {device}"))));
        let answers = join_all(logins).await;
        refused = answers.iter().filter(|answer| answer.status == 503).count();
        assert!(answers.iter().all(|answer| [200, 503].contains(&answer.status)), "{answers:?}");
    };
    let during = pings(&web, &bearers, logins).await;
    let took = began.elapsed();
    let after = pings(&web, &bearers, quiet()).await;

    let (quiet, busy) = (p99([before, after].concat()), p99(during.clone()));
    let ratio = busy.as_secs_f64() / quiet.as_secs_f64();
    println!(
        "{LOGINS} sign-ins took {took:?}, {refused} were refused with 503; {} pings meanwhile",
        during.len()
    );
    println!("p99 of pings: {quiet:?} without sign-ins, {busy:?} with them: {ratio:.2} times");
    assert!(ratio < 2.0);
}
