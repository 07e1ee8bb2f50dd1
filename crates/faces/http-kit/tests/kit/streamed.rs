//! Bodies that are read a piece at a time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use dayline_contract::fakes::FakeApp;
use dayline_http_kit::body::StreamedBody;
use dayline_http_kit::{Kit, KitConfig, KitState, Metrics};
use futures_util::stream::{self, StreamExt};
use http::{Request, request};

/// Most bytes of the bodies here.
const LIMIT: usize = 6;

fn kit() -> Kit {
    let config = KitConfig { body_timeout: Duration::from_secs(30), ..KitConfig::default() };
    KitState::new(FakeApp::default().app, Metrics::new(Vec::new()), config).unwrap()
}

fn head(coding: Option<&str>) -> request::Parts {
    let request = coding
        .into_iter()
        .fold(Request::builder(), |request, coding| request.header("content-encoding", coding));
    request.body(()).unwrap().into_parts().0
}

/// What of some pieces arrives, and how it ends.
async fn read(kit: &Arc<KitState>, pieces: &[&'static str], then_waits: bool) -> (String, &'static str) {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::from(*piece))).collect();
    let pieces = stream::iter(pieces);
    let body = if then_waits {
        Body::from_stream(pieces.chain(stream::pending()))
    } else {
        Body::from_stream(pieces)
    };
    let parts = head(None);
    let mut body = StreamedBody::of(kit, &parts, body, LIMIT).unwrap();
    let mut read = String::new();
    loop {
        match body.next().await {
            Ok(Some(piece)) => read.push_str(std::str::from_utf8(&piece).unwrap()),
            Ok(None) => return (read, "end"),
            Err(problem) => return (read, problem.code()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_bounded_in_bytes_and_in_the_time_between_its_pieces() {
    let kit = kit();
    assert_eq!(read(&kit, &["abc", "def"], false).await, ("abcdef".to_owned(), "end"));
    assert_eq!(read(&kit, &["abc", "defg"], false).await, ("abc".to_owned(), "body_too_large"));
    assert_eq!(read(&kit, &["abc"], true).await, ("abc".to_owned(), "body_timeout"));
}

#[tokio::test]
async fn what_is_too_long_or_packed_is_refused_before_it_is_read() {
    let kit = kit();
    let refused = |coding: Option<&str>, body: &'static str| {
        StreamedBody::of(&kit, &head(coding), Body::from(body), LIMIT).err().map(|problem| problem.code())
    };
    assert_eq!(refused(None, "abcdef"), None);
    assert_eq!(refused(None, "abcdefg"), Some("body_too_large"));
    assert_eq!(refused(Some("gzip"), "abc"), Some("unsupported_encoding"));
}
