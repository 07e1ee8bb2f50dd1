//! A Redis server in a temporary folder, reached over a socket in it, so that no two tests can meet.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dayline_redis::RedisServer;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue};
use tempfile::TempDir;

const DURABLE: [(&str, &str); 4] =
    [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction"), ("save", "")];

pub(crate) struct TestRedis {
    folder: TempDir,
    settings: Vec<(String, String)>,
    process: Child,
}

impl TestRedis {
    /// A server that keeps what it acknowledges.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings: Vec<_> = DURABLE
            .iter()
            .chain(settings)
            .map(|&(name, value)| (format!("--{name}"), value.to_owned()))
            .collect();
        let process = spawn(&folder, &settings);
        let redis = Self { folder, settings, process };
        redis.connect().await;
        redis
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub(crate) fn server(&self) -> RedisServer {
        RedisServer::new(&self.url()).unwrap()
    }

    /// The process ends at once, whatever it was doing.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// The process ends in order.
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        self.process.wait().unwrap();
    }

    /// The process stands still until [`Self::resume`].
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn append_only_file_len(&self) -> u64 {
        self.append_only_file().metadata().unwrap().len()
    }

    /// Leaves so many bytes of what it has written, as a crash in the midst of writing would.
    pub(crate) fn cut_append_only_file(&self, len: u64) {
        self.append_only_file().set_len(len).unwrap();
    }

    fn append_only_file(&self) -> File {
        let folder = std::fs::read_dir(self.folder.path().join("appendonlydir")).unwrap();
        let mut files = folder.map(|file| file.unwrap().path());
        let newest = files.find(|path| path.to_string_lossy().ends_with(".incr.aof")).unwrap();
        File::options().write(true).open(newest).unwrap()
    }

    fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([format!("-{signal}"), pid]).status().unwrap().success());
    }

    /// Starts it again with what it has in its folder; returns when it answers.
    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(&self.folder, &self.settings);
        self.connect().await;
    }

    /// The same with other settings from now on, later ones over earlier ones.
    pub(crate) async fn start_again_with(&mut self, settings: &[(&str, &str)]) {
        self.settings.extend(settings.iter().map(|&(name, value)| (format!("--{name}"), value.to_owned())));
        self.start_again().await;
    }

    /// A connection past the adapters, to look into the server and to spoil it.
    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        let client = Client::open(self.url()).unwrap();
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(20)));
        for _ in 0..2_000 {
            if let Ok(mut connection) = client.get_multiplexed_async_connection_with_config(&config).await
                && redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
            {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("redis-server does not answer");
    }

    /// Runs one command, words separated by spaces.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        command.query_async(&mut self.connect().await).await.unwrap()
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &TempDir, settings: &[(String, String)]) -> Child {
    let mut command = Command::new("redis-server");
    command.current_dir(folder).args(["--port", "0", "--unixsocket", "redis.sock"]);
    for (name, value) in settings {
        command.arg(name).args(value.split(' '));
    }
    command
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server must be installed (on debian: apt-get install redis-server)")
}
