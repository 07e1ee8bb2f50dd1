//! What who does not say a name is allowed.

use super::request::Request;

/// Kafka's number for "create acls".
const CREATE_ACLS: i16 = 30;
/// Its numbers for a topic by its name, and for allowing.
const TOPIC: u8 = 2;
const LITERAL: u8 = 3;
const ALLOW: u8 = 3;

/// What may be done with a topic, by Kafka's numbers.
#[derive(Debug, Clone, Copy)]
pub enum Operation {
    /// Read its records.
    Read = 3,
    /// Append records.
    Write = 4,
    /// Delete records, or all of it.
    Delete = 6,
    /// See that it is there.
    Describe = 8,
    /// See its settings.
    DescribeConfigs = 10,
}

/// From now on everybody may do this with the topic, and nothing else.
pub(super) fn allow(port: u16, topic: &str, operations: &[Operation]) {
    let request = Request::new(CREATE_ACLS, 1).count(operations.len() as i32);
    let acl = |request: Request, operation: &Operation| {
        let named = request.bytes(&[TOPIC]).text(topic).bytes(&[LITERAL]);
        named.text("User:*").text("*").bytes(&[*operation as u8, ALLOW])
    };
    operations.iter().fold(request, acl).send(port);
}
