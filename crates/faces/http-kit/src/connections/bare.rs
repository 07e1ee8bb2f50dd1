//! The parser answers by itself what it can't read, with a status and nothing else. Clients of ours
//! get a problem there as everywhere: it takes the place of the bare answer on its way out.

use memchr::memmem;

use super::head::Fault;
use crate::problem::{PROBLEM_JSON, Problem};

const END: &[u8] = b"\r\n\r\n";

/// Our answer instead of one of the parser; `None` if the bytes are anything else. No answer of ours
/// to a bad request is without a body.
pub(super) fn instead_of(bytes: &[u8], fault: Option<Fault>) -> Option<Vec<u8>> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "))?;
    let problem = match status.first_chunk()? {
        b"400" if fault == Some(Fault::Coding) => Problem::unknown_transfer_encoding(),
        b"400" => Problem::no_http(),
        b"414" => Problem::long_target(),
        b"431" => Problem::large_head(),
        _ => return None,
    };
    let is_whole = memmem::find(bytes, END)? + END.len() == bytes.len();
    let is_bare = is_whole && memmem::find(bytes, b"\r\ncontent-length: 0\r\n").is_some();
    is_bare.then(|| write(&problem))
}

fn write(problem: &Problem) -> Vec<u8> {
    // The body is a struct of texts and numbers, which always serialise.
    let body = serde_json::to_vec(&problem.body()).unwrap_or_default();
    let mut answer = format!(
        "HTTP/1.1 {}\r\ncontent-type: {PROBLEM_JSON}\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        problem.status(),
        body.len(),
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_without_a_body_is_the_parsers() {
        let bare = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert!(instead_of(bare.as_bytes(), None).is_some());
        for other in [
            &bare[..bare.len() - 1],
            &bare.replace("length: 0", "length: 10"),
            &bare.replace("400", "404"),
            &format!("{bare}x"),
            &format!("{bare}{bare}"),
            &format!("x{bare}"),
            "HTTP/1.1 ",
            "",
        ] {
            assert_eq!(instead_of(other.as_bytes(), None), None, "{other}");
        }
    }
}
