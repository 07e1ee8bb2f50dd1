//! The cluster of the compose file, run here: the same secrets, settings and configurations, with this machine's addresses.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::compose::{Service, compose};
use crate::{PROGRAM, root, text};

/// How long anything may take to start.
const START: Duration = Duration::from_secs(20);

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run ./test, which starts the servers"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Processes that end with the test.
struct Running(Vec<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

struct Cluster {
    folder: TempDir,
    running: Running,
    nginx: u16,
}

impl Cluster {
    fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("deploy-").tempdir_in(variable("DAYLINE_TEST_FOLDER")).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut cluster = Self { folder, running: Running(Vec::new()), nginx: free_port() };
        cluster.make_secrets();
        cluster.start_redis();
        cluster.start_pgbouncer();
        cluster.start_ours();
        cluster
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str) -> PathBuf {
        self.path("secrets").join(name)
    }

    fn make_secrets(&self) {
        let script = self.path("make-secrets");
        fs::copy(root().join("deploy/make-secrets"), &script).unwrap();
        run(&mut Command::new(script));
        for secret in compose().secrets.values() {
            let name = Path::new(&secret.file).file_name().unwrap();
            assert!(self.path("secrets").join(name).exists(), "{} is not made", secret.file);
        }
    }

    /// Replaces in a secret, whose file nobody may write.
    fn edit_secret(&self, name: &str, from: &str, to: &str) {
        let path = self.secret(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::remove_file(&path).unwrap();
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    fn keep(&mut self, name: &str, command: &mut Command) {
        let log = File::create(self.path(&format!("{name}.log"))).unwrap();
        let child =
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.running.0.push(child);
    }

    fn await_port(&self, name: &str, port: u16) {
        let log = || fs::read_to_string(self.path(&format!("{name}.log"))).unwrap();
        wait_for(name, || TcpStream::connect(("127.0.0.1", port)).is_ok(), log);
    }

    fn start_redis(&mut self) {
        let port = free_port();
        let data = self.path("redis");
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
        self.edit_secret("redis.conf", "dir /data", &format!("dir {}", data.display()));
        self.edit_secret("redis_url", "redis:6379", &format!("127.0.0.1:{port}"));
        let mut redis = unprivileged(&variable("DAYLINE_TEST_REDIS_SERVER"));
        redis.arg(self.secret("redis.conf")).args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        self.keep("redis", &mut redis);
        self.await_port("redis", port);
    }

    fn start_pgbouncer(&mut self) {
        let (port, database) = (free_port(), format!("deploy_{}", std::process::id()));
        let server = variable("DAYLINE_TEST_POSTGRES_URL");
        let psql = Path::new(&variable("DAYLINE_TEST_PG_BIN")).join("psql");
        run(Command::new(psql).arg(&server).args(["-qc", &format!("CREATE DATABASE {database}")]));
        let address = server.rsplit_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        let (host, postgres) = address.split_once(':').unwrap();
        let ini = text("deploy/pgbouncer.ini")
            .replace(
                "host=postgres port=5432 dbname=dayline",
                &format!("host={host} port={postgres} dbname={database}"),
            )
            .replace("listen_port = 6432", &format!("listen_port = {port}"))
            .replace("/run/secrets/pgbouncer_users", &self.secret("pgbouncer_users").display().to_string());
        assert!(ini.contains(&database) && ini.contains(&port.to_string()));
        fs::write(self.path("pgbouncer.ini"), ini).unwrap();
        self.edit_secret("database_url", "pgbouncer:6432", &format!("127.0.0.1:{port}"));
        let mut pgbouncer = unprivileged(&variable("DAYLINE_TEST_PGBOUNCER"));
        self.keep("pgbouncer", pgbouncer.arg(self.path("pgbouncer.ini")));
        self.await_port("pgbouncer", port);
    }

    fn ours(&self, service: &Service, port: u16) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(&service.command).env("DAYLINE_LISTEN", format!("127.0.0.1:{port}"));
        let secrets = self.path("secrets");
        for (name, value) in &service.environment {
            command.env(name, value.replace("/run/secrets", &secrets.display().to_string()));
        }
        command.env("DAYLINE_TRUSTED_PROXIES", "127.0.0.1/32").env("DAYLINE_UNLIMITED", "true");
        command
    }

    fn start_ours(&mut self) {
        let services = compose().services;
        run(&mut self.ours(&services["migrate"], 0));
        let mut nginx =
            text("deploy/nginx.conf").replace("listen 8080", &format!("listen 127.0.0.1:{}", self.nginx));
        for (name, service) in
            services.iter().filter(|(name, service)| service.is_ours() && *name != "migrate")
        {
            let port = free_port();
            self.keep(name, &mut self.ours(service, port));
            nginx = nginx.replace(&format!("{name}:8080"), &format!("127.0.0.1:{port}"));
            let url = format!("http://127.0.0.1:{port}");
            let healthy = || {
                let check = Command::new(PROGRAM).arg("healthcheck").env("DAYLINE_URL", &url).output();
                check.unwrap().status.success()
            };
            wait_for(name, healthy, || fs::read_to_string(self.path(&format!("{name}.log"))).unwrap());
        }
        fs::write(self.path("nginx.conf"), nginx).unwrap();
        let options = format!("daemon off; pid {}; error_log stderr;", self.path("nginx.pid").display());
        let mut nginx = Command::new(variable("DAYLINE_TEST_NGINX"));
        nginx.arg("-p").arg(self.folder.path()).arg("-c").arg(self.path("nginx.conf")).args(["-g", &options]);
        self.keep("nginx", &mut nginx);
        self.await_port("nginx", self.nginx);
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.nginx)
    }
}

/// A program that must not run as root.
fn unprivileged(program: &str) -> Command {
    let prefix = variable("DAYLINE_TEST_RUN_AS");
    let mut words = prefix.split_whitespace();
    let Some(first) = words.next() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(words).arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn wait_for(what: &str, holds: impl Fn() -> bool, log: impl Fn() -> String) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < START, "{what} did not start: {}", log());
        sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_of_the_compose_file_keeps_every_ping() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let crowd = ["simulate", "--users", "20", "--interval", "500ms", "--duration", "4s", "--url"];
    let output = tokio::process::Command::new(PROGRAM).args(crowd).arg(cluster.url()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for line in ["lost: 0", "overlaps: 0", "wrong: 0"] {
        assert!(said.contains(line), "{said}");
    }

    let status =
        async |path: &str| reqwest::get(format!("{}{path}", cluster.url())).await.unwrap().status().as_u16();
    assert_eq!(status("/healthz").await, 200);
    for inside in ["/metrics", "/readyz"] {
        assert_eq!(status(inside).await, 404, "{inside} is for operators");
    }
}
