//! The cluster of the compose file, run here: the same secrets, settings and configurations, with this machine's addresses.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use dayline_testkit::{Postgres, Process, free_port, query, run, substitute, unprivileged, variable};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::compose::{Service, compose};
use crate::{PROGRAM, is_healthy, root, text};

pub(crate) struct Cluster {
    running: Vec<Process>,
    ours: Vec<Ours>,
    postgres: Postgres,
    folder: TempDir,
    has_mounts: bool,
    nginx: u16,
}

/// A process of ours, by its service's name.
struct Ours {
    name: String,
    port: u16,
    process: Process,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("deploy-").tempdir_in(variable("DAYLINE_TEST_FOLDER")).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        make_secrets(folder.path());
        let postgres = start_postgres(folder.path());
        let has_mounts = may_mount();
        let mut cluster =
            Self { running: Vec::new(), ours: Vec::new(), postgres, folder, has_mounts, nginx: free_port() };
        fs::copy(PROGRAM, cluster.path("dayline")).unwrap();
        run(unprivileged("mkdir").args(["-m", "0700"]).arg(cluster.path("keys")));
        run(&mut cluster.keys(&compose().services["keys"].command));
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

    /// Replaces in a secret, whose file nobody may write.
    fn edit_secret(&self, name: &str, from: &str, to: &str) {
        let path = self.secret(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::remove_file(&path).unwrap();
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    fn start_one(&mut self, name: &str, command: &mut Command, answers: impl FnMut() -> bool) {
        let mut process = Process::start(command, &self.path(&format!("{name}.log")));
        process.until(answers);
        self.running.push(process);
    }

    fn start_redis(&mut self) {
        let port = free_port();
        let data = self.path("redis");
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
        let settings = substitute(
            &text("deploy/redis.conf"),
            &[
                ("dir /data", &format!("dir {}", data.display())),
                ("/run/secrets/redis_auth", &self.secret("redis_auth.conf").display().to_string()),
            ],
        );
        fs::write(self.path("redis.conf"), settings).unwrap();
        self.edit_secret("redis_url", "redis:6379", &format!("127.0.0.1:{port}"));
        let mut redis = unprivileged(variable("DAYLINE_TEST_REDIS_SERVER"));
        redis.arg(self.path("redis.conf")).args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        self.start_one("redis", &mut redis, listens(port));
    }

    fn start_pgbouncer(&mut self) {
        let port = free_port();
        let ini = substitute(
            &text("deploy/pgbouncer.ini"),
            &[
                ("host=postgres port=5432", &format!("host=127.0.0.1 port={}", self.postgres.port())),
                ("listen_port = 6432", &format!("listen_port = {port}")),
                ("/run/secrets/pgbouncer_users", &self.secret("pgbouncer_users").display().to_string()),
            ],
        );
        fs::write(self.path("pgbouncer.ini"), ini).unwrap();
        self.edit_secret("database_url", "pgbouncer:6432", &format!("127.0.0.1:{port}"));
        let mut pgbouncer = unprivileged(variable("DAYLINE_TEST_PGBOUNCER"));
        pgbouncer.arg(self.path("pgbouncer.ini"));
        self.start_one("pgbouncer", &mut pgbouncer, listens(port));
    }

    /// A process of a service, as the user of the image: not root. The folder with the keys is mounted into its own view of the
    /// file system, read only, where that is permitted.
    fn ours(&self, name: &str, service: &Service) -> Command {
        let (keys, mounted) = (self.path("keys"), self.path(&format!("mounted-{name}")));
        let seen = if self.has_mounts { &mounted } else { &keys };
        let mut command = if self.has_mounts { in_own_view(&keys, &mounted) } else { unprivileged("env") };
        command.arg(self.path("dayline")).args(service.words(&service.command));
        self.give_settings(&mut command, service, seen);
        command
    }

    /// What `docker compose run --rm keys …` does.
    pub(crate) fn keys(&self, words: &[String]) -> Command {
        let service = &compose().services["keys"];
        let mut command = unprivileged(self.path("dayline"));
        self.give_settings(command.args(service.words(words)), service, &self.path("keys"));
        command
    }

    fn give_settings(&self, command: &mut Command, service: &Service, keys: &Path) {
        let secrets = self.path("secrets");
        for (name, value) in service.settings() {
            let here = [("/run/secrets/", &*secrets), ("/data/", keys)];
            let file = here.iter().find_map(|(folder, here)| Some(here.join(value.strip_prefix(folder)?)));
            command.env(name, file.unwrap_or_else(|| value.into()));
        }
        command.env("DAYLINE_TRUSTED_PROXIES", "127.0.0.1/32").env("DAYLINE_UNLIMITED", "true");
    }

    fn start_ours(&mut self) {
        let services = compose().services;
        run(&mut self.ours("migrate", &services["migrate"]));
        let mut nginx =
            text("deploy/nginx.conf").replace("listen 8080", &format!("listen 127.0.0.1:{}", self.nginx));
        for (name, _) in services.iter().filter(|(_, service)| service.serves()) {
            let port = free_port();
            nginx = nginx.replace(&format!("{name}:8080"), &format!("127.0.0.1:{port}"));
            let process = self.start_our(name, port);
            self.ours.push(Ours { name: name.clone(), port, process });
        }
        fs::write(self.path("nginx.conf"), nginx).unwrap();
        let options = format!("daemon off; pid {}; error_log stderr;", self.path("nginx.pid").display());
        let mut nginx = Command::new(variable("DAYLINE_TEST_NGINX"));
        nginx.arg("-p").arg(self.folder.path()).arg("-c").arg(self.path("nginx.conf")).args(["-g", &options]);
        self.start_one("nginx", &mut nginx, listens(self.nginx));
    }

    /// Starts the process of a service; returns when it is healthy.
    fn start_our(&self, name: &str, port: u16) -> Process {
        let mut command = self.ours(name, &compose().services[name]);
        command.env("DAYLINE_LISTEN", format!("127.0.0.1:{port}"));
        let mut process = Process::start(&mut command, &self.path(&format!("{name}.log")));
        process.until(|| is_healthy(port));
        process
    }

    /// Restarts all processes of ours, one after another as soon as the one before is healthy, as
    /// `docker compose restart` does; gives the names.
    pub(crate) fn restart_one_by_one(&mut self) -> Vec<String> {
        let ours = std::mem::take(&mut self.ours);
        for Ours { name, port, process } in ours {
            let status = process.end(Signal::TERM);
            assert!(status.success(), "{name}: {status}");
            let process = self.start_our(&name, port);
            self.ours.push(Ours { name, port, process });
        }
        self.ours.iter().map(|ours| ours.name.clone()).collect()
    }

    /// What nginx had to say.
    pub(crate) fn nginx_log(&self) -> String {
        fs::read_to_string(self.path("nginx.log")).unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.nginx)
    }
}

/// Whether this machine lets us mount a folder in a view of the file system that nobody else has.
fn may_mount() -> bool {
    let may =
        Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|output| output.status.success());
    if !may {
        println!(
            "no mounts of one's own here: the folder with the keys is not mounted, but used where it is"
        );
    }
    may
}

/// Begins a command that sees `from` at `to`, read only.
fn in_own_view(from: &Path, to: &Path) -> Command {
    const MOUNT: &str = r#"mount --bind "$0" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@""#;
    fs::create_dir_all(to).unwrap();
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", MOUNT]).arg(from).arg(to);
    command.args(variable("DAYLINE_TEST_RUN_AS").split_whitespace());
    command
}

/// Makes the secrets that the compose file names.
fn make_secrets(folder: &Path) {
    let script = folder.join("make-secrets");
    fs::copy(root().join("deploy/make-secrets"), &script).unwrap();
    run(&mut Command::new(script));
    for secret in compose().secrets.values() {
        let name = Path::new(&secret.file).file_name().unwrap();
        assert!(folder.join("secrets").join(name).exists(), "{} is not made", secret.file);
    }
}

/// PostgreSQL with the arguments of the compose file, which lets nobody in without the password.
fn start_postgres(folder: &Path) -> Postgres {
    let service = &compose().services["postgres"];
    let options: Vec<&str> =
        service.command.iter().skip(1).map(String::as_str).filter(|word| *word != "-c").collect();
    assert!(options.len() >= 3 && options.iter().all(|option| option.contains('=')), "{options:?}");
    let server = Postgres::start(&options);
    let (user, database) = (service.setting("POSTGRES_USER"), service.setting("POSTGRES_DB"));
    let password = fs::read_to_string(folder.join("secrets/postgres_password")).unwrap();
    query(&server.url(), &format!("CREATE DATABASE {database}"));
    query(&server.url(), &format!("ALTER ROLE {user} PASSWORD '{}'", password.trim()));
    let method = service.setting("POSTGRES_HOST_AUTH_METHOD");
    fs::write(server.data().join("pg_hba.conf"), format!("host all all all {method}\n")).unwrap();
    query(&server.url(), "SELECT pg_reload_conf()");
    server
}

/// Whether somebody listens on the port.
fn listens(port: u16) -> impl FnMut() -> bool {
    move || TcpStream::connect(("127.0.0.1", port)).is_ok()
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
