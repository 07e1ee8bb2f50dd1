//! The pages of weeks, months, years and any days, and of apps and domains.

use crate::support::{Browser, Server};

async fn days(server: &Server) -> Browser<'_> {
    let ada = Browser::of(server, "ada").await;
    server.track(&ada, "laptop", "Code", "", ["09:00:00", "10:00:00"]).await;
    server.track(&ada, "laptop", "Firefox", "github.com", ["10:00:00", "10:20:00"]).await;
    ada
}

#[tokio::test]
async fn every_range_shows_its_total_its_days_and_where_to_go() {
    let server = Server::new();
    let mut ada = days(&server).await;
    let pages = [
        ("/week", "16 – 22 Nov 2026", "/week/2026-W46"),
        ("/week/2026-W47", "16 – 22 Nov 2026", "/week/2026-W46"),
        ("/month", "November 2026", "/month/2026-10"),
        ("/month/2026-11", "November 2026", "/month/2026-10"),
        ("/year", "2026", "/year/2025"),
        ("/year/2026", "2026", "/year/2025"),
        (
            "/range?from=2026-11-19&to=2026-11-20",
            "19 – 20 Nov 2026",
            "/range?from=2026-11-17&#38;to=2026-11-18",
        ),
    ];
    for (path, title, before) in pages {
        let page = ada.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        for shown in [title, "<strong>1 h 20 min</strong>", "href=\"/day/2026-11-20\"", "Code", "github.com"]
        {
            assert!(page.text().contains(shown), "{path} {shown}: {}", page.text());
        }
        assert!(page.text().contains(&format!("href=\"{before}\" rel=\"prev\"")), "{path}: {}", page.text());
        assert!(page.text().contains("title=\"Friday 09:00: 1 h\""), "{path}");
    }
    let year = ada.get("/year/2026").await;
    assert_eq!(year.text().matches("rx=\"2\"/></a>").count(), 365);
}

#[tokio::test]
async fn what_is_not_over_is_compared_with_as_many_days() {
    let server = Server::new();
    let mut ada = days(&server).await;
    server.fake.clock.advance(7 * 86_400_000);
    let page = ada.get("/week/2026-W48").await;
    assert!(page.text().contains("−100 % on the same days of 16 – 22 Nov 2026"), "{}", page.text());
    server.fake.clock.advance(7 * 86_400_000);
    let page = ada.get("/week/2026-W48").await;
    assert!(page.text().contains("−100 % on 16 – 22 Nov 2026"), "{}", page.text());
}

#[tokio::test]
async fn weeks_begin_as_the_person_prefers() {
    let server = Server::new();
    let mut ada = days(&server).await;
    let saved =
        ada.post("/settings/time", "week_start=sunday&day_start=00%3A00&beat_hold=15&audible=on").await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/settings?saved=time"));
    assert!(ada.get("/week").await.text().contains("15 – 21 Nov 2026"));
}

#[tokio::test]
async fn an_app_and_a_domain_have_pages_of_their_own() {
    let server = Server::new();
    let mut ada = days(&server).await;
    let app = ada.get("/app/Firefox?from=2026-11-20&to=2026-11-20").await;
    for shown in [
        "<bdi>Firefox</bdi>",
        "<strong>20 min</strong>",
        "href=\"/domain/github.com?from=2026-11-20",
        "10:00 – 10:20",
        "Seen on Fri 20 Nov 2026 alone.",
        "25 % of 20 Nov 2026",
    ] {
        assert!(app.text().contains(shown), "{shown}: {}", app.text());
    }
    let domain = ada.get("/domain/github.com").await;
    for shown in ["<bdi>github.com</bdi>", "<strong>20 min</strong>", "href=\"/app/Firefox?from=2026-10-22"] {
        assert!(domain.text().contains(shown), "{shown}: {}", domain.text());
    }
    assert!(!domain.text().contains("10:00 – 10:20"), "a month is too long for intervals");
    let unknown = ada.get("/app/%22%3E%3Cscript%3E").await;
    assert!(unknown.status == 200 && unknown.text().contains("Nothing of it in these days."));
    assert!(!unknown.text().contains("<script>"), "{}", unknown.text());
}

#[tokio::test]
async fn a_project_has_a_page_that_lists_lead_to() {
    let server = Server::new();
    let mut ada = days(&server).await;
    for page in ["/day", "/week", "/app/Firefox?from=2026-11-20&to=2026-11-20"] {
        assert!(!ada.get(page).await.text().contains("rojects</h2>"), "{page}: who has none sees no list");
    }
    let entry = "from=2026-11-20T09%3A00&to=2026-11-20T09%3A30&says=entry&app_name=Editor&domain=example.org\
                 &project=a%2Fb+%3C3&device=laptop&step=confirm";
    assert_eq!(ada.post("/corrections/new", entry).await.status, 303);
    server.settle().await;
    let address = "href=\"/project/a%2Fb%20%3C3?from=";
    for page in ["/day", "/week", "/month", "/year", "/app/Editor", "/domain/example.org"] {
        let page = ada.get(page).await;
        assert!(page.text().contains(address) && page.text().contains("a/b &#60;3"), "{}", page.text());
    }
    let list = ada.get("/day?view=list").await;
    assert!(list.text().contains("href=\"/project/a%2Fb%20%3C3\""), "{}", list.text());
    let project = ada.get("/project/a%2Fb%20%3C3?from=2026-11-20&to=2026-11-20").await;
    for shown in [
        "<bdi>a/b &#60;3</bdi>",
        "<strong>30 min</strong>",
        "href=\"/app/Editor?from=2026-11-20",
        "href=\"/domain/example.org?from=2026-11-20",
        "href=\"/day?device=laptop\"",
        "09:00 – 09:30",
        "/table/intervals?from=2026-11-20&#38;to=2026-11-20&#38;project=a%2Fb%20%3C3",
    ] {
        assert!(project.text().contains(shown), "{shown}: {}", project.text());
    }
    let within = "from=2026-11-20&to=2026-11-20";
    let table = ada.get(&format!("/table/projects?{within}")).await;
    assert_eq!(table.text(), "project,seconds\r\n,3000\r\n\"a/b <3\",1800\r\n");
    let table = ada.get(&format!("/table/apps?{within}&project=a%2Fb%20%3C3")).await;
    assert_eq!(table.text(), "app_name,seconds\r\n\"Editor\",1800\r\n");
}

#[tokio::test]
async fn what_is_shown_can_be_taken_along_as_a_table() {
    let server = Server::new();
    let mut ada = days(&server).await;
    server.track(&ada, "phone", "=SUM(A1)", "", ["11:00:00", "11:00:01"]).await;
    let within = "from=2026-11-20&to=2026-11-20";
    let tables = [
        ("days", "", "date,seconds\r\n2026-11-20,4801\r\n"),
        ("apps", "", "app_name,seconds\r\n\"Code\",3600\r\n\"Firefox\",1200\r\n\"'=SUM(A1)\",1\r\n"),
        ("domains", "&app=Firefox", "domain,seconds\r\n\"github.com\",1200\r\n"),
        (
            "intervals",
            "&domain=github.com",
            "start_time,end_time,seconds,app_name,domain,project,device\r\n\
             2026-11-20T10:00:00.000Z,2026-11-20T10:20:00.000Z,1200,\"Firefox\",\"github.com\",,\"laptop\"\r\n",
        ),
    ];
    for (what, filter, expected) in tables {
        let table = ada.get(&format!("/table/{what}?{within}{filter}")).await;
        assert_eq!(table.text(), expected, "{what}");
        assert!(table.header("content-disposition").contains(&format!("dayline-{what}-2026-11-20")));
    }
    assert!(ada.get(&format!("/table/hours?{within}")).await.text().contains(",3600\r\n"));
    assert_eq!(ada.get("/table/secrets").await.status, 404);
    assert_eq!(ada.get("/table/intervals?from=2026-01-01&to=2026-11-20").await.status, 422);
}

#[tokio::test]
async fn work_hours_are_a_sheet_with_a_row_for_each_day() {
    let server = Server::new();
    let mut ada = days(&server).await;
    server.track(&ada, "laptop", "Mail", "", ["11:30:00", "11:40:30"]).await;
    let sheet = ada.get("/work-hours?from=2026-11-18&to=2026-11-24").await;
    let row = "Fri 20 Nov</span></a></th><td class=\"number\">09:00</td><td class=\"number\">11:40</td>\
               <td class=\"number\">1 h 30 min</td>";
    for shown in [
        "<bdi>ada</bdi>",
        "18 – 24 Nov 2026",
        row,
        "Thursday, 19 November 2026",
        "1 day</th>",
        "<strong>1 h 30 min</strong>",
        "href=\"/work-hours?from=2026-11-11&#38;to=2026-11-17\" rel=\"prev\"",
        "href=\"/table/work-hours?from=2026-11-18&#38;to=2026-11-24\"",
    ] {
        assert!(sheet.text().contains(shown), "{shown}: {}", sheet.text());
    }
    assert!(!sheet.text().contains("21 November"), "what is to come has no row");
    let none = ada.get("/work-hours?from=2026-10-18&to=2026-10-24").await;
    assert!(none.text().contains("Nothing counted in these days."), "{}", none.text());
    let mail = ada.get("/work-hours?from=2026-11-20&to=2026-11-20&app=Mail").await;
    for shown in ["Only app <strong><bdi>Mail</bdi></strong>.", ">11:30<", ">10 min<", "&#38;app=Mail\""] {
        assert!(mail.text().contains(shown), "{shown}: {}", mail.text());
    }
    server.track(&ada, "laptop", "firefox.exe", "", ["11:45:00", "11:55:00"]).await;
    for name in ["Firefox", "firefox.exe"] {
        let within = format!("from=2026-11-20&to=2026-11-20&app={name}");
        let sheet = ada.get(&format!("/work-hours?{within}")).await;
        for shown in ["Only app <strong><bdi>Firefox</bdi></strong>.", ">11:55<"] {
            assert!(sheet.text().contains(shown), "{name} {shown}: {}", sheet.text());
        }
        let table = ada.get(&format!("/table/work-hours?{within}")).await;
        assert!(table.text().contains("T11:55:00+00:00,1800\r\n"), "{name}: {}", table.text());
    }
    let table = ada.get("/table/work-hours?from=2026-11-18&to=2026-11-24").await;
    let expected = "date,first,last,seconds\r\n\
                    2026-11-20,2026-11-20T09:00:00+00:00,2026-11-20T11:55:00+00:00,6030\r\n";
    assert_eq!(table.text(), expected);
    for page in ["/week", "/month", "/app/Mail?from=2026-11-20&to=2026-11-20"] {
        assert!(ada.get(page).await.text().contains("href=\"/work-hours?from="), "{page}");
    }
    assert!(!ada.get("/year").await.text().contains("/work-hours"));
    for path in ["/work-hours", "/table/work-hours"] {
        assert_eq!(ada.get(&format!("{path}?from=2026-10-01&to=2026-11-01")).await.status, 422, "{path}");
    }
    assert_eq!(ada.get("/work-hours").await.status, 200);
}

#[tokio::test]
async fn days_with_nothing_lead_to_those_with_something_and_beginners_to_a_tracker() {
    let server = Server::new();
    let mut ada = days(&server).await;
    let page = ada.get("/week/2026-W40").await;
    assert!(
        page.text().contains("<a href=\"/day/2026-11-20\">Friday, 20 November 2026</a>"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("class=\"columns\""));
    let page = ada.get("/app/Mail").await;
    assert!(
        page.text().contains("Nothing of it in these days.") && !page.text().contains("class=\"columns\"")
    );
    let mut bob = Browser::of(&server, "bob").await;
    for path in ["/week", "/month", "/year"] {
        let page = bob.get(path).await;
        assert!(page.text().contains("href=\"/connect\">Connect a tracker"), "{path}: {}", page.text());
    }
}

#[tokio::test]
async fn the_form_of_other_days_keeps_what_else_was_asked_for() {
    let server = Server::new();
    let mut ada = days(&server).await;
    let sheet = ada.get("/work-hours?from=2026-11-20&to=2026-11-20&app=Code&device=laptop").await;
    for kept in ["name=\"app\" value=\"Code\"", "name=\"device\" value=\"laptop\"", "value=\"2026-11-20\""] {
        assert!(sheet.text().contains(kept), "{kept}: {}", sheet.text());
    }
    for (path, action) in [("/year", "/range"), ("/app/Code", "/app/Code"), ("/range", "/range")] {
        let page = ada.get(path).await;
        assert!(page.text().contains(&format!("<form action=\"{action}\" method=\"get\">")), "{path}");
    }
}
