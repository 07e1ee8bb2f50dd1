use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

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
    (Server::new(address(&base, false).unwrap(), None).unwrap(), asked)
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
    let server = Server::new(address(&format!("http://{place}"), false).unwrap(), None).unwrap();
    let refusal = track(&server).await.unwrap_err();
    assert_eq!(refusal.passes_after(), Some(None));
    assert!(!refusal.to_string().contains(&place.to_string()), "{refusal}");
}

/// A server with a certificate of its own, which answers all requests with a receipt; gives its address and the certificate.
async fn server_of_its_own(folder: &Path) -> (Url, String) {
    let (certificate, key) = dayline_testkit::certify(&mut Command::new("openssl"), folder);
    let chain = CertificateDer::pem_file_iter(&certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever does not trust the certificate goes at once.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            assert!(stream.read(&mut [0; 4_096]).await.unwrap() > 0);
            let answer = "HTTP/1.1 202 Accepted\r\ncontent-length: 14\r\n\r\n{\"accepted\":2}";
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
        }
    });
    (address(&base, false).unwrap(), std::fs::read_to_string(certificate).unwrap())
}

#[tokio::test]
async fn a_server_with_a_certificate_of_its_own_is_trusted_by_that_certificate_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (base, certificate) = server_of_its_own(folder.path()).await;
    let stranger = track(&Server::new(base.clone(), None).unwrap()).await.unwrap_err();
    assert!(stranger.to_string().contains("invalid peer certificate: UnknownIssuer; if"), "{stranger}");
    assert!(stranger.to_string().contains("--ca"), "{stranger}");
    assert_eq!(stranger.passes_after(), Some(None));
    let receipt = track(&Server::new(base, Some(&certificate)).unwrap()).await.unwrap();
    assert_eq!(receipt.accepted, 2);
}

#[test]
fn a_file_without_a_certificate_is_told() {
    for text in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"] {
        let base = address("https://dayline.example.org", false).unwrap();
        let error = Server::new(base, Some(text)).unwrap_err();
        assert!(error.starts_with("ca: ") || error.starts_with("cannot set up https: "), "{text}: {error}");
    }
}

#[tokio::test]
async fn no_redirection_is_followed_with_the_key() {
    let (server, mut asked) = server(307, &[("location", "/elsewhere")], "").await;
    assert_eq!(track(&server).await.unwrap_err().to_string(), "the server says 307 ");
    assert!(asked.recv().await.is_some());
    assert!(asked.try_recv().is_err());
}
