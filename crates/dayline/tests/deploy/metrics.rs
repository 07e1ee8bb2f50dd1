//! The dashboard and the operator's page know the metrics that there are.

use std::collections::BTreeSet;

use dayline_http_kit::Metrics;
use dayline_http_kit::metrics::Exposition;
use serde_json::Value;

use crate::text;

/// What a metric is called without what Prometheus adds.
fn family(name: &str) -> String {
    let suffixes = ["_total", "_bucket", "_sum", "_count"];
    suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name).to_owned()
}

/// The metrics that `/metrics` announces.
fn existing() -> BTreeSet<String> {
    let metrics = Metrics::new([]).text(Exposition::OpenMetrics).unwrap();
    metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

/// Everything in a text that looks like a metric of ours.
fn named(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("dayline_"))
        .map(family)
        .collect()
}

#[test]
fn the_dashboard_asks_for_metrics_that_exist() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/dayline.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let asked: BTreeSet<String> =
        targets.flat_map(|target| named(target["expr"].as_str().unwrap())).collect();
    let missing: Vec<_> = asked.difference(&existing()).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(asked.len() >= 8, "{asked:?}");
}

#[test]
fn the_alerts_watch_metrics_that_exist() {
    let watched: BTreeSet<String> = named(&text("deploy/prometheus/dayline.rules.yml"));
    let missing: Vec<_> = watched.difference(&existing()).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(watched.len() >= 14, "{watched:?}");
}

#[test]
fn the_operators_page_explains_every_metric_and_no_other() {
    let page = text("docs/operations.md");
    let table: String = page
        .lines()
        .filter(|line| line.starts_with("| `dayline_"))
        .map(|line| line.split("| ").nth(1).unwrap())
        .collect();
    assert_eq!(named(&table), existing());
}
