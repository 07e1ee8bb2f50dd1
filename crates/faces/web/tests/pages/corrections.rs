//! The pages by which a person corrects the record.

use crate::support::{Browser, Server};

/// Ada's morning on a laptop.
async fn morning(server: &Server) -> Browser<'_> {
    let ada = Browser::of(server, "ada").await;
    server.track(&ada, "laptop", "Code", "", ["09:00:00", "10:00:00"]).await;
    server.track(&ada, "laptop", "Firefox", "github.com", ["10:00:00", "10:20:00"]).await;
    ada
}

const MEETING: &str = "from=2026-11-20T09%3A30&to=2026-11-20T10%3A10&says=entry&app_name=Meeting+%3C3\
                       &domain=&project=dayline&device=laptop";
const ERASURE: &str =
    "from=2026-11-20T09%3A30&to=2026-11-20T10%3A10&says=erase&app_name=&domain=&project=&device=";

/// The identity of the first correction on the page of all.
async fn first(ada: &mut Browser<'_>) -> String {
    let page = ada.get("/corrections").await;
    let (_, rest) = page.text().split_once("href=\"/corrections/").unwrap();
    // The first link leads to the form of a new one.
    rest.split("href=\"/corrections/").nth(1).unwrap()[..36].to_owned()
}

#[tokio::test]
async fn a_stretch_is_corrected_after_it_was_shown_what_that_does() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    let form = ada.get("/corrections/new?from=2026-11-20T09:30:00Z&to=2026-11-20T10:10:05.5Z").await;
    for shown in [
        "value=\"2026-11-20T09:30\"",
        "step=\"0.001\" value=\"2026-11-20T10:10:05.500\"",
        "By the clock in UTC.",
        "<option value=\"laptop\" selected>laptop</option>",
        ">This browser</option>",
        "<option value=\"Code\"></option>",
    ] {
        assert!(form.text().contains(shown), "{shown}: {}", form.text());
    }
    let preview = ada.post("/corrections/new", MEETING).await;
    assert_eq!(preview.status, 200);
    for shown in [
        "Is this right?",
        "Fri 20 Nov 2026, 09:30 – 10:10",
        "Meeting &#60;3",
        "+40 min",
        "−30 min",
        "−10 min",
        "name=\"from\" value=\"2026-11-20T09:30\"",
    ] {
        assert!(preview.text().contains(shown), "{shown}: {}", preview.text());
    }
    server.settle().await;
    assert!(!ada.get("/day").await.text().contains("Meeting"), "nothing is changed by looking");
    let edit = ada.post("/corrections/new", &format!("{MEETING}&step=edit")).await;
    assert!(edit.status == 200 && edit.text().contains("value=\"Meeting &#60;3\""), "{}", edit.text());
    let saved = ada.post("/corrections/new", &format!("{MEETING}&step=confirm")).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/day/2026-11-20?saved=entry"));
    server.settle().await;
    let day = ada.get("/day/2026-11-20?saved=entry").await;
    assert!(day.text().contains("Meeting &#60;3") && day.text().contains("What you did is saved"));
    assert!(day.text().contains("<strong>1 h 20 min</strong>"), "{}", day.text());
}

#[tokio::test]
async fn an_entry_is_changed_and_deleted() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    assert!(ada.get("/corrections").await.text().contains("None."));
    ada.post("/corrections/new", &format!("{MEETING}&step=confirm")).await;
    server.settle().await;
    let id = first(&mut ada).await;
    let path = format!("/corrections/{id}");
    let form = ada.get(&path).await;
    for shown in
        ["Change an entry", "value=\"Meeting &#60;3\"", "value=\"dayline\"", "value=\"2026-11-20T10:10\""]
    {
        assert!(form.text().contains(shown), "{shown}: {}", form.text());
    }
    assert!(!form.text().contains("value=\"erase\""), "an entry can't become an erasure");
    let shorter = MEETING.replace("T10%3A10", "T09%3A40");
    let preview = ada.post(&path, &shorter).await;
    assert!(preview.text().contains("−30 min") && preview.text().contains("+20 min"), "{}", preview.text());
    ada.post(&path, &format!("{shorter}&step=confirm")).await;
    server.settle().await;
    assert!(ada.get("/corrections").await.text().contains("09:30 – 09:40"));
    let delete = format!("{path}/delete");
    let sure = ada.post(&delete, "").await;
    assert!(sure.text().contains("Delete this entry?") && sure.text().contains("+10 min"), "{}", sure.text());
    let deleted = ada.post(&delete, "step=confirm").await;
    assert_eq!(deleted.header("location"), "/day/2026-11-20?saved=deleted");
    server.settle().await;
    assert!(ada.get("/corrections").await.text().contains("None."));
    assert_eq!(
        (ada.get(&path).await.status.as_u16(), ada.post(&delete, "").await.status.as_u16()),
        (404, 404)
    );
}

#[tokio::test]
async fn time_is_erased_only_by_somebody_who_says_that_it_is_final() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    let preview = ada.post("/corrections/new", ERASURE).await;
    for shown in ["Erase this for good?", "nobody can undo this", "name=\"final\"", "−30 min", "−10 min"]
    {
        assert!(preview.text().contains(shown), "{shown}: {}", preview.text());
    }
    let unsure = ada.post("/corrections/new", &format!("{ERASURE}&step=confirm")).await;
    assert!(unsure.status == 422 && unsure.text().contains("Tick this first"), "{}", unsure.text());
    server.settle().await;
    assert!(ada.get("/day").await.text().contains("<strong>1 h 20 min</strong>"));
    let done = ada.post("/corrections/new", &format!("{ERASURE}&final=on&step=confirm")).await;
    assert_eq!(done.header("location"), "/day/2026-11-20?saved=erased");
    server.settle().await;
    assert!(ada.get("/day").await.text().contains("<strong>40 min</strong>"));
    let list = ada.get("/corrections").await;
    assert!(list.text().contains("Erased, for good") && !list.text().contains("/delete"), "{}", list.text());
}

#[tokio::test]
async fn what_is_wrong_with_a_correction_is_shown_and_what_was_typed_is_kept() {
    let server = Server::new();
    let mut ada = morning(&server).await;
    for (from, to, app, domain, wrong) in [
        ("2026-11-20T09:30", "2026-11-20T09:30", "Meeting", "", "Must be after the beginning."),
        ("2026-11-20T09:30", "2026-11-20T23:30", "Meeting", "", "Must be at most 300 s in the future."),
        (
            "2026-10-01T09:30",
            "2026-11-20T09:30",
            "Meeting",
            "",
            "Must be at most 31 days after the beginning.",
        ),
        ("yesterday", "2026-11-20T09:30", "Meeting", "", "Must be a date and a time"),
        ("2026-11-20T09:00", "2026-11-20T09:30", "", "", "id=\"app_name-wrong\""),
        ("2026-11-20T09:00", "2026-11-20T09:30", "Meeting", "?", "id=\"domain-wrong\""),
    ] {
        let form = format!(
            "from={from}&to={to}&says=entry&app_name={app}&domain={domain}&project=kept&device=laptop"
        );
        for step in ["preview", "confirm"] {
            let reply = ada.post("/corrections/new", &format!("{form}&step={step}")).await;
            assert!(reply.status == 422 && reply.text().contains(wrong), "{form}: {}", reply.text());
            assert!(
                reply.text().contains("value=\"kept\"")
                    && reply.text().contains(&format!("value=\"{from}\""))
            );
        }
    }
    for query in
        ["from=2026-11-20T09:30:00Z", "from=2026-11-20T09:30:00Z&to=2026-11-20T09:00:00Z", "date=today"]
    {
        assert_eq!(ada.get(&format!("/corrections/new?{query}")).await.status, 422, "{query}");
    }
}

#[tokio::test]
async fn where_the_clock_shows_a_time_twice_it_is_chosen_which_one_is_meant() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    ada.post("/settings/profile", "full_name=Ada&timezone=America%2FNew_York").await;
    // The second half past one, as the timeline says it.
    let form = ada.get("/corrections/new?from=2026-11-01T06:30:00Z&to=2026-11-01T07:30:00Z").await;
    assert!(
        form.text().contains("value=\"2026-11-01T01:30\"")
            && form.text().contains("value=\"2026-11-01T02:30\"")
    );
    assert!(
        form.text().contains("name=\"from_which\" value=\"1\" checked> again (UTC−05:00)"),
        "{}",
        form.text()
    );
    assert!(!form.text().contains("name=\"to_which\""));
    let typed =
        "from=2026-11-01T01%3A30&to=2026-11-01T02%3A30&says=entry&app_name=Tea&project=&domain=&device=";
    let asked = ada.post("/corrections/new", typed).await;
    assert!(asked.status == 422 && asked.text().contains("Was shown twice"), "{}", asked.text());
    for (which, said, length) in [("0", "01:30 – 02:30", "+2 h"), ("1", "01:30 (again) – 02:30", "+1 h")]
    {
        let preview = ada.post("/corrections/new", &format!("{typed}&from_which={which}")).await;
        assert!(
            preview.text().contains(said) && preview.text().contains(length),
            "{which}: {}",
            preview.text()
        );
    }
}

#[tokio::test]
async fn a_stretch_that_nobody_chose_is_an_hour_of_the_day() {
    let server = Server::new();
    let mut ada = Browser::of(&server, "ada").await;
    for (path, from, to) in [
        ("/corrections/new", "2026-11-20T11:00", "2026-11-20T12:00"),
        ("/corrections/new?date=2026-11-20", "2026-11-20T11:00", "2026-11-20T12:00"),
        ("/corrections/new?date=2026-11-03", "2026-11-03T12:00", "2026-11-03T13:00"),
    ] {
        let form = ada.get(path).await;
        let shown = [from, to].map(|time| format!("value=\"{time}\""));
        assert!(shown.iter().all(|shown| form.text().contains(shown)), "{path}: {}", form.text());
    }
}
