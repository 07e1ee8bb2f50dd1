//! The devices of which something is known: what they are called, when they were used last, and what
//! their trackers tell.

use std::collections::{BTreeMap, BTreeSet};

use dayline_domain::report::Grouping;
use dayline_domain::{DeviceId, DeviceName, Scope, Seen, UserId, UtcDay, UtcMs};

use crate::identity::caller::Caller;
use crate::ports::{DeviceBook, LoadedDay, PortError};
use crate::{App, AppError};

/// What a person calls their devices; those that were never given a name are left out.
pub type DeviceNames = BTreeMap<DeviceId, DeviceName>;

/// In how many of the last days it is looked which kinds of observations a device has.
const DAYS_OF_KINDS: i32 = 7;

/// A device of which something is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// What the person calls it; where they never said so, what it is called where it is signed in.
    pub name: Option<Box<str>>,
    /// The end of what counts or was observed on it last, if that is known.
    pub last_use: Option<UtcMs>,
    /// What was observed on it within the last days of which anything is known.
    pub kinds: BTreeSet<Kind>,
}

/// A kind of observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "as in Seen")]
pub enum Kind {
    Use,
    Page,
    Beat,
    Away,
    Here,
}

impl From<&Seen> for Kind {
    fn from(seen: &Seen) -> Self {
        match seen {
            Seen::Use { .. } => Self::Use,
            Seen::Page { .. } => Self::Page,
            Seen::Beat { .. } => Self::Beat,
            Seen::Away => Self::Away,
            Seen::Here => Self::Here,
        }
    }
}

/// The caller's devices without those that are merged into others; the one that was used last comes first.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when a store can't be read.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Device>, AppError> {
    caller.require(Scope::Read)?;
    let user = caller.user;
    let mut devices = BTreeMap::<DeviceId, Device>::new();
    // What a merged device has is the other one's, also where days do not follow yet.
    let merges = app.device_book.merges(user).await?;
    for known in app.ledger.devices(user).await? {
        let device = of(&mut devices, merges.end_of(&known.id));
        device.last_use = device.last_use.max(known.last_counted);
    }
    let days = match app.ledger.extent(user).await? {
        Some((first, last)) => (first.0.max(last.0 - DAYS_OF_KINDS + 1)..=last.0).map(UtcDay).collect(),
        None => Vec::new(),
    };
    for loaded in app.ledger.days(user, days).await? {
        let stored = match loaded {
            LoadedDay::Day(stored) => stored,
            // Whatever a damaged day has to tell, other days tell as well.
            LoadedDay::NoSuchUser | LoadedDay::Damaged(_) => continue,
        };
        for observation in &stored.observations {
            let device = of(&mut devices, merges.end_of(&observation.subject().device));
            device.kinds.insert(Kind::from(&observation.subject().seen));
            device.last_use = device.last_use.max(Some(observation.interval().end()));
        }
    }
    for (id, name) in names(app, caller).await? {
        if let Some(device) = devices.get_mut(&id) {
            device.name = Some(name);
        }
    }
    let mut devices: Vec<Device> = devices.into_values().collect();
    devices.sort_by_key(|device| std::cmp::Reverse(device.last_use));
    Ok(devices)
}

/// The names of a person's devices, if a report of this grouping shows any.
pub(crate) async fn names_for(
    book: &dyn DeviceBook,
    user: UserId,
    grouping: Grouping,
) -> Result<DeviceNames, PortError> {
    if grouping != Grouping::Devices {
        return Ok(DeviceNames::new());
    }
    Ok(book.device_names(user).await?.into_iter().collect())
}

/// What the caller's devices are called: what the person calls them; where they never said so, what they
/// are called where they are signed in. Devices that have no name are left out.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when a store can't be read.
pub async fn names(app: &App, caller: &Caller) -> Result<BTreeMap<DeviceId, Box<str>>, AppError> {
    caller.require(Scope::Read)?;
    let mut names = BTreeMap::new();
    for session in app.sessions.list(caller.user).await? {
        if let Some(name) = session.device_name {
            names.insert(session.device, name.as_str().into());
        }
    }
    for (id, name) in app.device_book.device_names(caller.user).await? {
        names.insert(id, name.as_str().into());
    }
    Ok(names)
}

fn of<'a>(devices: &'a mut BTreeMap<DeviceId, Device>, id: &DeviceId) -> &'a mut Device {
    let new = || Device { id: id.clone(), name: None, last_use: None, kinds: BTreeSet::new() };
    devices.entry(id.clone()).or_insert_with(new)
}
