//! A Redis with a replica, and sentinels that put the replica into its place when it is gone.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::certificate::certify;
use crate::patience::until;
use crate::port::free_port;
use crate::process::Process;
use crate::redis::Redis;
use crate::settings::substitute;

/// What operators choose themselves.
const PASSWORD: &str = "throw-away";
/// How long all of them may take until they have found each other.
const PATIENCE: Duration = Duration::from_mins(1);

/// Three sentinels over two servers, with the settings that operators are handed; they notice in a second what takes them
/// five there. Killed and wiped when dropped.
#[derive(Debug)]
pub struct Sentinels {
    /// The server that was the replica at first.
    pub replica: Redis,
    replica_port: u16,
    folder: TempDir,
    tls: Option<Tls>,
    processes: Vec<Sentinel>,
}

/// What all of them show to each other, and believe: a certificate and its key.
#[derive(Debug)]
struct Tls {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Debug)]
struct Sentinel {
    /// Where it is asked here, without TLS.
    port: u16,
    /// Where others come to it.
    open_port: u16,
    _process: Process,
}

impl Sentinels {
    /// Starts all of it. Gives also the server that is the primary at first.
    pub fn start() -> (Redis, Self) {
        Self::start_with(false)
    }

    /// The same, and all of them speak nothing but TLS with each other and with clients, who must show a certificate:
    /// [`Self::certificate`].
    pub fn start_over_tls() -> (Redis, Self) {
        Self::start_with(true)
    }

    fn start_with(over_tls: bool) -> (Redis, Self) {
        let folder = tempfile::tempdir().unwrap();
        let tls = over_tls.then(|| {
            let (certificate, key) = certify(&mut Command::new("openssl"), folder.path());
            Tls { certificate, key }
        });
        let (port, replica_port) = (free_port(), free_port());
        let (primary, replica) = (Redis::replicated(PASSWORD), Redis::replicated(PASSWORD));
        primary.start_again_with(&borrowed(&listening(port, tls.as_ref())));
        let mut settings = listening(replica_port, tls.as_ref());
        settings.push(("replicaof", format!("127.0.0.1 {port}")));
        replica.start_again_with(&borrowed(&settings));
        until("the replica follows", PATIENCE, || replica.follows());
        let mut sentinels = Self { replica, replica_port, folder, tls, processes: Vec::new() };
        for _ in 0..3 {
            sentinels.add(port);
        }
        until("the sentinels know each other and the replica", PATIENCE, || sentinels.are_complete());
        (primary, sentinels)
    }

    /// The replica becomes a primary by itself, and for all sentinels, while the old one knows nothing of it and goes on: as if
    /// it were cut off from them alone.
    pub fn let_the_replica_lead(&self) {
        self.replica.tell("REPLICAOF NO ONE");
        let watch = format!("SENTINEL MONITOR dayline 127.0.0.1 {} 2", self.replica_port);
        for Sentinel { port, .. } in &self.processes {
            for command in ["SENTINEL REMOVE dayline", &watch] {
                let answer = ask(*port, command).unwrap();
                assert!(answer.starts_with("+OK"), "{command}: {answer}");
            }
        }
    }

    /// Whether all sentinels take the one that was the replica for the primary.
    pub fn name_the_replica(&self) -> bool {
        let named = format!("\r\n{}\r\n", self.replica_port);
        let question = "SENTINEL GET-MASTER-ADDR-BY-NAME dayline";
        self.processes
            .iter()
            .all(|Sentinel { port, .. }| ask(*port, question).is_ok_and(|answer| answer.contains(&named)))
    }

    /// Where the primary is, for Dayline.
    pub fn url(&self) -> String {
        let host = |sentinel: &Sentinel| format!("127.0.0.1:{}", sentinel.open_port);
        let hosts = self.processes.iter().map(host).collect::<Vec<_>>().join(",");
        let scheme = if self.tls.is_some() { "rediss" } else { "redis" };
        format!("{scheme}+sentinel://{hosts}/dayline?sentinel_user=dayline&sentinel_password={PASSWORD}")
    }

    /// The files of the certificate that all of them have, and of its key.
    pub fn certificate(&self) -> (PathBuf, PathBuf) {
        let Tls { certificate, key } = self.tls.as_ref().expect("they speak TLS");
        (certificate.clone(), key.clone())
    }

    fn add(&mut self, primary: u16) {
        let port = free_port();
        let folder = self.folder.path().join(port.to_string());
        fs::create_dir(&folder).unwrap();
        let settings = substitute(
            include_str!("../../../deploy/sentinel.conf"),
            &[
                ("port 26379", &format!("port {port}")),
                ("dir /data", "dir ."),
                ("10.0.0.1 6379", &format!("127.0.0.1 {primary}")),
                ("down-after-milliseconds dayline 5000", "down-after-milliseconds dayline 1000"),
                ("failover-timeout dayline 60000", "failover-timeout dayline 5000"),
                ("CHANGE-ME", PASSWORD),
            ],
        );
        let open_port = if self.tls.is_some() { free_port() } else { port };
        let tls = self.tls.as_ref().map(|tls| listening(open_port, Some(tls))).unwrap_or_default();
        let lines: Vec<_> = tls.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
        fs::write(folder.join("sentinel.conf"), settings + &lines.concat()).unwrap();
        let mut command = Command::new(Redis::program());
        command.current_dir(&folder).args(["sentinel.conf", "--sentinel"]);
        let mut process = Process::start(&mut command, &folder.join("log"));
        // They look every ten seconds, and say hello every two, for sparing.
        let quick = "SENTINEL DEBUG info-period 200 publish-period 200 ask-period 200";
        process.until(|| ask(port, quick).is_ok_and(|answer| answer.starts_with("+OK")));
        self.processes.push(Sentinel { port, open_port, _process: process });
    }

    fn are_complete(&self) -> bool {
        let all = ["num-slaves\r\n$1\r\n1", "num-other-sentinels\r\n$1\r\n2"];
        self.processes.iter().all(|Sentinel { port, .. }| {
            let known = ask(*port, "SENTINEL MASTER dayline").unwrap_or_default();
            all.iter().all(|fact| known.contains(fact))
        })
    }
}

/// The settings of a server or sentinel to whom others come on this port.
fn listening(port: u16, tls: Option<&Tls>) -> Vec<(&'static str, String)> {
    let Some(Tls { certificate, key }) = tls else { return vec![("port", port.to_string())] };
    let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
    vec![
        ("tls-port", port.to_string()),
        ("tls-replication", "yes".to_owned()),
        ("tls-ca-cert-file", certificate.clone()),
        ("tls-cert-file", certificate),
        ("tls-key-file", key),
    ]
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, &**value)).collect()
}

/// What a sentinel answers to a command, words separated by spaces.
fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection.write_all(format!("AUTH sentinel {PASSWORD}\r\n{command}\r\n").as_bytes())?;
    // Sentinels know no QUIT.
    connection.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer.strip_prefix("+OK\r\n").unwrap_or_default().to_owned())
}
