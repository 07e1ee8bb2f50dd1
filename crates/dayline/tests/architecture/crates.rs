//! Which crate may know which, by the folder it stands in: a new adapter or face needs no line here.

use std::collections::BTreeMap;

use crate::workspace::{Package, packages};

/// What crates at one place may depend on outside their tests.
struct Layer {
    /// A folder; with `/*` all folders in it that have no layer of their own.
    place: &'static str,
    knows: &'static [&'static str],
    /// Whether other people's crates are allowed.
    third_party: bool,
}

const fn layer(place: &'static str, knows: &'static [&'static str]) -> Layer {
    Layer { place, knows, third_party: true }
}

const LAYERS: &[Layer] = &[
    Layer { place: "crates/domain", knows: &[], third_party: false },
    Layer { place: "crates/app", knows: &["crates/domain"], third_party: false },
    layer("crates/adapters/*", &["crates/domain", "crates/app"]),
    layer("crates/faces/http-kit", &["crates/domain", "crates/app"]),
    layer("crates/foreign", &["crates/domain", "crates/app"]),
    layer("crates/faces/*", &["crates/domain", "crates/app", "crates/foreign", "crates/faces/http-kit"]),
    layer("crates/contract", &["crates/domain", "crates/app"]),
    layer("crates/testkit", &[]),
    layer("crates/cli-kit", &["crates/domain"]),
    // A client like any other: it knows the API by its wire alone.
    layer("crates/sim", &["crates/domain", "crates/foreign", "crates/cli-kit"]),
    layer(
        "crates/dayline",
        &[
            "crates/domain",
            "crates/app",
            "crates/adapters/*",
            "crates/faces/*",
            "crates/cli-kit",
            "crates/sim",
        ],
    ),
    // A program of its own, which knows the server by its public API alone.
    layer("crates/tracker", &[]),
    layer("bench", &["crates/domain", "crates/app", "crates/adapters/*", "crates/testkit"]),
    layer("bench/workloads", &["crates/domain", "crates/app", "crates/adapters/local", "crates/faces/*"]),
];

/// What the tests of any crate may use besides.
const FOR_TESTS: &[&str] = &["crates/contract", "crates/testkit"];

fn covers(place: &str, package: &str) -> bool {
    match place.strip_suffix("/*") {
        Some(folder) => package.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
        None => place == package,
    }
}

fn layer_of(package: &Package) -> &'static Layer {
    let exact = LAYERS.iter().find(|layer| layer.place == package.place);
    let found = exact.or_else(|| LAYERS.iter().find(|layer| covers(layer.place, &package.place)));
    found.unwrap_or_else(|| panic!("{} needs a layer here and a line in ARCHITECTURE.md", package.place))
}

fn is_known(places: &[&str], package: &str) -> bool {
    places.iter().any(|place| covers(place, package))
}

/// What packages know that they must not.
fn violations(packages: &[Package]) -> Vec<String> {
    let places: BTreeMap<_, _> = packages.iter().map(|package| (&package.name, &package.place)).collect();
    let mut found = Vec::new();
    for package in packages {
        let layer = layer_of(package);
        let allowed = |name: &String| match places.get(name) {
            Some(place) => is_known(layer.knows, place),
            None => layer.third_party,
        };
        let allowed_in_tests =
            |name: &String| places.get(name).is_none_or(|place| is_known(FOR_TESTS, place)) || allowed(name);
        let outside = package.dependencies.iter().filter(|name| !allowed(name));
        let inside = package.dev_dependencies.iter().filter(|name| !allowed_in_tests(name));
        found.extend(outside.map(|name| format!("{} knows {name}", package.name)));
        found.extend(inside.map(|name| format!("{} knows {name} in its tests", package.name)));
    }
    found
}

#[test]
fn arrows_between_crates_point_inward_only() {
    assert_eq!(violations(&packages()), Vec::<String>::new());
}

#[test]
fn an_arrow_that_points_outward_is_found() {
    let package = |place: &str, dependencies: &[&str], dev_dependencies: &[&str]| Package {
        place: place.to_owned(),
        name: place.rsplit('/').next().unwrap().to_owned(),
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        dev_dependencies: dev_dependencies.iter().map(|&name| name.to_owned()).collect(),
        roots: Vec::new(),
    };
    let packages = [
        package("crates/domain", &["serde"], &["proptest"]),
        package("crates/app", &["domain", "kafka"], &["contract", "api"]),
        package("crates/adapters/kafka", &["app", "rdkafka"], &["contract", "testkit", "redis"]),
        package("crates/adapters/redis", &["app", "domain", "kafka", "contract"], &[]),
        package("crates/faces/http-kit", &["app", "redis"], &[]),
        package("crates/faces/api", &["app", "http-kit"], &["contract"]),
        package("crates/faces/web", &["app", "http-kit", "api"], &[]),
        package("crates/contract", &["app"], &[]),
        package("crates/testkit", &["tempfile"], &[]),
        package("crates/cli-kit", &["domain"], &[]),
        package("crates/dayline", &["api", "web", "kafka", "testkit", "tracker"], &["testkit"]),
        package("crates/tracker", &["clap", "domain", "cli-kit"], &["testkit", "app"]),
    ];
    let found = violations(&packages);
    let expected = [
        "domain knows serde",
        "app knows kafka",
        "app knows api in its tests",
        "kafka knows redis in its tests",
        "redis knows kafka",
        "redis knows contract",
        "http-kit knows redis",
        "web knows api",
        "dayline knows testkit",
        "dayline knows tracker",
        "tracker knows domain",
        "tracker knows cli-kit",
        "tracker knows app in its tests",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_package_is_named_after_its_folder() {
    for Package { name, place, .. } in packages() {
        let folder = place.rsplit('/').next().unwrap();
        assert!(name == folder || name == format!("dayline-{folder}"), "{place} holds {name}");
    }
}
