//! What each alert watches for, caused on a running cluster and seen by a real Prometheus with the rules as they are
//! shipped. They fire at once here, without their `for`; that they wait, promtool tests.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dayline_testkit::{Postgres, Process, Redis, free_port, length, query, run, try_query, until};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::sleep;

use crate::person::Person;
use crate::watcher::Watcher;
use crate::{PROGRAM, is_healthy, text};

const PEOPLE: usize = 8;
/// Between two pings of a person.
const PACE: Duration = Duration::from_millis(20);
/// How long a busy machine may take until something is so.
const PATIENCE: Duration = Duration::from_mins(1);
/// Open files that one process may have, and so many connections that they are nearly all.
const FILES: u32 = 600;
const CONNECTIONS: usize = 460;
/// Puts into the ping log what is no record.
const DAMAGE: &str =
    "EVAL \"redis.call('XADD', 'dayline:log:0', '*', 'e', 'oops') return redis.status_reply('OK')\" 0";
const SETTLED: &str = "dayline_pings_settled_total";
/// Halts all that workers do, as long as it runs.
const HOLD: &str = "BEGIN; LOCK TABLE ledger_days IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)";
const LET_GO: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'";

/// The rules as they are shipped, but that they wait for nothing.
fn impatient_rules() -> String {
    let rules = text("deploy/prometheus/dayline.rules.yml");
    let lines = rules.lines().filter(|line| !line.trim().starts_with("for: "));
    lines.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
}

/// Servers, and what processes of ours are told of them.
struct Scene {
    postgres: Postgres,
    replica: Postgres,
    redis: Redis,
    folder: TempDir,
}

impl Scene {
    fn start() -> Self {
        let postgres = Postgres::start(&["fsync=off"]);
        let (replica, redis) = (postgres.replica(), Redis::start());
        let scene = Self { postgres, replica, redis, folder: tempfile::tempdir().unwrap() };
        let keys = scene.path("keys.json");
        run(Command::new(PROGRAM).args(["keys", "create", "--keys-file"]).arg(keys));
        run(Command::new(PROGRAM).args(["migrate", "--database-url", &scene.postgres.url()]));
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a process with this command before it; gives its port when it answers.
    fn serve(&self, mut command: Command, options: &[&str]) -> (u16, Process) {
        let port = free_port();
        command.args(["serve", "--unlimited", "--log-keep", "0", "--max-replica-lag", "1s"]);
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--read-database-url", &self.replica.url()]);
        command.args(options).env("DAYLINE_DATABASE_URL", self.postgres.url());
        command.env("DAYLINE_REDIS_URL", self.redis.url()).env("DAYLINE_KEYS_FILE", self.path("keys.json"));
        let mut process = Process::start(&mut command, &self.path(&format!("{port}.log")));
        process.until(|| is_healthy(port));
        (port, process)
    }

    /// The program as it would be in another version, and with few files.
    fn other_program(&self) -> Command {
        let version = env!("CARGO_PKG_VERSION");
        let other = format!("{}x", &version[..version.len() - 1]);
        let program = self.path("dayline-of-another-version");
        run(Command::new("cp").arg(PROGRAM).arg(&program));
        let replace = format!("s/{}/{other}/g", version.replace('.', "\\."));
        run(Command::new("sed").args(["--in-place", &replace]).arg(&program).env("LC_ALL", "C"));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {FILES} && exec \"$0\" \"$@\"")]).arg(program);
        command
    }

    /// Nothing that workers write is committed, until [`Self::let_go`].
    fn hold_the_ledger(&self) {
        let url = self.postgres.url();
        thread::spawn(move || try_query(&url, HOLD));
        let held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
            AND relation = 'ledger_days'::regclass";
        until("the ledger is held", PATIENCE, || query(&self.postgres.url(), held) == ["1"]);
    }

    fn let_go(&self) {
        query(&self.postgres.url(), LET_GO);
    }
}

/// People who track, whatever the answer.
struct Crowd {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Crowd {
    fn of(people: &[Arc<Person>]) -> Self {
        static SECOND: AtomicU32 = AtomicU32::new(0);
        let mut crowd = Self { stop: Arc::default(), tasks: JoinSet::new() };
        for person in people {
            let (person, stop) = (Arc::clone(person), Arc::clone(&crowd.stop));
            crowd.tasks.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let _ = person.track(SECOND.fetch_add(1, Ordering::Relaxed)).await;
                    sleep(PACE).await;
                }
            });
        }
        crowd
    }

    async fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The value of a metric without labels that a process shows.
async fn metric(port: u16, name: &str) -> f64 {
    let metrics =
        reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.unwrap().text().await.unwrap();
    let found = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    found.unwrap_or_else(|| panic!("no {name} in {metrics}"))
}

async fn until_metric(port: u16, name: &str, is_it: impl Fn(f64) -> bool) {
    let begin = Instant::now();
    while !is_it(metric(port, name).await) {
        assert!(begin.elapsed() < PATIENCE, "{name} is {}", metric(port, name).await);
        sleep(Duration::from_millis(50)).await;
    }
}

/// Prometheus, and which alerts have fired.
struct Alerts {
    watcher: Watcher,
    fired: BTreeSet<String>,
    begin: Instant,
}

impl Alerts {
    /// The alerts of these names are quiet, and then, of what `cause` does, they fire.
    async fn expect(&mut self, names: &[&str], cause: impl AsyncFnOnce(&mut Watcher)) {
        let before = self.watcher.firing().await;
        for name in names {
            assert!(!before.contains(*name), "{name} fires without a cause: {before:?}");
        }
        cause(&mut self.watcher).await;
        self.until_fired(names).await;
    }

    async fn until_fired(&mut self, names: &[&str]) {
        let begin = Instant::now();
        let mut waiting: BTreeSet<&str> = names.iter().copied().collect();
        while !waiting.is_empty() {
            assert!(begin.elapsed() < PATIENCE, "quiet: {waiting:?}");
            let firing = self.watcher.firing().await;
            waiting.retain(|name| !firing.contains(*name));
            sleep(Duration::from_millis(100)).await;
        }
        println!("{:?}: {names:?}", self.begin.elapsed());
        self.fired.extend(names.iter().map(|name| (*name).to_owned()));
    }
}

/// All of it at work.
struct Trial {
    scene: Scene,
    alerts: Alerts,
    api: (u16, Process),
    worker: (u16, Process),
    people: Vec<Arc<Person>>,
}

impl Trial {
    async fn start() -> Self {
        let watcher = block_in_place(|| Watcher::start(&impatient_rules(), 3));
        let scene = block_in_place(Scene::start);
        let serve = |options: &[&str]| block_in_place(|| scene.serve(Command::new(PROGRAM), options));
        let api = serve(&["--role", "api"]);
        let worker = serve(&["--role", "worker", "--database-connections", "2", "--database-timeout", "10m"]);
        let url = format!("http://127.0.0.1:{}", api.0);
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            people.push(Arc::new(Person::new(&url, number).await));
        }
        let alerts = Alerts { watcher, fired: BTreeSet::new(), begin: Instant::now() };
        Self { scene, alerts, api, worker, people }
    }

    /// Nobody makes reports, and nothing comes into timelines. Prometheus sees it from its start on: some rules
    /// ask what was so for long.
    async fn nothing_is_processed_and_then_too_late(&mut self) {
        let Self { scene, alerts, people, .. } = self;
        let (api, worker) = (self.api.0, self.worker.0);
        let crowd = Crowd::of(people);
        alerts
            .expect(&["DaylineReportsWait", "DaylineStandsStill", "DaylineDatabaseBusy"], async |watcher| {
                block_in_place(|| scene.hold_the_ledger());
                let job = json!({"kind": "days", "format": "json", "from": "2026-01-01", "to": "2026-02-01"});
                people[0].ask(people[0].post("/api/v1/report/jobs").json(&job)).await.unwrap();
                until_metric(api, "dayline_report_jobs_waiting", |jobs| jobs > 0.0).await;
                until_metric(worker, "dayline_database_waiting", |calls| calls > 0.0).await;
                watcher.watch(api);
                watcher.watch(worker);
            })
            .await;
        crowd.stop().await;
        alerts
            .expect(&["DaylineLags"], async |_| {
                // All that came waits for longer than it may.
                sleep(Duration::from_millis(2_100)).await;
                block_in_place(|| scene.let_go());
            })
            .await;
    }

    /// What does not keep pings from being processed. Another process comes, and goes.
    async fn something_is_wrong_beside_the_work(&mut self) {
        let Self { scene, alerts, .. } = self;
        let (other, process) = block_in_place(|| scene.serve(scene.other_program(), &["--role", "api"]));
        let mut connections = Vec::new();
        let together =
            ["DaylineReplicaAway", "DaylineDeadLetters", "DaylineVersionsDiffer", "DaylineFilesRunOut"];
        alerts
            .expect(&together, async |watcher| {
                block_in_place(|| scene.replica.fall_behind(&scene.postgres));
                scene.redis.tell(DAMAGE);
                let connect = |_| TcpStream::connect(("127.0.0.1", other)).unwrap();
                connections.extend((0..CONNECTIONS).map(connect));
                watcher.watch(other);
            })
            .await;
        alerts.expect(&["DaylineDown"], async |_| assert!(process.end(Signal::TERM).success())).await;
    }

    async fn redis_is_slow_and_then_dead(&mut self) {
        let Self { scene: Scene { redis, .. }, alerts, .. } = self;
        for _ in 0..3 {
            redis.pause();
            sleep(Duration::from_millis(300)).await;
            redis.resume();
            sleep(PACE * 2).await;
        }
        // A busy machine may be slow by itself, so that it need not have been quiet before.
        alerts.until_fired(&["DaylineSlow"]).await;
        let of_dead_redis = ["DaylineErrors", "DaylineRedisFails", "DaylinePartFails"];
        alerts.expect(&of_dead_redis, async |_| redis.kill()).await;
        block_in_place(|| redis.start_again());
    }

    /// What the replica lacks was forgotten by the log when the primary had it.
    async fn the_database_comes_back_older(&mut self) {
        let settled = metric(self.worker.0, SETTLED).await;
        until_metric(self.worker.0, SETTLED, |now| now > settled + 20.0).await;
        let Self { scene, alerts, .. } = self;
        let goes_back = async |_: &mut Watcher| {
            block_in_place(|| scene.replica.take_over(&mut scene.postgres));
        };
        alerts.expect(&["DaylinePingsLost"], goes_back).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_alert_fires_of_what_it_watches_for() {
    let mut trial = Trial::start().await;
    trial.nothing_is_processed_and_then_too_late().await;
    let crowd = Crowd::of(&trial.people);
    trial.something_is_wrong_beside_the_work().await;
    trial.redis_is_slow_and_then_dead().await;
    trial.the_database_comes_back_older().await;
    crowd.stop().await;

    let Trial { mut alerts, worker, people, .. } = trial;
    let mut left_out = vec!["DaylineLogFills"];
    if length(0, 0, 1) > 0 {
        worker.1.end(Signal::TERM);
        alerts.expect(&left_out, async |_| fill(&people).await).await;
        left_out.clear();
    }
    let rules = alerts.watcher.rules().await;
    let names = rules.iter().map(|rule| rule["name"].as_str().unwrap());
    let quiet: Vec<_> = names.filter(|name| !alerts.fired.contains(*name)).collect();
    assert_eq!(quiet, left_out);
}

/// Sends pings as large as they may be, until half a gigabyte of them waits.
async fn fill(people: &[Arc<Person>]) {
    const REQUESTS: u32 = 600;
    let mut tasks = JoinSet::new();
    for (number, person) in people.iter().enumerate() {
        let person = Arc::clone(person);
        tasks.spawn(async move {
            let name = |n: u32| format!("{n:06}{}", "\u{1f4bb}".repeat(249));
            for request in 0..REQUESTS / PEOPLE as u32 {
                let first = (number as u32 * REQUESTS + request) * 450 % 80_000;
                let ping = |n: u32| {
                    json!({"app_name": name(n), "project": name(n + 1), "start_time": person.at_second(n),
                        "end_time": person.at_second(n + 1)})
                };
                let pings: Vec<_> = (first..first + 450).map(ping).collect();
                while person.ask(person.post("/api/v1/usage/track").json(&pings)).await.is_err() {
                    sleep(PACE).await;
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}
