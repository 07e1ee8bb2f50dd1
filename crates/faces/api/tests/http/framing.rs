//! Requests whose end is not clear, or whose head is too large, are refused and end their
//! connection.

use serde_json::json;

use crate::connections::{patient, post_as};
use crate::support::{Person, Server, ping};
use crate::tcp::{Listening, listen};

async fn server() -> (Listening, Person) {
    let fakes = Server::new();
    let ada = fakes.person("ada").await;
    (listen(fakes.router, patient()).await, ada)
}

fn body() -> String {
    json!(ping("Code", "10:00:00", "10:00:05")).to_string()
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Whether an answer is a problem whose body says what the head does, and is the last one.
fn is_problem(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    head.contains("application/problem+json")
        && head.contains("connection: close")
        && body["status"] == status
}

/// What comes back for a request, until the server closes.
async fn answer(server: &Listening, request: &str) -> String {
    let mut client = server.connect().await;
    client.write(request).await;
    client.read_to_end().await
}

#[tokio::test]
async fn a_body_in_chunks_is_as_good_as_one_with_a_length() {
    let (server, ada) = server().await;
    let (one, two) = (&body()[..20], &body()[20..]);
    let head = post_as(&ada.access, "transfer-encoding: chunked\r\nconnection: close");
    let request = format!("{head}{}{}0\r\n\r\n", chunk(one), chunk(two));
    assert!(answer(&server, &request).await.starts_with("HTTP/1.1 202 "));
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_whether_to_send_its_body() {
    let (server, ada) = server().await;
    let length =
        |bytes: usize| format!("expect: 100-continue\r\nconnection: close\r\ncontent-length: {bytes}");
    let mut client = server.connect().await;
    client.write(&post_as(&ada.access, &length(body().len()))).await;
    assert_eq!(client.read_until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write(&body()).await;
    assert!(client.read_to_end().await.starts_with("HTTP/1.1 202 "));
    for (token, bytes, status) in [("nobody", 10, "401"), (ada.access.as_str(), 2 << 20, "413")] {
        let mut client = server.connect().await;
        client.write(&post_as(token, &length(bytes))).await;
        let answer = client.read_to_end().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[tokio::test]
async fn a_request_with_two_kinds_of_length_is_refused() {
    let (server, ada) = server().await;
    let length = format!("content-length: {}", body().len());
    for headers in
        [format!("{length}\r\ntransfer-encoding: chunked"), format!("Transfer-Encoding: chunked\r\n{length}")]
    {
        let request = format!("{}{}0\r\n\r\n", post_as(&ada.access, &headers), chunk(&body()));
        let answer = answer(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("ambiguous_length"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_with_two_lengths_or_a_strange_one_is_refused() {
    let (server, ada) = server().await;
    let length = body().len();
    for header in [
        format!("content-length: {length}\r\ncontent-length: 3"),
        format!("content-length: {length}, 3"),
        "content-length: -1".into(),
        "content-length: +5".into(),
        "content-length: five".into(),
    ] {
        let answer = answer(&server, &(post_as(&ada.access, &header) + &body())).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && is_problem(&answer), "{header}: {answer}");
    }
}

#[tokio::test]
async fn a_length_that_no_body_has_is_too_large_however_many_digits_it_has() {
    let (server, ada) = server().await;
    for digits in ["18446744073709551614", "18446744073709551616", &"9".repeat(1_000)] {
        for space in ["", "\t"] {
            let header = format!("Content-Length:{space}{digits}{space}");
            let answer = answer(&server, &(post_as(&ada.access, &header) + &body())).await;
            assert!(answer.starts_with("HTTP/1.1 413 "), "{header}: {answer}");
            assert!(
                answer.contains("connection: close\r\n") && answer.contains("body_too_large"),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_transfer_coding_other_than_chunked_alone_is_refused() {
    let (server, ada) = server().await;
    for codings in
        // The parser takes those that end in chunked, and refuses the others by itself.
        [
            "gzip, chunked",
            "chunked, chunked",
            "identity, chunked",
            "gzip\r\ntransfer-encoding: chunked",
        ]
        .into_iter()
        .chain(["gzip", "identity", "chunked, identity", "chunked\r\ntransfer-encoding: gzip", ""])
    {
        let head = post_as(&ada.access, &format!("transfer-encoding: {codings}"));
        let answer = answer(&server, &format!("{head}{}0\r\n\r\n", chunk(&body()))).await;
        assert!(answer.starts_with("HTTP/1.1 501 "), "{codings}: {answer}");
        assert!(is_problem(&answer) && answer.contains("unsupported_transfer_encoding"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
    let head = post_as(&ada.access, "transfer-encoding: Chunked \r\nconnection: close");
    let answer = answer(&server, &format!("{head}{}0\r\n\r\n", chunk(&body()))).await;
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
}

#[tokio::test]
async fn a_request_has_exactly_one_host() {
    let (server, _) = server().await;
    for hosts in
        ["", "host: a\r\nhost: a\r\n", "host:\r\n", "host: a b\r\n", "host: a/b\r\n", "host: evil@a\r\n"]
    {
        let answer = answer(&server, &format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("bad_host"), "{hosts}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
    for request in [
        "GET /healthz HTTP/1.0\r\n\r\n",
        "GET http://a/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: [::1]:8080\r\nconnection: close\r\n\r\n",
    ] {
        let answer = answer(&server, request).await;
        assert!(answer.contains(" 200 OK\r\n"), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_broken_chunk_is_refused() {
    let (server, ada) = server().await;
    for chunks in
        ["zz\r\n{}\r\n0\r\n\r\n", "5\r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n", "fffffffffffffffff\r\n{}"]
    {
        let request = post_as(&ada.access, "transfer-encoding: chunked") + chunks;
        let answer = answer(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("broken_body"), "{chunks}: {answer}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (server, ada) = server().await;
    let many = "x: y\r\n".repeat(101);
    let large = format!("x: {}\r\n", "y".repeat(64 * 1024));
    for (name, headers) in [("many", many), ("large", large)] {
        let request = post_as(&ada.access, &format!("{headers}content-length: 0"));
        let answer = answer(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 431 ") && is_problem(&answer), "{name}: {answer}");
        assert!(answer.contains("head_too_large"), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let (server, _) = server().await;
    for request in [
        "\u{16}\u{3}\u{1}\u{0}hello tls\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/3\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ] {
        let answer = answer(&server, request).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && is_problem(&answer), "{request}: {answer}");
        assert!(answer.contains("malformed_request"), "{answer}");
    }
}

#[tokio::test]
async fn a_target_that_is_too_long_is_refused() {
    let (server, _) = server().await;
    let request = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(70_000));
    let answer = answer(&server, &request).await;
    assert!(is_problem(&answer) && (answer.contains("target_too_long") || answer.contains("head_too_large")));
}

#[tokio::test]
async fn what_cannot_be_read_after_a_good_request_is_refused_behind_its_answer() {
    let (server, _) = server().await;
    let mut client = server.connect().await;
    client.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.read_until("ok\n").await;
    client.write("GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n").await;
    let second = client.read_to_end().await;
    assert!(second.starts_with("HTTP/1.1 501 ") && is_problem(&second), "{second}");
    // Both at once: the first one is answered, and the second one is refused, in whatever words.
    let both = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nbad header\r\n\r\n";
    let answers = answer(&server, both).await;
    assert!(answers.starts_with("HTTP/1.1 200 ") && answers.contains("ok\nHTTP/1.1 400 "), "{answers}");
}
