//! The examples of the rule as data: `tests/data/timeline-rule.json`. Each is a person with the
//! default choices; times are milliseconds since a midnight UTC.

use dayline_domain::activity::{Activity, Piece};
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::{Observation, Seen};
use serde_json::Value;

use crate::values::{
    app, device, domain, interval, language, observation, project, settle_all, source, used,
};

#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) name: String,
    pub(crate) observations: Vec<Observation>,
    pub(crate) corrections: Vec<Correction>,
    pub(crate) timeline: Vec<Piece>,
}

pub(crate) fn examples() -> Vec<Example> {
    let text = include_str!("../data/timeline-rule.json");
    let read = |list: &Value| list.as_array().unwrap().clone();
    let example = |example: Value| Example {
        name: example["name"].as_str().unwrap().to_owned(),
        observations: read(&example["observations"]).iter().map(read_observation).collect(),
        corrections: read(&example["corrections"]).iter().map(read_correction).collect(),
        timeline: read(&example["timeline"]).iter().map(read_piece).collect(),
    };
    read(&serde_json::from_str(text).unwrap()).into_iter().map(example).collect()
}

fn times(value: &Value) -> (i64, i64) {
    (value["start_ms"].as_i64().unwrap(), value["end_ms"].as_i64().unwrap())
}

fn read_observation(value: &Value) -> Observation {
    let (start, end) = times(value);
    let text = |field: &str| value[field].as_str();
    let name = || app(text("app_name").unwrap());
    let seen = match text("kind").unwrap() {
        "use" => Seen::Use { app: name(), domain: domain(text("domain")), project: project(text("project")) },
        "page" => Seen::Page {
            browser: name(),
            domain: domain(text("domain")),
            audible: value["audible"].as_bool().unwrap(),
        },
        "beat" => Seen::Beat {
            app: name(),
            project: project(text("project")),
            language: language(text("language")),
        },
        "away" => Seen::Away,
        "here" => Seen::Here,
        other => unreachable!("{other}"),
    };
    observation(text("device_id").unwrap(), seen, start, end)
}

fn activity(value: &Value) -> Activity {
    let text = |field: &str| value[field].as_str();
    Activity {
        app: app(text("app_name").unwrap()),
        domain: domain(text("domain")),
        project: project(text("project")),
        language: language(text("language")),
    }
}

fn read_correction(value: &Value) -> Correction {
    let (start, end) = times(value);
    let id = value["id"].as_str().unwrap().strip_prefix('c').unwrap();
    let says = if start == end {
        Says::Nothing
    } else if value["erases"].as_bool().unwrap() {
        Says::Erasure { interval: interval(start, end) }
    } else {
        let source = source(value["device_id"].as_str().unwrap(), activity(value));
        Says::Entry { interval: interval(start, end), source }
    };
    let id = CorrectionId::from_bits(id.parse().unwrap());
    Correction { id, version: value["version"].as_u64().unwrap(), says }
}

fn read_piece(value: &Value) -> Piece {
    let (start, end) = times(value);
    let source = source(value["device_id"].as_str().unwrap(), activity(value));
    Piece { source, interval: interval(start, end) }
}

#[test]
fn the_rule_gives_the_timeline_of_every_example() {
    let examples = examples();
    assert!(examples.len() >= 81);
    for Example { name, observations, corrections, timeline } in examples {
        let settled = settle_all(&observations, &corrections, Choices::default());
        assert_eq!(settled, timeline, "{name}");
    }
}

#[test]
fn the_order_of_observations_and_corrections_does_not_matter_in_any_example() {
    for Example { name, mut observations, mut corrections, timeline } in examples() {
        observations.reverse();
        corrections.reverse();
        let twice = [observations.clone(), observations].concat();
        assert_eq!(settle_all(&twice, &corrections, Choices::default()), timeline, "{name}");
    }
}

#[test]
fn an_hour_of_two_apps_in_turn_is_half_an_hour_of_each() {
    let turn = |n: i64| {
        let name = if n % 2 == 0 { "Editor" } else { "Terminal" };
        observation("pc", used(name, None), n * 15_000, n * 15_000 + 15_000)
    };
    let turns: Vec<Observation> = (0..240).map(turn).collect();
    let settled = settle_all(&turns, &[], Choices::default());
    let of = |name: &str| -> i64 {
        let pieces = settled.iter().filter(|piece| piece.source.activity.app == app(name));
        pieces.map(|piece| piece.interval.ms()).sum()
    };
    assert_eq!((of("Editor"), of("Terminal"), settled.len()), (1_800_000, 1_800_000, 240));
    assert!(settled.iter().all(|piece| piece.source.device == device("pc")));
}
