//! What queries may call.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::{buckets, raw_events};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, StoredRawEvent};
use serde_json::Value as Json;

use super::stopped::{MOST_ROOM, MOST_WORK, Stopped, Wrong, too_much};
use super::transforms;
use super::value::{Event, Value, seconds};
use crate::activitywatch::event_item::Events;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of events that one period of a query reads.
const MOST_READ: u64 = 8 << 20;

/// So many bytes of an event's data weigh as much as a short event.
const BYTES_EACH: usize = 128;

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

/// The result of a call.
pub(super) async fn call(
    source: &mut Source<'_>,
    function: &str,
    arguments: Vec<Value>,
) -> Result<Value, Stopped> {
    let mut arguments = Arguments { function: function.to_owned(), all: arguments.into_iter() };
    match function {
        "query_bucket" => query_bucket(source, arguments.last()?.into_text()?).await,
        "query_bucket_eventcount" => count(source, arguments.last()?.into_text()?).await,
        "find_bucket" => find_bucket(source, arguments).await,
        // What may take a while keeps no request waiting.
        _ => {
            let made = tokio::task::spawn_blocking(move || transform(&mut arguments)).await;
            let failed = |_| AppError::Internal("a query broke off".into());
            Ok(made.map_err(failed)??)
        }
    }
}

/// The arguments of a call that were not taken yet.
struct Arguments {
    function: String,
    all: std::vec::IntoIter<Value>,
}

impl Arguments {
    fn next(&mut self) -> Result<Value, Wrong> {
        self.all.next().ok_or_else(|| Wrong(format!("{} lacks an argument", self.function)))
    }

    /// The only one that is left.
    fn last(&mut self) -> Result<Value, Wrong> {
        let last = self.next()?;
        if self.all.len() == 0 {
            Ok(last)
        } else {
            Err(Wrong(format!("{} has too many arguments", self.function)))
        }
    }
}

/// What needs nothing but its arguments.
fn transform(arguments: &mut Arguments) -> Result<Value, Wrong> {
    let function = arguments.function.clone();
    let events = match function.as_str() {
        "flood" => transforms::flood(arguments.last()?.into_events()?),
        "sort_by_timestamp" => transforms::sort_by_timestamp(arguments.last()?.into_events()?),
        "sort_by_duration" => transforms::sort_by_duration(arguments.last()?.into_events()?),
        "limit_events" => {
            let mut events = arguments.next()?.into_events()?;
            events.truncate(arguments.last()?.into_number()?.max(0.0) as usize);
            events
        }
        "filter_keyvals" | "exclude_keyvals" => {
            let (events, key) = (arguments.next()?.into_events()?, arguments.next()?.into_text()?);
            let values = arguments.last()?.into_data()?;
            if events.len().saturating_mul(values.len()) > MOST_WORK {
                return Err(too_much());
            }
            transforms::filter_keyvals(events, &key, &values, function == "filter_keyvals")
        }
        "filter_period_intersect" => {
            let (events, periods) = (arguments.next()?.into_events()?, arguments.last()?.into_events()?);
            transforms::filter_period_intersect(events, periods, MOST_ROOM).ok_or_else(too_much)?
        }
        "period_union" => {
            let (events, others) = (arguments.next()?.into_events()?, arguments.last()?.into_events()?);
            transforms::period_union(events, others)
        }
        "concat" => {
            let (mut events, others) = (arguments.next()?.into_events()?, arguments.last()?.into_events()?);
            events.extend(others);
            events
        }
        "merge_events_by_keys" => {
            let (events, keys) = (arguments.next()?.into_events()?, arguments.last()?.into_texts()?);
            transforms::merge_events_by_keys(events, &keys)
        }
        "sum_durations" => {
            let events = arguments.last()?.into_events()?;
            return Ok(Value::Number(seconds(events.iter().map(Event::length).sum())));
        }
        "nop" => return Ok(Value::Number(1.0)),
        _ => return Err(Wrong(format!("there is no function {function} here"))),
    };
    Ok(Value::Events(events))
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
        let weight = 1 + (event.data().as_str().len() / BYTES_EACH) as u32;
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
    let host = if arguments.all.len() > 0 { Some(arguments.last()?.into_text()?) } else { None };
    let stored = buckets::list(&source.aw.app, source.caller).await?.into_iter().map(|stored| stored.bucket);
    let is_it = |bucket: &dayline_domain::bucket::Bucket| {
        bucket.id.as_str().starts_with(&begins)
            && host.as_ref().is_none_or(|host| host == bucket.host.as_str())
    };
    let found = stored.into_iter().find(is_it);
    let missing = || Wrong("there is no bucket whose name begins so".into());
    Ok(Value::Text(found.ok_or_else(missing)?.id.as_str().to_owned()))
}
