//! What operators and their tools ask for.

use std::collections::BTreeSet;

use crate::support::Server;

const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[tokio::test]
async fn every_histogram_has_a_bucket_without_a_bound() {
    let server = Server::new();
    server.person("ada").await;
    server.metrics.observe_lag(std::time::Duration::from_hours(1));
    for accept in [PROMETHEUS, OPENMETRICS] {
        let reply = server.get("/metrics").header("accept", accept).send().await;
        let series_of = |suffix: &str| -> BTreeSet<String> {
            let of_samples = |line: &str| {
                let (name, labels) = line.split_once(['{', ' '])?;
                let labels = labels.split_once("le=").map_or(labels, |(labels, _)| labels);
                Some(format!("{}{}", name.strip_suffix(suffix)?, labels.split('}').next()?))
            };
            reply.text().lines().filter(|line| !line.starts_with('#')).filter_map(of_samples).collect()
        };
        let names = |suffix: &str| -> BTreeSet<String> {
            let text = reply.text().to_owned();
            let histograms = text.lines().filter_map(|line| line.strip_suffix(" histogram"));
            let names = histograms.filter_map(|line| line.strip_prefix("# TYPE ")).map(str::to_owned);
            names.filter(|name| text.contains(&format!("{name}{suffix}"))).collect()
        };
        assert!(names("_bucket").len() >= 2, "{}", reply.text());
        assert_eq!(names("_bucket"), names("_count"));
        let infinite = reply.text().matches(r#"le="+Inf""#).count();
        assert_eq!(infinite, series_of("_count").len(), "{}", reply.text());
        assert!(!reply.text().contains("e308"), "no bound stands for infinity");
    }
}

#[tokio::test]
async fn metrics_come_in_the_form_that_is_asked_for() {
    let server = Server::new();
    let form = async |accept: &str| {
        let call = server.get("/metrics");
        let call = if accept.is_empty() { call } else { call.header("accept", accept) };
        let reply = call.send().await;
        let content_type = reply.header("content-type").to_owned();
        assert_eq!(reply.text().ends_with("# EOF\n"), content_type == OPENMETRICS);
        let described = reply.text().contains("# TYPE dayline_pings_accepted_total counter");
        assert_eq!(described, content_type == PROMETHEUS);
        content_type
    };
    for accept in ["", "*/*", "text/plain", "text/html, */*;q=0.1", "application/openmetrics-text;q=0"] {
        assert_eq!(form(accept).await, PROMETHEUS, "{accept}");
    }
    let prometheus_itself = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
        application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    for accept in ["application/openmetrics-text", prometheus_itself] {
        assert_eq!(form(accept).await, OPENMETRICS, "{accept}");
    }
}
