//! What is wrong with a request whatever it asks for: its length, its transfer coding, its `Host`.
//! Servers and proxies that read such a request differently can be made to see different requests.

use std::net::Ipv6Addr;

use http::{HeaderMap, Request, Version, header};

use super::head::Fault;
use crate::problem::Problem;

/// The problem of a request that must be refused.
pub(super) fn refusal<B>(fault: Option<Fault>, request: &Request<B>) -> Option<Problem> {
    match fault {
        Some(Fault::Ambiguous) => return Some(Problem::ambiguous_length()),
        Some(Fault::Coding) => return Some(Problem::unknown_transfer_encoding()),
        Some(Fault::Oversize) => return Some(Problem::impossible_length()),
        None => {}
    }
    let headers = request.headers();
    if !is_plain_or_chunked(headers) {
        return Some(Problem::unknown_transfer_encoding());
    }
    let must_have_host = request.version() >= Version::HTTP_11;
    (!has_one_host(headers, must_have_host)).then(Problem::bad_host)
}

/// Whether there is no transfer coding or the one that we know, once.
fn is_plain_or_chunked(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (all.next(), all.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// Whether there is exactly one `Host`, or none where there need not be one.
fn has_one_host(headers: &HeaderMap, must_have_host: bool) -> bool {
    let mut all = headers.get_all(header::HOST).iter();
    match (all.next(), all.next()) {
        (None, _) => !must_have_host,
        (Some(only), None) => is_host(only.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

/// Whether it is a name or an address, with or without a port (RFC 3986, section 3.2.2).
fn is_host(text: &[u8]) -> bool {
    if let Some(rest) = text.strip_prefix(b"[") {
        let Some(end) = rest.iter().position(|&byte| byte == b']') else { return false };
        let (address, port) = (&rest[..end], &rest[end + 1..]);
        let address = std::str::from_utf8(address).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
        return address.is_some() && is_port(port);
    }
    let end = text.iter().position(|&byte| byte == b':').unwrap_or(text.len());
    let (name, port) = text.split_at(end);
    !name.is_empty() && name.iter().all(|&byte| is_of_name(byte)) && is_port(port)
}

/// Whether a byte may stand in a name. What RFC 3986 allows besides is in no name that resolves: such
/// a host could only be meant to deceive who shows or compares it.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn is_port(text: &[u8]) -> bool {
    let Some(digits) = text.strip_prefix(b":") else { return text.is_empty() };
    digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        let good =
            ["a", "dayline.example.org", "localhost:8080", "192.0.2.1:80", "[::1]:8080", "[2001:db8::1]"];
        for host in good {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        let bad = ["", ":80", "a b", "a/b", "a@b", "a:b", "a:80:80", "a:123456", "a,b", "[::1", "::1", "[a]"];
        for host in bad.into_iter().chain(["[::1]a", "é.example"]) {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
