//! An HTTP client that costs little: one keep-alive connection, one request at a time, as few bytes looked at as
//! possible. Load generator and server share the machine, so that what the client saves the server gets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::failure::Failure;

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What the server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and reads the whole answer, which must have a `Content-Length`.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some(found) = head_of(&self.buffer) {
                break found;
            }
        };
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection in an answer".into());
            }
        }
        let status = self.buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let status = status.ok_or("the answer has no status")?;
        Ok(Answer { status, body: self.buffer[head..head + length].to_vec() })
    }

    /// The JSON of an answer, which must be `200`.
    pub(crate) async fn json(&mut self, request: &[u8]) -> Result<Value, Failure> {
        let answer = self.send(request).await?;
        if answer.status != 200 {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("a request was answered {}: {text}", answer.status).into());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

/// Where the head ends and how long the body is, once the head is complete.
fn head_of(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some((end, length.unwrap_or(0)))
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n{authorization}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A request without a body.
pub(crate) fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{authorization}\r\n").into_bytes()
}

/// What a load did: each answer's time, sorted, and how many were no success.
pub(crate) struct Load {
    pub(crate) times: Vec<Duration>,
    pub(crate) refused: usize,
    pub(crate) took: Duration,
}

impl Load {
    /// Successes per second; of our own wire that is `202` alone.
    pub(crate) fn rate(&self) -> f64 {
        (self.times.len() - self.refused) as f64 / self.took.as_secs_f64()
    }
}

/// A request that is about to be sent.
pub(crate) struct Turn {
    /// On which connection, from 0.
    pub(crate) connection: usize,
    /// How many were sent on that before.
    pub(crate) number: usize,
    /// When it is due, since the start of the load.
    pub(crate) due: Duration,
}

/// Closed loop: each connection sends its next request when the last one is answered. `requests[n % len]` is sent
/// by connection `n`. Connections go to the addresses in turn.
pub(crate) async fn closed_loop(
    addresses: &[String],
    connections: usize,
    requests: &[Vec<u8>],
    duration: Duration,
) -> Result<Load, Failure> {
    load(addresses, connections, None, the_same(requests, move |due| due < duration)).await
}

/// Open loop: requests are due at a fixed rate whatever the server does, and an answer's time counts from when its
/// request was due, so that a stall is not hidden by the requests it kept from being sent. Goes on for as long as
/// `goes_on` says, which gets the time since the start.
pub(crate) async fn open_loop(
    addresses: &[String],
    connections: usize,
    requests: &[Vec<u8>],
    per_second: f64,
    goes_on: impl Fn(Duration) -> bool + Send + Sync + 'static,
) -> Result<Load, Failure> {
    load(addresses, connections, Some(per_second), the_same(requests, goes_on)).await
}

/// Each connection's request again and again.
fn the_same(
    requests: &[Vec<u8>],
    goes_on: impl Fn(Duration) -> bool + Send + Sync + 'static,
) -> impl Fn(Turn) -> Option<Arc<[u8]>> + Send + Sync + 'static {
    let requests: Vec<Arc<[u8]>> = requests.iter().map(|request| request.as_slice().into()).collect();
    move |turn| goes_on(turn.due).then(|| Arc::clone(&requests[turn.connection % requests.len()]))
}

/// A load of whatever requests, `per_second` or as fast as they are answered; a connection ends with its first `None`.
pub(crate) async fn load<R: AsRef<[u8]> + Send>(
    addresses: &[String],
    connections: usize,
    per_second: Option<f64>,
    next: impl Fn(Turn) -> Option<R> + Send + Sync + 'static,
) -> Result<Load, Failure> {
    let mut open = Vec::new();
    for number in 0..connections {
        open.push(Connection::open(&addresses[number % addresses.len()]).await?);
    }
    let (start, next) = (Instant::now(), Arc::new(next));
    let gap = per_second.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
    let mut tasks = JoinSet::new();
    for (number, mut connection) in open.into_iter().enumerate() {
        let next = Arc::clone(&next);
        tasks.spawn(async move {
            let (mut times, mut refused) = (Vec::new(), 0);
            let mut due = start + gap.unwrap_or_default().mul_f64(number as f64 / connections as f64);
            let turn = |due: Instant, done| Turn {
                connection: number,
                number: done,
                due: due.duration_since(start),
            };
            while let Some(request) = next(turn(due, times.len())) {
                if gap.is_some() {
                    tokio::time::sleep_until(due.into()).await;
                }
                let answer = connection.send(request.as_ref()).await?;
                let now = Instant::now();
                times.push(now.duration_since(due));
                refused += usize::from(answer.status / 100 != 2);
                due = gap.map_or(now, |gap| due + gap);
            }
            Ok::<_, Failure>((times, refused))
        });
    }
    gather(tasks, start).await
}

async fn gather(
    mut tasks: JoinSet<Result<(Vec<Duration>, usize), Failure>>,
    start: Instant,
) -> Result<Load, Failure> {
    let mut load = Load { times: Vec::new(), refused: 0, took: Duration::ZERO };
    while let Some(done) = tasks.join_next().await {
        let (times, refused) = done??;
        load.times.extend(times);
        load.refused += refused;
    }
    load.took = start.elapsed();
    load.times.sort_unstable();
    Ok(load)
}
