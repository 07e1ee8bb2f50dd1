//! The files that pages load.

use std::io::Read;

use crate::support::Server;

/// The address of the style sheet, as a page says it.
async fn style(server: &Server) -> String {
    let page = server.get("/assets/0/unknown", &[]).await;
    let from = page.text().find("/assets/").unwrap();
    let at = page.text()[from..].find("style.css").unwrap();
    page.text()[from..from + at + 9].rsplit("href=\"").next().unwrap().to_owned()
}

#[tokio::test]
async fn files_are_kept_for_good_at_an_address_of_their_content() {
    let server = Server::new();
    let reply = server.get(&style(&server).await, &[]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(reply.text().contains("--accent"));
}

#[tokio::test]
async fn files_are_packed_for_those_who_take_it() {
    let server = Server::new();
    let path = style(&server).await;
    let (plain, packed) =
        (server.get(&path, &[]).await, server.get(&path, &[("accept-encoding", "br, gzip")]).await);
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
    assert!(packed.body.len() * 2 < plain.body.len(), "{} {}", packed.body.len(), plain.body.len());
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
}

#[tokio::test]
async fn the_page_of_another_release_gets_the_files_of_this_one() {
    let server = Server::new();
    let reply = server.get("/assets/0123456789abcdef/style.css", &[]).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (307, "no-store"));
    assert_eq!(reply.header("location"), style(&server).await);
}
