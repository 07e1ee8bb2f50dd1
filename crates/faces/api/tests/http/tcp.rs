//! A server on a real socket, and a client that writes bytes as it likes.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use dayline_http_kit::{ConnectionConfig, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must come. Far longer than it takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A request, the same as the last on its connection, and how its answer ends.
pub(crate) const GET: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
pub(crate) const GET_LAST: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
pub(crate) const OK: &str = "\r\n\r\nok\n";

/// A server that ends with the test.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
}

pub(crate) async fn listen(router: Router, config: ConnectionConfig) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = tokio::spawn(serve(listener, router, config, shutdown.clone()));
    Listening { address, shutdown, serving }
}

impl Listening {
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Returns when the listening socket is closed.
    pub(crate) async fn until_closed_to_new_ones(&self) {
        let closed = async {
            while TcpStream::connect(self.address).await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, closed).await.expect("stops listening");
    }
}

/// A client's end of a connection.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Whether the server still takes bytes.
    pub(crate) async fn try_write(&mut self, text: &str) -> bool {
        self.0.write_all(text.as_bytes()).await.is_ok()
    }

    /// Writes what the system takes at once; false if the connection is closed.
    pub(crate) fn write_nowait(&self, text: &str) -> bool {
        match self.0.try_write(text.as_bytes()) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }

    /// Whether the system takes more bytes at once.
    pub(crate) fn can_write(&self) -> bool {
        futures_util::FutureExt::now_or_never(self.0.writable()).is_some()
    }

    /// Whether there are bytes to read, or the end.
    pub(crate) fn has_answer(&self) -> bool {
        let mut byte = [0];
        futures_util::FutureExt::now_or_never(self.0.peek(&mut byte)).is_some()
    }

    /// Everything until the server closes.
    pub(crate) async fn read_to_end(&mut self) -> String {
        let mut all = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut all)).await.expect("closed in time").unwrap();
        String::from_utf8(all).unwrap()
    }

    /// Until the text ends with `end`.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let mut all = Vec::new();
        while !all.ends_with(end.as_bytes()) {
            let byte = timeout(PATIENCE, self.0.read_u8()).await.expect("answered in time");
            all.push(byte.unwrap_or_else(|error| panic!("{error} after {}", String::from_utf8_lossy(&all))));
        }
        String::from_utf8(all).unwrap()
    }
}
