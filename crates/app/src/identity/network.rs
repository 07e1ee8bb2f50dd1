//! How network addresses are counted by limits, and how they are written down.

use std::net::IpAddr;

/// What limits count an address by: one IPv4 address, one IPv6 /64, since that is what a single
/// client gets.
pub(crate) fn limited_by(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The network an address is in: IPv4 /24, IPv6 /48. Enough to recognise a place, too little to be
/// a trace.
pub fn coarse(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_coarse() {
        assert_eq!(coarse("192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(coarse("::ffff:192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(coarse("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
        assert_eq!(limited_by("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1:2::/64");
        assert_eq!(limited_by("192.0.2.77".parse().unwrap()), "192.0.2.77");
    }
}
