//! `/import`: buckets with their events, as servers export them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::tracking::{buckets, raw_events};
use dayline_app::{AppError, Kind};
use dayline_domain::Scope;
use dayline_domain::bucket::{Bucket, BucketId};
use dayline_foreign::activitywatch::Event;
use dayline_http_kit::Problem;
use dayline_http_kit::body::{self, Coding};
use serde::Deserialize;

use super::events::{AT_ONCE, store};
use super::{Sender, info, private};
use crate::activitywatch::bucket_form::NewBucket;
use crate::activitywatch::event::EventList;
use crate::activitywatch::form_file::file_in;
use crate::activitywatch::hold::Patience;
use crate::activitywatch::raw::{Numbered, RawList};
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of an export.
const MAX_BODY: usize = 8 << 20;
/// Most events of an export: as many as a person may send at once.
const MAX_EVENTS: usize = 50_000;

/// An export.
#[derive(Deserialize)]
struct Export<List> {
    buckets: BTreeMap<String, Exported<List>>,
}

/// A bucket, whose identity the export has beside it.
#[derive(Deserialize)]
struct Exported<List> {
    client: String,
    r#type: String,
    hostname: String,
    events: Option<List>,
}

/// Takes an export: opens the buckets that there are not yet, and takes their events. Those that can't be read cost no others.
/// Sending it again changes nothing, also after a part of it was taken.
pub(in crate::activitywatch) async fn take(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    request: Request,
) -> Result<Response, Refusal> {
    caller.require(Scope::Track)?;
    let patience = Patience::new();
    let slot = aw.imports.claim(caller.user);
    let _slot = slot.map_err(|_| AppError::Unavailable("too many imports at once".into()))?;
    let (parts, body) = request.into_parts();
    let body = body::receive(&aw.kit, &parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let keeps = raw_events::are_kept(&aw.app, &caller).await?;
    let text = body.text_of_items();
    let file = file_in(&parts.headers, &text);
    let export = serde_json::from_str(file).map_err(|_| unreadable())?;
    let mut raw = if keeps { read_raw(file)? } else { BTreeMap::new() };
    drop(text);
    drop(body);
    let host = info::host_of(&aw, &caller).await;
    let mended = [Kind::Unavailable, Kind::TooMany];
    for (bucket, events) in read(export, &host)? {
        let open = || buckets::open(&aw.app, &caller, bucket.clone());
        patience.hold(&aw.held, caller.user, &mended, open).await?;
        // What an open bucket is stays as it was.
        let bucket = buckets::of_event(&aw.app, &caller, bucket.id.clone()).await?;
        for some in events.chunks(AT_ONCE) {
            let store = || store(&aw, &caller, &bucket, some);
            patience.hold(&aw.held, caller.user, &mended, store).await?;
        }
        for some in raw.remove(bucket.id.as_str()).unwrap_or_default().chunks(AT_ONCE) {
            let keep = || raw_events::keep_events(&aw.app, &caller, &bucket.id, some.to_vec());
            patience.hold(&aw.held, caller.user, &mended, keep).await?;
        }
    }
    Ok(private(&None::<()>))
}

/// The buckets of an export with their events; nothing is taken of one that has a bucket which can't be.
fn read(export: Export<EventList>, host: &str) -> Result<Vec<(Bucket, Vec<Event>)>, Problem> {
    let mut buckets = Vec::new();
    let mut number = 0;
    for (id, Exported { client, r#type, hostname, events }) in export.buckets {
        let id = BucketId::new(&id).map_err(|error| AppError::field("buckets", error.to_string()))?;
        let bucket = NewBucket { client, r#type, hostname }.on(id, host.to_owned())?;
        let events = events.unwrap_or_default().events;
        number += events.len();
        buckets.push((bucket, events));
    }
    if number > MAX_EVENTS {
        let detail =
            format!("an export must have at most {MAX_EVENTS} events here; `dayline import` takes all");
        return Err(Problem::too_large("too_many_events", detail));
    }
    Ok(buckets)
}

/// The same events as they came. What numbers they had where they come from means nothing here.
fn read_raw(file: &str) -> Result<BTreeMap<String, Vec<Numbered>>, Problem> {
    let Export { buckets } = serde_json::from_str::<Export<RawList>>(file).map_err(|_| unreadable())?;
    let events = |exported: Exported<RawList>| -> Vec<Numbered> {
        let RawList(events) = exported.events.unwrap_or_default();
        events.into_iter().map(|(_, event)| (None, event)).collect()
    };
    Ok(buckets.into_iter().map(|(id, exported)| (id, events(exported))).collect())
}

fn unreadable() -> Problem {
    let detail = "an export needs buckets by their ids, each with the texts client, type and hostname and a list of events";
    Problem::malformed("invalid_export", detail)
}
