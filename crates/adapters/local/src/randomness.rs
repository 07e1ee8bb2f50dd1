//! The operating system's secure random bytes.

use dayline_app::ports::Randomness;

/// The operating system's secure source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    /// # Panics
    ///
    /// If the system has no secure randomness to give: then no key, token or salt can be made, and
    /// to go on with predictable ones would be worse.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the ambient randomness")]
    #[expect(clippy::expect_used, reason = "without secure randomness there is nothing safe left to do")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives no random bytes");
    }
}
