//! Starts the programs to measure, on free ports with throw-away data, and signs people in.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;
use crate::client::{Connection, get, post};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A program under measurement; stopped and wiped when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// From start to the first `200` of `/readyz`; for Dayline only.
    pub(crate) ready_after: Duration,
    _data: Option<TempDir>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server that stores nothing.
pub(crate) fn baseline(threads: usize) -> Result<Server, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["baseline", "--listen", "127.0.0.1:0", "--threads", &threads.to_string()]);
    let (child, address) = start(command)?;
    Ok(Server { child, address, ready_after: Duration::ZERO, _data: None })
}

/// A fresh Dayline with limits that do not stand in the way of a benchmark.
pub(crate) async fn dayline(program: &Path, options: &[&str]) -> Result<Server, Failure> {
    let data = tempfile::tempdir()?;
    let mut command = Command::new(program);
    command.arg("serve").args(["--listen", "127.0.0.1:0", "--unlimited"]).args(options);
    command.arg("--data").arg(data.path().join("data")).stderr(Stdio::null());
    let begin = Instant::now();
    let (child, address) = start(command)?;
    let mut server = Server { child, address, ready_after: Duration::ZERO, _data: Some(data) };
    while begin.elapsed() < Duration::from_secs(10) {
        let mut connection = Connection::open(&server.address).await?;
        if connection.send(&get("/readyz", None)).await?.status == 200 {
            server.ready_after = begin.elapsed();
            return Ok(server);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Err("dayline did not become ready within 10 s".into())
}

/// Starts a program and reads its address from what it prints.
fn start(mut command: Command) -> Result<(Child, String), Failure> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return Ok((child, format!("127.0.0.1:{port}")));
        }
    }
    Err("the program ended before it said where it listens".into())
}

impl Server {
    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Registers somebody and signs them in; gives the access token.
    pub(crate) async fn sign_in(&self, name: &str) -> Result<String, Failure> {
        let mut connection = Connection::open(&self.address).await?;
        let email = format!("{name}@example.org");
        let account = json!({"email": email, "password": PASSWORD, "full_name": name});
        self.expect(&mut connection, "/api/v1/users", &account, 201).await?;
        let login = json!({"email": email, "password": PASSWORD, "device_id": "bench"});
        let tokens = self.expect(&mut connection, "/api/v1/auth/login", &login, 200).await?;
        Ok(tokens["access_token"].as_str().ok_or("no access token")?.to_owned())
    }

    async fn expect(
        &self,
        connection: &mut Connection,
        path: &str,
        body: &Value,
        status: u16,
    ) -> Result<Value, Failure> {
        let answer = connection.send(&post(path, None, &body.to_string())).await?;
        if answer.status != status {
            return Err(format!(
                "{path} answered {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            )
            .into());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The value of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64, Failure> {
        let answer = Connection::open(&self.address).await?.send(&get("/metrics", None)).await?;
        let text = String::from_utf8(answer.body)?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.ok_or_else(|| format!("no metric {name}"))?.parse()?)
    }
}
