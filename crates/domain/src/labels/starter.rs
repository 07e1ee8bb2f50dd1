//! Categories for who has none yet: a beginning to be changed, not a judgement.

use super::category::{Colour, Rule};
use super::name::CategoryName;
use crate::names::{AppName, Domain};

/// A category of the table: name, colour, apps, domains.
type Row = (&'static str, Option<Colour>, &'static [&'static str], &'static [&'static str]);

const TABLE: &[Row] = &[
    ("Work", Some(Colour::Blue), &[], &[]),
    (
        "Work > Code",
        Some(Colour::Teal),
        &[
            "Code",
            "VSCodium",
            "Cursor",
            "Windsurf",
            "Zed",
            "Sublime Text",
            "IntelliJ IDEA",
            "PyCharm",
            "WebStorm",
            "PhpStorm",
            "GoLand",
            "CLion",
            "Rider",
            "RubyMine",
            "RustRover",
            "Android Studio",
            "Visual Studio",
            "Xcode",
            "Neovim",
            "Vim",
            "Emacs",
            "*Terminal*",
            "Alacritty",
            "kitty",
            "*Konsole*",
            "*WezTerm*",
            "iTerm2",
        ],
        &["github.com", "gitlab.com", "stackoverflow.com", "docs.rs", "developer.mozilla.org", "localhost"],
    ),
    (
        "Work > Writing",
        None,
        &["*LibreOffice*", "*soffice*", "*Word", "Pages", "Obsidian", "Notion"],
        &["docs.google.com", "notion.so"],
    ),
    ("Work > Tables", None, &["*Excel", "Numbers"], &["sheets.google.com"]),
    ("Work > Design", None, &["Figma", "*Inkscape*", "GIMP*", "Photoshop*", "Blender"], &["figma.com"]),
    (
        "Talk > Mail",
        None,
        &["*Thunderbird*", "*Outlook*", "Mail", "*Evolution*"],
        &["mail.google.com", "outlook.office.com", "outlook.live.com", "proton.me"],
    ),
    (
        "Talk > Chat",
        None,
        &["Slack", "*Discord*", "Signal", "*Telegram*", "*WhatsApp*", "Element", "*Messages"],
        &["slack.com", "discord.com", "web.whatsapp.com", "web.telegram.org"],
    ),
    (
        "Talk > Meetings",
        None,
        &["*Zoom*", "*Teams*", "Webex*"],
        &["meet.google.com", "zoom.us", "teams.microsoft.com", "teams.live.com"],
    ),
    ("Talk", Some(Colour::Amber), &[], &[]),
    ("Leisure", Some(Colour::Violet), &[], &[]),
    (
        "Leisure > Video",
        None,
        &["VLC*", "mpv", "*Totem*"],
        &["youtube.com", "netflix.com", "twitch.tv", "vimeo.com", "primevideo.com", "disneyplus.com"],
    ),
    (
        "Leisure > Music",
        None,
        &["Spotify", "Music", "*Rhythmbox*"],
        &["open.spotify.com", "music.youtube.com"],
    ),
    (
        "Leisure > Social media",
        Some(Colour::Wine),
        &[],
        &[
            "reddit.com",
            "x.com",
            "twitter.com",
            "facebook.com",
            "instagram.com",
            "tiktok.com",
            "mastodon.social",
        ],
    ),
    ("Leisure > Games", None, &["Steam*", "*Minecraft*"], &["store.steampowered.com"]),
];

/// The categories to begin with: their names, colours and rules.
pub fn starter() -> impl Iterator<Item = (CategoryName, Option<Colour>, Vec<Rule>)> {
    TABLE.iter().filter_map(|(name, colour, apps, domains)| {
        let apps = apps.iter().filter_map(|app| Rule::new(AppName::new(app).ok(), None, None).ok());
        let domains = domains.iter().filter_map(|host| Rule::new(None, Domain::new(host).ok(), None).ok());
        Some((CategoryName::new(name).ok()?, *colour, apps.chain(domains).collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CategoryId;
    use crate::labels::category::{Categories, Category};
    use crate::labels::{Aliases, Labels, Sorter};

    #[test]
    fn every_row_is_a_category_with_all_its_rules() {
        let rows: Vec<_> = starter().collect();
        assert_eq!(rows.len(), TABLE.len());
        for ((_, _, rules), (name, _, apps, domains)) in rows.iter().zip(TABLE) {
            assert_eq!(rules.len(), apps.len() + domains.len(), "{name}");
        }
    }

    #[test]
    fn what_most_people_use_has_a_category() {
        let category =
            |(id, (name, colour, rules))| Category { id: CategoryId::from_bits(id), name, colour, rules };
        let categories = Categories::of((0..).zip(starter()).map(category)).unwrap();
        let labels = Labels { aliases: Aliases::default(), categories };
        let sorter = Sorter::of(&labels);
        for (app, domain, expected) in [
            ("code.exe", None, "Work > Code"),
            ("org.gnome.Terminal", None, "Work > Code"),
            ("Firefox", Some("gist.github.com"), "Work > Code"),
            ("Firefox", Some("music.youtube.com"), "Leisure > Music"),
            ("chrome.exe", Some("m.youtube.com"), "Leisure > Video"),
            ("thunderbird.exe", None, "Talk > Mail"),
        ] {
            let domain = domain.map(|host| Domain::new(host).unwrap());
            let found = sorter.category(&AppName::new(app).unwrap(), domain.as_ref(), None);
            assert_eq!(found.map(ToString::to_string).as_deref(), Some(expected), "{app} {domain:?}");
        }
        assert_eq!(sorter.category(&AppName::new("Firefox").unwrap(), None, None), None);
    }
}
