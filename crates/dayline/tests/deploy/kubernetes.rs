//! The manifests for Kubernetes: what they say of the program, its image and each other is so. That they are manifests,
//! `.ci/kubernetes` checks, which has their schemas.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{assert_understood, is_setting, root, serve, text};

const BASE: &str = "deploy/kubernetes/base";
const EXAMPLE: &str = "deploy/kubernetes/example";
const WORKLOADS: [&str; 4] = ["api.yaml", "worker.yaml", "report.yaml", "migrate.yaml"];
/// What stops after the last answer, above what requests in flight may take: workers commit, the runtime ends.
const AFTER_REQUESTS: Duration = Duration::from_secs(6);

fn manifests(folder: &str, name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(&format!("{folder}/{name}"))).unwrap()
}

fn kustomization(folder: &str) -> Value {
    manifests(folder, "kustomization.yaml").remove(0)
}

/// The pods of a file that makes some, and its one container.
fn pod(name: &str) -> (Value, Value) {
    let workload = manifests(BASE, name).remove(0);
    let template = workload["spec"]["template"].clone();
    let [container] = &template["spec"]["containers"].as_array().unwrap()[..] else {
        panic!("{name} has one container")
    };
    (template.clone(), container.clone())
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// The lines of a file of settings.
fn settings(folder: &str) -> Vec<(String, String)> {
    let text = text(&format!("{folder}/settings.env"));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let pairs = lines.map(|line| line.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn setting(name: &str) -> String {
    let found = settings(BASE).into_iter().find(|(set, _)| set == name);
    found.unwrap_or_else(|| panic!("no {name}")).1
}

/// What a line of the Dockerfile that starts so has after it.
fn of_image(start: &str) -> String {
    let file = text("Dockerfile");
    file.lines().find_map(|line| line.strip_prefix(start)).unwrap().to_owned()
}

#[test]
fn pods_call_the_image_as_the_program_understands_with_settings_that_it_has() {
    for (folder, (name, _)) in
        [BASE, EXAMPLE].iter().flat_map(|folder| settings(folder).into_iter().map(move |set| (folder, set)))
    {
        assert!(is_setting(&name), "{folder}: {name}");
    }
    let roles: Vec<_> = WORKLOADS.iter().map(|name| words(&pod(name).1["args"])).collect();
    for words in &roles {
        assert_understood(words);
    }
    let serve = |role: &str| vec!["serve".to_owned(), "--role".to_owned(), role.to_owned()];
    let api = [serve("api"), words(&json!(["--drain", "5s"]))].concat();
    assert_eq!(roles, [api, serve("worker"), serve("report"), words(&json!(["migrate"]))]);
    let images = kustomization(EXAMPLE)["images"].clone();
    for name in WORKLOADS {
        assert_eq!(pod(name).1["image"], images[0]["name"], "{name} has the image that the example names");
    }
}

#[test]
fn pods_run_as_the_images_user_who_may_change_nothing() {
    let user: i64 = of_image("USER ").parse().unwrap();
    for name in WORKLOADS {
        let (template, container) = pod(name);
        let (may, inside) = (&template["spec"]["securityContext"], &container["securityContext"]);
        assert_eq!((&may["runAsUser"], &may["runAsNonRoot"]), (&user.into(), &true.into()), "{name}");
        assert_eq!(
            (&inside["readOnlyRootFilesystem"], &inside["allowPrivilegeEscalation"]),
            (&true.into(), &false.into())
        );
        assert_eq!(template["spec"]["automountServiceAccountToken"], false, "{name}");
        assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
    }
}

#[test]
fn ports_and_probes_are_those_that_processes_listen_on() {
    let port = |address: &str| address.rsplit_once(':').unwrap().1.parse::<u64>().unwrap();
    let of_all = of_image("ENV DAYLINE_LISTEN=");
    let of_all = port(of_all.split_whitespace().next().unwrap());
    let for_operators = port(&setting("DAYLINE_OPERATIONS_LISTEN"));
    for name in &WORKLOADS[..3] {
        let (template, container) = pod(name);
        for (probe, path) in
            [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
        {
            assert_eq!(container[probe]["httpGet"]["path"], path, "{name}");
            assert_eq!(container[probe]["httpGet"]["port"], "operations", "{name}");
        }
        let ports = container["ports"].as_array().unwrap();
        let named = |name: &str| {
            ports.iter().find(|port| port["name"] == name).map(|port| port["containerPort"].clone())
        };
        assert_eq!(named("operations"), Some(for_operators.into()), "{name}");
        assert_eq!(template["metadata"]["annotations"]["prometheus.io/port"], for_operators.to_string());
        let serves_people = (*name == "api.yaml").then(|| of_all.into());
        assert_eq!(named("http"), serves_people, "{name}");
    }
}

#[test]
fn services_and_budgets_are_about_pods_that_there_are() {
    for name in WORKLOADS {
        let labels = pod(name).0["metadata"]["labels"].clone();
        for manifest in manifests(BASE, name) {
            let selector = match manifest["kind"].as_str().unwrap() {
                "Service" => &manifest["spec"]["selector"],
                "Job" => continue,
                _ => &manifest["spec"]["selector"]["matchLabels"],
            };
            assert_eq!(*selector, labels, "{name}: {}", manifest["kind"]);
        }
    }
}

#[test]
fn api_pods_drain_and_all_have_longer_to_stop_than_they_take() {
    for name in &WORKLOADS[..3] {
        let (template, container) = pod(name);
        let options = serve().get_matches_from(words(&container["args"]));
        let takes = |option: &str| *options.get_one::<Duration>(option).unwrap();
        assert_eq!(!takes("drain").is_zero(), *name == "api.yaml", "{name}");
        let takes = takes("drain") + takes("stop_grace") + AFTER_REQUESTS;
        let may = Duration::from_secs(template["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap());
        assert!(may > takes, "{name}: {may:?}, and it may take {takes:?}");
    }
}

#[test]
fn files_that_settings_name_are_in_secrets_of_the_example() {
    let secrets = manifests(EXAMPLE, "secrets.yaml");
    let named = settings(BASE).into_iter().filter(|(name, _)| name.ends_with("_FILE"));
    let files: Vec<_> = named.map(|(_, path)| path).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for (name, file) in WORKLOADS.iter().flat_map(|name| files.iter().map(move |file| (name, file))) {
        let (template, container) = pod(name);
        let (folder, key) = file.rsplit_once('/').unwrap();
        let mounts = container["volumeMounts"].as_array().unwrap();
        let Some(mount) = mounts.iter().find(|mount| mount["mountPath"] == folder) else {
            // It makes tables, and no tokens.
            assert!(*name == "migrate.yaml" && key == "keys.json", "{name} has {file}");
            continue;
        };
        let volumes = template["spec"]["volumes"].as_array().unwrap();
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        let secret =
            secrets.iter().find(|secret| secret["metadata"]["name"] == volume["secret"]["secretName"]);
        assert!(secret.unwrap()["stringData"][key].is_string(), "{name}: {file}");
    }
}

#[test]
fn the_operators_page_names_folders_and_secrets_that_there_are() {
    let page = text("docs/operations.md");
    for word in [EXAMPLE, "dayline-keys", "dayline-urls", "dayline-migrate"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(Path::new(&root().join(EXAMPLE)).join("kustomization.yaml").exists());
    assert_eq!(kustomization(EXAMPLE)["resources"][0], "../base");
}
