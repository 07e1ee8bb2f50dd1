//! Looks at the bytes of a request's head for what the HTTP parser does not tell:
//!
//! - that a request had both `Content-Length` and `Transfer-Encoding`. Two servers that disagree on
//!   which of them counts can be made to see different requests (RFC 9112, section 6.1);
//! - that a `Transfer-Encoding` is none that we know. It would answer by itself that the request is
//!   malformed, which says nothing of why;
//! - that a `Content-Length` is longer than any number the parser can read. The same.
//!
//! All are refused. Not here: requests that a client sends before the answer to the one before. For
//! those the parser takes `Transfer-Encoding` and closes the connection.

use memchr::memchr;

/// Long enough for both names, a colon, and the one coding that we know, with some blanks around it.
const LONGEST: usize = 32;

const CONTENT_LENGTH: &[u8] = b"content-length:";
/// Most digits of a length that any parser can read, in 64 bits.
const MAX_DIGITS: usize = 18;

/// Why a request must be refused whatever it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It says its length in two ways.
    Ambiguous,
    /// Its body is in a transfer coding other than `chunked`.
    Coding,
    /// It says that it is longer than anything can be.
    Oversize,
}

/// What was seen of a head so far.
#[derive(Default)]
pub(super) struct Head {
    /// The first bytes of the present line.
    line: [u8; LONGEST],
    length: usize,
    /// All bytes of the present line so far, and the digits among them if it is `Content-Length`.
    seen: usize,
    digits: usize,
    part: Part,
    has_content_length: bool,
    has_transfer_encoding: bool,
    /// What one header alone is at fault for.
    fault: Option<Fault>,
}

/// Which part of a request the next line belongs to.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Before the first line; the parser skips empty ones here, and so do we.
    #[default]
    Before,
    Head,
    Body,
}

impl Head {
    /// Looks at the next bytes; says whether the head has a fault. Digits of a length that are too many
    /// become blanks, so that the parser lets the request pass and it can be refused with a reason.
    pub(super) fn read(&mut self, mut bytes: &mut [u8]) -> Option<Fault> {
        while self.part != Part::Body
            && let Some(end) = memchr(b'\n', bytes)
        {
            let (line, rest) = bytes.split_at_mut(end + 1);
            self.add(&mut line[..end]);
            self.end_line();
            bytes = rest;
        }
        if self.part != Part::Body {
            self.add(bytes);
        }
        if self.has_content_length && self.has_transfer_encoding {
            return Some(Fault::Ambiguous);
        }
        self.fault
    }

    fn add(&mut self, bytes: &mut [u8]) {
        let free = &mut self.line[self.length..];
        let kept = bytes.len().min(free.len());
        free[..kept].copy_from_slice(&bytes[..kept]);
        self.length += kept;
        if self.line[..CONTENT_LENGTH.len()].eq_ignore_ascii_case(CONTENT_LENGTH) {
            self.count_digits(bytes);
        }
        self.seen += bytes.len();
    }

    fn count_digits(&mut self, bytes: &mut [u8]) {
        let name = CONTENT_LENGTH.len().saturating_sub(self.seen).min(bytes.len());
        for byte in bytes[name..].iter_mut().filter(|byte| byte.is_ascii_digit()) {
            self.digits += 1;
            if self.digits > MAX_DIGITS {
                *byte = b' ';
                self.fault = Some(Fault::Oversize);
            }
        }
    }

    fn end_line(&mut self) {
        let line = self.line[..self.length].trim_ascii_end();
        self.part = match (line, self.part) {
            ([], Part::Before) => Part::Before,
            ([], _) => Part::Body,
            _ => Part::Head,
        };
        let (name, value) = memchr(b':', line).map_or((line, &[][..]), |colon| line.split_at(colon));
        let name = name.trim_ascii_end();
        self.has_content_length |= name.eq_ignore_ascii_case(b"content-length");
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.has_transfer_encoding = true;
            let is_whole = self.seen <= LONGEST;
            let coding = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
            if !is_whole || !coding.eq_ignore_ascii_case(b"chunked") {
                self.fault = Some(Fault::Coding);
            }
        }
        (self.line, self.length, self.seen, self.digits) = ([0; LONGEST], 0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fault of a head, and what the parser gets to see.
    fn read(text: &str) -> (Option<Fault>, String) {
        let mut whole = text.as_bytes().to_vec();
        let fault = Head::default().read(&mut whole);
        let (mut bytewise, mut head) = (text.as_bytes().to_vec(), Head::default());
        let last = bytewise.iter_mut().map(|byte| head.read(std::slice::from_mut(byte))).last();
        assert_eq!((fault, &whole), (last.flatten(), &bytewise), "{text}");
        (fault, String::from_utf8(whole).unwrap())
    }

    fn is_ambiguous(text: &str) -> bool {
        read(text).0 == Some(Fault::Ambiguous)
    }

    #[test]
    fn a_length_that_no_parser_can_read_is_a_fault_and_can_be_read_then() {
        let head = |value: &str| format!("POST / HTTP/1.1\r\nx: {value}\r\nContent-LENGTH: {value}\r\n\r\n");
        for fine in ["0", "5", "999999999999999999", "-1", "1a", ""] {
            assert_eq!(read(&head(fine)), (None, head(fine)));
        }
        let (fault, text) = read(&head("18446744073709551615"));
        assert_eq!(fault, Some(Fault::Oversize));
        assert!(text.ends_with("Content-LENGTH: 184467440737095516  \r\n\r\n"), "{text}");
        assert!(text.contains("x: 18446744073709551615\r\n"), "{text}");
        assert_eq!(read(&head(&"9".repeat(5_000))).0, Some(Fault::Oversize));
    }

    #[test]
    fn both_headers_are_seen_in_any_order_case_and_pieces() {
        for (a, b) in
            [("Content-Length: 5", "Transfer-Encoding: chunked"), ("TRANSFER-ENCODING:x", "content-length:")]
        {
            assert!(is_ambiguous(&format!("POST / HTTP/1.1\r\nhost: a\r\n{a}\r\nx: y\r\n{b}\r\n\r\n")));
            assert!(is_ambiguous(&format!("\r\nPOST / HTTP/1.1\n{b}\n{a}\n\n")));
            assert!(!is_ambiguous(&format!("POST / HTTP/1.1\r\n{a}\r\n\r\n{b}\r\n\r\n")));
        }
    }

    #[test]
    fn a_coding_other_than_chunked_is_a_fault_however_it_is_written() {
        let head = |line: &str| format!("POST / HTTP/1.1\r\n{line}\r\nx: y\r\n\r\n");
        for fine in
            ["Transfer-Encoding: chunked", "TRANSFER-ENCODING:\tCHUNKED  ", "transfer-encoding:chunked"]
        {
            assert_eq!(read(&head(fine)), (None, head(fine)));
        }
        let long = format!("transfer-encoding: chunked{}", " ".repeat(100));
        for other in ["gzip", "chunked, identity", "chunked,chunked", "", "xchunked", "chunke"] {
            let line = format!("Transfer-Encoding: {other}");
            assert_eq!(read(&head(&line)), (Some(Fault::Coding), head(&line)));
        }
        assert_eq!(read(&head(&long)).0, Some(Fault::Coding));
        assert_eq!(read(&head("transfer-encoding")).0, Some(Fault::Coding));
    }

    #[test]
    fn one_header_alone_or_longer_names_are_fine() {
        assert!(!is_ambiguous("POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n"));
        assert!(!is_ambiguous(
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nx-content-length: 5\r\n\r\n"
        ));
        assert!(!is_ambiguous("POST / HTTP/1.1\r\ntransfer-encodings: a\r\ncontent-length: 5\r\n\r\n"));
    }
}
