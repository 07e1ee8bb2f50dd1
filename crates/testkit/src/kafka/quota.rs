//! Quotas, which the usual clients can't set: one request, written by hand.

use std::io::{Read, Write};
use std::net::TcpStream;

/// Kafka's number for "alter client quotas"; its version 0 is the plainest.
const ALTER_CLIENT_QUOTAS: i16 = 49;

/// From now on who calls itself so may send so many bytes a second; who sends more is slowed down.
pub(super) fn limit_producer(port: u16, client: &str, bytes_per_s: f64) {
    let mut request = Vec::new();
    request.extend(ALTER_CLIENT_QUOTAS.to_be_bytes());
    // Version; which request this is.
    request.extend(0i16.to_be_bytes());
    request.extend(1i32.to_be_bytes());
    put_text(&mut request, "testkit");
    // One entry, for one kind of name, with one operation.
    put_count(&mut request, 1);
    put_count(&mut request, 1);
    put_text(&mut request, "client-id");
    put_text(&mut request, client);
    put_count(&mut request, 1);
    put_text(&mut request, "producer_byte_rate");
    request.extend(bytes_per_s.to_be_bytes());
    // It is not removed, and not only tried.
    request.extend([0, 0]);

    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.write_all(&(request.len() as u32).to_be_bytes()).unwrap();
    connection.write_all(&request).unwrap();
    let mut length = [0; 4];
    connection.read_exact(&mut length).unwrap();
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    connection.read_exact(&mut answer).unwrap();
    // Which request, throttle time, number of entries; then the first one's error.
    assert_eq!(answer[12..14], [0, 0], "the quota was refused: {}", String::from_utf8_lossy(&answer));
}

fn put_text(request: &mut Vec<u8>, text: &str) {
    request.extend((text.len() as i16).to_be_bytes());
    request.extend(text.as_bytes());
}

fn put_count(request: &mut Vec<u8>, count: i32) {
    request.extend(count.to_be_bytes());
}
