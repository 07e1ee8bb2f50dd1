//! `/devices`: what is known of the person's devices, and everything that is let in as this person, sessions
//! and keys together, and how to end it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::{api_keys, audit, sessions};
use dayline_app::ports::{ApiKey, AuditKind, StoredAuditEvent};
use dayline_app::reporting::devices::{self, Device};
use dayline_app::tracking::devices::{merge, rename};
use dayline_domain::id::{ApiKeyKind, SessionKind};
use dayline_domain::{DeviceId, DeviceName, Scope, Session, UtcMs};
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::path::PathId;
use http::{HeaderMap, StatusCode};

use crate::forms::Form;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::{Jar, Visitor};
use crate::shell::{Place, Shell};
use crate::show::{ago, device_name, sentence};
use crate::state::{Web, WebState};

/// How many entries of the audit log are shown.
const EVENTS: usize = 12;

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    shell: Shell,
    /// Why a device has not got the name that was asked for.
    problem: Option<String>,
    devices: Vec<Row>,
    sessions: Vec<Row>,
    keys: Vec<Row>,
    events: Vec<Event>,
}

/// A device, or something that is let in.
struct Row {
    id: String,
    name: String,
    /// What it is called by itself, where the person calls it something else.
    aside: Option<String>,
    /// What it tells of, what it may do, or from where it came last.
    about: String,
    last_used: String,
    /// Whether it is the browser that asks.
    is_this: bool,
}

/// Something that happened to the account.
struct Event {
    what: &'static str,
    subject: Option<String>,
    network: Option<String>,
    when: String,
}

/// The list.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(list(&web, &caller, &headers, None).await?.answer(&headers))
}

async fn list(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    problem: Option<String>,
) -> Result<Page, Refusal> {
    let now = web.app.clock.now();
    let devices = devices::list(&web.app, caller).await?;
    let sessions = sessions::list(&web.app, caller).await?;
    let keys = api_keys::list(&web.app, caller).await?;
    let events = audit::entries(&web.app, caller, None, EVENTS).await?;
    let names = devices::names(&web.app, caller).await?;
    Page::of(&DevicesPage {
        shell: Shell::at(web, headers, Place::Devices),
        problem,
        devices: devices.into_iter().map(|device| device_row(device, now)).collect(),
        sessions: sessions.into_iter().map(|session| session_row(session, caller, now)).collect(),
        keys: keys.into_iter().map(|key| key_row(&key, now)).collect(),
        events: events.into_iter().map(|event| event_row(event, &names, now)).collect(),
    })
}

fn device_row(device: Device, now: UtcMs) -> Row {
    let id = device.id.as_str().to_owned();
    let (name, aside) = match device.name {
        Some(name) if *name != *id => (name.into(), Some(id.clone())),
        _ => (id.clone(), None),
    };
    let last_used = device.last_use.map_or_else(|| "nothing yet".to_owned(), |at| ago(now, at));
    let told: Vec<_> = device.kinds.iter().map(|kind| words(*kind)).collect();
    Row { id, name, aside, about: told.join(", "), last_used, is_this: false }
}

/// What a device tells of, in words.
fn words(kind: devices::Kind) -> &'static str {
    match kind {
        devices::Kind::Use => "apps",
        devices::Kind::Page => "web pages",
        devices::Kind::Beat => "work in an editor",
        devices::Kind::Away => "absence",
        devices::Kind::Here => "presence",
    }
}

fn session_row(session: Session, caller: &Caller, now: UtcMs) -> Row {
    let device = session.device.as_str().to_owned();
    let (name, aside) = match session.device_name {
        Some(name) if name.as_str() != device => (name.as_str().to_owned(), Some(device)),
        _ => (device, None),
    };
    Row {
        id: session.id.to_string(),
        name,
        aside,
        about: session.address.map_or_else(|| "unknown network".to_owned(), String::from),
        last_used: ago(now, session.last_used_at),
        is_this: caller.session() == Some(session.id),
    }
}

fn key_row(key: &ApiKey, now: UtcMs) -> Row {
    let may = match (key.scopes.allows(Scope::Track), key.scopes.allows(Scope::Read)) {
        (true, true) => "may track and read",
        (true, false) => "may track",
        _ => "may read",
    };
    let ends = match key.expires_at {
        Some(end) if end <= now => ", has ended".to_owned(),
        Some(end) => format!(", ends in {} days", end.since(now) / 86_400_000 + 1),
        None => String::new(),
    };
    Row {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        aside: None,
        about: format!("{may}{ends}"),
        last_used: key.last_used_at.map_or_else(|| "never used".to_owned(), |at| ago(now, at)),
        is_this: false,
    }
}

fn event_row(stored: StoredAuditEvent, names: &BTreeMap<DeviceId, Box<str>>, now: UtcMs) -> Event {
    let event = stored.event;
    let shown = |subject: Box<str>| match DeviceId::new(&subject) {
        Ok(device) => device_name(names, &device),
        Err(_) => subject.into(),
    };
    // The identity of a correction says nothing to people.
    let says_nothing = matches!(event.kind, AuditKind::Corrected | AuditKind::Erased);
    Event {
        what: told(event.kind),
        subject: event.subject.filter(|_| !says_nothing).map(shown),
        network: event.address.map(String::from),
        when: ago(now, event.at),
    }
}

/// What happened, in words.
fn told(kind: AuditKind) -> &'static str {
    match kind {
        AuditKind::Registered => "The account was made",
        AuditKind::AccountCreated => "An operator made the account",
        AuditKind::AccountDisabled => "An operator disabled the account",
        AuditKind::AccountEnabled => "An operator enabled the account again",
        AuditKind::SignedIn => "Signed in",
        AuditKind::DeviceSignedIn => "An approved device signed in",
        AuditKind::SignInFailed => "A wrong password",
        AuditKind::SignInRefused => "A sign-in while the account was disabled",
        AuditKind::DeviceApproved => "A device was approved",
        AuditKind::DeviceDenied => "A device was refused",
        AuditKind::TokenReused => "A replaced token was used again, so its session ended",
        AuditKind::LostAnswerOrCopy => "A session ended whose token may have been copied",
        AuditKind::SessionEnded => "A session was ended",
        AuditKind::SessionsEnded => "Sessions were ended",
        AuditKind::PasswordChanged => "The password was changed",
        AuditKind::EmailChanged => "The e-mail address was changed",
        AuditKind::PasswordReset => "An operator set a new password",
        AuditKind::ResetLinkMade => "An operator made a link to a new password",
        AuditKind::PasswordResetByLink => "A new password was chosen by such a link",
        AuditKind::KeyCreated => "A key was made",
        AuditKind::KeyDeleted => "A key was deleted",
        AuditKind::Corrected => "The timeline was corrected",
        AuditKind::Erased => "Time was erased",
        AuditKind::DeviceRenamed => "A device got another name",
        AuditKind::DeviceMerged => "A device was merged into another one",
        AuditKind::KeepChanged => "How long days are kept was chosen",
        AuditKind::PastRemoved => "Days were deleted that are not kept any more: all before",
    }
}

/// Gives a device another name.
pub(crate) async fn rename_device(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let device = DeviceId::new(form.text("device")).map_err(|_| AppError::NotFound)?;
    let named = match DeviceName::new(form.text("name")) {
        Ok(name) => rename(&web.app, &caller, device, name).await.map(drop),
        Err(error) => Err(AppError::field("name", error.to_string())),
    };
    outcome(&web, &caller, &headers, "the name", named).await
}

/// Back to the list; or the list with what is wrong with something.
async fn outcome(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    what: &str,
    done: Result<(), AppError>,
) -> Result<Response, Refusal> {
    match done {
        Ok(()) => Ok(back(web)),
        Err(AppError::Invalid(errors)) => {
            let wrong = errors.first().map_or("", |error| &*error.detail);
            let problem = Some(sentence(&format!("{what} {wrong}")));
            let page = list(web, caller, headers, problem).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).answer(headers))
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends one session; one's own is a sign-out.
pub(crate) async fn end_session(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    PathId(id): PathId<SessionKind>,
) -> Result<Response, Refusal> {
    sessions::end_session(&web.app, &caller, id).await?;
    let mut response = back(&web);
    if caller.session() == Some(id) {
        Jar::of(&web, &headers, address).forget(&mut response);
    }
    Ok(response)
}

/// Ends all other sessions, and deletes the keys where asked to.
pub(crate) async fn end_others(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    form: Form,
) -> Result<Response, Refusal> {
    sessions::logout_all(&web.app, &caller, true, form.ticked("keys")).await?;
    Ok(back(&web))
}

/// Deletes one key.
pub(crate) async fn delete_key(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    PathId(id): PathId<ApiKeyKind>,
) -> Result<Response, Refusal> {
    api_keys::delete(&web.app, &caller, id).await?;
    Ok(back(&web))
}

/// Merges a device into another one, for good.
pub(crate) async fn merge_devices(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let device = |field| DeviceId::new(form.text(field)).map_err(|_| AppError::NotFound);
    let (device, into) = (device("device")?, device("into")?);
    if !form.ticked("final") {
        let wrong = AppError::field("final", "must be ticked, since a merge can't be taken back");
        return outcome(&web, &caller, &headers, "the box", Err(wrong)).await;
    }
    let merged = merge(&web.app, &caller, device, into).await.map(drop);
    outcome(&web, &caller, &headers, "the device that it counts as", merged).await
}

fn back(web: &WebState) -> Response {
    Redirect::to(&format!("{}/devices", web.base)).into_response()
}
