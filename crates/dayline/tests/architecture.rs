//! The hexagon, held by a test: arrows point inward only, no adapter knows another, the core is std only.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

const ADAPTERS: [&str; 5] =
    ["dayline-api", "dayline-local", "dayline-postgres", "dayline-redis", "dayline-sqlite"];

/// Of each crate of the workspace, what it depends on outside its tests, by `cargo metadata`.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let of_package = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap();
        let outside_tests = all.iter().filter(|dependency| dependency["kind"] != "dev");
        (name(package), outside_tests.map(name).collect())
    };
    metadata["packages"].as_array().unwrap().iter().map(of_package).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn the_domain_depends_on_nothing() {
    assert_eq!(dependencies()["dayline-domain"], set(&[]));
}

#[test]
fn the_app_depends_on_the_domain_alone() {
    assert_eq!(dependencies()["dayline-app"], set(&["dayline-domain"]));
}

#[test]
fn no_adapter_knows_another() {
    let all = dependencies();
    for adapter in ADAPTERS {
        let ours: BTreeSet<_> =
            all[adapter].iter().filter(|name| name.starts_with("dayline")).cloned().collect();
        assert!(ours.is_subset(&set(&["dayline-app", "dayline-domain"])), "{adapter} knows {ours:?}");
    }
}

#[test]
fn only_the_binary_knows_all_and_every_crate_has_a_place() {
    let all = dependencies();
    let named: BTreeSet<String> = all.keys().cloned().collect();
    let mut expected = set(&ADAPTERS);
    expected.extend(set(&[
        "dayline",
        "dayline-app",
        "dayline-contract",
        "dayline-domain",
        "dayline-testkit",
    ]));
    expected.extend(set(&["dayline-bench", "dayline-workloads"]));
    assert_eq!(named, expected, "a new crate needs a place in this test and in ARCHITECTURE.md");
    for (name, dependencies) in &all {
        assert!(
            !dependencies.contains("dayline")
                && (name == "dayline"
                    || name == "dayline-workloads"
                    || !dependencies.contains("dayline-api"))
        );
        assert!(!dependencies.contains("dayline-contract"), "{name} uses the test suites outside its tests");
    }
}
