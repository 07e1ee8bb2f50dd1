//! Names within addresses of pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a path or a parameter as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name as one part of an address.
pub(crate) fn escaped(name: &str) -> String {
    utf8_percent_encode(name, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_part_of_an_address() {
        assert_eq!(escaped("Visual Studio/Code?"), "Visual%20Studio%2FCode%3F");
        assert_eq!(escaped("app.slack.com"), "app.slack.com");
        assert_eq!(escaped("日"), "%E6%97%A5");
    }
}
