//! What every reduction of a URL to its domain keeps (design, section 1), for URLs as trackers send
//! them.

use std::sync::Arc;

use dayline_app::ports::{InvalidUrl, SiteNames};
use dayline_domain::Domain;

use super::Fact;

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Arc<dyn SiteNames>>] = &[
    Fact::new("a_domain_is_the_host_alone", |s| Box::pin(async move { a_domain_is_the_host_alone(&*s) })),
    Fact::new("other_schemes_have_no_domain", |s| Box::pin(async move { other_schemes_have_no_domain(&*s) })),
    Fact::new("what_is_no_absolute_url_is_invalid", |s| {
        Box::pin(async move { what_is_no_absolute_url_is_invalid(&*s) })
    }),
];

fn a_domain_is_the_host_alone(names: &dyn SiteNames) {
    for (url, expected) in [
        ("https://example.org", "example.org"),
        ("https://example.org/a/b?c=d#e", "example.org"),
        ("http://example.org?secret", "example.org"),
        ("https://example.org#secret", "example.org"),
        ("https://www.example.org:8443/", "example.org"),
        ("https://WWW2.Example.ORG/", "www2.example.org"),
        ("https://www.com/", "www.com"),
        ("http://localhost:3000/", "localhost"),
        ("http://192.168.0.1/", "192.168.0.1"),
    ] {
        let domain = names.domain_of(url).unwrap().unwrap();
        assert_eq!(domain, expected, "{url}");
        assert_eq!(Domain::check(&domain), Ok(expected), "{url}");
    }
}

fn other_schemes_have_no_domain(names: &dyn SiteNames) {
    for url in ["ftp://example.org/", "chrome://settings", "ws://example.org/", "file:///home/ada"] {
        assert_eq!(names.domain_of(url), Ok(None), "{url}");
    }
}

fn what_is_no_absolute_url_is_invalid(names: &dyn SiteNames) {
    for url in ["", "example.org", "/a/b", "https://", "not a url"] {
        assert_eq!(names.domain_of(url), Err(InvalidUrl), "{url}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeSiteNames;
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || Arc::new(FakeSiteNames) as Arc<dyn SiteNames>).await;
    }
}
