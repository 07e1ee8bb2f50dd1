//! What a call to a port gives, some time later.

use std::future::Future;
use std::pin::Pin;

use super::error::PortError;

/// A future on the heap: what lets a trait with async calls be a `dyn` trait, with std alone.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a call to a port gives, some time later.
pub type PortFuture<'a, T> = BoxFuture<'a, Result<T, PortError>>;
