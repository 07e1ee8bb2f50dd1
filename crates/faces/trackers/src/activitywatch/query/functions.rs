//! What queries may call, and what of it reads.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::{buckets, raw_events};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, StoredRawEvent};
use serde_json::Value as Json;

use super::arguments::Arguments;
use super::means::Means;
use super::operations::operate;
use super::stopped::{MOST_ROOM, Stopped, Wrong, too_much};
use super::value::{Event, Value, weight};
use crate::activitywatch::event_item::Events;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of events that one period of a query reads.
const MOST_READ: u64 = 8 << 20;

/// Where a query reads, for one period.
pub(super) struct Source<'a> {
    aw: &'a Arc<ActivityWatch>,
    caller: &'a Caller,
    period: EventRange,
    /// Bytes of events that were read.
    read: u64,
}

impl<'a> Source<'a> {
    /// What this caller keeps of a period.
    pub(super) fn of(aw: &'a Arc<ActivityWatch>, caller: &'a Caller, period: EventRange) -> Self {
        Self { aw, caller, period, read: 0 }
    }
}

/// The result of a call. Its means come back with it, if there is a result.
pub(super) async fn call(
    source: &mut Source<'_>,
    means: &mut Means,
    function: &str,
    arguments: Vec<Value>,
) -> Result<Value, Stopped> {
    let mut arguments = Arguments::of(function, arguments);
    match function {
        "query_bucket" => query_bucket(source, arguments.last()?.into_text()?).await,
        "query_bucket_eventcount" => count(source, arguments.last()?.into_text()?).await,
        "find_bucket" => find_bucket(source, arguments).await,
        _ => {
            let mut lent = means.lend();
            // What may take a while keeps no request waiting.
            let made = tokio::task::spawn_blocking(move || (operate(arguments, &mut lent), lent)).await;
            let (made, back) = made.map_err(|_| AppError::Internal("a query broke off".into()))?;
            *means = back;
            Ok(made?)
        }
    }
}

/// A bucket's events of the period, the last one first.
async fn query_bucket(source: &mut Source<'_>, id: String) -> Result<Value, Stopped> {
    let id = known(source, &id).await?;
    let mut stored = Events::of(source.aw, source.caller, id, source.period, MOST_ROOM);
    let mut events = Vec::new();
    while let Some(StoredRawEvent { number, event }) = stored.next().await? {
        source.read += event.bytes();
        if source.read > MOST_READ {
            return Err(too_much().into());
        }
        let data = match serde_json::from_str(event.data().as_str()) {
            Ok(Json::Object(members)) => members.into_iter().collect(),
            // No door lets in what is none.
            _ => std::collections::BTreeMap::new(),
        };
        let (start, end) = (event.start(), event.end());
        let weight = weight(event.data().as_str().len());
        events.push(Event { number: Some(number), start, end, data: Arc::new(data), weight });
    }
    Ok(Value::Events(events))
}

async fn count(source: &mut Source<'_>, id: String) -> Result<Value, Stopped> {
    let id = known(source, &id).await?;
    let count = raw_events::count(&source.aw.app, source.caller, id, source.period).await?;
    Ok(Value::Number(count as f64))
}

/// The bucket of this name.
async fn known(source: &Source<'_>, id: &str) -> Result<BucketId, Stopped> {
    let missing = || Wrong("there is no bucket of this name".into());
    let id = BucketId::new(id).map_err(|_| missing())?;
    match buckets::show(&source.aw.app, source.caller, id).await {
        Ok(stored) => Ok(stored.bucket.id),
        Err(AppError::NotFound) => Err(missing().into()),
        Err(error) => Err(error.into()),
    }
}

/// The name of the first bucket whose name begins so, perhaps of one computer.
async fn find_bucket(source: &Source<'_>, mut arguments: Arguments) -> Result<Value, Stopped> {
    let begins = arguments.next()?.into_text()?;
    let host = if arguments.is_empty() { None } else { Some(arguments.last()?.into_text()?) };
    let stored = buckets::list(&source.aw.app, source.caller).await?.into_iter().map(|stored| stored.bucket);
    let is_it = |bucket: &dayline_domain::bucket::Bucket| {
        bucket.id.as_str().starts_with(&begins)
            && host.as_ref().is_none_or(|host| host == bucket.host.as_str())
    };
    let found = stored.into_iter().find(is_it);
    let missing = || Wrong("there is no bucket whose name begins so".into());
    Ok(Value::Text(found.ok_or_else(missing)?.id.as_str().to_owned()))
}
