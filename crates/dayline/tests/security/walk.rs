//! The documents' commands, pasted as they are there into the shells that people have: what a new user does with `curl`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::web::Web;

const README: &str = include_str!("../../../../README.md");
const ACCOUNTS: &str = include_str!("../../../../docs/accounts.md");

/// Blocks of commands: those without a language.
fn commands(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("```") {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        if line == "```" {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// Pastes the commands of a text into bash and zsh, each with a server of its own; gives what each said.
fn pasted(text: &str) -> Vec<String> {
    let script = format!("set -eu\n{}\n", commands(text).join("\n"));
    // Read as at a prompt, which is not shown: there zsh takes no comments.
    let shells =
        [("bash", ["--norc"].as_slice()), ("zsh", ["-f", "-i", "+o", "promptsp", "+o", "zle"].as_slice())];
    let there = |shell: &str| Command::new(shell).arg("-c").arg("true").status().is_ok();
    let mut said = Vec::new();
    for (shell, options) in shells {
        if !there(shell) {
            assert!(std::env::var_os("CI").is_none(), "CI needs {shell}");
            println!("skipped: there is no {shell}");
            continue;
        }
        let web = Web::start(&[]);
        let script = script.replace("http://127.0.0.1:8080", &web.installation.url());
        let mut command = Command::new(shell);
        command.args(options).env("PS1", "").env("PS2", "").current_dir(web.installation.folder());
        let walked = run_with_input(&mut command, &script);
        let (out, errors) =
            (String::from_utf8(walked.stdout).unwrap(), String::from_utf8_lossy(&walked.stderr));
        assert!(walked.status.success(), "{shell}: {out}\n{errors}");
        said.push(out);
    }
    said
}

fn run_with_input(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What a section of a text says, up to the next one.
fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let (_, rest) = text.split_once(title).unwrap();
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

#[test]
fn the_first_ping_of_the_readme_is_seen_as_it_says() {
    for said in pasted(section(README, "## A first ping")) {
        for part in [
            "\"full_name\":\"Ada Lovelace\"",
            "\"accepted\":1",
            "\"app_name\":\"Firefox\"",
            "\"domain\":\"rust-lang.org\"",
            "\"intervals\":[{",
            "\"kind\":\"days\"",
            ",seconds\r\n2026-01-01,0",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(!said.contains("\"status\":4"), "{said}");
    }
}

#[test]
fn the_walk_of_the_documentation_goes_as_it_says() {
    for said in pasted(ACCOUNTS) {
        went_as_it_says(&said);
    }
}

fn went_as_it_says(said: &str) {
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
        // A ping, and the word that a day changed.
        (202, "\"accepted\":1"),
        (0, "event: changed"),
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

#[test]
fn no_command_of_the_documents_has_a_comment_behind_it_or_needs_gnu() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.chain(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)));
    let mut seen = 0;
    for page in pages.filter(|page| page.extension().is_some_and(|end| end == "md")) {
        for line in commands(&fs::read_to_string(&page).unwrap()).iter().flat_map(|block| block.lines()) {
            let is_fine = !line.contains(" # ") && !line.contains("date -d") && !line.contains("date -u -d");
            assert!(is_fine, "{}: {line}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}
