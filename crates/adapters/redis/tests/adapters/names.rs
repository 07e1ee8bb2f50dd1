//! Names of nodes and workers.

use std::sync::atomic::{AtomicU64, Ordering};

use dayline_app::ports::Randomness;

/// Different for everybody in this process, and the same in every run.
pub(crate) struct Names;

impl Randomness for Names {
    fn fill(&self, buffer: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = NEXT.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).to_be_bytes();
        buffer.iter_mut().zip(name.into_iter().cycle()).for_each(|(byte, name)| *byte = name);
    }
}
