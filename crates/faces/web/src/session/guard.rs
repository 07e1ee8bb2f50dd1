//! Writes are taken from our own pages alone, sign-in and registration too: a browser says with each of
//! them where it comes from. Not here: who the visitor is.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dayline_http_kit::Problem;
use dayline_http_kit::cookie::{is_asked_by_own_page, is_own_page};
use dayline_http_kit::origin::AllowedOrigin;
use http::{HeaderMap, Method};

use crate::refusal::Refusal;
use crate::state::Web;

/// Refuses what would change something and does not come from a page of ours.
pub(crate) async fn refuse_foreign_writes(State(web): State<Web>, request: Request, next: Next) -> Response {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if only_reads || is_ours(request.headers(), web.kit.config.public_url.as_deref()) {
        return next.run(request).await;
    }
    Refusal::from(Problem::foreign_origin()).into_response()
}

/// Whether a page of this host sent the request. `Sec-Fetch-Site` decides where it is sent, since no page
/// can forge it; only where it is not, the origin does.
fn is_ours(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    if headers.contains_key("sec-fetch-site") {
        return is_asked_by_own_page(headers);
    }
    let own: Vec<_> = public_url.and_then(origin_of).map(AllowedOrigin::Site).into_iter().collect();
    is_own_page(headers, &own)
}

/// Scheme and host of an address.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    Some(format!("{}://{}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(pairs: &[(&'static str, &str)]) -> bool {
        let host = [("host", "dayline.example.org")];
        let all = host.iter().chain(pairs);
        let headers = all.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        is_ours(&headers, None)
    }

    #[test]
    fn what_the_browser_says_of_the_page_decides() {
        let origin = ("origin", "https://dayline.example.org");
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none", "", "Same-Origin", "same-origin, cross-site"] {
            assert!(!ours(&[("sec-fetch-site", site), origin]), "{site}");
        }
    }

    #[test]
    fn without_it_the_origin_decides() {
        assert!(ours(&[("origin", "https://dayline.example.org")]));
        for origin in ["https://evil.example", "null", "", "https://dayline.example.org:8443"] {
            assert!(!ours(&[("origin", origin)]), "{origin}");
        }
        assert!(!ours(&[]));
    }

    #[test]
    fn what_is_said_twice_is_not_believed() {
        let mut headers = HeaderMap::new();
        for site in ["same-origin", "same-origin"] {
            headers.append("sec-fetch-site", site.parse().unwrap());
        }
        assert!(!is_ours(&headers, None));
    }

    #[test]
    fn the_origin_may_be_the_one_that_people_use() {
        let headers: HeaderMap = [("host", "10.0.0.7:8080"), ("origin", "https://example.org")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        assert!(is_ours(&headers, Some("https://Example.org/time")));
        assert!(!is_ours(&headers, Some("https://example.com/time")));
        assert!(!is_ours(&headers, None));
    }
}
