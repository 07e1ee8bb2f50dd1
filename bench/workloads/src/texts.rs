//! The edge's work: bodies of requests, URLs, and the records of the ping log.

use dayline_api::fuzzing::{pings_of_json, pings_of_lines};
use dayline_app::ports::SiteNames;
use dayline_app::tracking::record::{self, Body};
use dayline_domain::{Observation, UserId};
use dayline_local::UrlSiteNames;

use crate::days;
use crate::work::{Failure, Work};

const PINGS: usize = 100;

/// A ping as trackers write it; every third without a page, every seventh with an escape in a name.
fn ping(n: usize) -> String {
    let app = if n % 7 == 6 { "Visual \\u0043ode" } else { "Firefox" };
    let url = match n % 3 {
        0 => "null".to_owned(),
        _ => format!("\"https://github.com/dayline/dayline/issues/{n}?tab=readme\""),
    };
    let (minute, second) = (n * 5 / 60, n * 5 % 60);
    format!(
        r#"{{"app_name":"{app}","url":{url},"start_time":"2026-11-20T10:{minute:02}:{second:02}Z","end_time":"2026-11-20T10:{minute:02}:{second:02}.987Z"}}"#
    )
}

fn good<Draft, Refusal>(drafts: Option<Vec<Result<Draft, Refusal>>>) -> usize {
    drafts.map_or(0, |drafts| drafts.iter().filter(|draft| draft.is_ok()).count())
}

pub(crate) fn one_ping() -> Work {
    let body = ping(1);
    Box::new(move || good(pings_of_json(&body)))
}

pub(crate) fn array() -> Work {
    let body = format!("[{}]", (0..PINGS).map(ping).collect::<Vec<_>>().join(","));
    Box::new(move || good(pings_of_json(&body)))
}

pub(crate) fn lines() -> Work {
    let body = (0..PINGS).map(ping).collect::<Vec<_>>().join("\n");
    Box::new(move || good(pings_of_lines(&body)))
}

fn domains(url: impl Fn(usize) -> String) -> Work {
    let urls: Vec<String> = (0..PINGS).map(url).collect();
    Box::new(move || {
        let domains = urls.iter().filter_map(|url| UrlSiteNames.domain_of(url).ok().flatten());
        domains.map(|domain| domain.len()).sum()
    })
}

pub(crate) fn plain_urls() -> Work {
    domains(|n| format!("https://www.site-{n}.example.org/a/path/{n}?query={n}"))
}

/// URLs that need the parser: a port, capital letters, credentials, a name that is not ASCII.
pub(crate) fn odd_urls() -> Work {
    domains(|n| match n % 4 {
        0 => format!("http://localhost:{}/", 3_000 + n),
        1 => format!("https://WWW.Example-{n}.ORG/a/path"),
        2 => format!("https://somebody:secret@example{n}.org/"),
        _ => format!("https://bücher-{n}.example/"),
    })
}

fn some_pings() -> Result<(UserId, Vec<Observation>), Failure> {
    let mut pings = days::pings(0)?;
    pings.truncate(PINGS);
    Ok((UserId::from_bits(0x0192_f0c1_0000_7000_8000_0000_0000_0001), pings))
}

pub(crate) fn encode() -> Result<Work, Failure> {
    let (user, pings) = some_pings()?;
    Ok(Box::new(move || record::encode_observations(user, &pings).len()))
}

pub(crate) fn decode() -> Result<Work, Failure> {
    let (user, pings) = some_pings()?;
    let bytes = record::encode_observations(user, &pings);
    Ok(Box::new(move || match record::decode(&bytes) {
        Ok((_, Body::Observations(pings))) => pings.len(),
        _ => 0,
    }))
}
