//! Behind a path of a host that is shared with others: what browsers and clients are told leads back under it, whether
//! the proxy takes the path off or not.

use http::Method;
use reqwest::redirect::Policy;
use serde_json::json;

use crate::support::command::run;
use crate::web::{PASSWORD, Web, send, session, text};

const OPTIONS: [&str; 4] = ["--public-url", "https://example.org/time/", "--registration", "open"];

#[tokio::test]
async fn behind_a_path_everything_leads_back_under_it() {
    let web = Web::start(&OPTIONS);
    let email = web.register("ada").await;
    for passed in ["/time", ""] {
        let body = json!({"email": email, "password": PASSWORD, "device_id": format!("browser{passed}")});
        let login = send(web.post(&format!("{passed}/api/v1/auth/login"), &body)).await.expect(200);
        assert!(login.header("set-cookie").contains("; Path=/time/api/v1/auth;"), "{login:?}");
        let ada = session(&email, &login);

        let asked = json!({"kind": "apps", "from": "2026-01-01", "to": "2026-01-02"});
        let jobs = web.post(&format!("{passed}/api/v1/report/jobs"), &asked).bearer_auth(&ada.access);
        let job = send(jobs).await.expect(202);
        let id = text(&job.json(), "id");
        assert_eq!(job.header("location"), format!("/time/api/v1/report/jobs/{id}"));
        send(web.get(job.header("location"), &ada.access)).await.expect(200);

        let device = json!({"device_id": "television"});
        let codes = send(web.post(&format!("{passed}/api/v1/auth/device"), &device)).await.expect(200).json();
        assert_eq!(codes["verification_uri"], "https://example.org/time/device");

        let document =
            send(web.call(Method::GET, &format!("{passed}/openapi.json"))).await.expect(200).json();
        assert_eq!(document["servers"], json!([{"url": "/time"}]));
    }
    let other = send(web.call(Method::GET, "/timetable/api/v1/users/me")).await;
    assert_eq!(other.problem(), (404, "no_such_route".into()));
}

#[tokio::test]
async fn behind_a_path_a_person_gets_from_the_start_to_a_page_and_to_the_documentation() {
    let web = Web::start(&OPTIONS);
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let get = async |path: &str| {
        let url = format!("{}{path}", web.installation.url());
        send(http.get(url).header("sec-fetch-dest", "document")).await
    };
    for start in ["/time", "/time/", "/"] {
        let mut led = start.to_owned();
        let page = loop {
            let answer = get(&led).await;
            match answer.status {
                303 => led = answer.header("location").to_owned(),
                _ => break answer.expect(200),
            }
            assert!(led.starts_with("/time/"), "{led}");
        };
        assert!(led.starts_with("/time/sign-in"), "{led}");
        assert!(page.text.contains("action=\"/time/sign-in\""), "{}", page.text);
        let style = page.text.split('"').find(|part| part.ends_with("style.css")).unwrap();
        assert_eq!(get(style).await.expect(200).header("content-type"), "text/css; charset=utf-8");
    }
    assert_eq!(get("/time/docs").await.expect(308).header("location"), "/time/docs/");
    let script = get("/time/docs/swagger-initializer.js").await.expect(200);
    assert!(script.text.contains("\"../openapi.json\""), "{}", script.text);
}

#[test]
fn the_greeting_names_the_address_that_people_use() {
    let web = Web::start(&OPTIONS);
    let said = web.installation.log();
    assert!(said.contains("People reach it at https://example.org/time/\n"), "{said}");
    assert!(said.contains("curl -s https://example.org/time/api/v1/users"), "{said}");
    assert!(said.contains("https://example.org/time/docs"), "{said}");
}

#[test]
fn a_path_that_is_one_of_dayline_s_own_is_refused() {
    for own in ["/api", "/day/of/mine", "/docs"] {
        let url = format!("https://example.org{own}");
        let ended = run(&["serve", "--listen", "127.0.0.1:0", "--data", "/dev/null/x", "--public-url", &url]);
        assert_eq!(ended.code, Some(2), "{own}");
        assert!(ended.stderr.contains("choose another path"), "{}", ended.stderr);
    }
}
