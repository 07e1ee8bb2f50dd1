//! What other programs say was done: events of ActivityWatch, heartbeats of WakaTime, exports of another Dayline. Each says
//! one thing by itself, whether it comes on a wire or in a file; files are read a piece at a time.
//! Not here: wires and their answers, and what follows from several pieces (the timeline rule).

pub mod activitywatch;
pub mod file;
mod item;
pub mod own;
mod stream;
pub mod wakatime;

pub use item::Item;
pub use stream::{Sink, Stopped};
