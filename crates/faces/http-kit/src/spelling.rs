//! Paths as they were meant: without slashes at the end, and with one at the beginning. Clients that put an
//! address and a path together write too many. Not here: slashes within a path, which mean something.

use http::Uri;
use http::uri::PathAndQuery;

/// The address with the path as it was meant, if that is another one.
pub(crate) fn meant(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let trimmed = format!("/{}", path.trim_matches('/'));
    if trimmed == path || !path.starts_with('/') {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_slashes_around_a_path_are_not_meant() {
        for (written, as_meant) in [
            ("/api/v1/users/", "/api/v1/users"),
            ("//api/v1/users", "/api/v1/users"),
            ("///api/v1/users//?a=/b/", "/api/v1/users?a=/b/"),
            ("//", "/"),
            ("http://dayline.example/healthz/?", "http://dayline.example/healthz?"),
        ] {
            let uri = written.parse().unwrap();
            assert_eq!(meant(&uri).unwrap(), as_meant, "{written}");
        }
        for written in ["/", "/?a=b/", "/api//v1", "/healthz", "http://dayline.example", "*"] {
            assert_eq!(meant(&written.parse().unwrap()), None, "{written}");
        }
    }
}
