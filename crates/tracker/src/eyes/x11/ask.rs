//! Requests to an X server.

use x11rb::errors::{ConnectionError, ReplyError};

/// Asks the server. Windows may be gone when they are asked about; then there is no answer.
pub(super) fn ask<T>(request: impl FnOnce() -> Result<T, ReplyError>) -> Result<Option<T>, ConnectionError> {
    match request() {
        Ok(reply) => Ok(Some(reply)),
        Err(ReplyError::X11Error(_)) => Ok(None),
        Err(ReplyError::ConnectionError(error)) => Err(error),
    }
}
