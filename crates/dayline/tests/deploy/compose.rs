//! The compose file: what it names exists.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{assert_understood, is_setting, root, text};

/// The parts of a compose file that can be checked.
#[derive(Deserialize)]
pub(crate) struct Compose {
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    networks: BTreeMap<String, serde_json::Value>,
    volumes: BTreeMap<String, Option<serde_json::Value>>,
}

#[derive(Deserialize)]
pub(crate) struct Service {
    pub(crate) image: Option<String>,
    #[serde(default)]
    entrypoint: Vec<String>,
    #[serde(default)]
    pub(crate) command: Vec<String>,
    /// Without a value: as it is where compose is run, if it is set there.
    #[serde(default)]
    environment: BTreeMap<String, Option<String>>,
    #[serde(default)]
    secrets: Vec<String>,
    #[serde(default)]
    networks: Vec<String>,
    #[serde(default)]
    volumes: Vec<String>,
    #[serde(default)]
    depends_on: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    profiles: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Secret {
    pub(crate) file: String,
}

impl Service {
    /// What follows the program's name where it is started with this command.
    pub(crate) fn words<'a>(&'a self, command: &'a [String]) -> Vec<String> {
        self.entrypoint.iter().skip(1).chain(command).cloned().collect()
    }

    /// What is set, without what is only passed on.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// The value of a setting that there is.
    pub(crate) fn setting(&self, name: &str) -> &str {
        self.settings().find(|(set, _)| *set == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    /// Whether it is started to stay.
    pub(crate) fn serves(&self) -> bool {
        self.command.first().is_some_and(|word| word == "serve")
    }

    /// Whether it runs our program.
    pub(crate) fn is_ours(&self) -> bool {
        self.image.as_deref() == Some("dayline")
    }
}

pub(crate) fn compose() -> Compose {
    serde_saphyr::from_str(&text("compose.yaml")).unwrap()
}

#[test]
fn the_cluster_has_two_of_each_behind_a_proxy() {
    let services = compose().services;
    let roles =
        |role: &str| services.values().filter(|service| service.command.ends_with(&[role.into()])).count();
    assert!(roles("api") >= 2 && roles("worker") >= 2 && roles("report") >= 1);
    for other in ["nginx", "postgres", "pgbouncer", "redis", "migrate"] {
        assert!(services.contains_key(other), "{other}");
    }
}

#[test]
fn its_processes_are_started_as_the_program_understands() {
    for (name, service) in compose().services.iter().filter(|(_, service)| service.is_ours()) {
        assert_understood(&service.words(&service.command));
        for variable in service.environment.keys() {
            assert!(is_setting(variable), "{name}: {variable}");
        }
    }
}

#[test]
fn whatever_it_names_is_there() {
    let Compose { services, secrets, networks, volumes } = compose();
    for (name, service) in &services {
        assert!(service.secrets.iter().all(|secret| secrets.contains_key(secret)), "{name}: a secret");
        assert!(service.networks.iter().all(|network| networks.contains_key(network)), "{name}: a network");
        assert!(service.depends_on.keys().all(|other| services.contains_key(other)), "{name}: a service");
        for volume in &service.volumes {
            let source = volume.split(':').next().unwrap();
            let exists = if source.starts_with('.') {
                root().join(source).exists()
            } else {
                volumes.contains_key(source)
            };
            assert!(exists, "{name}: {volume}");
        }
    }
}

/// Which brokers the profile starts, as the comments and the operator's page tell Dayline.
#[test]
fn the_profile_for_kafka_starts_the_brokers_that_are_told_as_the_tests_run_them() {
    let services = compose().services;
    let brokers: Vec<_> = services.iter().filter(|(_, service)| service.profiles == ["kafka"]).collect();
    let of = |each: fn(usize, &str) -> String| {
        let named = brokers.iter().zip(1..).map(|((name, _), id)| each(id, name));
        named.collect::<Vec<_>>().join(",")
    };
    let told = format!("export DAYLINE_KAFKA_BROKERS={}\n", of(|_, name| format!("{name}:9092")));
    assert!(brokers.len() == 3 && text("compose.yaml").contains(&told), "{told}");
    assert!(text("docs/operations.md").contains(&told), "{told}");
    let tested = text("scripts/kafka/pom.xml");
    for ((name, broker), id) in brokers.iter().zip(1..) {
        assert_eq!(broker.setting("KAFKA_NODE_ID"), format!("{id}"), "{name}");
        assert_eq!(broker.setting("KAFKA_ADVERTISED_LISTENERS"), format!("CLIENT://{name}:9092"));
        let voters = of(|id, name| format!("{id}@{name}:9093"));
        assert_eq!(broker.setting("KAFKA_CONTROLLER_QUORUM_VOTERS"), voters);
        let version = broker.image.as_deref().unwrap().strip_prefix("apache/kafka:").unwrap();
        assert!(tested.contains(&format!("<version>{version}</version>")), "{version}");
    }
    for (name, service) in services.iter().filter(|(_, service)| service.is_ours() && service.serves()) {
        assert!(service.environment.contains_key("DAYLINE_KAFKA_BROKERS"), "{name}");
    }
}
