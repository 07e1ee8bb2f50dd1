//! One line a request, in JSON, for who asks for it. It has the route's pattern and no path, the network and
//! no address, and nothing else that a client sent: no token, no query, no name. Not here: the log.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use serde::Serialize;

/// Most lines that wait to be written. Requests never do: what comes on top is dropped, and told.
const WAITING: usize = 16_384;

/// One request.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    /// When it was answered, RFC 3339.
    pub(crate) time: String,
    pub(crate) method: &'static str,
    /// The route's pattern; null if there is none.
    pub(crate) route: Option<String>,
    pub(crate) status: u16,
    /// From its head to its answer's.
    pub(crate) ms: f64,
    /// IPv4 /24 or IPv6 /48, if it is known.
    pub(crate) network: Option<String>,
    /// As in the answer's header, if it has one.
    pub(crate) request_id: Option<String>,
}

/// Where lines go; clones write to the same place.
#[derive(Clone)]
pub struct AccessLog {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

impl AccessLog {
    /// Writes lines to this place, on a thread of its own.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn start(place: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, taken) = sync_channel(WAITING);
        let dropped = Arc::<AtomicU64>::default();
        let told = Arc::clone(&dropped);
        thread::Builder::new().name("access-log".to_owned()).spawn(move || write(&taken, &told, place))?;
        Ok(Self { lines, dropped })
    }

    pub(crate) fn write(&self, line: Line) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes lines until nobody is left who sends some, or the place takes no more.
fn write(lines: &Receiver<Line>, dropped: &AtomicU64, place: impl Write) {
    let mut place = io::BufWriter::new(place);
    while let Ok(first) = lines.recv() {
        let written = std::iter::once(first)
            .chain(lines.try_iter())
            .try_for_each(|line| add(&mut place, &line))
            .and_then(|()| place.flush());
        if let Err(error) = written {
            tracing::error!(%error, "the access log can't be written any more");
            return;
        }
        match dropped.swap(0, Ordering::Relaxed) {
            0 => {}
            lines => tracing::warn!(lines, "the access log lacks lines: its reader is too slow"),
        }
    }
}

fn add(place: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *place, line)?;
    place.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    struct Place(Sender<u8>);

    impl Write for Place {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            for byte in bytes {
                self.0.send(*byte).unwrap();
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_line_is_one_object_and_the_last_one_is_written_too() {
        let (place, written) = channel();
        let log = AccessLog::start(Place(place)).unwrap();
        let line = |status| Line {
            time: "2026-11-20T10:00:00.000Z".to_owned(),
            method: "GET",
            route: Some("/api/v1/report/{kind}".to_owned()),
            status,
            ms: 0.25,
            network: None,
            request_id: Some("a-1".to_owned()),
        };
        log.write(line(200));
        log.write(line(503));
        drop(log);
        let text = String::from_utf8(written.into_iter().collect()).unwrap();
        let first = "{\"time\":\"2026-11-20T10:00:00.000Z\",\"method\":\"GET\",\"route\":\"/api/v1/report/{kind}\",\
            \"status\":200,\"ms\":0.25,\"network\":null,\"request_id\":\"a-1\"}\n";
        assert_eq!(text, format!("{first}{}", first.replace("200", "503")));
    }
}
