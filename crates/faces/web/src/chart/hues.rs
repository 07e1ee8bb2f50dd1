//! Which app has which hue. The largest have hues of their own, and keep them for a month at least; all
//! others share a neutral one. The palette, and how far its colours are apart, is the style sheet's.

use std::collections::HashMap;

use dayline_domain::AppName;

/// How many apps have a hue of their own.
const OWN: usize = 8;

/// A colour by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Hue {
    /// One of those that tell apps apart, 0 to 7.
    Own(u8),
    /// That of all other apps.
    Neutral,
}

impl Hue {
    /// Its class in the style sheet.
    pub(crate) fn class(self) -> &'static str {
        const CLASSES: [&str; OWN] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];
        match self {
            Self::Own(slot) => CLASSES.get(usize::from(slot)).copied().unwrap_or("n"),
            Self::Neutral => "n",
        }
    }
}

/// The hues of apps.
#[derive(Debug, Default)]
pub(crate) struct Hues(HashMap<AppName, Hue>);

impl Hues {
    /// Gives hues to the largest apps, which come first. Each takes the slot that its name prefers, or the
    /// next free one, so that a hue says as little as may be about rank.
    pub(crate) fn of_largest<'a>(apps: impl IntoIterator<Item = &'a AppName>) -> Self {
        let mut free = [true; OWN];
        let mut hues = HashMap::new();
        for app in apps {
            if hues.contains_key(app) {
                continue;
            }
            let preferred = preferred_slot(app);
            let taken = (0..OWN).map(|step| (preferred + step) % OWN).find(|&slot| free[slot]);
            let Some(slot) = taken else { break };
            free[slot] = false;
            hues.insert(app.clone(), Hue::Own(slot as u8));
        }
        Self(hues)
    }

    /// The hue of an app.
    pub(crate) fn of(&self, app: &AppName) -> Hue {
        self.0.get(app).copied().unwrap_or(Hue::Neutral)
    }
}

/// The same on every machine and in every release: FNV-1a over the name in lower case.
fn preferred_slot(app: &AppName) -> usize {
    let name = app.as_str().to_lowercase();
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash % OWN as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apps(names: &[&str]) -> Vec<AppName> {
        names.iter().map(|name| AppName::new(name).unwrap()).collect()
    }

    #[test]
    fn the_largest_apps_have_different_hues_and_the_others_none() {
        let apps = apps(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
        let hues = Hues::of_largest(&apps);
        let mut own: Vec<_> = apps[..8].iter().map(|app| hues.of(app)).collect();
        own.sort_unstable();
        assert_eq!(own, (0..8).map(Hue::Own).collect::<Vec<_>>());
        assert!(apps[8..].iter().all(|app| hues.of(app) == Hue::Neutral));
    }

    #[test]
    fn an_app_keeps_its_hue_when_smaller_ones_come_and_go() {
        let before = Hues::of_largest(&apps(&["Firefox", "Code", "Terminal", "Slack"]));
        let after = Hues::of_largest(&apps(&["Firefox", "Code", "Terminal", "Mail", "Files"]));
        for app in apps(&["Firefox", "Code", "Terminal"]) {
            assert_eq!(before.of(&app), after.of(&app));
        }
    }

    #[test]
    fn an_app_that_is_named_twice_takes_one_hue() {
        let names = apps(&["a", "a", "a", "b", "c", "d", "e", "f", "g", "h"]);
        let hues = Hues::of_largest(&names);
        assert_ne!(hues.of(&names[9]), Hue::Neutral);
    }
}
