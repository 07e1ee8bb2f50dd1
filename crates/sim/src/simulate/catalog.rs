//! What simulated people have in front of them: apps, pages, projects.

/// The devices that people have, in the order in which they get them.
pub(super) const DEVICES: [&str; 3] = ["laptop", "phone", "desk"];

/// An app, by what its trackers tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// Its window alone.
    App(&'static str),
    /// A browser: its front tab too.
    Browser(&'static str),
    /// An editor: beats too.
    Editor(&'static str),
    /// A call: that somebody is there, though nobody types.
    Call(&'static str),
}

impl Front {
    /// The name that its window has.
    pub(super) fn name(self) -> &'static str {
        let (Self::App(name) | Self::Browser(name) | Self::Editor(name) | Self::Call(name)) = self;
        name
    }
}

/// A page: its address, and the domain that the server must make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) url: &'static str,
    pub(super) domain: Option<&'static str>,
}

const fn site(url: &'static str, domain: &'static str) -> Site {
    Site { url, domain: Some(domain) }
}

/// What is no web address costs the domain, never the time.
const fn no_site(url: &'static str) -> Site {
    Site { url, domain: None }
}

/// Editors and browsers twice, since they are in front most. One browser goes by two names, and so
/// does one editor. Who sees a lock screen is not there.
pub(super) const FRONTS: [Front; 16] = [
    Front::Editor("Code"),
    Front::Editor("Code"),
    Front::Editor("vscode"),
    Front::Editor("nvim"),
    Front::Browser("Firefox"),
    Front::Browser("Firefox"),
    Front::Browser("firefox.exe"),
    Front::Browser("Google Chrome"),
    Front::App("Terminal"),
    Front::App("Slack"),
    Front::App("Thunderbird"),
    Front::App("LibreOffice Calc"),
    Front::App("プレビュー"),
    Front::App("swaylock"),
    Front::Call("Zoom Workplace"),
    Front::Call("Teams"),
];

pub(super) const SITES: [Site; 9] = [
    site("https://github.com/dayline/dayline/pull/12?diff=split", "github.com"),
    site("https://www.example.org/articles?id=5#top", "example.org"),
    site("https://docs.rs/tokio/latest/tokio/", "docs.rs"),
    site("http://localhost:3000/admin", "localhost"),
    site("https://Bücher.example/katalog", "xn--bcher-kva.example"),
    site("https://user:secret@intranet.example.com:8443/wiki", "intranet.example.com"),
    no_site("about:newtab"),
    no_site("file:///home/ada/notes.txt"),
    no_site("not an address"),
];

/// Projects with their languages.
pub(super) const WORKS: [(Option<&str>, Option<&str>); 5] = [
    (Some("dayline"), Some("Rust")),
    (Some("dayline"), Some("Markdown")),
    (Some("Webseite Grün"), Some("TypeScript")),
    (Some("dotfiles"), None),
    (None, None),
];

/// What people say they did where no tracker saw it.
pub(super) const OCCASIONS: [&str; 4] = ["Meeting", "Lunch", "Phone call", "Code"];
