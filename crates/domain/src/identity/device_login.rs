//! Signing a device in by a short code (RFC 8628): the person approves it elsewhere, the device
//! polls.

use std::fmt;

use crate::id::{SessionId, UserId};
use crate::identity::account::Label;
use crate::identity::session::TokenHash;
use crate::names::DeviceId;
use crate::time::UtcMs;

/// How long a code may be approved, in milliseconds.
pub const CODE_LIFE_MS: i64 = 10 * 60_000;
/// Seconds a device waits between polls at first, and by which that grows when it is impatient (RFC
/// 8628, section 3.5).
pub const POLL_INTERVAL_S: u32 = 5;

/// What a person types: eight consonants in two groups, so that no word comes out and none is
/// mistaken.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserCode([u8; 8]);

/// Letters of a user code: 20, without vowels (RFC 8628, section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

impl UserCode {
    /// A code from random bytes; every code is equally likely. `None` if too many of the bytes had
    /// to be thrown away: try again with others.
    pub fn from_random(random: &[u8]) -> Option<Self> {
        // 240 is the largest multiple of 20 in a byte; what lies above would make some letters
        // likelier.
        let mut letters =
            random.iter().filter(|byte| **byte < 240).map(|byte| LETTERS[usize::from(byte % 20)]);
        let mut code = [0; 8];
        for place in &mut code {
            *place = letters.next()?;
        }
        Some(Self(code))
    }

    /// Reads a code as somebody typed it: any case, with or without separators.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = [0; 8];
        let mut typed =
            text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).map(|byte| byte.to_ascii_uppercase());
        for place in &mut code {
            *place = typed.next().filter(|letter| LETTERS.contains(letter))?;
        }
        typed.next().is_none().then_some(Self(code))
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |byte: &u8| char::from(*byte);
        let (left, right): (String, String) =
            (self.0[..4].iter().map(letter).collect(), self.0[4..].iter().map(letter).collect());
        write!(f, "{left}-{right}")
    }
}

/// Not shown: whoever knows a code may offer it for approval.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

/// What the person has said so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Nothing yet: the device is to ask again.
    Pending,
    /// A person wants the device signed in as them. The approval is worth no more than the session
    /// it was given in: when that ends, the code ends too.
    Approved {
        /// As whom the device is to be signed in.
        user: UserId,
        /// The session the approval was given in.
        session: SessionId,
    },
    /// The person refused.
    Denied,
}

/// A device that asks to be signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLogin {
    /// Hash of the secret the device polls with.
    pub device_code: TokenHash,
    /// What the person types.
    pub user_code: UserCode,
    /// The identity it chose for itself, which its session will have.
    pub device: DeviceId,
    /// What it calls itself.
    pub device_name: Option<Label>,
    /// Coarse network address it asked from.
    pub address: Option<Box<str>>,
    /// When it asked.
    pub created_at: UtcMs,
    /// What the person has said.
    pub approval: Approval,
    /// Seconds it has to wait between polls.
    pub interval_s: u32,
    /// When it polled last.
    pub polled_at: Option<UtcMs>,
    /// Grows by one with each change; for compare-and-set.
    pub revision: u32,
}

/// The answer to a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollAnswer {
    /// The person has said nothing yet.
    Pending,
    /// Polled too soon; the interval has grown.
    SlowDown,
    /// The code is too old. Forget it.
    Expired,
    /// The person refused. Forget it.
    Denied,
    /// Sign the device in as this person. The code is used up: forget it.
    SignIn(UserId),
}

impl DeviceLogin {
    /// Whether the code can no longer be approved or exchanged.
    pub fn is_expired(&self, now: UtcMs) -> bool {
        now.since(self.created_at) >= CODE_LIFE_MS
    }

    /// A poll at `now`: the answer, and the request afterwards (`None`: used up).
    pub fn poll(&self, now: UtcMs) -> (PollAnswer, Option<Self>) {
        if self.is_expired(now) {
            return (PollAnswer::Expired, None);
        }
        match self.approval {
            Approval::Approved { user, .. } => (PollAnswer::SignIn(user), None),
            Approval::Denied => (PollAnswer::Denied, None),
            Approval::Pending => {
                let too_soon =
                    self.polled_at.is_some_and(|last| now.since(last) < i64::from(self.interval_s) * 1_000);
                let grown = self.interval_s + if too_soon { POLL_INTERVAL_S } else { 0 };
                // A device that waited for longer would only find the code gone.
                let interval_s = grown.min(CODE_LIFE_MS as u32 / 1_000);
                let next = Self { interval_s, polled_at: Some(now), ..self.changed() };
                (if too_soon { PollAnswer::SlowDown } else { PollAnswer::Pending }, Some(next))
            }
        }
    }

    /// The request after a person has decided about it; `None` if it is too late or decided
    /// already.
    pub fn decide(&self, approval: Approval, now: UtcMs) -> Option<Self> {
        let open = !self.is_expired(now) && self.approval == Approval::Pending;
        open.then(|| Self { approval, ..self.changed() })
    }

    fn changed(&self) -> Self {
        Self { revision: self.revision.wrapping_add(1), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> DeviceLogin {
        DeviceLogin {
            device_code: [0; 32],
            user_code: UserCode::parse("BCDF-GHJK").unwrap(),
            device: DeviceId::new("tracker").unwrap(),
            device_name: None,
            address: None,
            created_at: UtcMs(0),
            approval: Approval::Pending,
            interval_s: POLL_INTERVAL_S,
            polled_at: None,
            revision: 0,
        }
    }

    fn approved_by(user: UserId) -> Approval {
        Approval::Approved { user, session: SessionId::from_bits(9) }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode::parse("BCDF-GHJK").unwrap();
        assert_eq!(code.to_string(), "BCDF-GHJK");
        assert_eq!(UserCode::parse(" bcdfghjk"), Some(code));
        for text in ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF_GHJK", "ÖCDFGHJK"] {
            assert_eq!(UserCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_letter_of_a_code_is_equally_likely() {
        let mut seen = [0; 20];
        for byte in 0..=255 {
            if let Some(code) = UserCode::from_random(&[byte; 8]) {
                seen[LETTERS.iter().position(|&letter| letter == code.0[0]).unwrap()] += 1;
            }
        }
        assert_eq!(seen, [12; 20]);
        assert_eq!(UserCode::from_random(&[250; 64]), None);
    }

    #[test]
    fn a_poll_waits_for_the_person_and_then_signs_in_once() {
        let (answer, next) = asked().poll(UtcMs(1));
        assert_eq!(answer, PollAnswer::Pending);
        let user = UserId::from_bits(7);
        let approved = next.unwrap().decide(approved_by(user), UtcMs(2)).unwrap();
        assert_eq!(approved.poll(UtcMs(3)), (PollAnswer::SignIn(user), None));
    }

    #[test]
    fn an_impatient_device_is_slowed_down_each_time() {
        let (_, next) = asked().poll(UtcMs(0));
        let (answer, next) = next.unwrap().poll(UtcMs(4_999));
        assert_eq!((answer, next.as_ref().unwrap().interval_s), (PollAnswer::SlowDown, 10));
        let (answer, next) = next.unwrap().poll(UtcMs(14_998));
        assert_eq!((answer, next.as_ref().unwrap().interval_s), (PollAnswer::SlowDown, 15));
        let (answer, _) = next.unwrap().poll(UtcMs(29_998));
        assert_eq!(answer, PollAnswer::Pending);
    }

    #[test]
    fn a_device_is_never_slowed_down_beyond_the_life_of_its_code() {
        let polls = |login: DeviceLogin, _| login.poll(UtcMs(1)).1.unwrap();
        let impatient = (0..1_000).fold(asked().poll(UtcMs(0)).1.unwrap(), polls);
        assert_eq!(i64::from(impatient.interval_s) * 1_000, CODE_LIFE_MS);
    }

    #[test]
    fn a_refused_or_old_request_ends() {
        let denied = asked().decide(Approval::Denied, UtcMs(1)).unwrap();
        assert_eq!(denied.poll(UtcMs(2)), (PollAnswer::Denied, None));
        assert_eq!(denied.decide(approved_by(UserId::from_bits(1)), UtcMs(2)), None);
        assert_eq!(asked().poll(UtcMs(CODE_LIFE_MS)), (PollAnswer::Expired, None));
        assert_eq!(asked().decide(Approval::Denied, UtcMs(CODE_LIFE_MS)), None);
    }
}
