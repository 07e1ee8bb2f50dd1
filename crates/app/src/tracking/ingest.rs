//! Taking pings in: check each, drop the URL, append the good ones to the log, say what became of
//! each.

use std::borrow::Cow;

use dayline_domain::{
    AppName, DeviceId, Interval, Language, NameError, PingLimits, PingRefusal, Project, UserId, UtcMs,
};

use crate::identity::caller::Caller;
use crate::ports::{AppendError, Partition};
use crate::tracking::record::{ObservationsWriter, SeenRef};
use crate::{App, AppError};

/// Most pings in one request.
pub const MAX_PINGS: usize = 1_000;
/// Longest web address in bytes.
pub const MAX_URL: usize = 8_192;

/// A ping as the client wrote it, borrowed from the request.
#[derive(Debug, Clone)]
pub struct PingDraft<'a> {
    /// What was seen.
    pub seen: SeenDraft<'a>,
    /// From when, or of a beat when.
    pub start: UtcMs,
    /// To when; of a beat, which has no length, not before its start.
    pub end: UtcMs,
    /// On which device; the caller's own if not given.
    pub device_id: Option<Cow<'a, str>>,
}

/// What was seen, by kind, as the client wrote it.
#[derive(Debug, Clone)]
pub enum SeenDraft<'a> {
    /// An app was in front.
    Use {
        /// Its name.
        app_name: Cow<'a, str>,
        /// The page it showed.
        site: Site<'a>,
        /// The project it had open.
        project: Option<Cow<'a, str>>,
    },
    /// A browser's front tab.
    Page {
        /// The browser's name.
        app_name: Cow<'a, str>,
        /// The page.
        site: Site<'a>,
        /// Whether it could be heard.
        audible: bool,
    },
    /// An editor was worked in.
    Beat {
        /// The editor's name.
        app_name: Cow<'a, str>,
        /// The project.
        project: Option<Cow<'a, str>>,
        /// The language.
        language: Option<Cow<'a, str>>,
    },
    /// Nobody was there.
    Away,
    /// Somebody was there.
    Here,
}

/// How a client names a web page.
#[derive(Debug, Clone, Default)]
pub enum Site<'a> {
    /// Not at all.
    #[default]
    None,
    /// By its address, of which the domain is kept. What is no web address has none, but its time
    /// counts.
    Url(Cow<'a, str>),
    /// By its domain, or a host with a port. What is none has none, but its time counts.
    Domain(Cow<'a, str>),
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

/// Accepts the good pings of a request and refuses the others, by the installation's limits. Returns when
/// the accepted ones are durable; the append is the only I/O. The person comes from the caller alone.
///
/// # Errors
/// As [`accept_within`].
pub async fn accept<'a>(
    app: &App,
    caller: &Caller,
    drafts: impl IntoIterator<Item = Result<PingDraft<'a>, Refusal>>,
) -> Result<Receipt, AppError> {
    accept_within(&app.rules.pings, app, caller, drafts).await
}

/// The same by the limits of the wire on which the pings came.
///
/// # Errors
/// [`AppError::TooMany`] if the person sends too many, [`AppError::LogFull`] and
/// [`AppError::Unavailable`] if the log can't take them now. Nothing was accepted then.
pub async fn accept_within<'a>(
    limits: &PingLimits,
    app: &App,
    caller: &Caller,
    drafts: impl IntoIterator<Item = Result<PingDraft<'a>, Refusal>>,
) -> Result<Receipt, AppError> {
    let now = app.clock.now();
    let mut record = ObservationsWriter::new(caller.user);
    let mut rejected = Vec::new();
    let mut newest = UtcMs(i64::MIN);
    for (index, draft) in drafts.into_iter().enumerate() {
        match draft.and_then(|draft| add(limits, app, caller, now, &draft, &mut record)) {
            Ok(end) => newest = newest.max(end),
            Err(refusal) => rejected.push(Rejected { index, refusal }),
        }
    }
    let accepted = record.observations();
    if accepted > 0 {
        app.ping_quota.charge(caller.user, accepted as u32)?;
        append(app, caller.user, record.finish()).await?;
        app.clock_check.hear(newest);
    }
    Ok(Receipt { accepted, rejected })
}

/// Appends a record to the partition of whose it is. It is durable then.
pub(crate) async fn append(app: &App, user: UserId, record: Vec<u8>) -> Result<(), AppError> {
    let partition = Partition::of(user, app.ping_log.partitions());
    app.ping_log.append(partition, record).await.map_err(not_appended)
}

fn add(
    limits: &PingLimits,
    app: &App,
    caller: &Caller,
    now: UtcMs,
    draft: &PingDraft<'_>,
    record: &mut ObservationsWriter,
) -> Result<UtcMs, Refusal> {
    let device = match &draft.device_id {
        Some(device) => {
            DeviceId::check(device).map_err(|error| bad_name("invalid_device_id", "device_id", error))?
        }
        None => caller.device.as_str(),
    };
    let (start, end) = (draft.start, draft.end);
    let interval = match draft.seen {
        SeenDraft::Away | SeenDraft::Here => limits.admit_any_length(start, end, now),
        SeenDraft::Beat { .. } if end < start => Err(PingRefusal::EndBeforeStart),
        SeenDraft::Beat { .. } => limits.admit(start, start, now),
        SeenDraft::Use { .. } | SeenDraft::Page { .. } => limits.admit(start, end, now),
    };
    let interval = interval.map_err(|refusal| bad_time(limits, app, refusal, now));
    let interval = interval.and_then(|interval| kept(app, interval, now));
    let domain;
    let seen = match &draft.seen {
        SeenDraft::Use { app_name, site, project } => {
            let app_name = checked_app(app_name)?;
            domain = domain_of(app, site)?;
            let project = checked_project(project.as_deref())?;
            SeenRef::Use { app: app_name, domain: domain.as_deref(), project }
        }
        SeenDraft::Page { app_name, site, audible } => {
            let browser = checked_app(app_name)?;
            domain = domain_of(app, site)?;
            SeenRef::Page { browser, domain: domain.as_deref(), audible: *audible }
        }
        SeenDraft::Beat { app_name, project, language } => {
            let (app, project) = (checked_app(app_name)?, checked_project(project.as_deref())?);
            let language = said(language.as_deref()).map(Language::check).transpose();
            let language = language.map_err(|error| bad_name("invalid_language", "language", error))?;
            SeenRef::Beat { app, project, language }
        }
        SeenDraft::Away => SeenRef::Away,
        SeenDraft::Here => SeenRef::Here,
    };
    let interval = interval?;
    let known = record.find(device, seen);
    let [app_name, domain, project, language] = seen.names();
    let names = [Some(device), app_name, domain, project, language];
    if known.is_none() && !app.name_quota.admits(caller.user, names, now.day()) {
        let error = too_many_names(now);
        return Err(Refusal::for_now(error.code(), error.detail()));
    }
    record.add(known, seen, interval);
    Ok(interval.end())
}

fn checked_app(name: &str) -> Result<&str, Refusal> {
    AppName::check(name).map_err(|error| bad_name("invalid_app_name", "app_name", error))
}

/// A name that may be left out. Trackers that know none send a blank one.
fn said(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !name.trim().is_empty())
}

fn checked_project(name: Option<&str>) -> Result<Option<&str>, Refusal> {
    said(name).map(Project::check).transpose().map_err(|error| bad_name("invalid_project", "project", error))
}

/// The domain of a page. What is no web address costs the domain, never the time.
fn domain_of<'a>(app: &App, site: &'a Site<'_>) -> Result<Option<Cow<'a, str>>, Refusal> {
    match site {
        Site::None => Ok(None),
        // What is no web address costs no more when it is long, as a `data:` URL may be.
        Site::Url(url) if url.len() > MAX_URL && !is_web(url) => Ok(None),
        Site::Url(url) if url.len() > MAX_URL => {
            Err(Refusal::new("url_too_long", format!("url must have at most {MAX_URL} bytes")))
        }
        Site::Url(url) => Ok(app.site_names.domain_of(url).ok().flatten()),
        Site::Domain(host) => Ok(domain_of_host(app, host).map(Cow::Owned)),
    }
}

/// Whether a URL has the scheme of a web address.
fn is_web(url: &str) -> bool {
    let scheme = url.trim_start().split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

/// The domain of a host, in whichever spelling a URL may have it.
pub(crate) fn domain_of_host(app: &App, host: &str) -> Option<String> {
    let is_more = |c: char| c.is_control() || c.is_whitespace() || "/\\?#@".contains(c);
    if host.len() > MAX_URL || host.trim().contains(is_more) {
        return None;
    }
    let url = format!("https://{}/", host.trim());
    app.site_names.domain_of(&url).ok().flatten().map(Cow::into_owned)
}

/// As many different names as one person may bring were brought, until the day ends.
pub(crate) fn too_many_names(now: UtcMs) -> AppError {
    let left_ms = now.day().interval().end().since(now);
    AppError::TooManyNames { retry_after_s: (left_ms / 1_000 + 1) as u32 }
}

fn bad_name(code: &'static str, field: &str, error: NameError) -> Refusal {
    Refusal::new(code, format!("{field} {error}"))
}

fn bad_time(limits: &PingLimits, app: &App, refusal: PingRefusal, now: UtcMs) -> Refusal {
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

/// Refuses what this installation keeps of nobody. What a person does not want kept, workers forget.
fn kept(app: &App, interval: Interval, now: UtcMs) -> Result<Interval, Refusal> {
    let Some(keep) = app.rules.keep else { return Ok(interval) };
    let earliest = keep.earliest(now);
    if interval.end() > earliest.start() {
        return Ok(interval);
    }
    Err(Refusal {
        // As for what is too far in the past.
        retry: app.clock_check.is_in_doubt(now),
        ..Refusal::new(
            "no_longer_kept",
            format!("end_time must not lie before {earliest}: this server keeps timelines for {keep}"),
        )
    })
}

fn not_appended(error: AppendError) -> AppError {
    match error {
        AppendError::Full { retry_after_s } => AppError::LogFull { retry_after_s },
        AppendError::Unavailable(detail) => AppError::Unavailable(detail),
    }
}
