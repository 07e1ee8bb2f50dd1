//! Alarms that the X server gives when nobody has touched anything for long enough, and when somebody does again, so that
//! nobody need ask.

use std::time::Duration;

use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::sync::{
    Alarm, ChangeAlarmAux, ConnectionExt as _, CreateAlarmAux, Int64, TESTTYPE, VALUETYPE, X11_EXTENSION_NAME,
};
use x11rb::rust_connection::RustConnection;

use super::ask::ask;

/// The counter of the milliseconds since the last touch.
const COUNTER: &[u8] = b"IDLETIME";

/// The two alarms.
pub(super) struct Alarms {
    goes: Alarm,
    comes: Alarm,
}

impl Alarms {
    /// Sets them; `None` where the server has none. Then who looks now and then sees it a little later.
    pub(super) fn set(
        connection: &RustConnection,
        away_after: Duration,
    ) -> Result<Option<Self>, ConnectionError> {
        if connection.extension_information(X11_EXTENSION_NAME)?.is_none() {
            return Ok(None);
        }
        let has_it = ask(|| connection.sync_initialize(3, 1)?.reply())?;
        let counters = ask(|| connection.sync_list_system_counters()?.reply())?;
        let (Some(_), Some(counters)) = (has_it, counters) else { return Ok(None) };
        let Some(idle) = counters.counters.iter().find(|counter| counter.name == COUNTER) else {
            return Ok(None);
        };
        let milliseconds = i32::try_from(away_after.as_millis()).unwrap_or(i32::MAX);
        let alarm = |test: TESTTYPE, at: i32| {
            let alarm = CreateAlarmAux::new()
                .counter(idle.counter)
                .value_type(VALUETYPE::ABSOLUTE)
                .value(number(at))
                .test_type(test)
                .delta(number(0))
                .events(1);
            create(connection, &alarm)
        };
        let goes = alarm(TESTTYPE::POSITIVE_TRANSITION, milliseconds)?;
        let comes = alarm(TESTTYPE::NEGATIVE_TRANSITION, milliseconds - 1)?;
        Ok(goes.zip(comes).map(|(goes, comes)| Self { goes, comes }))
    }

    /// Whether the event is one of the alarms. It is set again.
    pub(super) fn rang(&self, connection: &RustConnection, event: &Event) -> Result<bool, ConnectionError> {
        let Event::SyncAlarmNotify(event) = event else { return Ok(false) };
        if ![self.goes, self.comes].contains(&event.alarm) {
            return Ok(false);
        }
        // An alarm that rang may rest until it is changed.
        let again = ChangeAlarmAux::new().value(event.alarm_value);
        connection.sync_change_alarm(event.alarm, &again)?;
        Ok(true)
    }
}

fn create(connection: &RustConnection, alarm: &CreateAlarmAux) -> Result<Option<Alarm>, ConnectionError> {
    let id = match connection.generate_id() {
        Ok(id) => id,
        Err(ReplyOrIdError::ConnectionError(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    let made = ask(|| connection.sync_create_alarm(id, alarm)?.check())?;
    Ok(made.map(|()| id))
}

fn number(value: i32) -> Int64 {
    Int64 { hi: 0, lo: value.cast_unsigned() }
}
