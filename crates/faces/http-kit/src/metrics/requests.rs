//! Requests by route, method and class of status, with a histogram of their times.
//! The routes are known from the beginning, so that counting needs no lock and no allocation.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Unit;

use super::latency::Latency;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// What is counted for paths of no route.
const NO_ROUTE: &str = "none";

/// The counts of all routes.
#[derive(Clone)]
pub(super) struct Requests(Arc<HashMap<String, [Route; METHODS.len()]>>);

/// The counts of one route and method.
#[derive(Default)]
struct Route {
    classes: [AtomicU64; CLASSES.len()],
    latency: Latency,
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Requests of {} routes", self.0.len())
    }
}

impl Requests {
    pub(super) fn new(routes: impl IntoIterator<Item = String>) -> Self {
        let patterns = routes.into_iter().chain([NO_ROUTE.to_owned()]);
        Self(Arc::new(patterns.map(|pattern| (pattern, <[Route; METHODS.len()]>::default())).collect()))
    }

    pub(super) fn answered(&self, route: Option<&str>, method: &Method, status: StatusCode, took: Duration) {
        let routes = route.and_then(|route| self.0.get(route)).or_else(|| self.0.get(NO_ROUTE));
        let at = place_of(method);
        let Some(route) = routes.map(|methods| &methods[at]) else { return };
        let class = usize::from(status.as_u16() / 100).saturating_sub(2).min(CLASSES.len() - 1);
        route.classes[class].fetch_add(1, Ordering::Relaxed);
        route.latency.observe(took);
    }

    /// What was asked for at least once, in the order of the routes' names.
    fn used(&self) -> Vec<(&str, &'static str, &Route)> {
        let all = self.0.iter().flat_map(|(path, methods)| {
            METHODS.iter().zip(methods).map(move |(method, route)| (path.as_str(), *method, route))
        });
        let mut used: Vec<_> = all.filter(|(_, _, route)| route.total() > 0).collect();
        used.sort_unstable_by_key(|(path, method, _)| (*path, *method));
        used
    }
}

/// What a method is counted as: it may be any word that a client chose.
pub(crate) fn known_method(method: &Method) -> &'static str {
    METHODS[place_of(method)]
}

fn place_of(method: &Method) -> usize {
    METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1)
}

impl Route {
    fn total(&self) -> u64 {
        self.classes.iter().map(|class| class.load(Ordering::Relaxed)).sum()
    }
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let used = self.used();
        let mut requests =
            encoder.encode_descriptor("requests", "Requests answered", None, MetricType::Counter)?;
        for (path, method, route) in &used {
            for (class, count) in CLASSES.iter().zip(&route.classes) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = [("route", *path), ("method", *method), ("status", *class)];
                    ConstCounter::new(count).encode(requests.encode_family(&labels)?)?;
                }
            }
        }
        let help = "Time from a request's head to its answer";
        let unit = Unit::Seconds;
        let mut times =
            encoder.encode_descriptor("request_duration", help, Some(&unit), MetricType::Histogram)?;
        for (path, method, route) in &used {
            route.latency.encode(times.encode_family(&[("route", *path), ("method", *method)])?)?;
        }
        Ok(())
    }
}
