//! Starts the servers to measure, of one process or of several, on free ports with throw-away data; asks them, and
//! signs people in.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Connection, get, post};
use crate::database::{Database, Lock};
use crate::deployment::{Deployment, Log};
use crate::failure::Failure;
use crate::resources::status;
use crate::services::Services;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// How long a server may take to be ready.
const START: Duration = Duration::from_secs(20);
/// How long the ledger may stand still while pings wait for it.
const STANDSTILL: Duration = Duration::from_mins(1);
/// Processes of each role in a cluster.
const OF_EACH: usize = 2;

/// What is measured; stopped and wiped when dropped.
pub(crate) struct Server {
    processes: Vec<Process>,
    /// Where the API is; in a cluster each API process.
    pub(crate) addresses: Vec<String>,
    /// From start to the first `200` of `/readyz` of all processes; for Dayline only.
    pub(crate) ready_after: Duration,
    folder: TempDir,
    services: Option<Services>,
}

/// A process; killed when dropped.
struct Process {
    child: Child,
    address: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What keeps the ledger from being written, until it is given back.
pub(crate) struct Stopped(Option<Lock>);

impl Server {
    /// The server that stores nothing.
    pub(crate) fn baseline(threads: usize) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["baseline", "--listen", "127.0.0.1:0", "--threads", &threads.to_string()]);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://").ok_or("the baseline did not start")?.to_owned();
        Ok(Self {
            addresses: vec![address.clone()],
            processes: vec![Process { child, address }],
            ready_after: Duration::ZERO,
            folder: tempfile::tempdir()?,
            services: None,
        })
    }

    /// A fresh Dayline; returns when all of it is ready.
    pub(crate) async fn start(
        program: &Path,
        deployment: Deployment,
        options: &[&str],
    ) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let services = match deployment {
            Deployment::Embedded => None,
            Deployment::Clustered(log) => Some(prepared(program, folder.path(), log)?),
        };
        let roles: &[&str] = match deployment {
            Deployment::Embedded => &["api,worker,report"],
            Deployment::Clustered(_) => &["api", "worker,report"],
        };
        let of_each = if services.is_some() { OF_EACH } else { 1 };
        let begin = Instant::now();
        let mut starting = Vec::new();
        for role in roles {
            for number in 0..of_each {
                let file = folder.path().join(format!("{role}{number}"));
                let mut command = command(program, folder.path(), &file, services.as_ref());
                let child = command.args(["--role", role]).args(options).spawn()?;
                starting.push((Process { child, address: String::new() }, file));
            }
        }
        let mut processes = Vec::new();
        for (mut process, file) in starting {
            process.address = address_when_ready(&mut process.child, &file, begin).await?;
            processes.push(process);
        }
        let apis = processes.iter().take(of_each);
        let addresses = apis.map(|process| process.address.clone()).collect();
        Ok(Self { processes, addresses, ready_after: begin.elapsed(), folder, services })
    }

    /// The ids of all processes.
    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.processes.iter().map(|process| process.child.id()).collect()
    }

    /// Where all data is that is not in a cluster's servers.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Resident memory of all processes, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        self.processes.iter().map(|process| status(process.child.id(), "VmRSS")).sum()
    }

    /// The most that their resident memory ever was, in bytes.
    pub(crate) fn peak_bytes(&self) -> Result<u64, Failure> {
        self.processes.iter().map(|process| status(process.child.id(), "VmHWM")).sum()
    }

    /// What accounts and the ledger are in.
    pub(crate) fn database(&self) -> Database {
        match &self.services {
            None => Database::Sqlite(self.folder.path().join("data/dayline.db")),
            Some(services) => Database::Postgres(services.direct_url()),
        }
    }

    /// The file with the keys that sign access tokens.
    pub(crate) fn keys_file(&self) -> PathBuf {
        keys_file(self.folder.path(), self.services.is_some())
    }

    /// Stops PostgreSQL; embedded, takes the only right to write to the ledger's file.
    pub(crate) async fn stop_database(&mut self) -> Result<Stopped, Failure> {
        match &mut self.services {
            None => Ok(Stopped(Some(self.database().lock().await?))),
            Some(services) => {
                services.stop_database();
                Ok(Stopped(None))
            }
        }
    }

    /// Lets the ledger be written again.
    pub(crate) fn start_database(&mut self, stopped: Stopped) -> Result<(), Failure> {
        if let Some(services) = &mut self.services {
            services.start_database();
        }
        stopped.0.map_or(Ok(()), Lock::release)
    }

    /// Registers somebody and signs them in; gives the access token.
    pub(crate) async fn sign_in(&self, name: &str) -> Result<String, Failure> {
        let mut connection = self.connect().await?;
        let email = format!("{name}@example.org");
        let account = json!({"email": email, "password": PASSWORD, "full_name": name});
        expect(&mut connection, "/api/v1/users", &account, 201).await?;
        let login = json!({"email": email, "password": PASSWORD, "device_id": "bench"});
        let tokens = expect(&mut connection, "/api/v1/auth/login", &login, 200).await?;
        Ok(tokens["access_token"].as_str().ok_or("no access token")?.to_owned())
    }

    /// A connection to one API process, always the same.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        Connection::open(&self.addresses[0]).await
    }

    /// The sum over all processes of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64, Failure> {
        let mut sum = 0.0;
        for text in self.metrics().await? {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            sum += value.ok_or_else(|| format!("no metric {name}"))?.parse::<f64>()?;
        }
        Ok(sum)
    }

    /// All metrics of each process.
    pub(crate) async fn metrics(&self) -> Result<Vec<String>, Failure> {
        let mut texts = Vec::new();
        for process in &self.processes {
            let answer = Connection::open(&process.address).await?.send(&get("/metrics", None)).await?;
            texts.push(String::from_utf8(answer.body)?);
        }
        Ok(texts)
    }

    /// How many pings reached the ledger.
    pub(crate) async fn processed(&self) -> Result<f64, Failure> {
        self.metric("dayline_pings_settled_total").await
    }

    /// Returns when so many pings reached the ledger.
    pub(crate) async fn wait_until_processed(&self, pings: usize) -> Result<(), Failure> {
        let (mut before, mut moved) = (0.0, Instant::now());
        loop {
            let settled = self.processed().await?;
            if settled >= pings as f64 {
                return Ok(());
            }
            if settled > before {
                (before, moved) = (settled, Instant::now());
            } else if moved.elapsed() > STANDSTILL {
                return Err(format!("{settled} of {pings} pings reached the ledger, and no more come").into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A cluster's servers, with the schema in the database, the topic in Kafka if there is one, and keys in the folder.
fn prepared(program: &Path, folder: &Path, log: Log) -> Result<Services, Failure> {
    let services = Services::start(log.brokers())?;
    let mut migrate = Command::new(program);
    run(migrate.envs(services.variables()).args(["migrate", "--database-url", &services.direct_url()]))?;
    run(Command::new(program).args(["keys", "create", "--keys-file"]).arg(keys_file(folder, true)))?;
    Ok(services)
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn keys_file(folder: &Path, clustered: bool) -> PathBuf {
    folder.join(if clustered { "keys.json" } else { "data/keys.json" })
}

/// A process that writes its address to the file when it is ready.
fn command(program: &Path, folder: &Path, address_file: &Path, services: Option<&Services>) -> Command {
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0"]).arg("--address-file").arg(address_file);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.arg("--data").arg(folder.join("data"));
    if let Some(services) = services {
        command.envs(services.variables()).env("DAYLINE_KEYS_FILE", keys_file(folder, true));
    }
    command
}

async fn address_when_ready(
    child: &mut Child,
    address_file: &Path,
    begin: Instant,
) -> Result<String, Failure> {
    while begin.elapsed() < START {
        if let Ok(address) = std::fs::read_to_string(address_file) {
            let address = address.trim().to_owned();
            let answer = Connection::open(&address).await?.send(&get("/readyz", None)).await?;
            if answer.status == 200 {
                return Ok(address);
            }
        }
        if let Some(status) = child.try_wait()? {
            return Err(format!("dayline ended before it was ready: {status}").into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Err(format!("dayline did not become ready within {START:?}").into())
}

async fn expect(
    connection: &mut Connection,
    path: &str,
    body: &Value,
    status: u16,
) -> Result<Value, Failure> {
    let answer = connection.send(&post(path, None, &body.to_string())).await?;
    if answer.status != status {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        return Err(format!("{path} answered {}: {text}", answer.status).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}
