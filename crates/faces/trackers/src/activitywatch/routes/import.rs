//! `/import`: buckets with their events, as servers export them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::tracking::buckets;
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
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of an export.
const MAX_BODY: usize = 8 << 20;
/// Most events of an export: as many as a person may send at once.
const MAX_EVENTS: usize = 50_000;

/// An export.
#[derive(Deserialize)]
struct Export {
    buckets: BTreeMap<String, Exported>,
}

/// A bucket, whose identity the export has beside it.
#[derive(Deserialize)]
struct Exported {
    client: String,
    r#type: String,
    hostname: String,
    events: Option<EventList>,
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
    let export =
        serde_json::from_str(file_in(&parts.headers, &body.text_of_items())).map_err(|_| unreadable())?;
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
    }
    Ok(private(&None::<()>))
}

/// The buckets of an export with their events; nothing is taken of one that has a bucket which can't be.
fn read(export: Export, host: &str) -> Result<Vec<(Bucket, Vec<Event>)>, Problem> {
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

fn unreadable() -> Problem {
    let detail = "an export needs buckets by their ids, each with the texts client, type and hostname and a list of events";
    Problem::malformed("invalid_export", detail)
}
