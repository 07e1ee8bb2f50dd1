//! The example of settings, and the units of systemd.

use std::fmt::Write;

use crate::{is_setting, root, serve, text};

const EXAMPLE: &str = "deploy/dayline.env.example";

/// Every option of `dayline serve` as a line of an environment file.
fn example() -> String {
    let mut lines =
        "# Settings of `dayline serve`, each with its default; what has none is not set unless you do.\n\
                     # dayline serve --help says more.\n"
            .to_owned();
    let mut heading = None;
    let command = serve();
    for option in command.get_arguments() {
        let Some(name) = option.get_env() else { continue };
        if heading != option.get_help_heading() {
            heading = option.get_help_heading();
            writeln!(lines, "\n## {}", heading.unwrap_or_default()).unwrap();
        }
        let default: Vec<_> =
            option.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        writeln!(lines, "\n# {}", option.get_help().unwrap()).unwrap();
        writeln!(lines, "#{}={}", name.to_string_lossy(), default.join(",")).unwrap();
    }
    lines
}

#[test]
fn the_example_of_settings_lists_every_option_with_its_default() {
    if std::env::var_os("DAYLINE_TEST_WRITE").is_some() {
        std::fs::write(root().join(EXAMPLE), example()).unwrap();
    }
    assert!(
        text(EXAMPLE) == example(),
        "{EXAMPLE} is not up to date: DAYLINE_TEST_WRITE=1 ./test --test deploy"
    );
}

/// What systemd gives a process: what the unit says, and over it what the files say, in their order.
#[test]
fn a_process_of_a_cluster_has_the_role_of_its_name_unless_its_file_says_another() {
    let unit = text("deploy/dayline@.service");
    let lines: Vec<&str> = unit.lines().filter(|line| line.starts_with("Environment")).collect();
    let role = ["Environment=DAYLINE_ROLE=%i", "EnvironmentFile=/etc/dayline/cluster.env"];
    assert!(lines.starts_with(&role) && lines.contains(&"EnvironmentFile=-/etc/dayline/%i.env"), "{lines:?}");
    let is_role = |name: &str| serve().try_get_matches_from(["serve", "--role", name]).is_ok();
    for role in ["api", "worker", "report"] {
        assert!(is_role(role) && unit.contains(&format!(" dayline@{role} ")), "{role}");
    }
    let of_another = "/etc/dayline/worker-2.env       DAYLINE_ROLE=worker ";
    assert!(!is_role("worker-2") && unit.contains(of_another));
}

#[test]
fn units_set_only_what_exists_and_start_the_program() {
    for unit in ["deploy/dayline.service", "deploy/dayline@.service"] {
        let text = text(unit);
        let value = |key: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect()
        };
        for setting in value("Environment=") {
            let name = setting.split('=').next().unwrap();
            assert!(is_setting(name), "{unit}: {name}");
        }
        let [start] = value("ExecStart=").try_into().unwrap();
        let words: Vec<String> = start.split_whitespace().skip(1).map(str::to_owned).collect();
        crate::assert_understood(&words);
    }
}
