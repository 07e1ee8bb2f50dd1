//! From a URL to its domain (design, section 1): the `url` crate, and before it a fast path for
//! plain URLs that copies nothing. Not here: the public suffix list; a domain is the whole host.

use std::borrow::Cow;

use dayline_app::ports::{InvalidUrl, SiteNames};
use dayline_domain::Domain;
use url::Url;

/// Domains as browsers understand URLs (WHATWG URL Standard).
#[derive(Debug, Clone, Copy, Default)]
pub struct UrlSiteNames;

impl SiteNames for UrlSiteNames {
    fn domain_of<'a>(&self, url: &'a str) -> Result<Option<Cow<'a, str>>, InvalidUrl> {
        match plain_domain(url) {
            Some(domain) => Ok(Some(Cow::Borrowed(domain))),
            None => Ok(parsed_domain(url)?.map(Cow::Owned)),
        }
    }
}

/// The domain of any URL; `None` for schemes that have none.
fn parsed_domain(url: &str) -> Result<Option<String>, InvalidUrl> {
    let url = Url::parse(url).map_err(|_| InvalidUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Ok(None);
    }
    let host = without_root(url.host_str().ok_or(InvalidUrl)?);
    let domain = Domain::check(host).map_err(|_| InvalidUrl)?;
    Ok(Some(domain.to_owned()))
}

/// The domain of an `http` or `https` URL whose host is so plain that parsing would leave it as it
/// is; `None` if that is not certain.
fn plain_domain(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    // One pass, with nothing that searches: this is done for every ping with a URL. The end of the
    // host, and the start of its last label.
    let (mut end, mut last_label, mut before) = (0, 0, b'.');
    for byte in rest.bytes().take_while(|byte| is_plain(*byte)) {
        // Empty labels and punycode ("xn--") are for the parser.
        if byte == before && matches!(byte, b'.' | b'-') {
            return None;
        }
        end += 1;
        if byte == b'.' {
            last_label = end;
        }
        before = byte;
    }
    let (host, after) = rest.split_at(end);
    // What ends the host must end it for a browser too; credentials, a port or a capital letter do
    // not.
    if !matches!(after.bytes().next(), None | Some(b'/' | b'?' | b'#')) {
        return None;
    }
    // So are last labels that are empty or make it an IPv4 address.
    if host.as_bytes().get(last_label).is_none_or(u8::is_ascii_digit) {
        return None;
    }
    Domain::check(without_root(host)).ok()
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-')
}

/// A host without dots at its end: one means the root of the DNS, more mean nothing.
fn without_root(host: &str) -> &str {
    host.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn domain_of(url: &str) -> Result<Option<Cow<'_, str>>, InvalidUrl> {
        UrlSiteNames.domain_of(url)
    }

    #[test]
    fn a_domain_is_the_host_without_www_port_credentials_and_case() {
        for (url, domain) in [
            ("https://github.com/a/b?c", "github.com"),
            ("http://www.rust-lang.org", "rust-lang.org"),
            ("HTTPS://WWW.Example.ORG:8443/Path", "example.org"),
            ("https://user:p%40ss@example.org/", "example.org"),
            ("https://user@www.example.org:80", "example.org"),
            ("https://bücher.example/ä", "xn--bcher-kva.example"),
            ("https://例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("https://faß.de/", "xn--fa-hia.de"),
            ("https://ＥＸＡＭＰＬＥ．org/", "example.org"),
            ("https://sub.www.example.org/", "sub.www.example.org"),
            ("https://www2.lunapic.com/", "www2.lunapic.com"),
            ("https://example.org?x=https://other.example/", "example.org"),
            ("https://example.org#@other.example", "example.org"),
            ("https://example.org\\@other.example", "example.org"),
            ("  https://example.org/  ", "example.org"),
            ("https://exa\tmple.org/", "example.org"),
            ("https:example.org", "example.org"),
            ("http://localhost:3000/", "localhost"),
            ("https://a_b.example/", "a_b.example"),
        ] {
            assert_eq!(domain_of(url).unwrap().as_deref(), Some(domain), "{url}");
        }
    }

    #[test]
    fn the_dot_of_the_root_and_a_repeated_www_make_no_other_domain() {
        for (url, domain) in [
            ("https://example.org./x", "example.org"),
            ("https://www.example.org./x", "example.org"),
            ("https://www.www.example.org/", "example.org"),
            ("https://www.www.", "www.www"),
            ("https://www./", "www"),
            ("https://www/", "www"),
            ("https://www.com/", "www.com"),
            ("https://WWW.com./", "www.com"),
            ("https://www.www.com/", "www.com"),
            ("https://www.gov.uk/", "gov.uk"),
        ] {
            assert_eq!(domain_of(url).unwrap().as_deref(), Some(domain), "{url}");
        }
    }

    #[test]
    fn addresses_are_kept_in_their_usual_form() {
        for (url, domain) in [
            ("http://192.168.0.1:8080/x", "192.168.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://[2001:DB8::1]:80/", "[2001:db8::1]"),
            ("http://[::ffff:192.0.2.1]/", "[::ffff:c000:201]"),
        ] {
            assert_eq!(domain_of(url).unwrap().as_deref(), Some(domain), "{url}");
        }
    }

    #[test]
    fn other_schemes_have_no_domain() {
        for url in [
            "file:///home/ada/diary.txt",
            "about:blank",
            "chrome://settings",
            "mailto:ada@example.org",
            "ftp://example.org/",
            "ws://example.org/",
            "data:text/html,x",
            "javascript:alert(1)",
            "chrome-extension://abcdef/x.html",
            "C:\\Users\\ada",
            "view-source:https://example.org/",
        ] {
            assert_eq!(domain_of(url), Ok(None), "{url}");
        }
    }

    #[test]
    fn what_is_no_absolute_url_is_invalid() {
        let long = format!("https://{}.example/", "a.".repeat(130));
        for url in [
            "",
            " ",
            "example.org",
            "//example.org/",
            "/a/b",
            "https://",
            "https:///",
            "http://?",
            "https://.",
            "https://..",
            "https://a b/",
            "https://a<b/",
            "https://[::1",
            "https://[::g]/",
            "https://a:99999/",
            "https://a:b/",
            "https://256.256.256.256/",
            "https://xn--\u{7f}/",
            "https://xn--a/",
            "https://%00/",
            "https://user@/",
            "https://\u{ad}/",
            "://example.org",
            &long,
        ] {
            assert_eq!(domain_of(url), Err(InvalidUrl), "{url:?}");
        }
    }

    #[test]
    fn ordinary_urls_take_the_fast_path_and_copy_nothing() {
        for url in
            ["https://docs.rs/url/2.5", "http://www.example.org?x", "https://a-b.example", "https://x1.y#z"]
        {
            assert!(matches!(domain_of(url), Ok(Some(Cow::Borrowed(_)))), "{url}");
        }
    }

    /// Pieces that URLs are made of, the odd ones included.
    fn any_url() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[a-z0-9.-]{1,8}",
            2 => proptest::sample::select(vec![
                "www.", ".", "-", "--", "xn--", "com", "1", "0x", "127.0.0.1", "[::1]", "localhost", "%41", "@", ":",
                ":80", "/", "?", "#", "\\", "\t", "\n", " ", "\0", "ü", "。", "\u{ad}", "A", "_", "https://", "a.",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        let scheme = proptest::sample::select(vec![
            "http://", "https://", "https:", "HTTP://", "http:/", "ftp://", "",
        ]);
        (scheme, proptest::collection::vec(piece, 0..12))
            .prop_map(|(scheme, rest)| scheme.to_owned() + &rest.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_fast_path_says_nothing_that_the_parser_would_not(url in any_url()) {
            if let Some(domain) = plain_domain(&url) {
                prop_assert_eq!(parsed_domain(&url), Ok(Some(domain.to_owned())));
            }
        }

        #[test]
        fn a_domain_is_valid_and_stays_the_same_when_checked_again(url in any_url()) {
            if let Ok(Some(domain)) = domain_of(&url) {
                prop_assert_eq!(Domain::check(&domain), Ok(&*domain));
                prop_assert!(!domain.contains(['@', '/', '?']));
            }
        }
    }
}
