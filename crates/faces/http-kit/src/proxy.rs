//! Proxies that are trusted to say which address a client has.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName, header};

/// A range of addresses, such as `10.0.0.0/8` or `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: u128,
    mask: u128,
}

/// A text that is not a range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCidr;

impl fmt::Display for InvalidCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be an address or a range such as 10.0.0.0/8 or fd00::/8")
    }
}

impl std::error::Error for InvalidCidr {}

/// All addresses as IPv6, IPv4 ones mapped, so that both kinds are compared alike.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl Cidr {
    /// Whether the address lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        bits(address) & self.mask == self.network
    }
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.parse().map_err(|_| InvalidCidr)?;
        let width = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let length = match length {
            Some(length) => {
                length.parse::<u32>().ok().filter(|&length| length <= width).ok_or(InvalidCidr)?
            }
            None => width,
        };
        // An empty mask is a shift by all 128 bits, which leaves nothing.
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Ok(Self { network: bits(address) & mask, mask })
    }
}

/// The header in which trusted proxies name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239)
    Forwarded,
}

/// Walks back along the proxies, from the peer, for as long as each is trusted. What cannot be read
/// ends the walk: the last proxy that could be read stands for the client then.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr], header: ForwardedHeader) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    for hop in hops(headers, header).iter().rev() {
        let Some(address) = hop else { break };
        client = address.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// The addresses that the proxies wrote down, the nearest last.
fn hops(headers: &HeaderMap, header: ForwardedHeader) -> Vec<Option<IpAddr>> {
    const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    let (name, read): (_, fn(&str) -> Option<IpAddr>) = match header {
        ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, read_address),
        ForwardedHeader::Forwarded => (header::FORWARDED, read_forwarded),
    };
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(|hop| read(hop.trim())).collect()
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
/// `[2001:db8::1]:80`.
fn read_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// The `for` of one element of `Forwarded`.
fn read_forwarded(element: &str) -> Option<IpAddr> {
    let of = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    })?;
    read_address(of.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, name: &'static str, lines: &[&str], header: ForwardedHeader) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, line.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8", "::1"].map(|range| range.parse().unwrap());
        client(peer.parse().unwrap(), &headers, &trusted, header).to_string()
    }

    fn x_forwarded_for(peer: &str, lines: &[&str]) -> String {
        seen(peer, "x-forwarded-for", lines, ForwardedHeader::XForwardedFor)
    }

    #[test]
    fn a_stranger_cannot_name_another_address() {
        assert_eq!(x_forwarded_for("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
    }

    #[test]
    fn trusted_proxies_are_followed_back_to_the_first_stranger() {
        assert_eq!(x_forwarded_for("10.0.0.1", &["203.0.113.5, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(x_forwarded_for("10.0.0.1", &["203.0.113.5", "198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(x_forwarded_for("::1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(x_forwarded_for("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk() {
        assert_eq!(x_forwarded_for("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(x_forwarded_for("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn only_the_configured_header_is_read() {
        let forwarded = ForwardedHeader::Forwarded;
        let line = [r#"for=203.0.113.5, for="[2001:db8::7]:80";proto=https"#];
        assert_eq!(seen("10.0.0.1", "forwarded", &line, forwarded), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", "x-forwarded-for", &["198.51.100.1"], forwarded), "10.0.0.1");
    }

    #[test]
    fn ranges_have_a_length_that_fits_their_kind() {
        let contains = |range: &str, address: &str| {
            range.parse::<Cidr>().map(|range| range.contains(address.parse().unwrap()))
        };
        assert_eq!(contains("10.0.0.0/8", "10.255.0.1"), Ok(true));
        assert_eq!(contains("10.0.0.0/8", "11.0.0.1"), Ok(false));
        assert_eq!(contains("0.0.0.0/0", "11.0.0.1"), Ok(true));
        assert_eq!(contains("0.0.0.0/0", "2001:db8::1"), Ok(false));
        assert_eq!(contains("::/0", "2001:db8::1"), Ok(true));
        assert_eq!(contains("10.0.0.1", "10.0.0.1"), Ok(true));
        assert_eq!(contains("10.0.0.0/33", "10.0.0.1"), Err(InvalidCidr));
        assert_eq!(contains("ten", "10.0.0.1"), Err(InvalidCidr));
    }
}
