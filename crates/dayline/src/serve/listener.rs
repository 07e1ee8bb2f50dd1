//! The socket that the server listens on.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use dayline_cli_kit::failure::Failure;

/// Connections that may wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 4_096;

/// Listens on the address, which is the value of this option.
pub(super) fn bind(address: SocketAddr, option: &str) -> Result<TcpListener, Failure> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // So that a server can follow another one at once.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| {
        Failure::new(match error.kind() {
            ErrorKind::AddrInUse => {
                format!("another program listens on {address}; stop it or choose another port by {option}")
            }
            _ => format!("can't listen on {address}: {error}"),
        })
    })
}
