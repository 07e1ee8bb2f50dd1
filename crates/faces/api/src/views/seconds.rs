//! Durations on the wire: seconds as a number with exactly the milliseconds that were counted.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Milliseconds, shown as seconds: `12`, `12.345`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64, minimum = 0, example = 12.345)]
pub(crate) struct Seconds(pub(crate) i64);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(ms) = *self;
        if ms % 1_000 == 0 {
            return serializer.serialize_i64(ms / 1_000);
        }
        // The quotient is the double nearest to the decimal, and is written as the shortest decimal
        // that reads back as it: that very decimal, up to 2^43 seconds.
        serializer.serialize_f64(ms as f64 / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use dayline_http_kit::csv::seconds;

    use super::*;

    #[test]
    fn seconds_have_exactly_the_milliseconds_that_were_counted() {
        let ten_years = 10 * 366 * 86_400_000_i64;
        for ms in (0..20_000).chain(ten_years - 20_000..ten_years) {
            let written = serde_json::to_string(&Seconds(ms)).unwrap();
            assert_eq!(written, seconds(ms));
        }
        assert_eq!(seconds(12_345), "12.345");
        assert_eq!(seconds(12_300), "12.3");
        assert_eq!(seconds(5_000), "5");
        assert_eq!(seconds(1), "0.001");
    }
}
