//! The walk of `docs/accounts.md`, pasted as it is there: what a new user does with `curl`.

use std::process::Command;

use crate::web::Web;

const PAGE: &str = include_str!("../../../../docs/accounts.md");

/// The page's commands, for the address of a server.
fn commands(url: &str) -> String {
    let blocks: Vec<&str> = PAGE.split("```").skip(1).step_by(2).collect();
    assert!(blocks.len() >= 5, "{}", blocks.len());
    blocks.concat().replace("http://127.0.0.1:8080", url)
}

#[test]
fn the_walk_of_the_documentation_goes_as_it_says() {
    let web = Web::start(&[]);
    let script = format!("set -eu\n{}", commands(&web.installation.url()));
    let walked = Command::new("bash").arg("-c").arg(&script).current_dir(web.installation.folder()).output();
    let walked = walked.expect("bash and curl are needed");
    let said = String::from_utf8(walked.stdout).unwrap();
    let errors = String::from_utf8_lossy(&walked.stderr);
    assert!(walked.status.success(), "{said}\n{errors}");
    let mut lines = said.lines();
    for (status, part) in [
        // Register, a second time in vain.
        (201, "\"email\":\"grace@example.org\""),
        (409, "email_taken"),
        // The device's code, before and after.
        (200, "\"user_code\":"),
        (400, "authorization_pending"),
        (200, "\"device_id\":\"television\""),
        (204, ""),
        (200, "\"device_name\":\"The television\""),
        // The phone ends.
        (204, ""),
        (401, "session_revoked"),
        (200, "\"device_id\":\"laptop\""),
        // A key that may send pings and nothing else.
        (201, "\"key\":\"dlk_"),
        (202, "\"accepted\":1"),
        (403, "missing_scope"),
        (200, "\"app_name\":\"Editor\""),
        // The audit log, the export's last line, the end.
        (200, "key_created"),
        (200, ""),
        (0, "\"type\":\"end\""),
        (204, ""),
        (401, "session_revoked"),
        (401, "not_signed_in"),
    ] {
        let line = lines.next().unwrap_or_else(|| panic!("nothing about {part} after\n{said}"));
        assert!(line.contains(part), "{part} is not in {line}\n{said}");
        assert!(status == 0 || line.ends_with(&format!("({status})")), "{status}: {line}\n{said}");
    }
    assert_eq!(lines.next(), None, "{said}");
}
