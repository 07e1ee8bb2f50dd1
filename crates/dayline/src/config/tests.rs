//! No option is there for nothing. That the settings made of options are used is for the compiler to
//! see: fields and methods here are the crate's own, and it tells of those that nobody reads.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, FromArgMatches};
use dayline_app::ports::Position;
use dayline_http_kit::Metrics;

use super::*;

fn command() -> Command {
    ServeOptions::augment_args(Command::new("serve"))
}

fn parse(given: &[String]) -> Result<ServeOptions, clap::Error> {
    let words = std::iter::once("serve".to_owned()).chain(given.iter().cloned());
    ServeOptions::from_arg_matches(&command().try_get_matches_from(words)?)
}

/// What the parts of a server are told.
fn settings(options: &ServeOptions) -> String {
    let ServeOptions {
        roles,
        threads,
        maintenance,
        network,
        trackers,
        storage,
        database,
        cluster,
        kafka,
        pings,
        retention,
        reports,
        sessions,
        passwords,
        limits,
        logs,
    } = options;
    let mut text = format!("{roles:?} {threads:?} {maintenance} {logs:?}");
    let mut tell = |setting: &dyn std::fmt::Debug| writeln!(text, "{setting:?}").unwrap();
    tell(&(network.listen, network.operations_listen, &network.address_file, network.no_web));
    tell(&(network.kit(logs.access_log), network.api(), options.registration()));
    let door = trackers.door(false).ok().flatten();
    tell(&door.map(|door| (door.address, door.email.as_str().to_owned(), door.may_read, door.testing)));
    let connections = network.connections(Metrics::new([]), std::sync::Arc::default());
    tell(&(connections.header_timeout, connections.idle_timeout, connections.write_timeout));
    tell(&(connections.max_connections, connections.grace, network.drain));
    tell(&(&storage.data, storage.keys(), storage.ping_log(Position::START), storage.worker(1)));
    tell(&(
        pings.limits(),
        retention.keep,
        &retention.keep_archive,
        reports.policy(),
        sessions.policy(),
        sessions.audit_keep,
    ));
    tell(&(passwords.argon2(), limits.rates(), limits.pings(), limits.names()));
    let postgres =
        database.postgres().and_then(|config| config.map(|config| cluster.with_replicas(config)).transpose());
    tell(&postgres.map(|config| {
        config.map(|config| {
            (
                config.max_connections,
                config.statement_timeout,
                config.max_replica_lag,
                config.root_certificates,
                config.client_certificate,
            )
        })
    }));
    tell(&(cluster.redis().map(|redis| redis.is_some()), &cluster.redis_prefix, cluster.accept_lossy_redis));
    // It is passed on as it is, in a build that has Kafka.
    tell(kafka);
    tell(&cluster.ping_log(storage));
    text
}

/// What may be said of an option: one of these is a value of it, and not the usual one.
fn words(option: &Arg, file: &Path) -> Vec<String> {
    let name = format!("--{}", option.get_long().unwrap());
    if matches!(option.get_action(), ArgAction::SetTrue) {
        return vec![name];
    }
    let values = [
        "7",
        "17s",
        "3h",
        "5MiB",
        "2+1/h",
        "10.1.0.0/16",
        "https://other.example",
        "127.0.0.1:9",
        "debug",
        "something-else",
        "18mo",
        "somebody@example.org",
        "postgres://somebody@elsewhere/dayline",
        "redis://elsewhere",
        file.to_str().unwrap(),
    ];
    let possible = option.get_possible_values().into_iter().map(|value| value.get_name().to_owned());
    possible.chain(values.map(str::to_owned)).map(|value| format!("{name}={value}")).collect()
}

#[test]
fn every_option_changes_a_setting() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("file");
    fs::write(&file, "postgres://somebody@elsewhere/dayline\n").unwrap();
    let alone = Vec::new();
    let clustered = [
        "--database-url=postgres://a@b/c",
        "--redis-url=rediss://d",
        "--database-client-certificate=a",
        "--database-client-key=b",
        "--kafka-client-certificate=a",
        "--kafka-client-key=b",
    ];
    let clustered = clustered.map(str::to_owned).to_vec();
    let with_door = ["--trackers=127.0.0.1:8", "--trackers-for=ada@example.org"].map(str::to_owned).to_vec();
    let changes = |base: &Vec<String>, words: &String| {
        let usual = settings(&parse(base).unwrap());
        let name = words.split('=').next().unwrap();
        let others = base.iter().filter(|other| other.split('=').next() != Some(name));
        let more: Vec<String> = others.chain([words]).cloned().collect();
        parse(&more).is_ok_and(|options| settings(&options) != usual)
    };
    let is_idle = |option: &&Arg| {
        !words(option, &file)
            .iter()
            .any(|words| [&alone, &clustered, &with_door].iter().any(|base| changes(base, words)))
    };
    let command = command();
    let idle: Vec<_> = command.get_opts().filter(is_idle).filter_map(Arg::get_long).collect();
    assert_eq!(idle, [""; 0], "these options change nothing");
}

#[test]
fn no_setting_is_filled_up_with_defaults() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source.join("wire.rs")];
    for folder in ["config", "serve", "wire"] {
        files.extend(fs::read_dir(source.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    for file in files.iter().filter(|file| !file.ends_with("tests.rs") && file.is_file()) {
        let text = fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|line| line.contains("..") && line.contains("default()"));
        let filled: Vec<&str> = lines.filter(|line| !line.trim_start().starts_with("let ")).collect();
        assert_eq!(filled, Vec::<&str>::new(), "{}: name each field", file.display());
    }
}

#[test]
fn a_log_level_is_one_of_those_there_are() {
    let level = |text: &str| {
        parse(&[format!("--log-level={text}")]).map(|options| options.logs.log_level.to_string())
    };
    assert_eq!(level("info").unwrap(), "info");
    assert_eq!(level("WARN").unwrap(), "warn");
    let parts = level("info, dayline_api=debug").unwrap();
    assert!(parts.contains("info") && parts.contains("dayline_api=debug"), "{parts}");
    for wrong in ["shouty", "inf", "", "info,", "dayline_api=loud", "=debug", "info,dayline_api", "3"] {
        assert!(level(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_time_in_which_nothing_can_happen_is_refused() {
    for option in ["header-timeout", "idle-timeout", "report-lease", "database-timeout", "max-ping"] {
        assert!(parse(&[format!("--{option}=0s")]).is_err(), "{option}");
        assert!(parse(&[format!("--{option}=1s")]).is_ok(), "{option}");
    }
}

#[test]
fn a_public_url_may_have_a_path_and_nothing_else() {
    let parses = |url: &str| parse(&[format!("--public-url={url}")]).is_ok();
    for good in [
        "https://example.org",
        "https://example.org:8443/",
        "http://localhost/time",
        "https://example.org/a/b/",
    ] {
        assert!(parses(good), "{good}");
    }
    for bad in [
        "example.org",
        "https://",
        "https:///time",
        "https://a@b",
        "https://a/b?c",
        "https://a/b#c",
        "https://a/b c",
        "https://a//b",
        "https://a/\"b",
    ] {
        assert!(!parses(bad), "{bad}");
    }
}

#[test]
fn registration_is_open_on_this_machine_alone_unless_an_operator_says_so() {
    let of = |words: &[&str]| parse(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()).unwrap();
    for here in ["127.0.0.1:8080", "[::1]:8080", "localhost:8080", "127.3.2.1:9"] {
        assert_eq!(of(&["--listen", here]).registration(), Registration::Open, "{here}");
        assert_eq!(
            of(&["--listen", here, "--public-url=https://example.org"]).registration(),
            Registration::Closed
        );
    }
    for reached in ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080"] {
        assert_eq!(of(&["--listen", reached]).registration(), Registration::Closed, "{reached}");
        assert_eq!(of(&["--listen", reached, "--registration=open"]).registration(), Registration::Open);
    }
    assert_eq!(of(&["--registration=closed"]).registration(), Registration::Closed);
}

#[test]
fn an_address_to_listen_on_may_have_a_name_and_a_bad_one_is_answered_with_an_example() {
    let listen =
        |text: &str| parse(&[format!("--listen={text}")]).map(|options| options.network.listen.to_string());
    assert_eq!(listen("localhost:8080").unwrap(), "127.0.0.1:8080");
    assert_eq!(listen("[::1]:9").unwrap(), "[::1]:9");
    for bad in
        ["8080", ":8080", "localhost", "127.0.0.1", "::1:8080", "localhost:http", "http://localhost:8080", ""]
    {
        let message = listen(bad).unwrap_err().to_string();
        assert!(message.contains("127.0.0.1:8080") || bad.is_empty(), "{bad:?}: {message}");
    }
}

#[test]
fn a_door_for_trackers_is_for_one_account_of_this_computer_alone() {
    let door = |words: &[&str], is_cluster| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let options = parse(&words).map_err(|error| error.to_string())?;
        options.trackers.door(is_cluster).map_err(|error| error.to_string())
    };
    let [local, ada] = ["--trackers=localhost:5600", "--trackers-for=ada@example.org"];
    let open = door(&[local, ada], false).unwrap().unwrap();
    assert_eq!((open.address.to_string().as_str(), open.may_read), ("127.0.0.1:5600", false));
    assert!(door(&[local, ada, "--trackers-may-read"], false).unwrap().unwrap().may_read);
    assert!(!open.testing && door(&[local, ada, "--trackers-testing"], false).unwrap().unwrap().testing);
    assert!(door(&[], false).unwrap().is_none());
    for (words, why) in [
        (&[local][..], "--trackers-for"),
        (&[ada][..], "--trackers"),
        (&["--trackers-may-read"][..], "--trackers"),
        (&[local, "--trackers-for=ada"][..], "name@host"),
        (&["--trackers=0.0.0.0:5600", ada][..], "write 127.0.0.1:5600"),
    ] {
        let refused = door(words, false).unwrap_err();
        assert!(refused.contains(why), "{words:?}: {refused}");
    }
    assert!(door(&[local, ada], true).unwrap_err().contains("data folder"));
}

#[test]
fn an_origin_that_no_browser_sends_is_refused_with_what_to_write() {
    let parse = |origins: &str| parse(&[format!("--allowed-origin={origins}")]);
    assert!(parse("https://example.org/,chrome-extension://*").is_ok());
    let error = parse("https://example.org,https://example.org/app").unwrap_err().to_string();
    assert!(error.contains("write https://example.org"), "{error}");
}
