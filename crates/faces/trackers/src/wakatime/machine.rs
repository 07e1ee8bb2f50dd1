//! On which computer a heartbeat was made: `X-Machine-Name`, which is encoded as in a query by some clients
//! and written as it is by others.

use dayline_domain::DeviceId;
use http::HeaderMap;
use percent_encoding::percent_decode;

/// The device that a request names; `None` if it names none, so that the key's own counts.
pub(super) fn machine(headers: &HeaderMap) -> Option<DeviceId> {
    let sent = headers.get("x-machine-name")?.as_bytes();
    // No host name has a plus, so that it stands for a blank in both forms.
    let blanks: Vec<u8> = sent.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    DeviceId::of_host(&percent_decode(&blanks).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn device(sent: &[u8]) -> Option<String> {
        let headers = [("x-machine-name".parse().unwrap(), HeaderValue::from_bytes(sent).unwrap())];
        machine(&headers.into_iter().collect()).map(|device| device.as_str().to_owned())
    }

    #[test]
    fn a_name_is_the_same_encoded_and_as_it_is() {
        assert_eq!(device(b"my+box+%C3%A9").as_deref(), Some("my box é"));
        assert_eq!(device("my box é".as_bytes()).as_deref(), Some("my box é"));
        assert_eq!(device(b"Laptop.local").as_deref(), Some("laptop"));
    }

    #[test]
    fn what_names_no_computer_is_none() {
        for none in [&b""[..], b"+", b"unknown", b"%00"] {
            assert_eq!(device(none), None, "{none:?}");
        }
        assert_eq!(machine(&HeaderMap::new()), None);
    }
}
