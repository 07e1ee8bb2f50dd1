//! Quotas.

use super::request::Request;

/// Kafka's number for "alter client quotas".
const ALTER_CLIENT_QUOTAS: i16 = 49;

/// From now on who calls itself so may send so many bytes a second; who sends more is slowed down.
pub(super) fn limit_producer(port: u16, client: &str, bytes_per_s: f64) {
    // One entry, for one kind of name, with one operation: it is not removed, and not only tried.
    Request::new(ALTER_CLIENT_QUOTAS, 0)
        .count(1)
        .count(1)
        .text("client-id")
        .text(client)
        .count(1)
        .text("producer_byte_rate")
        .bytes(&bytes_per_s.to_be_bytes())
        .bytes(&[0, 0])
        .send(port);
}
