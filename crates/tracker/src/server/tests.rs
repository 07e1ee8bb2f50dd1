use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;

use super::*;

/// A server that answers everything alike, and tells what it was asked.
async fn server(
    status: u16,
    headers: &[(&str, &str)],
    body: &'static str,
) -> (Server, tokio::sync::mpsc::Receiver<String>) {
    let (told, asked) = tokio::sync::mpsc::channel(8);
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    let (parts, ()) = answer.body(()).unwrap().into_parts();
    let router = Router::new().fallback(move |request: Request| async move {
        let (head, text) = request.into_parts();
        let text = axum::body::to_bytes(text, 1 << 20).await.unwrap();
        let header =
            |name: &str| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let text = String::from_utf8(text.to_vec()).unwrap();
        let line =
            [head.method.as_str(), head.uri.path(), &header("authorization"), &header("content-type"), &text];
        told.send(line.join(" ")).await.unwrap();
        Response::from_parts(parts, Body::from(body))
    });
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let base = format!("http://{}/sub/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (Server::new(address(&base, false).unwrap()).unwrap(), asked)
}

async fn track(server: &Server) -> Result<Receipt, Refusal> {
    server.track(&"dlk_secret".to_owned().into(), &["{\"a\":1}".to_owned(), "{\"a\":2}".to_owned()]).await
}

#[test]
fn a_key_goes_over_https_or_stays_on_this_computer() {
    for good in [
        "https://dayline.example.org",
        "https://example.org/dayline",
        "http://127.0.0.1:8080",
        "http://localhost:8080/",
        "http://[::1]:8080",
    ] {
        assert!(address(good, false).is_ok(), "{good}");
    }
    for bad in ["http://dayline.example.org", "http://192.168.1.5:8080", "http://localhost.example.org"] {
        assert!(address(bad, false).unwrap_err().contains("would show your key to the network"), "{bad}");
        assert!(address(bad, true).is_ok(), "{bad}");
    }
    for bad in ["dayline.example.org", "ftp://example.org", "", "file:///etc"] {
        assert!(address(bad, true).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn observations_are_sent_a_line_each_with_the_key() {
    let body = r#"{"status":"queued","accepted":1,"rejected":[{"index":1,"code":"end_in_future","detail":"x","retry":true}]}"#;
    let (server, mut asked) = server(202, &[], body).await;
    let receipt = track(&server).await.unwrap();
    assert_eq!(receipt.accepted, 1);
    assert_eq!(receipt.rejected, [Rejected { index: 1, code: "end_in_future".to_owned(), retry: true }]);
    let expected = "POST /sub/api/v1/usage/track Bearer dlk_secret application/x-ndjson {\"a\":1}\n{\"a\":2}";
    assert_eq!(asked.recv().await.unwrap(), expected);
}

#[tokio::test]
async fn that_none_was_good_is_a_receipt_as_well() {
    let body = r#"{"code":"all_rejected","accepted":0,"rejected":[{"index":0,"code":"invalid_kind","retry":false},{"index":1,"code":"invalid_kind","retry":false}]}"#;
    let (server, _asked) = server(422, &[], body).await;
    let receipt = track(&server).await.unwrap();
    assert_eq!((receipt.accepted, receipt.rejected.len()), (0, 2));
}

#[tokio::test]
async fn a_server_says_how_long_to_wait() {
    for status in [429, 503] {
        let (server, _asked) = server(status, &[("retry-after", "7")], "").await;
        assert_eq!(track(&server).await.unwrap_err().passes_after(), Some(Some(Duration::from_secs(7))));
    }
    let (server, _asked) = server(502, &[], "<html>").await;
    assert_eq!(track(&server).await.unwrap_err().passes_after(), Some(None));
}

#[tokio::test]
async fn a_refusal_tells_what_the_server_says_and_neither_key_nor_address() {
    let (server, _asked) =
        server(401, &[], r#"{"code":"invalid_token","detail":"the key was deleted"}"#).await;
    let refusal = track(&server).await.unwrap_err();
    assert_eq!(refusal.to_string(), "the server says 401 invalid_token: the key was deleted");
    assert_eq!(refusal.passes_after(), None);
    assert!(!format!("{server:?} {refusal:?}").contains("dlk_secret"));
}

#[tokio::test]
async fn no_answer_passes_and_tells_no_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    drop(listener);
    let server = Server::new(address(&format!("http://{place}"), false).unwrap()).unwrap();
    let refusal = track(&server).await.unwrap_err();
    assert_eq!(refusal.passes_after(), Some(None));
    assert!(!refusal.to_string().contains(&place.to_string()), "{refusal}");
}

#[tokio::test]
async fn no_redirection_is_followed_with_the_key() {
    let (server, mut asked) = server(307, &[("location", "/elsewhere")], "").await;
    assert_eq!(track(&server).await.unwrap_err().to_string(), "the server says 307 ");
    assert!(asked.recv().await.is_some());
    assert!(asked.try_recv().is_err());
}
