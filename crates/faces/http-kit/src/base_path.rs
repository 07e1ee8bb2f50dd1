//! Under which path people reach the server, where a proxy has it under one; and taking requests
//! with that path as well as without it, since some proxies take it off and others don't.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use tower::util::MapRequest;

/// The path of the address that people use, without a slash at its end; empty if there is none.
pub fn base_path(public_url: Option<&str>) -> &str {
    let after_scheme = public_url.and_then(|url| url.split_once("://")).map_or("", |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
    path.trim_end_matches('/')
}

/// The first part of a path, with its slash: what tells whether a path may be the server's own.
pub fn first_part(path: &str) -> &str {
    let rest = path.strip_prefix('/').unwrap_or(path);
    &path[..path.len() - rest.len() + rest.find('/').unwrap_or(rest.len())]
}

/// The same routes, also under `base`.
pub(crate) fn also_under(base: &str, routes: Router) -> Router {
    if base.is_empty() {
        return routes;
    }
    let base: Arc<str> = base.into();
    let take_off = move |mut request: Request| {
        if let Some(uri) = without(&base, request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    };
    Router::new().fallback_service(MapRequest::new(routes, take_off))
}

/// The address without the base, if it begins with it.
fn without(base: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let path = if rest.is_empty() { "/" } else { rest };
    let target = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.ok()?);
    Uri::from_parts(parts).ok()
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

    #[test]
    fn a_path_begins_with_its_first_part() {
        for (path, first) in [("/time", "/time"), ("/a/b", "/a"), ("/", "/"), ("", ""), ("/a/", "/a")] {
            assert_eq!(first_part(path), first, "{path}");
        }
    }

    #[test]
    fn the_base_is_taken_off_where_it_is() {
        let taken = |uri: &str| without("/time", &uri.parse().unwrap()).map(|uri| uri.to_string());
        for (uri, rest) in [
            ("/time/day?view=list", Some("/day?view=list")),
            ("/time", Some("/")),
            ("/time/", Some("/")),
            ("/time?a=b", Some("/?a=b")),
            ("http://example.org/time/day", Some("http://example.org/day")),
            ("/time/time", Some("/time")),
            ("/timeline", None),
            ("/api/time", None),
            ("*", None),
        ] {
            assert_eq!(taken(uri).as_deref(), rest, "{uri}");
        }
    }
}
