//! What a browser is called among a person's devices.

use dayline_app::App;
use dayline_domain::DeviceId;
use dayline_domain::identity::account::Label;
use http::{HeaderMap, header};

/// What `User-Agent` has of which browser; the first that fits counts, since most claim to be others too.
const BROWSERS: [(&str, &str); 6] = [
    ("Firefox/", "Firefox"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
];

/// What the browser calls itself, as a person would.
pub(crate) fn browser_name(headers: &HeaderMap) -> Option<Label> {
    let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let name = match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => return None,
    };
    Label::new(&name).ok()
}

/// A name for a browser that has none yet, by which its sign-ins replace each other.
pub(crate) fn new_browser(app: &App) -> Option<DeviceId> {
    let mut random = [0; 8];
    app.randomness.fill(&mut random);
    DeviceId::new(&format!("browser-{:016x}", u64::from_be_bytes(random))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_as_people_call_them() {
        let name = |agent: &str| {
            let headers = HeaderMap::from_iter([(header::USER_AGENT, agent.parse().unwrap())]);
            browser_name(&headers).map(|name| name.as_str().to_owned())
        };
        let linux = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        assert_eq!(name(linux).unwrap(), "Firefox on Linux");
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0";
        assert_eq!(name(edge).unwrap(), "Edge on Windows");
        let phone = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36";
        assert_eq!(name(phone).unwrap(), "Chrome on Android");
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15";
        assert_eq!(name(mac).unwrap(), "Safari on macOS");
        assert_eq!(name("curl/8.5.0"), None);
    }
}
