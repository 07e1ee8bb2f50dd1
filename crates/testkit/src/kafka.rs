//! Apache Kafka from its jars: one broker or several, each a controller, too, with folders and
//! ports of their own.

mod acl;
mod quota;
mod request;
#[cfg(feature = "kafka")]
mod topic;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::free_port;
use crate::process::{Process, run};
pub use acl::Operation;
#[cfg(feature = "kafka")]
pub use topic::KafkaTopic;

/// As any other: 16 bytes in base64.
const CLUSTER: &str = "MkU3OEVBNTcwNTJENDM2Qg";

/// Small, quick to start, and quick to notice that another one is gone.
const SETTINGS: [(&str, &str); 18] = [
    ("process.roles", "broker,controller"),
    ("controller.listener.names", "CONTROLLER"),
    ("auto.create.topics.enable", "false"),
    ("broker.heartbeat.interval.ms", "500"),
    ("broker.session.timeout.ms", "3000"),
    ("controller.quorum.election.timeout.ms", "500"),
    ("controller.quorum.fetch.timeout.ms", "1000"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("log.cleaner.dedupe.buffer.size", "2097152"),
    ("log.initial.task.delay.ms", "0"),
    ("log.retention.check.interval.ms", "500"),
    ("num.io.threads", "2"),
    ("num.network.threads", "2"),
    ("num.recovery.threads.per.data.dir", "1"),
    ("offsets.topic.num.partitions", "1"),
    ("offsets.topic.replication.factor", "1"),
    ("replica.fetch.wait.max.ms", "100"),
    ("share.coordinator.state.topic.replication.factor", "1"),
];

const QUICK: [&str; 5] =
    ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xms64m", "-Xmx256m"];

/// A private Kafka; killed and wiped when dropped.
#[derive(Debug)]
pub struct Kafka {
    folder: TempDir,
    nodes: Vec<Node>,
    java: Vec<String>,
}

#[derive(Debug)]
struct Node {
    folder: PathBuf,
    port: u16,
    process: Mutex<Option<Process>>,
}

/// Where the broker is that all tests share, each with a topic of its own; `scripts/with-servers`
/// starts it. `None` where there is no Java or no Maven, which is said once; an error on CI.
pub fn shared_kafka() -> Option<String> {
    let brokers = std::env::var("DAYLINE_TEST_KAFKA_BROKERS").ok();
    if brokers.is_none() {
        let can_not = jars().is_none();
        assert!(can_not, "run `scripts/with-servers cargo test -p dayline-kafka --features kafka`");
    }
    brokers
}

/// How the brokers of a private Kafka are to be.
#[derive(Debug, Clone)]
pub struct KafkaSettings<'a> {
    /// How many there are.
    pub brokers: usize,
    /// Lines of `server.properties`, over those that it has anyway; `{folder}` is where files for
    /// it can be put.
    pub properties: &'a [(&'a str, &'a str)],
    /// The protocol of the port for clients, as Kafka calls it.
    pub protocol: &'a str,
    /// Users and their passwords, for SCRAM-SHA-256 and SCRAM-SHA-512.
    pub users: &'a [(&'a str, &'a str)],
    /// Options of Java; if they are not set, those of something that is small and lives for seconds,
    /// which has no time for the better compiler, nor need of the better collector.
    pub java: &'a [&'a str],
    /// Files that it finds in `{folder}`: names and contents.
    pub files: &'a [(&'a str, &'a str)],
}

impl Default for KafkaSettings<'_> {
    fn default() -> Self {
        Self { brokers: 1, properties: &[], protocol: "PLAINTEXT", users: &[], java: &QUICK, files: &[] }
    }
}

impl Kafka {
    /// As many brokers as wanted. `None` where there is no Java or no Maven, which is said once; an
    /// error on CI.
    pub fn start(brokers: usize) -> Option<Self> {
        Self::start_with(&KafkaSettings { brokers, ..KafkaSettings::default() })
    }

    /// The same with other settings.
    pub fn start_with(settings: &KafkaSettings<'_>) -> Option<Self> {
        let jars = jars()?;
        // Where `scripts/with-servers` ends what a test that was killed has left.
        let parent = std::env::var_os("DAYLINE_TEST_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
        let folder = tempfile::Builder::new().prefix("kafka").tempdir_in(parent).unwrap();
        for (name, content) in settings.files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let ports: Vec<_> = (0..settings.brokers).map(|_| (free_port(), free_port())).collect();
        let node = |number: usize| Node {
            folder: folder.path().join(format!("{number}")),
            port: ports[number].0,
            process: Mutex::default(),
        };
        let nodes = (0..settings.brokers).map(node).collect();
        let java = settings.java.iter().map(|&option| option.to_owned()).collect();
        let kafka = Self { folder, nodes, java };
        kafka.prepare(jars, settings, &ports);
        for number in 0..settings.brokers {
            kafka.spawn(number);
        }
        for number in 0..settings.brokers {
            kafka.await_answer(number);
        }
        Some(kafka)
    }

    /// Writes all nodes' settings and formats their folders.
    fn prepare(&self, jars: &Path, settings: &KafkaSettings<'_>, ports: &[(u16, u16)]) {
        let voters = (1..).zip(ports).map(|(id, (_, port))| format!("{id}@127.0.0.1:{port}"));
        let voters = voters.collect::<Vec<_>>().join(",");
        let formats = self.nodes.iter().zip(1..).zip(ports).map(|((node, id), (client, controller))| {
            fs::create_dir(&node.folder).unwrap();
            let protocol = settings.protocol;
            let mut text = format!(
                "node.id={id}\ncontroller.quorum.voters={voters}\nlog.dirs={folder}/data\n\
                 listeners=CLIENT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}\n\
                 listener.security.protocol.map=CLIENT:{protocol},CONTROLLER:PLAINTEXT\n\
                 inter.broker.listener.name=CLIENT\n",
                folder = node.folder.display()
            );
            for (name, value) in SETTINGS.iter().chain(settings.properties) {
                let value = value.replace("{folder}", &self.folder.path().display().to_string());
                writeln!(text, "{name}={value}").unwrap();
            }
            let file = node.folder.join("server.properties");
            fs::write(&file, text).unwrap();
            let mut format = java(jars, &QUICK);
            format.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c"]).arg(file);
            for (user, password) in settings.users {
                for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
                    format.arg("--add-scram");
                    format.arg(format!("{mechanism}=[name={user},password={password}]"));
                }
            }
            format
        });
        std::thread::scope(|scope| {
            for mut format in formats {
                scope.spawn(move || run(&mut format));
            }
        });
    }

    /// Where they are, as `host:port`, separated by commas.
    pub fn brokers(&self) -> String {
        let addresses: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        addresses.join(",")
    }

    /// From now on who calls itself so (`client.id`) may send a broker so many bytes a second, and is
    /// slowed down if it sends more.
    pub fn limit_producer(&self, client: &str, bytes_per_s: f64) {
        quota::limit_producer(self.nodes[0].port, client, bytes_per_s);
    }

    /// From now on everybody may do this with the topic and nothing else, if the broker has an authorizer and allows
    /// what no rule is about.
    pub fn allow(&self, topic: &str, operations: &[Operation]) {
        acl::allow(self.nodes[0].port, topic, operations);
    }

    /// Where a broker has its settings and its data.
    pub fn folder(&self, number: usize) -> PathBuf {
        self.nodes[number].folder.clone()
    }

    /// A broker ends at once, whatever it was doing. They are counted from 0; Kafka's own ids are
    /// one more.
    pub fn kill(&self, number: usize) {
        self.end(number, Signal::KILL);
    }

    /// A broker ends in order.
    pub fn stop(&self, number: usize) {
        self.end(number, Signal::TERM);
    }

    fn end(&self, number: usize, signal: Signal) {
        if let Some(process) = self.process(number).take() {
            process.end(signal);
        }
    }

    /// A broker stands still until [`Self::resume`].
    pub fn pause(&self, number: usize) {
        self.process(number).as_ref().expect("it runs").signal(Signal::STOP);
    }

    /// It goes on.
    pub fn resume(&self, number: usize) {
        self.process(number).as_ref().expect("it runs").signal(Signal::CONT);
    }

    /// Starts a broker with what it has in its folder; returns when it answers.
    pub fn start_again(&self, number: usize) {
        self.spawn(number);
        self.await_answer(number);
    }

    fn spawn(&self, number: usize) {
        let jars = jars().expect("there are jars, since it was started before");
        let node = &self.nodes[number];
        let mut command = java(jars, &self.java);
        command.arg("kafka.Kafka").arg(node.folder.join("server.properties"));
        let process = Process::start(&mut command, &node.folder.join("log"));
        fs::write(node.folder.join("kafka.pid"), process.id().to_string()).unwrap();
        *self.process(number) = Some(process);
    }

    fn await_answer(&self, number: usize) {
        let port = self.nodes[number].port;
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        self.process(number).as_mut().expect("it runs").until(answers);
    }

    fn process(&self, number: usize) -> MutexGuard<'_, Option<Process>> {
        self.nodes[number].process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn java(jars: &Path, options: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new("java");
    command.args(options);
    command.arg(format!("-Dlog4j2.configurationFile={}", scripts().join("log4j2.properties").display()));
    command.arg("-cp").arg(format!("{}/*", jars.display()));
    command
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/kafka")
}

/// The folder with Kafka's jars, which are fetched if they are not there yet.
fn jars() -> Option<&'static Path> {
    static JARS: OnceLock<Option<PathBuf>> = OnceLock::new();
    JARS.get_or_init(|| {
        let missing: Vec<_> = ["java", "mvn"].into_iter().filter(|program| !is_there(program)).collect();
        if missing.is_empty() {
            let output = Command::new(scripts().join("jars")).stderr(Stdio::inherit()).output().unwrap();
            assert!(output.status.success(), "scripts/kafka/jars: {}", output.status);
            return Some(String::from_utf8(output.stdout).unwrap().trim_end().into());
        }
        let missing = missing.join(" and ");
        assert!(std::env::var_os("CI").is_none(), "no {missing}, which the tests of kafka need");
        // Past what the test runner keeps to itself.
        let line = format!("no {missing}: the tests that need kafka are skipped\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        None
    })
    .as_deref()
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("-version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}
