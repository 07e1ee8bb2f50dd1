//! The pages of a day.

use crate::support::{Browser, Server};

/// Ada's morning: an hour of two apps on two devices.
async fn morning(server: &Server) -> Browser<'_> {
    let ada = Browser::of(server, "ada").await;
    server.track(&ada, "laptop", "Code", "", ["09:00:00", "10:00:00"]).await;
    server.track(&ada, "laptop", "Firefox", "github.com", ["10:00:00", "10:20:00"]).await;
    server.track(&ada, "phone", "Chat <3", "", ["09:30:00", "09:40:00"]).await;
    ada
}

#[tokio::test]
async fn a_day_shows_what_counted_and_what_did_not() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    let page = ada.get("/day").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for shown in [
        "Friday, 20 November 2026",
        "<strong>1 h 20 min</strong>",
        "50 min",
        "Chat &#60;3",
        "href=\"/app/Chat%20%3C3?from=2026-11-20&#38;to=2026-11-20\"",
        "href=\"/domain/github.com\"",
        "href=\"/day/2026-11-20?device=phone\"",
        "Outranked: Code",
        "class=\"now\"",
        "Times in UTC.",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let dated = ada.get("/day/2026-11-20").await;
    assert_eq!(dated.text(), text);
}

#[tokio::test]
async fn the_list_has_all_that_the_timeline_shows() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    let page = ada.get("/day/2026-11-20?view=list").await;
    let text = page.text();
    let lines = ["> – 09:30<", "> – 09:40<", "> – 10:00<", "> – 10:20<"];
    let found: Vec<_> = lines.iter().filter_map(|line| text.find(line)).collect();
    assert!(found.len() == lines.len() && found.is_sorted(), "{text}");
    assert!(text.contains("href=\"/domain/github.com\""));
}

#[tokio::test]
async fn scripts_get_the_intervals_by_numbers() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    let reply = ada.get("/day/2026-11-20/intervals").await;
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(reply.header("etag").starts_with("W/\""));
    for part in [
        "\"length\":86400000",
        "\"offsets\":[[0,0]]",
        "\"domains\":[\"github.com\"],\"projects\":[],\"devices\":[[\"laptop\",\"laptop\"],[\"phone\",\"phone\"]]",
        "\"counted\":[[32400000,34200000,0,0,null,null],[34200000,34800000,1,1,null,null],\
         [34800000,36000000,0,0,null,null],[36000000,37200000,2,0,0,null]]",
        "\"outranked\":[[34200000,34800000,0,0,null,null]]",
    ] {
        assert!(reply.text().contains(part), "{part}: {}", reply.text());
    }
    assert!(reply.text().contains("\"only\":[null,null,null,null]"), "{}", reply.text());
    let phone = ada.get("/day/2026-11-20/intervals?device=phone&app=").await;
    assert!(phone.text().contains("\"only\":[null,null,null,\"phone\"]"), "{}", phone.text());
    assert_eq!(ada.get("/day/today/intervals").await.status, 404);
}

#[tokio::test]
async fn what_alone_is_looked_at_is_told_as_part_of_the_whole() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    for (query, total, words) in [
        ("device=phone", "10 min", "device <strong><bdi>phone</bdi></strong>"),
        ("app=Code&domain=&project=&device=", "50 min", "app <strong><bdi>Code</bdi></strong>"),
        ("domain=GitHub.com", "20 min", "domain <strong><bdi>github.com</bdi></strong>"),
        (
            "app=Code&device=phone",
            "0 min",
            "app <strong><bdi>Code</bdi></strong>, device <strong><bdi>phone</bdi>",
        ),
        ("project=nothing", "0 min", "project <strong><bdi>nothing</bdi></strong>"),
    ] {
        let page = ada.get(&format!("/day/2026-11-20?{query}")).await;
        let all = format!("<strong>{total}</strong> <span class=\"soft\">of 1 h 20 min");
        for shown in [all.as_str(), words, "class=\"dim\"", "href=\"/day/2026-11-20\">Show everything"] {
            assert!(page.text().contains(shown), "{query} {shown}: {}", page.text());
        }
    }
    let page = ada.get("/day/2026-11-20?device=phone").await;
    assert!(page.text().contains("href=\"/day/2026-11-19?device=phone\""));
    assert!(page.text().contains("<option value=\"phone\" selected>phone</option>"));
    assert!(!page.text().contains("href=\"/app/Firefox"), "lists have what is chosen: {}", page.text());
    let list = ada.get("/day/2026-11-20?device=phone&view=list").await;
    assert!(list.text().contains("09:30") && !list.text().contains("10:20</td>"), "{}", list.text());
    assert!(!ada.get("/day").await.text().contains("class=\"dim\""));
}

#[tokio::test]
async fn an_app_that_is_looked_at_alone_is_the_one_that_is_meant() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    server.track(&ada, "laptop", "firefox.exe", "", ["10:20:00", "10:30:00"]).await;
    for name in ["Firefox", "firefox.exe", "Mozilla%20Firefox"] {
        let page = ada.get(&format!("/day/2026-11-20?app={name}")).await;
        for shown in [
            "<strong>30 min</strong> <span class=\"soft\">of 1 h 30 min",
            "app <strong><bdi>Firefox</bdi></strong>",
            "<option value=\"Firefox\" selected>Firefox</option>",
        ] {
            assert!(page.text().contains(shown), "{name} {shown}: {}", page.text());
        }
        assert!(!page.text().contains("firefox.exe"), "{name}: {}", page.text());
        let list = ada.get(&format!("/day/2026-11-20?app={name}&view=list")).await;
        assert_eq!(list.text().matches("<bdi>Firefox</bdi></a></td>").count(), 2, "{name}: {}", list.text());
        let intervals = ada.get(&format!("/day/2026-11-20/intervals?app={name}")).await;
        for part in ["\"only\":[\"Firefox\",null,null,null]", "[\"Firefox\",\"c"] {
            assert!(intervals.text().contains(part), "{name} {part}: {}", intervals.text());
        }
    }
}

#[tokio::test]
async fn an_instant_is_explained_step_by_step() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    let page = ada.get("/why?at=2026-11-20T09:35:00Z").await;
    for shown in [
        "Why is 09:35 what it is?",
        "<bdi>Chat &#60;3</bdi> on <bdi>phone</bdi> counts",
        "Code was in front from 09:00 to 10:00.",
        "So it showed Code, without a break since 09:00.",
        "another device was turned to later",
        "it was turned to last",
        "href=\"/why?at=2026-11-20T09:34:00.000Z\"",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let nothing = ada.get("/why?at=2026-11-20T03:00:00Z").await;
    assert!(nothing.text().contains("Nothing counts") && nothing.text().contains("No device had anything"));
    let list = ada.get("/day/2026-11-20?view=list").await;
    assert!(list.text().contains("href=\"/why?at=2026-11-20T09:30:00.000Z\""), "{}", list.text());
    assert_eq!(ada.get("/why").await.status, 422);
}

#[tokio::test]
async fn a_date_that_is_chosen_leads_to_its_day() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    for (query, path) in [
        ("date=2026-11-03", "/day/2026-11-03"),
        ("date=2026-11-03&view=list&device=laptop", "/day/2026-11-03?device=laptop&view=list"),
    ] {
        let reply = ada.get(&format!("/day?{query}")).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (303, path));
    }
    assert_eq!(ada.get("/day?date=tomorrow").await.status, 422);
}

#[tokio::test]
async fn a_day_with_nothing_leads_to_one_with_something() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    for empty in ["/day/2026-11-10", "/day/2026-12-24"] {
        let page = ada.get(empty).await;
        assert!(page.text().contains("Nothing tracked"), "{}", page.text());
        assert!(page.text().contains("href=\"/day/2026-11-20\">Friday, 20 November 2026"), "{}", page.text());
    }
}

#[tokio::test]
async fn who_never_tracked_anything_is_led_to_connecting_a_tracker() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let page = ada.get("/day").await;
    assert!(page.text().contains("action=\"/connect/key\""), "{}", page.text());
    server.track(&ada, "laptop", "Code", "", ["09:00:00", "10:00:00"]).await;
    for path in ["/day", "/day/2026-11-10"] {
        assert!(!ada.get(path).await.text().contains("/connect/key"), "{path}");
    }
}

#[tokio::test]
async fn tomorrow_is_not_led_to() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    assert!(!ada.get("/day").await.text().contains("rel=\"next\""));
    assert!(ada.get("/day/2026-11-19").await.text().contains("href=\"/day/2026-11-20\" rel=\"next\""));
}

#[tokio::test]
async fn a_browser_that_has_the_page_is_told_so() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    let page = ada.get("/day").await;
    let tag = page.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(page.header("cache-control"), "private, no-cache");
    assert!(page.header("vary").contains("cookie"));
    let ask = async |ada: &mut Browser<'_>| {
        ada.send(http::Method::GET, "/day", &[("if-none-match", &tag), ("sec-fetch-dest", "document")], "")
            .await
    };
    let same = ask(&mut ada).await;
    assert_eq!((same.status.as_u16(), same.body.len(), same.header("etag")), (304, 0, tag.as_str()));
    server.fake.clock.advance(60_000);
    assert_eq!(ask(&mut ada).await.status, 200, "the line of now has moved");
}

#[tokio::test]
async fn what_is_no_day_is_not_found_and_what_is_no_view_is_refused() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    for path in ["/day/2026-02-30", "/day/today", "/week/2026-W60", "/month/2026-13", "/year/x"] {
        assert_eq!(ada.get(path).await.status, 404, "{path}");
    }
    for path in [
        "/day?view=table",
        "/day?device=%01",
        "/range?from=2026-11-20",
        "/range?from=2026-11-20&to=2026-11-19",
    ] {
        assert_eq!(ada.get(path).await.status, 422, "{path}");
    }
}

#[tokio::test]
async fn a_sample_day_is_added_marked_as_made_up_and_removed() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    assert!(ada.get("/day").await.text().contains("action=\"/sample/add\""));
    let added = ada.post("/sample/add", "").await;
    assert_eq!((added.status.as_u16(), added.header("location")), (303, "/day/2026-11-19?saved=sample"));
    server.settle().await;
    ada.post("/sample/add", "").await;
    server.settle().await;
    let corrections = ada.get("/corrections").await;
    assert_eq!(corrections.text().matches("/delete\"").count(), 18, "it is there once");
    for page in ["/day/2026-11-19", "/week", "/month", "/year"] {
        let page = ada.get(page).await;
        assert!(
            page.text().contains("action=\"/sample/remove\"") && page.text().contains("Treehouse"),
            "{page:?}"
        );
    }
    assert!(!ada.get("/day/2026-11-18").await.text().contains("made up"));
    let removed = ada.post("/sample/remove", "").await;
    assert_eq!(removed.header("location"), "/day/2026-11-19?saved=no-sample");
    server.settle().await;
    let page = ada.get("/day?saved=no-sample").await;
    assert!(
        page.text().contains("The sample day is removed") && page.text().contains("/sample/add"),
        "{page:?}"
    );
    assert!(!ada.get("/day/2026-11-19").await.text().contains("Treehouse"));
}

#[tokio::test]
async fn a_device_that_somebody_calls_sample_is_not_made_up() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    server.track(&ada, "sample", "Code", "", ["09:00:00", "10:00:00"]).await;
    assert!(!ada.get("/day").await.text().contains("made up"));
}
