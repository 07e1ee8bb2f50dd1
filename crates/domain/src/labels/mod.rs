//! What a person says about the names of their time: what apps are called (aliases), and to which
//! category of work or leisure time belongs. Both are looked up when something is shown, so that they
//! hold for all of history at once; the timeline itself knows neither. Aliases come first: categories
//! see an app by the name that it is shown by. Start with [`Labels`].

mod aliases;
mod category;
mod name;
mod pattern;
mod rolled_up;
mod sorter;
mod starter;

use std::borrow::Cow;
use std::sync::Arc;

use crate::activity::{Activity, Piece, Source};
use crate::names::AppName;

pub use aliases::{Alias, Aliases, TooManyAliases};
pub use category::{Categories, Category, CategoryRefusal, Colour, EmptyRule, Rule};
pub use name::{CategoryName, CategoryNameError};
pub use rolled_up::{RolledUp, roll_up};
pub use sorter::Sorter;
pub use starter::starter;

/// What a person says about names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// What apps are called.
    pub aliases: Aliases,
    /// To which category time belongs.
    pub categories: Categories,
}

impl Labels {
    /// The name that an app is shown by.
    pub fn shown<'a>(&'a self, app: &'a AppName) -> Cow<'a, AppName> {
        self.aliases.shown(app)
    }

    /// The shown name that somebody means who names an app.
    pub fn meant<'a>(&'a self, name: &'a AppName) -> Cow<'a, AppName> {
        self.aliases.meant(name)
    }

    /// A piece with the name that its app is shown by.
    #[must_use]
    pub fn shown_piece(&self, piece: Piece) -> Piece {
        let Source { device, activity } = &*piece.source;
        let app = self.shown(&activity.app);
        if *app == activity.app {
            return piece;
        }
        let activity = Arc::new(Activity { app: app.into_owned(), ..Activity::clone(activity) });
        Piece { source: Arc::new(Source { device: device.clone(), activity }), ..piece }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Interval, UtcMs};

    #[test]
    fn a_piece_is_shown_by_the_name_of_its_app_and_is_the_same_otherwise() {
        let piece = |app: &str| Piece {
            source: Source::new("laptop", app, Some("a.org")).unwrap(),
            interval: Interval::new(UtcMs(0), UtcMs(9)).unwrap(),
        };
        let labels = Labels::default();
        assert_eq!(labels.shown_piece(piece("firefox.exe")), piece("Firefox"));
        assert_eq!(labels.shown_piece(piece("Mail")), piece("Mail"));
    }
}
