//! Under which path people reach the pages, where a proxy has the server under one.

/// The path of the address that people use, without a slash at its end; empty if there is none.
pub(crate) fn base_path(public_url: Option<&str>) -> String {
    let after_scheme = public_url.and_then(|url| url.split_once("://")).map_or("", |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_what_follows_the_host() {
        for (url, path) in [
            (None, ""),
            (Some("https://example.org"), ""),
            (Some("https://example.org/"), ""),
            (Some("https://example.org:8443/time"), "/time"),
            (Some("http://example.org/a/b/"), "/a/b"),
        ] {
            assert_eq!(base_path(url), path, "{url:?}");
        }
    }
}
