//! What eyes see, and what is asked of them.

use std::time::Duration;

/// What is to be seen at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The app in front; `None` if there is none, or the desktop does not tell.
    pub front: Option<Front>,
    /// For how long nobody has touched keyboard or mouse; nothing, if that is shorter than what counts as away.
    pub idle: Duration,
    /// Whether the screen is locked, or shows a screen saver.
    pub locked: bool,
}

/// The window in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// The app, as its windows call it.
    pub app: String,
    /// The window's title, if it was asked for.
    pub title: Option<String>,
}

/// What is asked of eyes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Whether titles are needed.
    pub titles: bool,
    /// After how long without input nobody is there.
    pub away_after: Duration,
}

/// Something that sees a desktop.
pub trait Eyes {
    /// What it is, for people.
    fn name(&self) -> &'static str;

    /// Waits at most so long for a change, and gives what is to be seen then.
    ///
    /// # Errors
    /// The desktop can't be seen any more. It may be opened again.
    fn look(&mut self, at_most: Duration) -> Result<Sight, String>;
}
