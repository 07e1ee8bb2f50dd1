//! The cluster of the compose file, run here: the same secrets, settings and configurations, with this machine's addresses.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use dayline_testkit::{Database, Process, free_port, run, unprivileged, variable};
use tempfile::TempDir;

use crate::compose::{Service, compose};
use crate::{PROGRAM, root, text};

struct Cluster {
    running: Vec<Process>,
    database: Database,
    folder: TempDir,
    nginx: u16,
}

impl Cluster {
    fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("deploy-").tempdir_in(variable("DAYLINE_TEST_FOLDER")).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut cluster = Self { running: Vec::new(), database: Database::new(), folder, nginx: free_port() };
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
        self.edit_secret("redis.conf", "dir /data", &format!("dir {}", data.display()));
        self.edit_secret("redis_url", "redis:6379", &format!("127.0.0.1:{port}"));
        let mut redis = unprivileged(variable("DAYLINE_TEST_REDIS_SERVER"));
        redis.arg(self.secret("redis.conf")).args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        self.start_one("redis", &mut redis, listens(port));
    }

    fn start_pgbouncer(&mut self) {
        let (port, url) = (free_port(), self.database.url());
        let (address, database) = url.rsplit_once('@').unwrap().1.split_once('/').unwrap();
        let (host, postgres) = address.split_once(':').unwrap();
        let ini = text("deploy/pgbouncer.ini")
            .replace(
                "host=postgres port=5432 dbname=dayline",
                &format!("host={host} port={postgres} dbname={database}"),
            )
            .replace("listen_port = 6432", &format!("listen_port = {port}"))
            .replace("/run/secrets/pgbouncer_users", &self.secret("pgbouncer_users").display().to_string());
        assert!(ini.contains(database) && ini.contains(&port.to_string()));
        fs::write(self.path("pgbouncer.ini"), ini).unwrap();
        self.edit_secret("database_url", "pgbouncer:6432", &format!("127.0.0.1:{port}"));
        let mut pgbouncer = unprivileged(variable("DAYLINE_TEST_PGBOUNCER"));
        pgbouncer.arg(self.path("pgbouncer.ini"));
        self.start_one("pgbouncer", &mut pgbouncer, listens(port));
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
            nginx = nginx.replace(&format!("{name}:8080"), &format!("127.0.0.1:{port}"));
            let url = format!("http://127.0.0.1:{port}");
            let healthy = || {
                let check = Command::new(PROGRAM).arg("healthcheck").env("DAYLINE_URL", &url).output();
                check.unwrap().status.success()
            };
            self.start_one(name, &mut self.ours(service, port), healthy);
        }
        fs::write(self.path("nginx.conf"), nginx).unwrap();
        let options = format!("daemon off; pid {}; error_log stderr;", self.path("nginx.pid").display());
        let mut nginx = Command::new(variable("DAYLINE_TEST_NGINX"));
        nginx.arg("-p").arg(self.folder.path()).arg("-c").arg(self.path("nginx.conf")).args(["-g", &options]);
        self.start_one("nginx", &mut nginx, listens(self.nginx));
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.nginx)
    }
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
