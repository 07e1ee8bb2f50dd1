//! The page on which a person approves a device: what a browser is told, and what it may do.

use crate::support::{Reply, Server};

const FILES: [(&str, &str); 3] = [
    ("/device", "text/html; charset=utf-8"),
    ("/device/page.css", "text/css; charset=utf-8"),
    ("/device/page.js", "text/javascript; charset=utf-8"),
];

async fn get(path: &str) -> Reply {
    Server::new().get(path).send().await
}

#[tokio::test]
async fn the_page_is_where_the_device_says_and_the_code_changes_nothing_about_it() {
    let plain = get("/device").await;
    assert_eq!(plain.status, 200);
    let with_code = get("/device?user_code=%22%3E%3Cscript%3E").await;
    assert_eq!((with_code.status, with_code.text()), (plain.status, plain.text()));
}

#[tokio::test]
async fn no_part_of_it_is_kept_framed_or_told_to_others() {
    for (path, content_type) in FILES {
        let reply = get(path).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, content_type));
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn it_may_load_only_its_own_files_and_no_form_is_sent_by_the_browser() {
    let reply = get("/device").await;
    let policy = reply.header("content-security-policy");
    let mut rules: Vec<&str> = policy.split(';').map(str::trim).collect();
    rules.sort_unstable();
    let expected = [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "img-src data:",
        "script-src 'self'",
        "style-src 'self'",
    ];
    assert_eq!(rules, expected);
}

#[tokio::test]
async fn it_keeps_to_its_own_policy() {
    let page = get("/device").await;
    let text = page.text();
    for forbidden in [" on", "style=\"", "<style", "<script>", "javascript:", "http:", "https:"] {
        let handlers = |at: usize| text[at + 3..].split('=').next().unwrap().chars().all(char::is_alphabetic);
        let found = text.match_indices(forbidden).any(|(at, _)| forbidden != " on" || handlers(at));
        assert!(!found, "{forbidden}");
    }
    for file in text.split("src=\"").skip(1).chain(text.split("rel=\"stylesheet\" href=\"").skip(1)) {
        let file = file.split('"').next().unwrap();
        assert!(FILES.iter().any(|(path, _)| *path == file), "{file}");
    }
    let script = get("/device/page.js").await;
    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "://"] {
        assert!(!script.text().contains(forbidden), "{forbidden}");
    }
}

#[tokio::test]
async fn every_input_has_a_label_and_every_part_that_the_script_uses_is_there() {
    let (page, script) = (get("/device").await, get("/device/page.js").await);
    let attributes = |name: &str| -> Vec<String> {
        let begin = format!("{name}=\"");
        let parts = page.text().split(&begin).skip(1);
        parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    let (ids, labels) = (attributes(" id"), attributes(" for"));
    let inputs = page.text().split("<input id=\"").skip(1).map(|part| part.split('"').next().unwrap());
    for input in inputs {
        assert!(labels.iter().any(|label| label == input), "{input}");
    }
    for used in script.text().split("$(\"").skip(1).map(|part| part.split('"').next().unwrap()) {
        assert!(ids.iter().any(|id| id == used), "{used}");
    }
    assert!(page.text().contains("role=\"status\""));
}

#[tokio::test]
async fn what_somebody_named_stands_apart_from_the_direction_of_what_is_beside_it() {
    let server = Server::new();
    let page = server.get("/device").send().await.text().to_owned();
    let script = server.get("/device/page.js").send().await.text().to_owned();
    for name in ["device-name", "device-id", "who"] {
        assert!(page.contains(&format!(r#"<bdi id="{name}"></bdi>"#)), "{name}");
        assert!(script.contains(&format!(r#"$("{name}").textContent = "#)), "{name}");
    }
    for named in ["device_name}", "device_id}", "email}"] {
        assert!(!script.contains(named), "{named} is put into a text with others");
    }
}
