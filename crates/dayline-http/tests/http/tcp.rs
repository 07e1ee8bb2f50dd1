//! A server on a real socket, and a client that writes bytes as it likes.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use dayline_http::{ServerConfig, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must come. Far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that ends with the test.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
}

pub(crate) async fn listen(router: Router, config: ServerConfig) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = tokio::spawn(serve(listener, router, config, shutdown.clone()));
    Listening { address, shutdown, serving }
}

impl Listening {
    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn write(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Everything until the server closes.
    pub(crate) async fn read_to_end(&mut self) -> String {
        let mut all = Vec::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut all)).await.expect("closed in time").unwrap();
        String::from_utf8(all).unwrap()
    }

    /// Until the text ends with `end`.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let mut all = Vec::new();
        while !all.ends_with(end.as_bytes()) {
            let byte = tokio::time::timeout(PATIENCE, self.0.read_u8()).await.expect("answered in time");
            all.push(byte.unwrap_or_else(|error| panic!("{error} after {}", String::from_utf8_lossy(&all))));
        }
        String::from_utf8(all).unwrap()
    }
}
