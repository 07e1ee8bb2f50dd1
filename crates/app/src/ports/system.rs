//! The system: time, randomness, time zones, and how a URL becomes a domain.
//! Not here: timers. Use cases never wait for time to pass.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use dayline_domain::UtcMs;
use dayline_domain::zone::Zone;

/// The wall clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UtcMs;
}

/// A cryptographically secure source of random bytes.
pub trait Randomness: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The IANA time zones.
pub trait TimeZones: Send + Sync {
    /// The zone with this name, without regard to case, or the one that Windows calls so; `None` if
    /// there is none. What is found has its name in the IANA database.
    fn find(&self, name: &str) -> Option<Arc<dyn Zone>>;
}

/// A text that is not an absolute URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidUrl;

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be an absolute url such as https://example.org/")
    }
}

impl std::error::Error for InvalidUrl {}

/// Reduces URLs to domains (design, section 1). Path, query, fragment and credentials end here.
pub trait SiteNames: Send + Sync {
    /// The domain of a URL: the host in lower-case ASCII, without a leading `www.` of a site and
    /// without a port; `None` for schemes other than `http` and `https`. What it gives is a valid
    /// [`dayline_domain::Domain`].
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if the text is no absolute URL.
    fn domain_of<'a>(&self, url: &'a str) -> Result<Option<Cow<'a, str>>, InvalidUrl>;
}
