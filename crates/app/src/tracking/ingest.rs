//! Taking pings in: check each, drop the URL, append the good ones to the log, say what became of
//! each.

use std::borrow::Cow;

use dayline_domain::{AppName, DeviceId, Domain, NameError, PingRefusal, UtcMs};

use crate::identity::caller::Caller;
use crate::ports::{AppendError, Partition};
use crate::tracking::record::{RecordWriter, SourceRef};
use crate::{App, AppError};

/// Most pings in one request.
pub const MAX_PINGS: usize = 1_000;
/// Longest URL in bytes.
pub const MAX_URL: usize = 8_192;

/// A ping as the client wrote it, borrowed from the request.
#[derive(Debug, Clone)]
pub struct PingDraft<'a> {
    /// As the client spells it; trimmed and checked by the use case.
    pub app_name: Cow<'a, str>,
    /// The page's address, of which only the domain is kept.
    pub url: Option<Cow<'a, str>>,
    /// Its first instant.
    pub start: UtcMs,
    /// The instant after its last.
    pub end: UtcMs,
    /// On which device; the caller's own if not given.
    pub device_id: Option<Cow<'a, str>>,
}

/// Why a ping is refused: a stable code, and a sentence that names the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A stable name that clients may rely on.
    pub code: &'static str,
    /// Names the field and says what to do.
    pub detail: Cow<'static, str>,
    /// Whether time can mend it: the same ping may be accepted later, so that a tracker keeps it.
    pub retry: bool,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), retry: false }
    }

    /// A refusal that time can mend.
    pub fn for_now(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { retry: true, ..Self::new(code, detail) }
    }
}

/// A refused ping of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its place in the request, from 0.
    pub index: usize,
    /// What the client is told about it.
    pub refusal: Refusal,
}

/// What became of a request's pings. The accepted ones are durable if there are any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// How many were accepted.
    pub accepted: usize,
    /// Those that were refused, in the order of the request.
    pub rejected: Vec<Rejected>,
}

/// Accepts the good pings of a request and refuses the others. Returns when the accepted ones are
/// durable; the append is the only I/O. The person comes from the caller alone.
pub async fn accept<'a>(
    app: &App,
    caller: &Caller,
    drafts: impl IntoIterator<Item = Result<PingDraft<'a>, Refusal>>,
) -> Result<Receipt, AppError> {
    let now = app.clock.now();
    let mut record = RecordWriter::new(caller.user);
    let mut rejected = Vec::new();
    let mut newest = UtcMs(i64::MIN);
    for (index, draft) in drafts.into_iter().enumerate() {
        match draft.and_then(|draft| add(app, caller, now, &draft, &mut record)) {
            Ok(end) => newest = newest.max(end),
            Err(refusal) => rejected.push(Rejected { index, refusal }),
        }
    }
    let accepted = record.pings();
    if accepted > 0 {
        app.ping_quota.charge(caller.user, accepted as u32)?;
        let partition = Partition::of(caller.user, app.ping_log.partitions());
        app.ping_log.append(partition, record.finish()).await.map_err(not_appended)?;
        app.clock_check.hear(newest);
    }
    Ok(Receipt { accepted, rejected })
}

fn add(
    app: &App,
    caller: &Caller,
    now: UtcMs,
    draft: &PingDraft<'_>,
    record: &mut RecordWriter,
) -> Result<UtcMs, Refusal> {
    let name =
        AppName::check(&draft.app_name).map_err(|error| bad_name("invalid_app_name", "app_name", error))?;
    let device = match &draft.device_id {
        Some(device) => {
            DeviceId::check(device).map_err(|error| bad_name("invalid_device_id", "device_id", error))?
        }
        None => caller.device.as_str(),
    };
    let host = draft.url.as_deref().map(|url| host_of(app, url)).transpose()?.flatten();
    let domain = host
        .as_deref()
        .map(Domain::check)
        .transpose()
        .map_err(|error| bad_name("invalid_url", "url", error))?;
    let interval =
        app.rules.pings.admit(draft.start, draft.end, now).map_err(|refusal| bad_time(app, refusal, now))?;
    let known = record.find(SourceRef { device, app: name, domain });
    if known.is_none() && !app.name_quota.admits(caller.user, [Some(device), Some(name), domain], now.day()) {
        return Err(too_many_names());
    }
    record.add(known, interval);
    Ok(interval.end())
}

fn host_of<'a>(app: &App, url: &'a str) -> Result<Option<Cow<'a, str>>, Refusal> {
    if url.len() > MAX_URL {
        return Err(Refusal::new("url_too_long", format!("url must have at most {MAX_URL} bytes")));
    }
    app.site_names.domain_of(url).map_err(|error| Refusal::new("invalid_url", format!("url {error}")))
}

fn too_many_names() -> Refusal {
    Refusal::for_now(
        "too_many_names",
        "you have sent as many different devices, apps and domains as one person may in a day; try again tomorrow",
    )
}

fn bad_name(code: &'static str, field: &str, error: NameError) -> Refusal {
    Refusal::new(code, format!("{field} {error}"))
}

fn bad_time(app: &App, refusal: PingRefusal, now: UtcMs) -> Refusal {
    let limits = &app.rules.pings;
    match refusal {
        PingRefusal::EndBeforeStart => {
            Refusal::new("end_before_start", "end_time must not be before start_time")
        }
        PingRefusal::TooLong => Refusal::new(
            "too_long",
            format!("end_time must be at most {} s after start_time", limits.max_length_ms / 1_000),
        ),
        // Either clock may be the wrong one. When it is put right, or time has passed, the ping is good.
        PingRefusal::TooFarInFuture => Refusal::for_now(
            "too_far_in_future",
            format!(
                "end_time must be at most {} s in the future; check the clock",
                limits.max_future_ms / 1_000
            ),
        ),
        PingRefusal::TooFarInPast => Refusal {
            // A server's clock that is far ahead makes every ping too old.
            retry: app.clock_check.is_in_doubt(now),
            ..Refusal::new(
                "too_far_in_past",
                format!("start_time must be at most {} days in the past", limits.max_past_ms / 86_400_000),
            )
        },
    }
}

fn not_appended(error: AppendError) -> AppError {
    match error {
        AppendError::Full { retry_after_s } => AppError::LogFull { retry_after_s },
        AppendError::Unavailable(detail) => AppError::Unavailable(detail),
    }
}
