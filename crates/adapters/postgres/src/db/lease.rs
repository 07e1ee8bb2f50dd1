//! A connection on loan: back to the pool only when it is known to be idle.

use std::ops::Deref;

use deadpool_postgres::Object;
use tokio_postgres::Client;

/// A connection taken from the pool. Unless given back it is closed: whoever was interrupted in the
/// middle of something (a time-out, a dropped future) must not leave an open transaction to the
/// next.
pub(crate) struct Lease(Option<Object>);

impl Lease {
    pub(crate) fn new(connection: Object) -> Self {
        Self(Some(connection))
    }

    /// The connection is idle: all answers are there, no transaction is open.
    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Deref for Lease {
    type Target = Client;

    fn deref(&self) -> &Client {
        #[allow(clippy::expect_used, reason = "only `give_back` and `drop` empty it, and both end the lease")]
        self.0.as_ref().expect("a lease holds its connection")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            // Closes it: the server rolls back when it notices, at the latest when the transaction
            // idles too long.
            drop(Object::take(connection));
        }
    }
}
