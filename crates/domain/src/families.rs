//! The names that one browser, editor or lock screen goes by: of its windows on Linux (X11 and
//! Wayland), Windows and macOS, as a flatpak or snap, and in the user agents of trackers. This file
//! is the one table of them, and of what people call these programs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::names::AppName;

/// What all names of one program have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(Cow<'static, str>);

impl Family {
    /// The family of an app. A name that the table does not have is, folded, a family of its own.
    pub fn of(app: &AppName) -> Self {
        let folded = fold(app);
        match BY_NAME.get(folded.as_str()) {
            Some(known) => Self(Cow::Borrowed(known.family)),
            None => Self(Cow::Owned(folded)),
        }
    }
}

/// Whether an app is a lock screen: who sees it is not there.
pub fn is_lock_screen(app: &AppName) -> bool {
    kind_of(app) == Some(Kind::LockScreen)
}

/// What the table says an app is; `None` if it does not know the name.
pub fn kind_of(app: &AppName) -> Option<Kind> {
    BY_NAME.get(fold(app).as_str()).map(|known| known.kind)
}

/// What people call the program with this folded name; `None` if the table does not know it.
pub(crate) fn shown_name(folded: &str) -> Option<&'static AppName> {
    BY_NAME.get(folded)?.shown.as_ref()
}

/// What the families of the table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Shows pages.
    Browser,
    /// Sends beats.
    Editor,
    /// Is in front when nobody is there.
    LockScreen,
}

/// The name in lower case and without `.exe`.
pub(crate) fn fold(app: &AppName) -> String {
    let lower = app.as_str().to_lowercase();
    match lower.strip_suffix(".exe") {
        Some(stem) if !stem.is_empty() => stem.to_owned(),
        _ => lower,
    }
}

/// A family of the table: what it is, what people call it, and all names that it goes by, folded.
type Row = (Kind, &'static str, &'static [&'static str]);

/// What the table says of one name.
struct Known {
    kind: Kind,
    family: &'static str,
    shown: Option<AppName>,
}

static BY_NAME: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    let known = |&(kind, shown, names): &Row| {
        // A family is called by the first of its names, which no other has.
        names
            .iter()
            .map(move |&name| (name, Known { kind, family: names[0], shown: AppName::new(shown).ok() }))
    };
    TABLE.iter().flat_map(known).collect()
});

/// One row for each family. Builds of one program (beta, nightly, insiders) are
/// one family, since their trackers call them by one name.
const TABLE: &[Row] = &[
    // Browsers.
    (
        Kind::Browser,
        "Firefox",
        &[
            "firefox",
            "firefox-bin",
            "firefox-esr",
            "firefox_firefox",
            "firefox-aurora",
            "firefox-beta",
            "firefox-nightly",
            "firefox-trunk",
            "firefox-developer-edition",
            "firefoxdeveloperedition",
            "firefox developer edition",
            "firefox beta",
            "firefox nightly",
            "mozilla firefox",
            "navigator",
            "org.mozilla.firefox",
            "org.mozilla.firefoxdeveloperedition",
            "org.mozilla.nightly",
        ],
    ),
    (
        Kind::Browser,
        "Chrome",
        &[
            "chrome",
            "google chrome",
            "google-chrome",
            "google-chrome-stable",
            "google-chrome-beta",
            "google-chrome-unstable",
            "google chrome beta",
            "google chrome dev",
            "google chrome canary",
            "com.google.chrome",
            "com.google.chrome.beta",
            "com.google.chrome.canary",
            "com.google.chromedev",
            // Its extensions report themselves as Chrome's.
            "chromium",
            "chromium-browser",
            "chromium-browser-chromium",
            "chromium_chromium",
            "org.chromium.chromium",
        ],
    ),
    (
        Kind::Browser,
        "Edge",
        &[
            "edge",
            "msedge",
            "microsoft edge",
            "microsoft-edge",
            "microsoft-edge-stable",
            "microsoft-edge-beta",
            "microsoft-edge-dev",
            "microsoft edge beta",
            "microsoft edge dev",
            "microsoft edge canary",
            "com.microsoft.edge",
            "com.microsoft.edgemac",
        ],
    ),
    (
        Kind::Browser,
        "Brave",
        &[
            "brave",
            "brave-browser",
            "brave browser",
            "brave-browser-beta",
            "brave-browser-nightly",
            "brave browser beta",
            "brave browser nightly",
            "com.brave.browser",
        ],
    ),
    (
        Kind::Browser,
        "Opera",
        &["opera", "opera-stable", "opera-beta", "com.opera.opera", "com.operasoftware.opera"],
    ),
    (Kind::Browser, "Opera GX", &["opera gx", "opera_gx", "com.operasoftware.operagx"]),
    (
        Kind::Browser,
        "Safari",
        &["safari", "safari technology preview", "com.apple.safari", "com.apple.safaritechnologypreview"],
    ),
    (
        Kind::Browser,
        "Vivaldi",
        &["vivaldi", "vivaldi-bin", "vivaldi-stable", "vivaldi-snapshot", "com.vivaldi.vivaldi"],
    ),
    (Kind::Browser, "Arc", &["arc", "company.thebrowser.browser"]),
    (Kind::Browser, "LibreWolf", &["librewolf", "librewolf-default", "io.gitlab.librewolf-community"]),
    (Kind::Browser, "Waterfox", &["waterfox", "waterfox-current", "net.waterfox.waterfox"]),
    (
        Kind::Browser,
        "Zen",
        &["zen", "zen browser", "zen-browser", "zen-alpha", "zen-beta", "app.zen_browser.zen"],
    ),
    (Kind::Browser, "Floorp", &["floorp", "one.ablaze.floorp"]),
    (
        Kind::Browser,
        "Tor Browser",
        &["tor browser", "tor-browser", "torbrowser", "org.torproject.torbrowser-launcher"],
    ),
    (
        Kind::Browser,
        "Mullvad Browser",
        &["mullvad browser", "mullvad-browser", "mullvadbrowser", "net.mullvad.mullvadbrowser"],
    ),
    (Kind::Browser, "GNOME Web", &["epiphany", "gnome web", "org.gnome.epiphany"]),
    (Kind::Browser, "Falkon", &["falkon", "org.kde.falkon"]),
    (Kind::Browser, "qutebrowser", &["qutebrowser", "org.qutebrowser.qutebrowser"]),
    (Kind::Browser, "Orion", &["orion", "com.kagi.kagimacos"]),
    (Kind::Browser, "DuckDuckGo", &["duckduckgo", "com.duckduckgo.macos.browser"]),
    (
        Kind::Browser,
        "Yandex Browser",
        &["yandex", "yandex-browser", "yandex browser", "ru.yandex.desktop.yandex-browser"],
    ),
    // Editors.
    (
        Kind::Editor,
        "Code",
        &[
            "vscode",
            "code",
            "code-oss",
            "code - oss",
            "code-insiders",
            "code - insiders",
            "vscode-insiders",
            "visual studio code",
            "visual studio code - insiders",
            "visual-studio-code",
            "com.visualstudio.code",
            "com.visualstudio.code-oss",
            "com.visualstudio.code.insiders",
            "com.microsoft.vscode",
            "com.microsoft.vscodeinsiders",
        ],
    ),
    (
        Kind::Editor,
        "VSCodium",
        &["vscodium", "codium", "vscodium-insiders", "com.vscodium.codium", "com.vscodium"],
    ),
    (Kind::Editor, "Cursor", &["cursor", "com.todesktop.230313mzl4w4u92", "co.anysphere.cursor"]),
    (Kind::Editor, "Windsurf", &["windsurf", "com.exafunction.windsurf"]),
    (
        Kind::Editor,
        "Zed",
        &["zed", "zed-editor", "zeditor", "zed preview", "dev.zed.zed", "dev.zed.zed-preview"],
    ),
    (
        Kind::Editor,
        "Sublime Text",
        &[
            "sublime",
            "sublime_text",
            "sublime text",
            "sublime-text",
            "subl",
            "com.sublimetext.three",
            "com.sublimetext.4",
        ],
    ),
    (
        Kind::Editor,
        "IntelliJ IDEA",
        &[
            "intellij",
            "idea",
            "idea64",
            "ideaic",
            "ideaiu",
            "intellijidea",
            "intellij idea",
            "intellij idea ce",
            "intellij idea ultimate",
            "intellij idea community edition",
            "jetbrains-idea",
            "jetbrains-idea-ce",
            "com.jetbrains.intellij",
            "com.jetbrains.intellij.ce",
            "com.jetbrains.intellij-idea-community",
            "com.jetbrains.intellij-idea-ultimate",
        ],
    ),
    (
        Kind::Editor,
        "PyCharm",
        &[
            "pycharm",
            "pycharm64",
            "pycharmce",
            "pycharmcore",
            "pycharm ce",
            "pycharm community edition",
            "pycharm professional edition",
            "jetbrains-pycharm",
            "jetbrains-pycharm-ce",
            "com.jetbrains.pycharm",
            "com.jetbrains.pycharm.ce",
            "com.jetbrains.pycharm-community",
            "com.jetbrains.pycharm-professional",
        ],
    ),
    (Kind::Editor, "WebStorm", &["webstorm", "webstorm64", "jetbrains-webstorm", "com.jetbrains.webstorm"]),
    (Kind::Editor, "PhpStorm", &["phpstorm", "phpstorm64", "jetbrains-phpstorm", "com.jetbrains.phpstorm"]),
    (Kind::Editor, "GoLand", &["goland", "goland64", "jetbrains-goland", "com.jetbrains.goland"]),
    (Kind::Editor, "CLion", &["clion", "clion64", "jetbrains-clion", "com.jetbrains.clion"]),
    (Kind::Editor, "Rider", &["rider", "rider64", "jetbrains-rider", "com.jetbrains.rider"]),
    (Kind::Editor, "RubyMine", &["rubymine", "rubymine64", "jetbrains-rubymine", "com.jetbrains.rubymine"]),
    (
        Kind::Editor,
        "RustRover",
        &["rustrover", "rustrover64", "jetbrains-rustrover", "com.jetbrains.rustrover"],
    ),
    (Kind::Editor, "DataGrip", &["datagrip", "datagrip64", "jetbrains-datagrip", "com.jetbrains.datagrip"]),
    (
        Kind::Editor,
        "Android Studio",
        &[
            "androidstudio",
            "android studio",
            "android-studio",
            "studio64",
            "jetbrains-studio",
            "com.google.androidstudio",
            "com.google.android.studio",
        ],
    ),
    (
        Kind::Editor,
        "Neovim",
        &["neovim", "nvim", "nvim-qt", "neovim-qt", "neovide", "goneovim", "io.neovim.nvim"],
    ),
    (Kind::Editor, "Vim", &["vim", "gvim", "macvim", "org.vim.vim", "org.vim.macvim"]),
    (Kind::Editor, "Emacs", &["emacs", "emacs-gtk", "emacs-x11", "emacs-nox", "aquamacs", "org.gnu.emacs"]),
    (Kind::Editor, "Helix", &["helix", "hx", "com.helix_editor.helix"]),
    (Kind::Editor, "Kate", &["kate", "org.kde.kate"]),
    (Kind::Editor, "KDevelop", &["kdevelop", "org.kde.kdevelop"]),
    (Kind::Editor, "GNOME Builder", &["gnome-builder", "gnome builder", "org.gnome.builder"]),
    (Kind::Editor, "gedit", &["gedit", "org.gnome.gedit"]),
    (Kind::Editor, "Geany", &["geany", "org.geany.geany"]),
    (Kind::Editor, "Notepad++", &["notepad++", "notepadplusplus", "notepad-plus-plus"]),
    (Kind::Editor, "Visual Studio", &["visualstudio", "visual studio", "microsoft visual studio", "devenv"]),
    (Kind::Editor, "Xcode", &["xcode", "com.apple.dt.xcode"]),
    (Kind::Editor, "TextMate", &["textmate", "com.macromates.textmate"]),
    (Kind::Editor, "Nova", &["nova", "com.panic.nova"]),
    (Kind::Editor, "Atom", &["atom", "io.atom.atom", "com.github.atom"]),
    (Kind::Editor, "Eclipse", &["eclipse", "org.eclipse.java", "org.eclipse.platform.ide"]),
    (Kind::Editor, "NetBeans", &["netbeans", "netbeans64", "apache netbeans", "org.apache.netbeans"]),
    (Kind::Editor, "RStudio", &["rstudio", "org.rstudio.rstudio"]),
    // Lock screens, screen savers that lock, and sign-in screens.
    (Kind::LockScreen, "Lock screen", &["lockapp"]),
    (Kind::LockScreen, "Lock screen", &["logonui"]),
    (Kind::LockScreen, "Lock screen", &["loginwindow", "com.apple.loginwindow"]),
    (Kind::LockScreen, "Lock screen", &["screensaverengine", "com.apple.screensaver.engine"]),
    (Kind::LockScreen, "Lock screen", &["swaylock", "swaylock-effects"]),
    (Kind::LockScreen, "Lock screen", &["hyprlock"]),
    (Kind::LockScreen, "Lock screen", &["waylock"]),
    (Kind::LockScreen, "Lock screen", &["gtklock"]),
    (Kind::LockScreen, "Lock screen", &["i3lock", "i3lock-color", "i3lock-fancy"]),
    (Kind::LockScreen, "Lock screen", &["betterlockscreen"]),
    (Kind::LockScreen, "Lock screen", &["slock"]),
    (Kind::LockScreen, "Lock screen", &["xlock"]),
    (Kind::LockScreen, "Lock screen", &["xsecurelock"]),
    (Kind::LockScreen, "Lock screen", &["xtrlock"]),
    (Kind::LockScreen, "Lock screen", &["light-locker"]),
    (Kind::LockScreen, "Lock screen", &["physlock"]),
    (Kind::LockScreen, "Lock screen", &["vlock"]),
    (Kind::LockScreen, "Lock screen", &["xscreensaver"]),
    (Kind::LockScreen, "Lock screen", &["gnome-screensaver", "org.gnome.screensaver"]),
    (Kind::LockScreen, "Lock screen", &["cinnamon-screensaver", "org.cinnamon.screensaver"]),
    (Kind::LockScreen, "Lock screen", &["mate-screensaver", "org.mate.screensaver"]),
    (Kind::LockScreen, "Lock screen", &["xfce4-screensaver", "org.xfce.screensaver"]),
    (
        Kind::LockScreen,
        "Lock screen",
        &["kscreenlocker", "kscreenlocker_greet", "org.kde.kscreenlocker_greet"],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn app(name: &str) -> AppName {
        AppName::new(name).unwrap()
    }

    #[test]
    fn all_names_of_one_program_are_one_family() {
        for names in [
            ["firefox.exe", "Firefox", "org.mozilla.firefox"],
            ["Code", "code.exe", "vscode"],
            ["Google-chrome", "chrome.exe", "Chromium"],
            ["idea64.exe", "jetbrains-idea", "IntelliJ IDEA"],
            ["msedge.exe", "Microsoft Edge", "microsoft-edge"],
        ] {
            let families: HashSet<Family> = names.iter().map(|name| Family::of(&app(name))).collect();
            assert_eq!(families.len(), 1, "{names:?}");
        }
        assert_ne!(Family::of(&app("Firefox")), Family::of(&app("Chrome")));
        assert_ne!(Family::of(&app("Code")), Family::of(&app("VSCodium")));
    }

    #[test]
    fn a_name_that_nobody_knows_is_folded_and_a_family_of_its_own() {
        assert_eq!(Family::of(&app("MyTool.EXE")), Family::of(&app("mytool")));
        assert_eq!(Family::of(&app("ÜBER")), Family::of(&app("über")));
        assert_ne!(Family::of(&app("mytool")), Family::of(&app("mytool2")));
        assert_ne!(Family::of(&app("mytool")), Family::of(&app("my tool")));
        assert_eq!(Family::of(&app(".exe")), Family::of(&app(".EXE")));
        assert_eq!(kind_of(&app("mytool")), None);
    }

    #[test]
    fn lock_screens_are_known_on_all_systems() {
        for name in ["LockApp.exe", "loginwindow", "swaylock", "kscreenlocker_greet", "LogonUI.exe"] {
            assert!(is_lock_screen(&app(name)), "{name}");
        }
        assert!(!is_lock_screen(&app("Code")) && !is_lock_screen(&app("Clock")));
        assert_eq!(kind_of(&app("firefox.exe")), Some(Kind::Browser));
        assert_eq!(kind_of(&app("nvim")), Some(Kind::Editor));
    }

    #[test]
    fn every_name_of_the_table_is_folded_and_there_once() {
        let mut seen = HashSet::new();
        for (_, shown, names) in TABLE {
            assert!(!names.is_empty() && AppName::new(shown).is_ok(), "{names:?}");
            for name in *names {
                assert_eq!(fold(&app(name)), *name);
                assert!(seen.insert(name), "{name} is there twice");
            }
        }
    }
}
