//! A rate, as an operator writes it: so many at once, and so many more in each second, minute or
//! hour. Not here: counting (see [`crate::LocalLimits`] and [`crate::LocalPingQuota`]).

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use governor::Quota;

/// What a rate refills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Per {
    Second,
    Minute,
    Hour,
}

impl Per {
    const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
        }
    }
}

/// So many at once, and so many more in each unit of time. As text `10+1/m`: ten, and one more a
/// minute; `off` limits nothing that could be told from a flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    burst: u32,
    refill: u32,
    per: Per,
}

impl Rate {
    /// More than any machine can take.
    pub const OFF: Self = Self { burst: u32::MAX, refill: u32::MAX, per: Per::Second };

    /// `burst` at once and `refill` more per unit; 0 is taken as 1.
    pub const fn new(burst: u32, refill: u32, per: Per) -> Self {
        Self { burst: if burst == 0 { 1 } else { burst }, refill: if refill == 0 { 1 } else { refill }, per }
    }

    /// How many at once.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// In what time one comes back; at least a nanosecond.
    pub const fn each(self) -> Duration {
        let each_ns = self.per.seconds() * 1_000_000_000 / self.refill as u64;
        Duration::from_nanos(if each_ns == 0 { 1 } else { each_ns })
    }

    /// The rate as governor counts it: nanoseconds per unit, and a burst.
    pub(crate) fn quota(self) -> Quota {
        /// Governor multiplies burst and time in 64 bits of nanoseconds (584 years).
        const LONGEST_NS: u64 = 100 * 365 * 86_400 * 1_000_000_000;
        let burst = NonZeroU32::new(self.burst).unwrap_or(NonZeroU32::MIN);
        let longest = Duration::from_nanos(LONGEST_NS / u64::from(burst.get()));
        let each = self.each().min(longest);
        Quota::with_period(each).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(burst)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::OFF {
            return f.write_str("off");
        }
        let unit = match self.per {
            Per::Second => 's',
            Per::Minute => 'm',
            Per::Hour => 'h',
        };
        write!(f, "{}+{}/{unit}", self.burst, self.refill)
    }
}

/// A text that is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidRate;

impl fmt::Display for InvalidRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be off, or like 10+1/m: how many at once, and how many more per s, m or h")
    }
}

impl std::error::Error for InvalidRate {}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let (burst, rest) = text.split_once('+').ok_or(InvalidRate)?;
        let (refill, unit) = rest.split_once('/').ok_or(InvalidRate)?;
        let per = match unit {
            "s" => Per::Second,
            "m" => Per::Minute,
            "h" => Per::Hour,
            _ => return Err(InvalidRate),
        };
        let number = |text: &str| text.parse().ok().filter(|&number: &u32| number > 0).ok_or(InvalidRate);
        Ok(Self { burst: number(burst)?, refill: number(refill)?, per })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_survives_its_text() {
        for text in ["10+1/m", "60+30/m", "20000+200/s", "1+1/h", "off"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("10+1/m".parse(), Ok(Rate::new(10, 1, Per::Minute)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "10", "10+1", "10/m", "0+1/m", "10+0/m", "-1+1/m", "10+1/d", "10 + 1/m", "Off", "1+1/m/s"]
        {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate), "{text}");
        }
    }

    #[test]
    fn the_longest_rates_do_not_overflow() {
        for rate in [Rate::OFF, Rate::new(u32::MAX, 1, Per::Hour), Rate::new(0, 0, Per::Hour)] {
            let quota = rate.quota();
            let whole = quota.replenish_interval().as_nanos() * u128::from(quota.burst_size().get());
            assert!(whole < u128::from(u64::MAX) / 2, "{rate}");
            assert_eq!(quota.burst_size().get(), rate.burst());
        }
    }
}
