//! The client's network address: the peer's, or what trusted proxies say it is.
//! Not here: what addresses are used for (limits, the coarse place of a session).

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request;

use crate::connections::Peer;
use crate::proxy;
use crate::state::{Face, KitState};

/// The client's address; `None` where a test has no connection.
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The address of the client that sent a request.
    pub fn of(parts: &request::Parts, kit: &KitState) -> Self {
        let peer = parts.extensions.get::<Peer>().map(Peer::address);
        let config = &kit.config;
        let behind =
            |peer| proxy::client(peer, &parts.headers, &config.trusted_proxies, config.forwarded_header);
        Self(peer.map(behind))
    }
}

impl<F: Face> FromRequestParts<F> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, Infallible> {
        Ok(Self::of(parts, face.kit()))
    }
}
