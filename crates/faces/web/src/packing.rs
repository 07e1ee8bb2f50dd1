//! Packing by gzip, and who takes it.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

/// Packs bytes; without memory for it there is no answer either.
pub(crate) fn gzip(plain: &[u8], level: Compression) -> Bytes {
    let mut packed = GzEncoder::new(Vec::with_capacity(plain.len() / 3), level);
    // Writing to memory can't fail.
    let _ = packed.write_all(plain);
    packed.finish().unwrap_or_default().into()
}

/// Whether the client says that it unpacks gzip.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_by_who_says_so() {
        let takes = |text: &str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, text.parse().unwrap())]))
        };
        assert!(takes("gzip"));
        assert!(takes("deflate, GZIP;q=0.5, br"));
        assert!(!takes("gzip;q=0"));
        assert!(!takes("gzip; q=0.0"));
        assert!(!takes("br"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
