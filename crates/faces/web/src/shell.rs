//! What is around every page: its place in the site, the theme, who is signed in.

use http::{HeaderMap, header};

use crate::state::WebState;

/// What the layout shows.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// What all addresses begin with.
    pub(crate) base: String,
    folder: String,
    pub(crate) theme: Theme,
    /// Whether somebody is signed in, so that there is where to go.
    pub(crate) signed_in: bool,
    pub(crate) place: Place,
}

/// Which part of the site a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Day,
    Week,
    Month,
    Year,
    Devices,
    Settings,
    Elsewhere,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// The cookie of the theme.
pub(crate) const THEME_COOKIE: &str = "dayline-theme";

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let chosen = pairs.find(|(name, _)| *name == THEME_COOKIE);
        chosen.and_then(|(_, name)| Self::from_name(name)).unwrap_or_default()
    }
}

impl Shell {
    /// Around a page for nobody in particular.
    pub(crate) fn new(web: &WebState, headers: &HeaderMap) -> Self {
        Self {
            base: web.base.clone(),
            folder: web.assets.folder().to_owned(),
            theme: Theme::of(headers),
            signed_in: false,
            place: Place::Elsewhere,
        }
    }

    /// Around a page of somebody who is signed in.
    pub(crate) fn at(web: &WebState, headers: &HeaderMap, place: Place) -> Self {
        Self { signed_in: true, place, ..Self::new(web, headers) }
    }

    /// The address of a file.
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("{}/assets/{}/{name}", self.base, self.folder)
    }

    /// The theme that was chosen, if it was.
    pub(crate) fn chosen_theme(&self) -> Option<&'static str> {
        (self.theme != Theme::System).then(|| self.theme.name())
    }

    /// The parts of the site that show time.
    pub(crate) fn periods(&self) -> [Link; 4] {
        [
            self.link(Place::Day, "/day", "Day"),
            self.link(Place::Week, "/week", "Week"),
            self.link(Place::Month, "/month", "Month"),
            self.link(Place::Year, "/year", "Year"),
        ]
    }

    /// The parts of the site that are about the account.
    pub(crate) fn account(&self) -> [Link; 2] {
        [
            self.link(Place::Devices, "/devices", "Devices"),
            self.link(Place::Settings, "/settings", "Settings"),
        ]
    }

    fn link(&self, place: Place, path: &'static str, name: &'static str) -> Link {
        Link { path, name, current: place == self.place }
    }
}

/// A link of the navigation.
pub(crate) struct Link {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    /// Whether the page is in this part of the site.
    pub(crate) current: bool,
}
