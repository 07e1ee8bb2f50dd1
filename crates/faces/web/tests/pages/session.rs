//! Sessions in cookies: how they begin, go on and end.

use dayline_app::ports::Limit;
use dayline_http_kit::KitConfig;
use http::Method;

use crate::support::{Browser, OWN, PASSWORD, Server};

const ACCESS: &str = "__Host-dayline";
const RENEW: &str = "__Host-dayline-renew";
/// Longer than an access token lives, in milliseconds.
const LATER: i64 = 16 * 60_000;

#[tokio::test]
async fn a_session_is_in_cookies_that_no_script_reads_and_no_plain_connection_carries() {
    let server = Server::new();
    let mut browser = Browser::new(&server);
    browser
        .post("/register", "full_name=Ada&email=ada%40example.org&password=a+long+enough+secret&timezone=UTC")
        .await;
    let reply = browser.sign_in("ada", PASSWORD).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/"));
    let set: Vec<_> = reply.headers.get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
    assert_eq!(set.len(), 3);
    for (name, set) in [ACCESS, RENEW, "__Host-dayline-browser"].iter().zip(&set) {
        assert!(set.starts_with(&format!("{name}=")), "{set}");
        for flag in ["; Path=/;", "; HttpOnly;", "; SameSite=Lax;", "; Secure"] {
            assert!(set.contains(flag), "{flag} in {set}");
        }
        assert!(!set.contains("Domain"), "{set}");
    }
    assert!(set[0].contains("Max-Age=900"), "{}", set[0]);
}

#[tokio::test]
async fn under_a_path_the_cookies_are_sent_there_alone() {
    let public_url = Some("https://example.org/time".to_owned());
    let server = Server::with(KitConfig { public_url, ..KitConfig::default() });
    let browser = Browser::of(&server, "ada").await;
    let names: Vec<_> = browser.cookies.keys().map(String::as_str).collect();
    assert_eq!(names, ["__Secure-dayline", "__Secure-dayline-browser", "__Secure-dayline-renew"]);
    let reply = Browser::new(&server).sign_in("ada", PASSWORD).await;
    assert_eq!(reply.header("location"), "/time/");
    for set in reply.headers.get_all("set-cookie") {
        assert!(set.to_str().unwrap().contains("; Path=/time;"), "{set:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_the_same_page() {
    let server = Server::new();
    Browser::of(&server, "ada").await;
    let mut stranger = Browser::new(&server);
    let wrong = stranger.sign_in("ada", "something else").await;
    let unknown = stranger.sign_in("bob", "something else").await;
    assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (401, 401));
    assert_eq!(wrong.text(), unknown.text().replace("bob@", "ada@"));
    assert!(wrong.text().contains("The e-mail address or the password is wrong."), "{}", wrong.text());
    assert!(!wrong.text().contains("something else"));
    assert!(stranger.cookies.is_empty());
}

#[tokio::test]
async fn too_many_tries_are_told_to_wait() {
    let server = Server::new();
    server.fake.limits.allow(Limit::LoginPerAccount, 0);
    let reply = Browser::new(&server).sign_in("ada", PASSWORD).await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "7"));
    assert!(reply.text().contains("Wait 7 seconds"), "{}", reply.text());
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_sign_in_and_back() {
    let server = Server::new();
    let mut browser = Browser::of(&server, "ada").await;
    browser.cookies.clear();
    let reply = browser.get("/device?user_code=BCDF-GHJK").await;
    assert_eq!(reply.status, 303);
    let sign_in = reply.header("location").to_owned();
    assert_eq!(sign_in, "/sign-in?next=/device%3Fuser_code%3DBCDF-GHJK");
    let page = browser.get(&sign_in).await;
    assert!(page.text().contains("name=\"next\" value=\"/device?user_code=BCDF-GHJK\""), "{}", page.text());
    let form = "email=ada%40example.org&password=a+long+enough+secret&next=%2F%2Fevil.example";
    assert_eq!(browser.post("/sign-in", form).await.header("location"), "/");
}

#[tokio::test]
async fn a_page_renews_the_session_on_the_way() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let before = ada.cookies.clone();
    server.fake.clock.advance(LATER);
    assert_eq!(ada.get("/device").await.status, 200);
    assert_ne!(ada.cookies[ACCESS], before[ACCESS]);
    assert_ne!(ada.cookies[RENEW], before[RENEW]);
    let renewed = ada.cookies.clone();
    assert_eq!(ada.get("/device").await.status, 200);
    assert_eq!(ada.cookies, renewed, "once is enough");
}

#[tokio::test]
async fn two_tabs_renew_at_once_and_both_go_on() {
    let server = Server::new();
    let mut one = Browser::of(&server, "ada").await;
    let mut other = Browser::new(&server);
    other.cookies = one.cookies.clone();
    server.fake.clock.advance(LATER);
    assert_eq!(one.get("/device").await.status, 200);
    assert_eq!(other.get("/device").await.status, 200);
    assert_eq!(one.cookies[RENEW], other.cookies[RENEW]);
}

#[tokio::test]
async fn what_is_no_page_to_look_at_renews_nothing() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let before = ada.cookies.clone();
    server.fake.clock.advance(LATER);
    let script = [("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "empty")];
    let reply = ada.send(Method::GET, "/device", &script, "").await;
    assert_eq!((reply.status.as_u16(), reply.header("www-authenticate")), (401, ""));
    assert_eq!(ada.send(Method::GET, "/device", &[], "").await.status, 303);
    assert_eq!(ada.cookies, before);
    assert_eq!(ada.post("/session/renew", "").await.status, 204, "but it can be asked for");
    assert_eq!(ada.send(Method::GET, "/device", &script, "").await.status, 200);
}

#[tokio::test]
async fn a_session_that_was_ended_is_taken_out_of_the_browser() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let mut copy = Browser::new(&server);
    copy.cookies = ada.cookies.clone();
    let reply = ada.post("/sign-out", "").await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/sign-in"));
    assert_eq!(reply.header("clear-site-data"), "\"cache\"");
    let left: Vec<_> = ada.cookies.keys().map(String::as_str).collect();
    assert_eq!(left, ["__Host-dayline-browser"]);
    assert_eq!(copy.get("/device").await.status, 303, "the token is refused at once");
    assert_eq!(copy.cookies, ada.cookies);
    assert_eq!(copy.post("/session/renew", "").await.status, 401);
}

#[tokio::test]
async fn a_browser_has_one_session_however_often_it_signs_in() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let first = ada.cookies.clone();
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(ada.cookies["__Host-dayline-browser"], first["__Host-dayline-browser"]);
    let mut before = Browser::new(&server);
    before.cookies = first;
    assert_eq!(before.get("/device").await.status, 303, "the session before has ended");
}

#[tokio::test]
async fn pages_take_neither_keys_nor_authorization() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let bearer = format!("Bearer {}", ada.cookies[ACCESS]);
    let mut headers = OWN.to_vec();
    headers.push(("authorization", &bearer));
    let mut other = Browser::new(&server);
    assert_eq!(other.send(Method::GET, "/device", &headers, "").await.status, 303);
    let key = {
        use dayline_app::identity::{api_keys, authenticate, key_text::KeyFormat};
        let app = &server.fake.app;
        let caller = authenticate::authenticate(app, &ada.cookies[ACCESS], None).await.unwrap();
        let scopes = dayline_domain::Scopes::NONE.with(dayline_domain::Scope::Read);
        let name = dayline_domain::identity::account::Label::new("key").unwrap();
        let new = api_keys::NewKey { name, scopes, expires_at: None, format: KeyFormat::Prefixed };
        api_keys::create(app, &caller, new).await.unwrap().1
    };
    ada.cookies.insert(ACCESS.to_owned(), key);
    ada.cookies.remove(RENEW);
    assert_eq!(ada.get("/device").await.status, 303);
}

#[tokio::test]
async fn a_plain_connection_is_told_why_it_can_not_sign_in() {
    let server = Server::new();
    let mut browser = Browser::new(&server);
    let plain = browser.send(Method::GET, "/sign-in", &[], "").await;
    assert!(plain.text().contains("over plain HTTP"));
    assert!(!browser.get("/sign-in").await.text().contains("over plain HTTP"));
}

#[tokio::test]
async fn where_registration_is_closed_no_page_leads_to_it_and_it_says_whom_to_ask() {
    let link = "href=\"/register\"";
    assert!(Browser::new(&Server::new()).get("/sign-in").await.text().contains(link));
    let server = Server::closed();
    let mut browser = Browser::new(&server);
    assert!(!browser.get("/sign-in").await.text().contains(link));
    assert!(!browser.sign_in("ada", PASSWORD).await.text().contains(link));
    let form = "full_name=Ada&email=ada%40example.org&password=a+long+enough+secret&timezone=UTC";
    for reply in [browser.get("/register").await, browser.post("/register", form).await] {
        assert_eq!(reply.status, 403);
        assert!(reply.text().contains("ask who runs this server"), "{}", reply.text());
    }
    assert_eq!(browser.sign_in("ada", PASSWORD).await.status, 401);
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_told_at_its_field() {
    let server = Server::new();
    let mut browser = Browser::of(&server, "ada").await;
    let form = "full_name=&email=nothing&password=short&timezone=UTC";
    let reply = browser.post("/register", form).await;
    assert_eq!(reply.status, 422);
    for field in ["full_name", "email", "password"] {
        assert!(reply.text().contains(&format!("id=\"{field}-wrong\"")), "{field}: {}", reply.text());
    }
    assert!(!reply.text().contains("short"));
    let good = "full_name=Ada&email=b%40example.org&password=a+long+enough+secret";
    let reply = browser.post("/register", &format!("{good}&timezone=Mars")).await;
    assert!(reply.text().contains("id=\"timezone-wrong\""), "{}", reply.text());
    let taken = good.replace("b%40", "ada%40");
    let reply = browser.post("/register", &taken).await;
    assert_eq!(reply.status, 409);
    assert!(reply.text().contains("sign in instead"), "{}", reply.text());
}
