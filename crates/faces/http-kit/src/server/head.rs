//! Looks at the bytes of a request's head for the one thing the HTTP parser does not tell: that a
//! request had both `Content-Length` and `Transfer-Encoding`. Two servers that disagree on which of
//! them counts can be made to see different requests, so such a request is refused (RFC 9112,
//! section 6.1). Not here: requests that a client sends before the answer to the one before. For
//! those the parser takes `Transfer-Encoding` and closes the connection.

use memchr::memchr;

/// Long enough for both names and a colon.
const LONGEST: usize = 18;

/// What was seen of a head so far.
#[derive(Default)]
pub(super) struct Head {
    /// The first bytes of the present line.
    line: [u8; LONGEST],
    length: usize,
    part: Part,
    has_content_length: bool,
    has_transfer_encoding: bool,
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
    /// Looks at the next bytes; true if the head has both headers.
    pub(super) fn is_ambiguous_after(&mut self, mut bytes: &[u8]) -> bool {
        while self.part != Part::Body
            && let Some(end) = memchr(b'\n', bytes)
        {
            self.add(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        if self.part != Part::Body {
            self.add(bytes);
        }
        self.has_content_length && self.has_transfer_encoding
    }

    fn add(&mut self, bytes: &[u8]) {
        let free = &mut self.line[self.length..];
        let taken = bytes.len().min(free.len());
        free[..taken].copy_from_slice(&bytes[..taken]);
        self.length += taken;
    }

    fn end_line(&mut self) {
        let line = self.line[..self.length].trim_ascii_end();
        self.part = match (line, self.part) {
            ([], Part::Before) => Part::Before,
            ([], _) => Part::Body,
            _ => Part::Head,
        };
        let name = memchr(b':', line).map_or(line, |colon| &line[..colon]).trim_ascii_end();
        self.has_content_length |= name.eq_ignore_ascii_case(b"content-length");
        self.has_transfer_encoding |= name.eq_ignore_ascii_case(b"transfer-encoding");
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ambiguous(text: &str) -> bool {
        let whole = Head::default().is_ambiguous_after(text.as_bytes());
        let mut head = Head::default();
        let bytewise = text.bytes().fold(false, |_, byte| head.is_ambiguous_after(&[byte]));
        assert_eq!(whole, bytewise, "{text}");
        whole
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
    fn one_header_alone_or_longer_names_are_fine() {
        assert!(!is_ambiguous("POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n"));
        assert!(!is_ambiguous("POST / HTTP/1.1\r\ntransfer-encoding: a\r\nx-content-length: 5\r\n\r\n"));
        assert!(!is_ambiguous("POST / HTTP/1.1\r\ntransfer-encodings: a\r\ncontent-length: 5\r\n\r\n"));
    }
}
