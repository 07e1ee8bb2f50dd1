//! Which program a user agent tells of: the editor of a plug-in, or a browser.

use dayline_domain::AppName;
use dayline_domain::families::kind_of;

/// What browsers call themselves in user agents of their own, the more special names first: most of them
/// name others as well.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg/", "edge"),
    ("OPR/", "opera"),
    ("Vivaldi/", "vivaldi"),
    ("Firefox/", "firefox"),
    ("Chromium/", "chromium"),
    ("Chrome/", "chrome"),
    ("Safari/", "safari"),
];

/// The program that a user agent names, which goes by the first of the names that the table of families
/// knows, or else by its own: `NAME/VERSION`, or the name in `NAME-wakatime`.
///
/// ```text
/// wakatime/v1.90.0 (linux-6.1.0-unknown) go1.27.3 vscode/1.95.0 vscode-wakatime/25.0.0
/// ```
pub(super) fn program(user_agent: &str) -> Option<&str> {
    if user_agent.starts_with("Mozilla/") {
        return BROWSERS.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    }
    // What stands in brackets is the system.
    let told = match (user_agent.find('('), user_agent.rfind(')')) {
        (Some(from), Some(to)) if from < to => [&user_agent[..from], &user_agent[to + 1..]],
        _ => [user_agent, ""],
    };
    let named = told.into_iter().find_map(named).or_else(|| told.into_iter().find_map(plug_in));
    named.filter(|name| !name.eq_ignore_ascii_case("unknown") && AppName::check(name).is_ok())
}

/// The first name with a version that is neither the client's nor that of what runs it. It may have blanks
/// if the table knows it so.
fn named(part: &str) -> Option<&str> {
    let mut rest = part.trim_start();
    loop {
        let word = rest.split_whitespace().next()?;
        if is_of_client(word) {
            rest = rest[word.len()..].trim_start();
            continue;
        }
        let (before, _) = rest.split_once('/')?;
        if !before.ends_with("-wakatime") {
            return Some(
                known(before).unwrap_or_else(|| before.rsplit(char::is_whitespace).next().unwrap_or(before)),
            );
        }
        rest = rest[before.len()..].split_once(char::is_whitespace)?.1.trim_start();
    }
}

/// The longest end of some words that the table knows as a program's name.
fn known(words: &str) -> Option<&str> {
    let starts = words.match_indices(char::is_whitespace).map(|(at, blank)| at + blank.len());
    let ends = std::iter::once(0).chain(starts).map(|start| &words[start..]);
    ends.into_iter().find(|end| AppName::new(end).is_ok_and(|name| kind_of(&name).is_some()))
}

/// The name before `-wakatime`.
fn plug_in(part: &str) -> Option<&str> {
    part.split_whitespace().find_map(|word| {
        let name = word.split('/').next()?.strip_suffix("-wakatime")?;
        (!name.is_empty()).then_some(name)
    })
}

/// Whether a word is the client's own, or names what runs it.
fn is_of_client(word: &str) -> bool {
    let name = word.split('/').next().unwrap_or(word);
    let runs_it = |runtime: &str| {
        let version = name.get(..runtime.len()).filter(|start| start.eq_ignore_ascii_case(runtime));
        version.is_some() && name[runtime.len()..].starts_with(|c: char| c.is_ascii_digit())
    };
    ["wakatime", "wakatime-cli", "wakatime-ls"].contains(&name) || runs_it("go") || runs_it("python")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_editor_is_named_with_its_version() {
        for (user_agent, editor) in [
            (
                "wakatime/v1.90.0 (linux-6.1.0-unknown) go1.27.3 vscode/1.95.0 vscode-wakatime/25.0.0",
                "vscode",
            ),
            (
                "wakatime/13.1.0 (Linux-6.1.0-x86_64-with-glibc2.34) Python3.8.18.final.0 vim/9.0 vim-wakatime/11.1.1",
                "vim",
            ),
            ("wakatime/v1.98.1 (darwin-23.1.0-arm64) go1.22.1 Xcode/15.3 xcode-wakatime/5.1.0", "Xcode"),
            (
                "wakatime/v1.73.1 (windows-10.0.19045.3570-x86_64) go1.20 IntelliJIDEA/2023.2 IntelliJIDEA-wakatime/14.2",
                "IntelliJIDEA",
            ),
            ("wakatime/v1.90.0 (linux-6.1.0-WSL2-x86_64) go1.27.3 neovim/1100 vim-wakatime/11.1.1", "neovim"),
            ("chrome/120.0.0 linux_x86-64 chrome-wakatime/3.0.18", "chrome"),
            ("vscode/1.95.0 vscode-wakatime/25.0.0", "vscode"),
            ("wakatime/v1 wakatime-ls/0.1 zed/0.1 zed-wakatime/0.1", "zed"),
            ("mytool/1", "mytool"),
            ("wakatime/v1 (a) go1.2 gopad/1.0", "gopad"),
        ] {
            assert_eq!(program(user_agent), Some(editor), "{user_agent}");
        }
    }

    #[test]
    fn a_name_with_blanks_is_found_if_the_table_knows_it() {
        for (user_agent, editor) in [
            (
                "wakatime/v1.90.0 (windows-10-unknown) go1.27.3 Visual Studio/17.0 visual-studio-wakatime/1",
                "Visual Studio",
            ),
            ("wakatime/13.1.0 (Windows-10) Python3.7 Sublime Text/4143 sublime-wakatime/11", "Sublime Text"),
            ("wakatime/v1 (a) go1.2 some thing vscode/1.2", "vscode"),
            ("wakatime/v1 (a) go1.2 my own editor/1.2", "editor"),
        ] {
            assert_eq!(program(user_agent), Some(editor), "{user_agent}");
        }
    }

    #[test]
    fn without_a_version_the_plug_in_names_it() {
        assert_eq!(program("wakatime/v1.90.0 (linux) go1.27.3 vim-wakatime/11"), Some("vim"));
        assert_eq!(program("vscode-wakatime"), Some("vscode"));
    }

    #[test]
    fn a_browser_s_own_user_agent_names_the_browser() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
        for (user_agent, browser) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "firefox"),
            (chrome, "chrome"),
            (&format!("{chrome} Edg/120.0.0.0"), "edge"),
            (&format!("{chrome} OPR/106.0.0.0"), "opera"),
            (
                "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
                "safari",
            ),
        ] {
            assert_eq!(program(user_agent), Some(browser), "{user_agent}");
        }
    }

    #[test]
    fn a_user_agent_that_names_no_program_has_none() {
        let long = format!("{}/1", "x".repeat(256));
        for none in [
            "",
            " ",
            "wakatime/v1.90.0 (linux) go1.27.3",
            "wakatime/v1 (a) go1.2 Unknown/0",
            "Mozilla/5.0",
            "/1",
            "-wakatime/1",
            &long,
        ] {
            assert_eq!(program(none), None, "{none}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_stumble(text in r"[a-zé/() .0-9-]{0,40}|\PC{0,40}") {
            let _ = program(&text);
        }
    }
}
