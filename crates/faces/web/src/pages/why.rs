//! `/why?at=`: which observations and which steps of the rule decide an instant, in words.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::reporting::reports::{DaysAsked, resolve_days};
use dayline_app::reporting::{devices, why};
use dayline_domain::report::local_day;
use dayline_domain::timeline::day::{DeviceWhy, InFront, Outcome, Why};
use dayline_domain::{DeviceId, Domain, Interval, Observation, Project, Says, Seen, UtcMs};
use dayline_http_kit::instant;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;

use crate::chart::Clock;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{device_name, long_date};
use crate::state::Web;

/// How far the links lead that go on from here, in milliseconds.
const STEP_MS: i64 = 60_000;

/// Which instant.
pub(crate) struct Asked {
    at: Option<UtcMs>,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { at: params.moment("at", instant::parse) }
    }
}

#[derive(Template)]
#[template(path = "why.html")]
struct WhyPage {
    shell: Shell,
    time: String,
    date: String,
    day: String,
    earlier: String,
    later: String,
    counts: Option<Counts>,
    /// That a correction decides, if one does.
    correction: Option<&'static str>,
    devices: Vec<Told>,
    zone: String,
}

/// What counts.
struct Counts {
    app: String,
    device: String,
}

/// A device, what became of what it had to show, and the steps that led there.
struct Told {
    name: String,
    counts: bool,
    outcome: &'static str,
    steps: Vec<String>,
}

/// Why an instant is what it is.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let at = asked.at.ok_or_else(|| AppError::field("at", "is missing"))?;
    let explained = why::why(&web.app, &caller, at).await?.why;
    let names = devices::names(&web.app, &caller).await?;
    let zone = resolve_days(&web.app, &caller, DaysAsked::default()).await?.zone;
    let date = zone.date_at(at);
    let window = local_day(&*zone, date).ok_or_else(|| AppError::field("at", "is no instant of any day"))?;
    let clock = Clock::new(&*zone, window);
    let beside = |ms: i64| format!("/why?at={}", instant::utc(at.plus(ms)));
    let page = WhyPage {
        shell: Shell::at(&web, &headers, Place::Day),
        time: clock.text(at),
        date: long_date(date),
        day: format!("/day/{date}"),
        earlier: beside(-STEP_MS),
        later: beside(STEP_MS),
        counts: explained.counts.as_ref().map(|source| Counts {
            app: source.activity.app.as_str().to_owned(),
            device: device_name(&names, &source.device),
        }),
        correction: correction(&explained),
        devices: explained.devices.iter().map(|device| told(&clock, device, &names)).collect(),
        zone: zone.name().to_owned(),
    };
    Ok(Page::of(&page)?.answer(&headers))
}

fn correction(why: &Why) -> Option<&'static str> {
    match why.correction.as_ref()?.says {
        Says::Entry { .. } => Some("You said yourself what you did; that decides, whatever was seen."),
        Says::Erasure { .. } => Some("You erased this time; nothing of it is kept."),
        Says::Nothing => None,
    }
}

fn told(clock: &Clock<'_>, why: &DeviceWhy, names: &BTreeMap<DeviceId, Box<str>>) -> Told {
    let mut steps = vec![in_front(clock, why.in_front.as_ref())];
    if let Some(page) = &why.page {
        let held = if page.is_held { ", which holds for a moment" } else { "" };
        steps.push(format!("Its browser told of {}{held}.", seen(&page.page)));
        if page.keeps {
            steps.push("That page could be heard, and counts while nobody is there.".to_owned());
        }
    }
    if let Some(beat) = &why.beat {
        steps.push(format!("A heartbeat told of {}.", seen(beat)));
    }
    if let Some(away) = why.away {
        steps.push(format!("Nobody was there {}.", span(clock, away)));
    }
    if let Some(here) = why.here {
        steps.push(format!("It was said that somebody was there {}.", span(clock, here)));
    }
    if let Some(shown) = &why.shown {
        let (app, since) = (shown.activity.app.as_str(), clock.text(shown.since));
        steps.push(format!("So it showed {app}, without a break since {since}."));
    }
    Told {
        name: device_name(names, &why.device),
        counts: why.outcome == Outcome::Counts,
        outcome: outcome(why.outcome),
        steps,
    }
}

fn in_front(clock: &Clock<'_>, front: Option<&InFront>) -> String {
    match front {
        None => "Nothing was in front.".to_owned(),
        Some(InFront::Seen(observed)) => {
            format!("{} was in front {}.", seen(observed), span(clock, observed.interval()))
        }
        Some(InFront::Held { last, until }) => {
            let (end, until) = (clock.text(last.interval().end()), clock.text(*until));
            format!(
                "{} was in front until {end}; that holds until something is seen again at {until}.",
                seen(last)
            )
        }
        Some(InFront::Inferred { from, until }) => {
            let (start, until) = (clock.text(from.interval().start()), clock.text(*until));
            format!("{} was worked in at {start} and again at {until}, and so in between.", seen(from))
        }
    }
}

fn span(clock: &Clock<'_>, interval: Interval) -> String {
    format!("from {} to {}", clock.text(interval.start()), clock.text(interval.end()))
}

/// What was seen, by its names.
fn seen(observed: &Observation) -> String {
    let (app, more) = match &observed.subject().seen {
        Seen::Use { app, domain, project } => {
            (app.as_str(), [domain.as_ref().map(Domain::as_str), project.as_ref().map(Project::as_str)])
        }
        Seen::Page { browser, domain, .. } => (browser.as_str(), [domain.as_ref().map(Domain::as_str), None]),
        Seen::Beat { app, project, .. } => (app.as_str(), [project.as_ref().map(Project::as_str), None]),
        Seen::Away => ("that nobody was there", [None, None]),
        Seen::Here => ("that somebody was there", [None, None]),
    };
    let more: Vec<&str> = more.into_iter().flatten().collect();
    if more.is_empty() { app.to_owned() } else { format!("{app} ({})", more.join(", ")) }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Counts => "This counts: of all devices, it was turned to last.",
        Outcome::Corrected => "It would count, but a correction decides.",
        Outcome::Outranked => "It does not count: another device was turned to later.",
        Outcome::OnlyInferred => {
            "It does not count: it is only inferred, and something was seen on another device."
        }
        Outcome::Away => "It does not count: nobody was there.",
        Outcome::Nothing => "It had nothing to show.",
    }
}
