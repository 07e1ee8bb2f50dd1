//! Answers packed by gzip, for who takes that: whole, while they are sent, or once for all clients. For
//! answers with nothing secret in them alone: how well one can be packed tells of what is in it, to somebody
//! who can have his own text in it as well. Not here: bodies that clients packed (see `gzip`).

use std::io::Write;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use dayline_app::AppError;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Frame;

use crate::problem::Problem;
use crate::unread::shared;

/// Answers of fewer bytes are not worth packing.
const WORTH_PACKING: u64 = 1_024;

/// The answer, packed if the client takes that and it is worth it. What is there as a whole is packed as a
/// whole, the rest while it is sent.
///
/// # Errors
/// If a body that is there can't be read, which is a bug.
pub async fn packed(request: &HeaderMap, mut response: Response) -> Result<Response, Problem> {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let length = response.body().size_hint().exact();
    let is_worth_it = length.is_none_or(|bytes| bytes >= WORTH_PACKING);
    if response.status() != StatusCode::OK || !is_worth_it || !takes_gzip(request) {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(header::CONTENT_LENGTH);
    weaken_tag(&mut parts.headers);
    let body = if length.is_some() {
        let whole =
            to_bytes(body, usize::MAX).await.map_err(|error| AppError::Internal(error.to_string()))?;
        packed_by(packer(Compression::fast()), &whole).into()
    } else {
        Body::new(PackedBody { plain: body, packer: Some(packer(Compression::fast())) })
    };
    Ok(Response::from_parts(parts, body))
}

/// Packed and not packed it is the same answer, but not byte for byte, which a strong tag would mean.
fn weaken_tag(headers: &mut HeaderMap) {
    let strong = headers.get(header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""));
    let weak = strong.and_then(|tag| HeaderValue::from_bytes(&[&b"W/"[..], tag.as_bytes()].concat()).ok());
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
}

/// The text packed, if the client takes that and it is worth it.
pub fn packed_text(request: &HeaderMap, plain: &str) -> Option<Bytes> {
    let is_wanted = plain.len() as u64 >= WORTH_PACKING && takes_gzip(request);
    is_wanted.then(|| packed_by(packer(Compression::fast()), plain.as_bytes()))
}

fn packer(level: Compression) -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), level)
}

fn packed_by(mut packer: GzEncoder<Vec<u8>>, plain: &[u8]) -> Bytes {
    // Writing to memory can't fail.
    let _ = packer.write_all(plain);
    packer.finish().unwrap_or_default().into()
}

/// A file that all clients share, both packed and not.
#[derive(Debug, Clone, Default)]
pub struct SharedFile {
    plain: Bytes,
    packed: Bytes,
}

impl SharedFile {
    /// Packs it as well as can be.
    pub fn new(plain: impl Into<Bytes>) -> Self {
        let plain = plain.into();
        let packed = packed_by(packer(Compression::best()), &plain);
        Self { plain, packed }
    }

    /// Bytes of it as it travels mostly.
    pub fn packed_bytes(&self) -> usize {
        self.packed.len()
    }

    /// The file as an answer, in the form that the client takes.
    pub fn answer(&self, request: &HeaderMap, media_type: HeaderValue) -> Response {
        let is_packed = takes_gzip(request);
        let mut response = shared(if is_packed { self.packed.clone() } else { self.plain.clone() });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if is_packed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Whether the client says that it unpacks gzip, and does not like plain answers better.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut any, mut plain) = (None, None, None);
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    for coding in lines.flat_map(|line| line.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            gzip = Some(weight);
        } else if name == "*" {
            any = Some(weight);
        } else if name.eq_ignore_ascii_case("identity") {
            plain = Some(weight);
        }
    }
    let gzip: f32 = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= plain.unwrap_or(0.0)
}

/// A body that is packed while it is sent.
struct PackedBody {
    plain: Body,
    /// Until the end is packed.
    packer: Option<GzEncoder<Vec<u8>>>,
}

impl HttpBody for PackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while let Some(mut packer) = self.packer.take() {
            let frame = match Pin::new(&mut self.plain).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    self.packer = Some(packer);
                    return Poll::Pending;
                }
            };
            let Some(frame) = frame.transpose()? else {
                let end = packer.finish().map_err(axum::Error::new)?;
                return Poll::Ready(Some(Ok(Frame::data(end.into()))));
            };
            // No body of ours has trailers.
            let plain = frame.into_data().unwrap_or_default();
            packer.write_all(&plain).map_err(axum::Error::new)?;
            let packed = take(packer.get_mut());
            self.packer = Some(packer);
            if !packed.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(packed.into()))));
            }
        }
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use futures_util::stream;

    use super::*;

    fn request(accept_encoding: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, accept_encoding.parse().unwrap())])
    }

    async fn unpacked(response: Response) -> String {
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        assert!(!response.headers().contains_key(header::CONTENT_LENGTH));
        let packed = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let mut plain = String::new();
        GzDecoder::new(&packed[..]).read_to_string(&mut plain).unwrap();
        plain
    }

    #[test]
    fn gzip_is_taken_by_who_says_so() {
        for text in ["gzip", "deflate, GZIP;q=0.5, br", "x-gzip", "*", "identity;q=0.5, gzip", "gzip ; q=1"] {
            assert!(takes_gzip(&request(text)), "{text}");
        }
        for text in
            ["", "br", "gzip;q=0", "gzip; q=0.0", "*;q=0", "*, gzip;q=0", "identity, gzip;q=0.5", "gzip;q=x"]
        {
            assert!(!takes_gzip(&request(text)), "{text}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn a_whole_answer_stays_whole_and_a_long_one_is_packed_while_it_is_sent() {
        let text = "some text ".repeat(10_000);
        let whole = packed(&request("gzip"), Response::new(text.clone().into())).await.unwrap();
        let bytes = whole.body().size_hint().exact().unwrap();
        assert!(bytes < text.len() as u64 / 10, "{bytes}");
        assert_eq!(unpacked(whole).await, text);
        let pieces: Vec<_> =
            text.as_bytes().chunks(777).map(Bytes::copy_from_slice).map(Ok::<_, axum::Error>).collect();
        let mut streamed = Response::new(Body::from_stream(stream::iter(pieces)));
        streamed.headers_mut().insert(header::CONTENT_LENGTH, text.len().into());
        let streamed = packed(&request("gzip"), streamed).await.unwrap();
        assert_eq!(streamed.body().size_hint().exact(), None);
        assert_eq!(unpacked(streamed).await, text);
    }

    #[tokio::test]
    async fn what_is_short_or_no_answer_or_not_wanted_packed_is_left_as_it_is() {
        let long = || Response::new(Body::from("x".repeat(2_000)));
        let mut failed = long();
        *failed.status_mut() = StatusCode::NOT_FOUND;
        for (accepts, response) in [("gzip", Response::new("x".into())), ("gzip", failed), ("br", long())] {
            let response = packed(&request(accepts), response).await.unwrap();
            assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_off_ends_in_an_error_packed_as_well() {
        let pieces = [Ok(Bytes::from("x".repeat(100_000))), Err(std::io::Error::other("cut off"))];
        let streamed = Response::new(Body::from_stream(stream::iter(pieces)));
        let body = packed(&request("gzip"), streamed).await.unwrap().into_body();
        assert!(to_bytes(body, usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn a_file_is_given_in_the_form_that_is_taken() {
        let file = SharedFile::new("some text ".repeat(100));
        let media_type = || HeaderValue::from_static("text/plain");
        assert_eq!(unpacked(file.answer(&request("gzip"), media_type())).await, "some text ".repeat(100));
        let plain = file.answer(&HeaderMap::new(), media_type());
        assert_eq!(to_bytes(plain.into_body(), usize::MAX).await.unwrap(), "some text ".repeat(100));
    }
}
