//! The network between a tracker and its server: it remembers what went over it, and can be away.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A door to a server of this computer, open for as long as the test runs.
pub(crate) struct Network {
    port: u16,
    up: watch::Sender<bool>,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Network {
    /// To the server at this port.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (up, _) = watch::channel(true);
        let sent = Arc::default();
        let network = Self { port, up, sent };
        let (up, sent) = (network.up.clone(), Arc::clone(&network.sent));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server, up.subscribe(), Arc::clone(&sent)));
            }
        });
        network
    }

    /// The server's address over this network.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// From now on nothing comes through and nobody is told, as when a cable is pulled; or everything does again, but what was
    /// under way is lost.
    pub(crate) fn set(&self, up: bool) {
        self.up.send_replace(up);
    }

    /// Whether a text went to the server.
    pub(crate) fn carried(&self, text: &str) -> bool {
        self.sent.lock().unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    }
}

/// Carries what one connection says, until an end closes it or the network was away.
async fn carry(mut near: TcpStream, server: u16, mut up: watch::Receiver<bool>, sent: Arc<Mutex<Vec<u8>>>) {
    tokio::select! {
        biased;
        _ = up.wait_for(|up| !*up) => {}
        // A server that is not there closes the connection.
        _ = both_ways(&mut near, server, &sent) => return,
    }
    // Until then the connection is neither answered nor closed.
    let _ = up.wait_for(|up| *up).await;
}

async fn both_ways(near: &mut TcpStream, server: u16, sent: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut far = TcpStream::connect(("127.0.0.1", server)).await?;
    let (mut asks, mut is_answered) = near.split();
    let (mut answers, mut is_asked) = far.split();
    let there = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let length = asks.read(&mut buffer).await?;
            if length == 0 {
                return is_asked.shutdown().await;
            }
            sent.lock().unwrap().extend_from_slice(&buffer[..length]);
            is_asked.write_all(&buffer[..length]).await?;
        }
    };
    let back = async {
        tokio::io::copy(&mut answers, &mut is_answered).await?;
        is_answered.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}
