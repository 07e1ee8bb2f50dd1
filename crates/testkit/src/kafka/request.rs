//! Requests that the usual clients can't make, written by hand, in their plainest versions.

use std::io::{Read, Write};
use std::net::TcpStream;

/// A request, and what follows its head so far.
pub(super) struct Request(Vec<u8>);

impl Request {
    /// A request of this kind, by Kafka's number, in this version.
    pub(super) fn new(kind: i16, version: i16) -> Self {
        let mut request = Self(Vec::new());
        request.0.extend(kind.to_be_bytes());
        request.0.extend(version.to_be_bytes());
        // Which request of the connection this is.
        request.0.extend(1_i32.to_be_bytes());
        request.text("testkit")
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.extend((text.len() as i16).to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    /// How many of what follows there are.
    pub(super) fn count(mut self, count: i32) -> Self {
        self.0.extend(count.to_be_bytes());
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// Sends it to a broker. All answers to what is asked here begin with the time for which the client is slowed
    /// down and the number of results; of each result first its error.
    pub(super) fn send(self, port: u16) {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
        connection.write_all(&(self.0.len() as u32).to_be_bytes()).unwrap();
        connection.write_all(&self.0).unwrap();
        let mut length = [0; 4];
        connection.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        connection.read_exact(&mut answer).unwrap();
        assert_eq!(answer[12..14], [0, 0], "refused: {}", String::from_utf8_lossy(&answer));
    }
}
