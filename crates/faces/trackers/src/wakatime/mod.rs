//! The wire of WakaTime plug-ins: heartbeats in, the status bar and sums out.
//!
//! What its clients do with an answer decides what is answered: a heartbeat is always taken with `201`,
//! also one that nothing is kept of, since everything else makes some client send it for ever or hold back
//! all that come after it.

mod amount;
mod asked;
mod heartbeats;
mod lists;
mod machine;
mod mine;
mod nothing;
mod receive;
mod refusal;
mod router;
mod span;
mod state;
mod summary;
mod totals;

pub use router::{route_patterns, router};
pub use state::Wakatime;
