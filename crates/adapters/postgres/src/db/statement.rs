//! What is sent to the server: SQL and its typed parameters.

use std::borrow::Cow;

use tokio_postgres::types::{ToSql, Type};

/// A statement's parameter and its type. The type is named by us, so that the server need not be
/// asked.
pub(crate) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// A statement with its parameters.
pub(crate) struct Statement<'a> {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) params: Vec<Param<'a>>,
}
