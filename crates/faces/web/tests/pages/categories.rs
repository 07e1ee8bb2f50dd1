//! Categories and names of apps: said in forms, shown where time is.

use crate::support::{Answer, Browser, Server};

const PAGE: &str = "/settings/categories";
const NAMES: &str = "/settings/aliases";

/// Ada, with an editor, a browser told by two names, and a page, on one day.
async fn ada(server: &Server) -> Browser<'_> {
    let ada = Browser::of(server, "ada").await;
    server.track(&ada, "laptop", "code.exe", "", ["09:00:00", "10:00:00"]).await;
    server.track(&ada, "laptop", "firefox.exe", "", ["10:00:00", "10:30:00"]).await;
    server.track(&ada, "laptop", "Firefox", "github.com", ["10:30:00", "10:50:00"]).await;
    ada
}

fn assert_shows(page: &Answer, shown: &[&str]) {
    assert_eq!(page.status, 200);
    for shown in shown {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
}

async fn post(ada: &mut Browser<'_>, path: &str, form: &str) {
    let reply = ada.post(path, form).await;
    assert_eq!(reply.status, 303, "{path} {form}: {}", reply.text());
}

/// The identity of the category with this name.
async fn id_of(ada: &mut Browser<'_>, name: &str) -> String {
    let page = ada.get(PAGE).await;
    let (before, _) =
        page.text().split_once(&format!("<bdi>{name}</bdi><span class=\"soft small apart\">")).unwrap();
    before.rsplit_once("id=\"c-").unwrap().1[..36].to_owned()
}

/// The inbox, from its title to what comes after it.
fn inbox(page: &Answer) -> &str {
    let (_, rest) = page.text().split_once("id=\"inbox\"").unwrap();
    rest.split_once("</section>").unwrap().0
}

#[tokio::test]
async fn a_newcomer_takes_usual_categories_by_one_button_and_sees_them_on_all_days() {
    let server = Server::new();
    let mut ada = ada(&server).await;
    assert!(!ada.get("/day").await.text().contains("Categories</h2>"));
    assert_shows(&ada.get(PAGE).await, &["Begin with usual categories", "<bdi>github.com</bdi>"]);
    post(&mut ada, "/settings/categories/starter", "").await;
    let page = ada.get(PAGE).await;
    assert_shows(&page, &["<bdi>Work &#62; Code</bdi><span class=\"soft small apart\">1 h 20 min</span>"]);
    assert!(!page.text().contains("Begin with usual"));
    assert!(inbox(&page).contains("<bdi>Firefox</bdi>") && !inbox(&page).contains("github.com"));
    for path in ["/day/2026-11-20", "/week", "/month", "/year", "/range?from=2026-11-01&to=2026-11-20"] {
        let shown = ["Categories</h2>", "<bdi>Work &#62; Code</bdi>", "<bdi>Without a category</bdi>"];
        assert_shows(&ada.get(path).await, &shown);
    }
    // What is dimmed does not count, whichever names apps have.
    for query in ["app=Code", "app=code.exe", "app=code.exe&names=told"] {
        let page = ada.get(&format!("/day/2026-11-20?{query}")).await;
        assert_shows(&page, &["<bdi>Work &#62; Code</bdi>", "<strong>1 h</strong>"]);
        assert!(!page.text().contains("Without a category"), "{query}: {}", page.text());
    }
    let table = ada.get("/table/categories?from=2026-11-20&to=2026-11-20").await;
    assert_eq!(table.text(), "category,seconds\r\n\"Work > Code\",4800\r\n,1800\r\n");
}

#[tokio::test]
async fn what_has_no_category_is_put_into_one_by_one_click() {
    let server = Server::new();
    let mut ada = ada(&server).await;
    post(&mut ada, PAGE, "name=Web&colour=teal&app=&domain=&project=").await;
    let id = id_of(&mut ada, "Web").await;
    let page = ada.get(PAGE).await;
    let button = format!(
        "<button type=\"submit\" class=\"quiet small\" name=\"category\" value=\"{id}\"><span class=\"visually-hidden\">Put github.com into </span><bdi>Web</bdi></button>"
    );
    assert_shows(&page, &["<input type=\"hidden\" name=\"domain\" value=\"github.com\">", &button]);
    // The largest comes first.
    let order = ["<bdi>Code</bdi>", "<bdi>Firefox</bdi>", "<bdi>github.com</bdi>"]
        .map(|name| inbox(&page).find(name).unwrap());
    assert!(order.is_sorted(), "{order:?}");
    post(&mut ada, "/settings/categories/rules", &format!("category={id}&domain=github.com")).await;
    post(&mut ada, "/settings/categories/rules", &format!("category={id}&app=Firefox")).await;
    let page = ada.get(PAGE).await;
    assert!(
        inbox(&page).contains("<bdi>Code</bdi>") && !inbox(&page).contains("Firefox"),
        "{}",
        inbox(&page)
    );
    assert_shows(&page, &["<bdi>domain github.com</bdi>", "<bdi>app Firefox</bdi>"]);
    assert_shows(&ada.get("/day/2026-11-20").await, &["<bdi>Web</bdi>", "50 min"]);
    post(&mut ada, "/settings/categories/rules/remove", &format!("category={id}&app=Firefox")).await;
    assert!(inbox(&ada.get(PAGE).await).contains("<bdi>Firefox</bdi>"));
}

#[tokio::test]
async fn a_category_is_changed_and_deleted_with_those_within_it_following_its_name() {
    let server = Server::new();
    let mut ada = ada(&server).await;
    post(&mut ada, PAGE, "name=Work&colour=teal").await;
    post(&mut ada, PAGE, "name=Work+%3E+Code&colour=&app=Code&domain=&project=").await;
    let id = id_of(&mut ada, "Work").await;
    post(&mut ada, "/settings/categories/change", &format!("category={id}&name=Job&colour=wine")).await;
    assert_shows(&ada.get(PAGE).await, &["<bdi>Job &#62; Code</bdi>", "<rect class=\"c0\" width=\"12\""]);
    post(&mut ada, "/settings/categories/delete", &format!("category={id}")).await;
    let page = ada.get(PAGE).await;
    assert!(!page.text().contains("<bdi>Job</bdi>") && page.text().contains("<bdi>Job &#62; Code</bdi>"));
    let again = ada.post("/settings/categories/delete", &format!("category={id}")).await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_what_was_typed_stays() {
    let server = Server::new();
    let mut ada = ada(&server).await;
    post(&mut ada, PAGE, "name=Work&colour=").await;
    let id = id_of(&mut ada, "Work").await;
    for (form, told) in [
        ("name=Work&colour=&project=dayline", "Name: Is taken by another category: choose another one."),
        ("name=&colour=&project=dayline", "Name: Must not be empty, nor may one of its parts be."),
        ("name=x&colour=pink&project=dayline", "Colour: Must be one of the list."),
        ("name=x&colour=&domain=a+b&project=dayline", "Domain: Must be a host name"),
    ] {
        let reply = ada.post(PAGE, form).await;
        assert_eq!(reply.status, 422, "{form}");
        assert!(
            reply.text().contains(told) && reply.text().contains("value=\"dayline\""),
            "{form}: {}",
            reply.text()
        );
    }
    for (path, form, told) in [
        (
            "/settings/categories/rules",
            "app=&domain=&project=",
            "The app must name an app, a domain or a project.",
        ),
        ("/settings/categories/rules", "domain=a+b", "The domain must be a host name"),
        ("/settings/categories/change", "name=&colour=", "The name must not be empty"),
        ("/settings/categories/change", "name=x&colour=pink", "The colour must be one of the list."),
    ] {
        let reply = ada.post(path, &format!("category={id}&{form}")).await;
        assert!(reply.status == 422 && reply.text().contains(told), "{path} {form}: {}", reply.text());
    }
    let reply = ada.post(NAMES, "told=Code&shown=+").await;
    assert!(
        reply.status == 422 && reply.text().contains("What it is called must not be empty."),
        "{}",
        reply.text()
    );
    assert_eq!(ada.post("/settings/categories/rules", "category=x&app=a").await.status, 404);
}

#[tokio::test]
async fn apps_go_by_the_names_their_person_knows_and_by_those_told_where_that_is_wanted() {
    let server = Server::new();
    let mut ada = ada(&server).await;
    let page = ada.get(NAMES).await;
    assert_shows(
        &page,
        &["<bdi>Firefox</bdi></strong> <span class=\"soft small\">told as <bdi>firefox.exe</bdi>"],
    );
    assert_shows(&ada.get("/day/2026-11-20").await, &["href=\"/app/Firefox?from=2026-11-20", "50 min"]);
    assert!(!ada.get("/day/2026-11-20?view=list").await.text().contains("firefox.exe"));
    assert_shows(&ada.get("/day/2026-11-20?view=list&names=told").await, &["<bdi>firefox.exe</bdi>"]);
    let told = ada.get("/day/2026-11-20?app=firefox.exe&names=told").await;
    let shown = [
        "app <strong><bdi>firefox.exe</bdi></strong>",
        "<strong>30 min</strong>",
        "<input type=\"hidden\" name=\"names\" value=\"told\">",
        "href=\"/day/2026-11-19?app=firefox.exe&#38;names=told\"",
        "href=\"/day/2026-11-20?names=told&#38;device=laptop\"",
        "href=\"/day/2026-11-20?names=told\">Show everything",
        "href=\"/day/2026-11-20?app=firefox.exe\">by those you know",
    ];
    assert_shows(&told, &shown);
    let known = ada.get("/day/2026-11-20?app=firefox.exe&device=laptop").await;
    let other = "href=\"/day/2026-11-20?device=laptop&#38;names=told\">Apps by the names that trackers tell";
    assert_shows(&known, &["app <strong><bdi>Firefox</bdi></strong>", "<strong>50 min</strong>", other]);
    let intervals = ada.get("/day/2026-11-20/intervals?app=firefox.exe&names=told").await;
    assert_shows(&intervals, &["\"only\":[\"firefox.exe\",null,null,null]", "[\"Firefox\",\"c"]);
    post(&mut ada, NAMES, "told=FIREFOX&shown=The+web").await;
    assert_shows(&ada.get(NAMES).await, &["your name", "value=\"The web\""]);
    assert_shows(&ada.get("/day/2026-11-20").await, &["<bdi>The web</bdi>"]);
    // Whichever name leads there, the page is of all of it.
    for name in ["The%20web", "firefox.exe", "Firefox"] {
        let page = ada.get(&format!("/app/{name}?from=2026-11-20&to=2026-11-20")).await;
        assert_shows(&page, &["<bdi>The web</bdi>", "<strong>50 min</strong>", "10:00 – 10:30"]);
    }
    let table = ada.get("/table/intervals?from=2026-11-20&to=2026-11-20&app=The%20web").await;
    assert_eq!(table.text().matches("\"The web\"").count(), 2, "{}", table.text());
    post(&mut ada, "/settings/aliases/remove", "told=firefox.exe").await;
    assert!(!ada.get(NAMES).await.text().contains("The web"));
}
