//! The Dockerfile, as far as it can be read.

use crate::{assert_understood, is_setting, text};

/// The words of an instruction in JSON form.
fn words(line: &str) -> Vec<String> {
    serde_json::from_str(&line[line.find('[').unwrap()..]).unwrap()
}

#[test]
fn the_image_calls_the_program_as_it_is() {
    let file = text("Dockerfile");
    let line = |start: &str| file.lines().find(|line| line.starts_with(start)).unwrap();
    assert_eq!(words(line("ENTRYPOINT")), ["dayline"]);
    assert_understood(&words(line("CMD")));
    let check = words(line("HEALTHCHECK"));
    assert_eq!(check[0], "dayline");
    assert_understood(&check[1..]);
    for setting in line("ENV").split_whitespace().skip(1) {
        assert!(is_setting(setting.split('=').next().unwrap()), "{setting}");
    }
}

#[test]
fn the_image_is_built_by_the_toolchain_that_the_tests_use_and_does_not_run_as_root() {
    let file = text("Dockerfile");
    let toolchain = text("rust-toolchain.toml");
    let version = toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")).unwrap();
    let minor = version.trim_end_matches('"').rsplit_once('.').unwrap().0;
    assert!(file.contains(&format!("FROM rust:{minor}-")), "{minor}");
    assert!(file.lines().any(|line| line.starts_with("USER ") && line != "USER 0" && line != "USER root"));
}
