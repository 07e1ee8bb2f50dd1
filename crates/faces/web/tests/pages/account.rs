//! Devices, keys and settings.

use crate::support::{Browser, PASSWORD, Server};

/// The first identity that follows a text.
fn id_after<'a>(page: &'a str, before: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("{before}: {page}"));
    &rest[..36]
}

#[tokio::test]
async fn another_browser_can_be_signed_out_from_here() {
    let server = Server::new();
    let mut here = Browser::of(&server, "ada").await;
    let mut there = Browser::new(&server);
    there.sign_in("ada", PASSWORD).await;
    let page = here.get("/devices").await;
    assert!(page.text().contains("this browser") && page.text().contains("End all others"));
    let of_there = there.get("/devices").await;
    let mine = of_there.text().find("this browser").unwrap();
    let id = id_after(&of_there.text()[mine..], "/devices/sessions/").to_owned();
    assert_eq!(here.post(&format!("/devices/sessions/{id}/end"), "").await.status, 303);
    assert_eq!(there.get("/devices").await.status, 303);
    assert_eq!(here.get("/devices").await.status, 200);
}

#[tokio::test]
async fn a_device_is_called_what_the_person_says() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    server.track(&ada, "laptop", "Code", "", ["09:00:00", "10:00:00"]).await;
    assert_eq!(ada.post("/devices/name", "device=laptop&name=My+desk").await.status, 303);
    for path in ["/devices", "/day"] {
        assert!(ada.get(path).await.text().contains("<bdi>My desk</bdi>"), "{path}");
    }
    let wrong = ada.post("/devices/name", "device=laptop&name=").await;
    assert!(wrong.status == 422 && wrong.text().contains("role=\"alert\">The name "), "{}", wrong.text());
    for unknown in ["device=phone&name=a", "device=&name=a", "name=a"] {
        assert_eq!(ada.post("/devices/name", unknown).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn ending_ones_own_session_signs_out() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let page = ada.get("/devices").await;
    let id = id_after(page.text(), "/devices/sessions/").to_owned();
    ada.post(&format!("/devices/sessions/{id}/end"), "").await;
    let left: Vec<_> = ada.cookies.keys().map(String::as_str).collect();
    assert_eq!(left, ["__Host-dayline-browser"]);
}

#[tokio::test]
async fn all_others_end_and_keys_only_where_asked_for() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let mut other = Browser::new(&server);
    other.sign_in("ada", PASSWORD).await;
    ada.post("/connect/key", "name=tracker&track=on").await;
    ada.post("/devices/end-others", "").await;
    assert_eq!(other.get("/devices").await.status, 303);
    assert!(ada.get("/devices").await.text().contains("<bdi>tracker</bdi>"));
    ada.post("/devices/end-others", "keys=on").await;
    assert!(!ada.get("/devices").await.text().contains("<bdi>tracker</bdi></strong>"));
}

#[tokio::test]
async fn a_key_is_shown_once_and_heard_of_when_it_is_used() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let headers = [("sec-fetch-site", "same-origin"), ("accept-encoding", "gzip")];
    let page = ada.send(http::Method::POST, "/connect/key", &headers, "name=tracker&track=on").await;
    assert_eq!((page.header("cache-control"), page.header("content-encoding")), ("no-store", ""));
    let key = format!("dlk_{}", page.text().split("dlk_").nth(1).unwrap().split('<').next().unwrap());
    let id = id_after(page.text(), "/connect/heard?key=").to_owned();
    assert!(page.text().contains("https://dayline.example.org/api/v1"), "{}", page.text());
    let heard = format!("/connect/heard?key={id}");
    assert_eq!(ada.get(&heard).await.text(), "{\"heard\":false}");
    let waiting = ada.get(&format!("/connect/waiting?key={id}")).await;
    assert!(waiting.text().contains("http-equiv=\"refresh\"") && !waiting.text().contains(&key));
    dayline_app::identity::authenticate::authenticate(&server.fake.app, &key, None).await.unwrap();
    assert_eq!(ada.get(&heard).await.text(), "{\"heard\":true}");
    assert!(ada.get(&format!("/connect/waiting?key={id}")).await.text().contains("It works"));
    assert!(!ada.get("/devices").await.text().contains(&key));
    ada.post(&format!("/devices/keys/{id}/delete"), "").await;
    assert_eq!(ada.get(&heard).await.status, 404);
}

#[tokio::test]
async fn a_key_that_may_do_nothing_is_not_made() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let reply = ada.post("/connect/key", "name=").await;
    assert!(reply.status == 422 && reply.text().contains("id=\"name-wrong\""), "{}", reply.text());
    let reply = ada.post("/connect/key", "name=tracker").await;
    assert!(reply.status == 422 && reply.text().contains("class=\"wrong\""), "{}", reply.text());
}

#[tokio::test]
async fn who_chooses_a_tracker_is_told_what_to_paste_with_its_key_or_that_it_needs_none() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let list = ada.get("/connect").await;
    let first = list.text().find("/connect?client=dayline-tracker").unwrap();
    for client in ["activitywatch", "awatcher", "aw-watcher-web", "wakatime", "curl"] {
        assert!(first < list.text().find(&format!("/connect?client={client}\"")).unwrap(), "{client}");
    }
    for needs_none in ["dayline-tracker", "aw-watcher-web", "activitywatch"] {
        let page = ada.get(&format!("/connect?client={needs_none}")).await;
        let is_told = page.text().contains("dayline-tracker login https://dayline.example.org\n");
        assert!(is_told && !page.text().contains("Make a key"), "{needs_none}: {}", page.text());
    }
    let editors = ada.get("/connect?client=wakatime").await;
    for ticked in ["name=\"track\" value=\"on\" checked", "name=\"read\" value=\"on\" checked"] {
        assert!(editors.text().contains(ticked), "{}", editors.text());
    }
    let made = ada.post("/connect/key", "client=wakatime&name=editors&track=on&read=on").await;
    let (_, rest) = made.text().split_once("api_key = ").unwrap_or_else(|| panic!("{}", made.text()));
    let key = rest.split('<').next().unwrap();
    assert_eq!(key.len(), 36, "{key}");
    dayline_app::identity::authenticate::authenticate(&server.fake.app, key, None).await.unwrap();
    // A key that may not do what the tracker needs is shown without it.
    let reading = ada.post("/connect/key", "client=wakatime&name=editors&read=on").await;
    assert!(reading.status == 200 && !reading.text().contains("api_key = "), "{}", reading.text());
    assert_eq!(ada.post("/connect/key", "client=nobody&name=a&track=on").await.status, 422);
    assert_eq!(ada.get("/connect?client=nobody").await.status, 422);
}

#[tokio::test]
async fn name_zone_and_theme_are_kept() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let saved = ada.post("/settings/profile", "full_name=Ada+L&timezone=asia%2Ftokyo").await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/settings?saved=profile"));
    let page = ada.get("/settings?saved=profile").await;
    assert!(page.text().contains("value=\"Ada L\"") && page.text().contains("value=\"Asia/Tokyo\""));
    assert!(page.text().contains("Your profile is saved."));
    let wrong = ada.post("/settings/profile", "full_name=&timezone=Mars").await;
    assert!(wrong.status == 422 && wrong.text().contains("value=\"Mars\""), "{}", wrong.text());
    ada.post("/settings/theme", "theme=dark").await;
    assert!(ada.get("/settings").await.text().contains("<html lang=\"en\" data-theme=\"dark\">"));
    assert_eq!(ada.post("/settings/theme", "theme=pink").await.status, 422);
}

#[tokio::test]
async fn a_theme_that_is_saved_late_costs_nobody_the_session() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    server.fake.clock.advance(16 * 60_000);
    ada.post("/settings/theme", "theme=dark").await;
    server.fake.clock.advance(16 * 60_000);
    assert_eq!(ada.get("/settings").await.status, 200);
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let mut other = Browser::new(&server);
    other.sign_in("ada", PASSWORD).await;
    let wrong =
        ada.post("/settings/password", "current_password=nothing&new_password=another+long+secret").await;
    assert!(wrong.status == 422 && wrong.text().contains("Is not your password."), "{}", wrong.text());
    assert!(!wrong.text().contains("another long secret"));
    let form = "current_password=a+long+enough+secret&new_password=another+long+secret";
    assert_eq!(ada.post("/settings/password", form).await.header("location"), "/settings?saved=password");
    assert_eq!(other.get("/settings").await.status, 303);
    assert_eq!(ada.get("/settings").await.status, 200);
    assert_eq!(Browser::new(&server).sign_in("ada", "another long secret").await.status, 303);
}

#[tokio::test]
async fn events_of_trackers_are_kept_for_as_many_days_as_are_chosen() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    let form = "week_start=monday&day_start=00%3A00&beat_hold=15&audible=on";
    for (sent, shown) in [("&raw_event_days=30", "30"), ("&raw_event_days=", "0"), ("", "0")] {
        let saved = ada.post("/settings/time", &format!("{form}{sent}")).await;
        assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/settings?saved=time"));
        let field = format!("name=\"raw_event_days\" type=\"number\" autocomplete=\"off\" value=\"{shown}\"");
        assert!(ada.get("/settings").await.text().contains(&field), "{sent}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_form_is_shown_at_once() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    for (path, form, wrong) in [
        ("/register", "full_name=&email=ada&password=short&timezone=Mars", 4),
        ("/settings/profile", "full_name=&timezone=Mars", 2),
        ("/settings/time", "week_start=sunday&day_start=00%3A00&beat_hold=0&raw_event_days=36501", 2),
        ("/connect/key", "name=", 2),
    ] {
        let reply = ada.post(path, form).await;
        let shown = reply.text().matches("class=\"wrong\"").count();
        assert_eq!((reply.status.as_u16(), shown), (422, wrong), "{path}: {}", reply.text());
    }
}

#[tokio::test]
async fn the_zone_of_a_browser_is_taken_where_that_was_offered() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    assert!(ada.get("/day").await.text().contains("data-zone=\"UTC\" hidden"));
    let saved = ada.post("/zone", "timezone=asia%2Ftokyo").await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/day?saved=zone"));
    let page = ada.get("/day?saved=zone").await;
    assert!(
        page.text().contains("Times in Asia/Tokyo.") && page.text().contains("time zone of this browser")
    );
    assert_eq!(ada.post("/zone", "timezone=Mars").await.status, 422);
}

#[tokio::test]
async fn a_new_address_needs_the_password_and_is_nobody_elses() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    Browser::of(&server, "bob").await;
    let form = |email: &str, password: &str| format!("email={email}%40example.org&password={password}");
    let right = PASSWORD.replace(' ', "+");
    for (form, status) in [
        (form("new", "nothing"), 422),
        (form("bob", &right), 409),
        (format!("email=new&password={right}"), 422),
    ] {
        assert_eq!(ada.post("/settings/email", &form).await.status, status, "{form}");
    }
    let saved = ada.post("/settings/email", &form("new", &right)).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/settings?saved=email"));
    assert!(ada.get("/settings?saved=email").await.text().contains("value=\"new@example.org\""));
    assert_eq!(Browser::new(&server).sign_in("new", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_device_is_merged_into_another_one_by_who_says_that_it_is_final() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    server.track(&ada, "old-laptop", "Code", "", ["09:00:00", "10:00:00"]).await;
    assert!(!ada.get("/devices").await.text().contains("Are two of them the same?"));
    server.track(&ada, "laptop", "Mail", "", ["10:00:00", "11:00:00"]).await;
    assert!(ada.get("/devices").await.text().contains("Are two of them the same?"));
    for (form, wrong) in [
        ("device=old-laptop&into=laptop", "The box must be ticked"),
        ("device=laptop&into=laptop&final=on", "The device that it counts as must be another device."),
    ] {
        let reply = ada.post("/devices/merge", form).await;
        assert!(reply.status == 422 && reply.text().contains(wrong), "{form}: {}", reply.text());
    }
    assert_eq!(ada.post("/devices/merge", "device=&into=laptop&final=on").await.status, 404);
    assert_eq!(ada.post("/devices/merge", "device=old-laptop&into=laptop&final=on").await.status, 303);
    server.settle().await;
    for path in ["/devices", "/day/2026-11-20"] {
        let page = ada.get(path).await;
        assert!(!page.text().contains("<bdi>old-laptop</bdi></"), "{path}: {}", page.text());
    }
}

#[tokio::test]
async fn how_long_days_are_kept_is_chosen_with_the_other_settings() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    assert!(ada.get("/settings").await.text().contains("for good. Empty: for ever.</p>"));
    let others = "week_start=monday&day_start=00%3A00&beat_hold=15&audible=on";
    let saved = ada.post("/settings/time", &format!("{others}&keep=+30d+")).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/settings?saved=time"));
    let page = ada.get("/settings").await;
    for shown in ["name=\"keep\" type=\"text\"", "value=\"30d\"", "Now kept since 2026-10-21."] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let wrong = ada.post("/settings/time", &format!("{others}&keep=a+year")).await;
    assert!(wrong.status == 422 && wrong.text().contains("such as 400d, 18mo or 3y"), "{}", wrong.text());
    assert!(wrong.text().contains("value=\"a year\""), "{}", wrong.text());
    ada.post("/settings/time", &format!("{others}&keep=")).await;
    assert!(!ada.get("/settings").await.text().contains("Now kept since"));
}
