//! Somebody who switches apps every 3 to 15 s on two devices, whose browser tells its pages, and who is
//! away now and then: what they send, and what counts of it.

use std::sync::Arc;

use dayline_domain::timeline::steps::settle;
use dayline_domain::timeline::window::Window;
use dayline_domain::{
    AppName, Choices, DeviceId, Domain, Interval, Observation, Seen, Subject, UtcDay, UtcMs,
};
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::failure::Failure;

/// Seconds of each ping.
pub(crate) const LENGTH: i64 = 3;
/// For how many pings each thing is done, again and again.
const LASTS: [usize; 6] = [1, 3, 2, 5, 1, 4];
const APPS: [&str; 5] = ["Code", "Firefox", "Terminal", "Slack", "Mail"];
const PAGES: [&str; 3] = ["github.com", "docs.rs", "example.org"];

/// What the `number`-th ping tells.
enum Told {
    Use { device: &'static str, app: &'static str },
    Page { domain: &'static str },
    Away,
}

impl Told {
    fn of(number: usize) -> Self {
        if number % 80 >= 76 {
            return Self::Away;
        }
        if number % 10 == 7 {
            return Self::Page { domain: PAGES[number / 10 % PAGES.len()] };
        }
        let round: usize = LASTS.iter().sum();
        let mut within = number % round;
        let nth = LASTS.iter().position(|lasts| match within.checked_sub(*lasts) {
            Some(rest) => {
                within = rest;
                false
            }
            None => true,
        });
        let thing = number / round * LASTS.len() + nth.unwrap_or(0);
        let device = if thing % 4 == 3 { "phone" } else { "laptop" };
        Self::Use { device, app: APPS[thing % APPS.len()] }
    }
}

/// The `number`-th ping as it is sent, if it starts then, in Unix seconds.
pub(crate) fn ping(number: usize, start: i64) -> Value {
    let (start, end) = (rfc3339(start), rfc3339(start + LENGTH));
    match Told::of(number) {
        Told::Use { device, app } => {
            json!({"app_name": app, "device_id": device, "start_time": start, "end_time": end})
        }
        Told::Page { domain } => json!({
            "kind": "page", "app_name": "Firefox", "url": format!("https://{domain}/a/page"),
            "device_id": "laptop", "start_time": start, "end_time": end,
        }),
        Told::Away => json!({"kind": "away", "device_id": "laptop", "start_time": start, "end_time": end}),
    }
}

/// The seconds that count of so many pings, the first of which starts at `begin`: by the rule.
pub(crate) fn counted(pings: usize, begin: i64) -> Result<f64, Failure> {
    let observations: Vec<Observation> =
        (0..pings).map(|number| observation(number, begin)).collect::<Result<_, _>>()?;
    let whole = Interval::new(UtcMs(begin * 1_000), UtcMs((begin + pings as i64 * LENGTH) * 1_000));
    let days: Vec<UtcDay> = whole.into_iter().flat_map(Window::met_by).collect();
    let pieces = days.into_iter().flat_map(|day| settle(day, &observations, &[], Choices::default()));
    Ok(pieces.map(|piece| piece.interval.ms()).sum::<i64>() as f64 / 1_000.0)
}

fn observation(number: usize, begin: i64) -> Result<Observation, Failure> {
    let start = UtcMs((begin + number as i64 * LENGTH) * 1_000);
    let interval = Interval::new(start, start.plus(LENGTH * 1_000)).ok_or("an empty interval")?;
    let app = |name| AppName::new(name).map_err(|error| error.to_string());
    let (device, seen) = match Told::of(number) {
        Told::Use { device, app: name } => {
            (device, Seen::Use { app: app(name)?, domain: None, project: None })
        }
        Told::Page { domain } => {
            let domain = Some(Domain::new(domain).map_err(|error| error.to_string())?);
            ("laptop", Seen::Page { browser: app("Firefox")?, domain, audible: false })
        }
        Told::Away => ("laptop", Seen::Away),
    };
    let device = DeviceId::new(device).map_err(|error| error.to_string())?;
    Ok(Observation::new(Arc::new(Subject { device, seen }), interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_told_and_what_is_done_lasts_3_to_15_seconds() {
        let (mut kinds, mut lasted, mut last) = ([0; 3], 0, "");
        for number in 0..1_000 {
            match Told::of(number) {
                Told::Use { app, .. } => {
                    kinds[0] += 1;
                    lasted = if app == last { lasted + 1 } else { 1 };
                    last = app;
                    assert!(lasted <= 5, "{number}");
                }
                Told::Page { .. } => kinds[1] += 1,
                Told::Away => kinds[2] += 1,
            }
        }
        assert!(kinds.iter().all(|pings| *pings >= 40), "{kinds:?}");
    }

    #[test]
    fn most_of_the_time_counts_and_away_does_not() {
        let seconds = counted(1_000, 1_795_000_000).unwrap();
        assert!((2_500.0..3_000.0).contains(&seconds), "{seconds}");
    }
}
