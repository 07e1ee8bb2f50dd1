//! Trackers that people may have already: which key each needs, and what to paste where, so that it sends here.
//! Not here: how that is shown (faces), and what becomes of what they send.

use dayline_domain::identity::account::Label;
use dayline_domain::{Scope, Scopes};

use crate::identity::api_keys::{self, NewKey};
use crate::identity::caller::Caller;
use crate::identity::key_text::KeyFormat;
use crate::ports::ApiKey;
use crate::{App, AppError};

/// What stands where a key goes that is not made yet.
const NO_KEY_YET: &str = "KEY";
const TRACK: KeyNeeded = KeyNeeded { scopes: Scopes::NONE.with(Scope::Track), format: KeyFormat::Prefixed };
/// A status bar reads, too; and these clients take no other text.
const TRACK_AND_READ: KeyNeeded =
    KeyNeeded { scopes: Scopes::NONE.with(Scope::Track).with(Scope::Read), format: KeyFormat::Uuid };
/// What is said where a key would go over a network as it is.
const PLAIN: &str = "This client knows no TLS: the key and the names of apps go over the network as they are. Do this in a \
    network of your own only. Elsewhere run dayline-tracker beside it, which takes what watchers of the same computer say.";

/// A kind of tracker.
#[derive(Debug)]
pub struct Client {
    /// How it is called in addresses.
    pub id: &'static str,
    /// How it is called by people.
    pub title: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    recipe: fn(&Address<'_>, &str) -> Recipe,
}

/// All kinds, Dayline's own first.
pub static CLIENTS: [Client; 6] = [
    Client {
        id: "dayline-tracker",
        title: "dayline-tracker",
        about: "Dayline’s own, for Linux desktops. It needs no key: a code signs it in.",
        recipe: |here, _| Recipe::without_key(vec![sign_in(here)]),
    },
    Client {
        id: "activitywatch",
        title: "ActivityWatch",
        about: "Watchers of windows and presence on Linux, Windows and macOS: aw-watcher-window, aw-watcher-afk and others.",
        recipe: activitywatch,
    },
    Client {
        id: "awatcher",
        title: "awatcher",
        about: "Windows and presence on Linux, also on Wayland with KDE or GNOME.",
        recipe: awatcher,
    },
    Client {
        id: "aw-watcher-web",
        title: "aw-watcher-web",
        about: "Which page a browser shows: an extension of Firefox, Chrome and others.",
        recipe: |here, _| beside_the_tracker(here),
    },
    Client {
        id: "wakatime",
        title: "Editors",
        about: "VS Code, vim, the JetBrains IDEs and a hundred more, by their WakaTime plug-ins.",
        recipe: wakatime,
    },
    Client { id: "curl", title: "curl", about: "A script, or a program of your own.", recipe: curl },
];

/// The key that a tracker needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyNeeded {
    /// What it must allow.
    pub scopes: Scopes,
    /// How it must look.
    pub format: KeyFormat,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where something is to be pasted, or what is to be done instead.
    pub what: &'static str,
    /// What is to be pasted.
    pub paste: Option<String>,
}

impl Step {
    fn paste(what: &'static str, paste: String) -> Self {
        Self { what, paste: Some(paste) }
    }
}

/// What connects a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The key it needs; a tracker that signs in by itself needs none.
    pub key: Option<KeyNeeded>,
    /// What is to be done, in this order.
    pub steps: Vec<Step>,
    /// What one should know before.
    pub warning: Option<&'static str>,
}

impl Recipe {
    fn without_key(steps: Vec<Step>) -> Self {
        Self { key: None, steps, warning: None }
    }
}

impl Client {
    /// The kind that is called so in addresses.
    pub fn of(id: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.id == id)
    }

    /// What connects it to the server at this URL, which has no slash at its end, with this key. As long as there
    /// is none, a word stands for it.
    pub fn recipe(&self, url: &str, key: Option<&str>) -> Recipe {
        (self.recipe)(&Address::of(url), key.unwrap_or(NO_KEY_YET))
    }
}

/// Makes the key that a tracker needs to send to the server at this URL, if it needs one, and says what to do with it.
///
/// # Errors
/// As [`api_keys::create`].
pub async fn connect(
    app: &App,
    caller: &Caller,
    client: &Client,
    name: Label,
    url: &str,
) -> Result<(Recipe, Option<(ApiKey, String)>), AppError> {
    caller.require(Scope::Account)?;
    let recipe = client.recipe(url, None);
    let Some(KeyNeeded { scopes, format }) = recipe.key else { return Ok((recipe, None)) };
    let made = api_keys::create(app, caller, NewKey { name, scopes, expires_at: None, format }).await?;
    Ok((client.recipe(url, Some(&made.1)), Some(made)))
}

/// The parts of the server's URL that clients ask for one by one.
struct Address<'a> {
    url: &'a str,
    host: &'a str,
    port: &'a str,
    /// Whether a client can come here that knows neither TLS nor paths.
    is_plain: bool,
}

impl<'a> Address<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => (host, port),
            _ => (authority, "80"),
        };
        Self { url, host, port, is_plain: scheme == "http" && path.is_empty() }
    }

    fn is_this_computer(&self) -> bool {
        ["localhost", "127.0.0.1", "[::1]"].contains(&self.host)
    }

    fn is_open_to_networks(&self) -> bool {
        self.url.starts_with("http://") && !self.is_this_computer()
    }
}

fn sign_in(here: &Address<'_>) -> Step {
    let plain = if here.is_open_to_networks() { " --plain-http" } else { "" };
    let commands = format!("dayline-tracker login {}{plain}\ndayline-tracker install", here.url);
    Step::paste("In a terminal of the computer that is watched", commands)
}

/// For watchers that can't come here, or not safely: what takes them on their own computer.
fn beside_the_tracker(here: &Address<'_>) -> Recipe {
    let nothing_to_set = "Then stop the ActivityWatch server of that computer, if there is one, and let the watcher run. It sends \
        to 127.0.0.1:5600, where dayline-tracker listens: there is nothing to set.";
    Recipe::without_key(vec![sign_in(here), Step { what: nothing_to_set, paste: None }])
}

/// One that is set by a host and a port, and can send no credential but in the host.
fn by_host(here: &Address<'_>, steps: Vec<Step>) -> Recipe {
    if !here.is_plain {
        return beside_the_tracker(here);
    }
    Recipe { key: Some(TRACK), steps, warning: here.is_open_to_networks().then_some(PLAIN) }
}

fn activitywatch(here: &Address<'_>, key: &str) -> Recipe {
    let Address { host, port, .. } = here;
    let file = "In ~/.config/activitywatch/aw-client/aw-client.toml; on macOS the folder activitywatch is in \
        ~/Library/Application Support, on Windows it is %LOCALAPPDATA%\\activitywatch\\activitywatch";
    let steps = vec![
        Step::paste(file, format!("[server]\nhostname = \"tracker:{key}@{host}\"\nport = \"{port}\"")),
        Step::paste(
            "Or for one watcher alone, in a terminal",
            format!("aw-watcher-window --host 'tracker:{key}@{host}' --port {port}"),
        ),
    ];
    by_host(here, steps)
}

fn awatcher(here: &Address<'_>, key: &str) -> Recipe {
    let Address { host, port, .. } = here;
    let file = format!("[server]\nhost = \"tracker:{key}@{host}\"\nport = {port}");
    by_host(here, vec![Step::paste("In ~/.config/awatcher/config.toml", file)])
}

fn wakatime(here: &Address<'_>, key: &str) -> Recipe {
    let file = format!("[settings]\napi_url = {}/api/v1\napi_key = {key}", here.url);
    let steps = vec![
        Step::paste("In ~/.wakatime.cfg, on Windows %USERPROFILE%\\.wakatime.cfg: all editors read it", file),
        Step {
            what: "In VS Code both may be set instead: WakaTime: API URL, WakaTime: API Key.",
            paste: None,
        },
    ];
    Recipe { key: Some(TRACK_AND_READ), steps, warning: None }
}

fn curl(here: &Address<'_>, key: &str) -> Recipe {
    let command = format!(
        r#"curl {}/api/v1/usage/track \
  -H 'Authorization: Bearer {key}' \
  -H 'Content-Type: application/json' \
  -d "{{\"app_name\": \"Terminal\",
       \"start_time\": \"$(date -u +%FT%H:%M:00Z)\",
       \"end_time\": \"$(date -u +%FT%TZ)\"}}""#,
        here.url
    );
    let steps = vec![Step::paste("Try it in a terminal", command)];
    Recipe { key: Some(TRACK), steps, warning: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pasted(client: &str, url: &str) -> String {
        let recipe = Client::of(client).unwrap().recipe(url, Some("dlk_x"));
        recipe.steps.into_iter().filter_map(|step| step.paste).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn who_asks_for_a_host_and_a_port_is_told_both_with_the_key_in_the_host() {
        for (url, host, port) in [
            ("http://127.0.0.1:8080", "127.0.0.1", "8080"),
            ("http://dayline.lan", "dayline.lan", "80"),
            ("http://[::1]:8080", "[::1]", "8080"),
            ("http://[fd00::1]", "[fd00::1]", "80"),
        ] {
            let file = pasted("activitywatch", url);
            let expected = format!("[server]\nhostname = \"tracker:dlk_x@{host}\"\nport = \"{port}\"\n");
            assert!(file.starts_with(&expected), "{file}");
            let file = pasted("awatcher", url);
            assert_eq!(file, format!("[server]\nhost = \"tracker:dlk_x@{host}\"\nport = {port}"));
        }
    }

    #[test]
    fn who_knows_no_tls_or_no_path_is_led_to_the_tracker_beside_it() {
        for url in ["https://dayline.example.org", "https://example.org/dayline", "http://pc.lan/dayline"] {
            for client in ["activitywatch", "awatcher", "aw-watcher-web"] {
                let recipe = Client::of(client).unwrap().recipe(url, None);
                assert_eq!((recipe.key, recipe.warning), (None, None), "{client} at {url}");
                assert!(pasted(client, url).starts_with(&format!("dayline-tracker login {url}")), "{client}");
            }
        }
    }

    #[test]
    fn who_would_show_a_key_to_a_network_is_warned() {
        for (url, warned, plain) in [
            ("http://dayline.lan:8080", true, true),
            ("http://127.0.0.1:8080", false, false),
            ("http://localhost", false, false),
            ("https://dayline.example.org", false, false),
        ] {
            let recipe = Client::of("awatcher").unwrap().recipe(url, None);
            assert_eq!(recipe.warning.is_some(), warned, "{url}");
            assert_eq!(pasted("dayline-tracker", url).contains("--plain-http"), plain, "{url}");
        }
    }

    #[test]
    fn each_has_its_key_where_it_needs_one_and_a_word_in_its_place_before() {
        for client in &CLIENTS {
            let url = "http://dayline.lan";
            let recipe = client.recipe(url, None);
            let text = format!("{:?}", recipe.steps);
            assert_eq!(text.contains(NO_KEY_YET), recipe.key.is_some(), "{}", client.id);
            let with_key = pasted(client.id, url);
            assert_eq!(with_key.contains("dlk_x"), recipe.key.is_some(), "{}", client.id);
            assert!(!with_key.contains(NO_KEY_YET), "{}", client.id);
        }
        assert_eq!(CLIENTS[0].id, "dayline-tracker", "our own comes first");
    }

    #[test]
    fn editors_get_a_key_that_reads_too_and_looks_as_they_want() {
        let recipe = Client::of("wakatime").unwrap().recipe("https://dayline.example.org", Some("k"));
        assert_eq!(recipe.key, Some(TRACK_AND_READ));
        let file = "[settings]\napi_url = https://dayline.example.org/api/v1\napi_key = k";
        assert_eq!(recipe.steps[0].paste.as_deref(), Some(file));
    }
}
