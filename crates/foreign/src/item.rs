//! A piece of a file.

use std::borrow::Cow;
use std::sync::Arc;

use dayline_app::tracking::ingest::{PingDraft, SeenDraft, Site};
use dayline_domain::bucket::Bucket;
use dayline_domain::observation::Seen;
use dayline_domain::{Correction, DeviceId, Domain, Observation};

use crate::activitywatch::{Event, observed};
use crate::wakatime::{Heartbeat, drafts};

/// A piece of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An event in a bucket of ActivityWatch.
    Event(Arc<Bucket>, Event),
    /// A heartbeat of WakaTime, and on which computer it was made, if that is known.
    Heartbeat(Option<Arc<str>>, Heartbeat<'static>),
    /// What another Dayline has of trackers.
    Observation(Observation),
    /// What the person told another Dayline that they did.
    Entry(Correction),
    /// Something of which nothing is kept, and what that is.
    LeftOut(&'static str),
}

impl Item {
    /// What it says was observed; nothing, if it is an entry, or nothing is kept of it.
    pub fn drafts(&self) -> Vec<PingDraft<'_>> {
        match self {
            Self::Event(bucket, event) => observed(bucket, event).into_iter().collect(),
            Self::Heartbeat(machine, heartbeat) => {
                let device = machine.as_deref().and_then(DeviceId::of_host);
                let device_id = device.map(|device| Cow::Owned(device.as_str().to_owned()));
                drafts(heartbeat, None, device_id).collect()
            }
            Self::Observation(observation) => vec![draft(observation)],
            Self::Entry(_) | Self::LeftOut(_) => Vec::new(),
        }
    }
}

fn draft(observation: &Observation) -> PingDraft<'_> {
    let (subject, interval) = (observation.subject(), observation.interval());
    let seen = match &subject.seen {
        Seen::Use { app, domain, project } => SeenDraft::Use {
            app_name: app.as_str().into(),
            site: site(domain.as_ref()),
            project: project.as_ref().map(|project| project.as_str().into()),
        },
        Seen::Page { browser, domain, audible } => SeenDraft::Page {
            app_name: browser.as_str().into(),
            site: site(domain.as_ref()),
            audible: *audible,
        },
        Seen::Beat { app, project, language } => SeenDraft::Beat {
            app_name: app.as_str().into(),
            project: project.as_ref().map(|project| project.as_str().into()),
            language: language.as_ref().map(|language| language.as_str().into()),
        },
        Seen::Away => SeenDraft::Away,
        Seen::Here => SeenDraft::Here,
    };
    let device_id = Some(subject.device.as_str().into());
    PingDraft { seen, start: interval.start(), end: interval.end(), device_id }
}

fn site(domain: Option<&Domain>) -> Site<'_> {
    domain.map_or(Site::None, |domain| Site::Domain(domain.as_str().into()))
}
