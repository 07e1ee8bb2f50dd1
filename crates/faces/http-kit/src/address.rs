//! The client's network address: the peer's, or what trusted proxies say it is; and the address at
//! which people reach this server.
//! Not here: what addresses are used for (limits, the coarse place of a session).

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request};

use crate::connections::Peer;
use crate::cookie::must_be_secure;
use crate::proxy;
use crate::state::{Face, KitConfig, KitState};

/// The client's address; `None` where a test has no connection.
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The address of the client that sent a request.
    pub fn of(parts: &request::Parts, kit: &KitState) -> Self {
        Self(client_of(parts.extensions.get::<Peer>().map(Peer::address), &parts.headers, kit))
    }
}

/// The address of a client whose request came from this peer with these headers.
pub(crate) fn client_of(peer: Option<IpAddr>, headers: &HeaderMap, kit: &KitState) -> Option<IpAddr> {
    let config = &kit.config;
    peer.map(|peer| proxy::client(peer, headers, &config.trusted_proxies, config.forwarded_header))
}

impl<F: Face> FromRequestParts<F> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, Infallible> {
        Ok(Self::of(parts, face.kit()))
    }
}

/// Where people reach this server, without a slash at the end: what the operator says, or what the
/// client itself has used.
pub fn own_url(config: &KitConfig, headers: &HeaderMap, client: Option<IpAddr>) -> String {
    if let Some(url) = &config.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = if must_be_secure(config, headers, client) { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{scheme}://{host}")
}
