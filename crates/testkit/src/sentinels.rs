//! A Redis with a replica, and sentinels that put the replica into its place when it is gone.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

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
    processes: Vec<(u16, Process)>,
}

impl Sentinels {
    /// Starts all of it. Gives also the server that is the primary at first.
    pub fn start() -> (Redis, Self) {
        let (port, replica_port) = (free_port(), free_port());
        let (primary, replica) =
            (Redis::replicated(port, PASSWORD), Redis::replicated(replica_port, PASSWORD));
        primary.start_again();
        replica.start_again_with(&[("replicaof", &format!("127.0.0.1 {port}"))]);
        until("the replica follows", PATIENCE, || replica.follows());
        let folder = tempfile::tempdir().unwrap();
        let mut sentinels = Self { replica, replica_port, folder, processes: Vec::new() };
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
        for (port, _) in &self.processes {
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
            .all(|(port, _)| ask(*port, question).is_ok_and(|answer| answer.contains(&named)))
    }

    /// Where the primary is, for Dayline.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.processes.iter().map(|(port, _)| format!("127.0.0.1:{port}")).collect();
        let hosts = hosts.join(",");
        format!("redis+sentinel://{hosts}/dayline?sentinel_user=dayline&sentinel_password={PASSWORD}")
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
        fs::write(folder.join("sentinel.conf"), settings).unwrap();
        let mut command = Command::new(Redis::program());
        command.current_dir(&folder).args(["sentinel.conf", "--sentinel"]);
        let mut process = Process::start(&mut command, &folder.join("log"));
        // They look every ten seconds, and say hello every two, for sparing.
        let quick = "SENTINEL DEBUG info-period 200 publish-period 200 ask-period 200";
        process.until(|| ask(port, quick).is_ok_and(|answer| answer.starts_with("+OK")));
        self.processes.push((port, process));
    }

    fn are_complete(&self) -> bool {
        let all = ["num-slaves\r\n$1\r\n1", "num-other-sentinels\r\n$1\r\n2"];
        self.processes.iter().all(|(port, _)| {
            let known = ask(*port, "SENTINEL MASTER dayline").unwrap_or_default();
            all.iter().all(|fact| known.contains(fact))
        })
    }
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
