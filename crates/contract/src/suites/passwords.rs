//! What every password hasher keeps. Not here: strength, cost and timing, which a fake has none of.

use std::sync::Arc;

use dayline_app::ports::{PasswordHasher, PasswordVerdict};

use super::Fact;

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Arc<dyn PasswordHasher>>] = &[
    Fact::new("the_right_password_matches_and_its_hash_is_up_to_date", |p| {
        Box::pin(the_right_password_matches_and_its_hash_is_up_to_date(p))
    }),
    Fact::new("any_other_password_does_not_match", |p| Box::pin(any_other_password_does_not_match(p))),
    Fact::new("without_a_hash_nothing_matches", |p| Box::pin(without_a_hash_nothing_matches(p))),
    Fact::new("a_damaged_hash_matches_nothing", |p| Box::pin(a_damaged_hash_matches_nothing(p))),
];

const RIGHT: PasswordVerdict = PasswordVerdict { matches: true, outdated: false };

async fn the_right_password_matches_and_its_hash_is_up_to_date(passwords: Arc<dyn PasswordHasher>) {
    for password in ["correct horse", "  spaces  ", "日本語の長い言葉", &"x".repeat(128)] {
        let hash = passwords.hash(password.to_owned()).await.unwrap();
        assert_eq!(passwords.verify(password.to_owned(), Some(hash)).await, Ok(RIGHT));
    }
}

async fn any_other_password_does_not_match(passwords: Arc<dyn PasswordHasher>) {
    // As long as a password may be: nothing is cut off. And nothing is trimmed or folded.
    let long = "x".repeat(128);
    let hash = passwords.hash(long.clone()).await.unwrap();
    for other in ["", "x", &long[1..], &format!("{}y", &long[1..]), &long.to_uppercase(), &format!("{long} ")]
    {
        let verdict = passwords.verify(other.to_owned(), Some(hash.clone())).await.unwrap();
        assert!(!verdict.matches, "{} characters", other.len());
    }
}

async fn without_a_hash_nothing_matches(passwords: Arc<dyn PasswordHasher>) {
    for password in ["", "correct horse"] {
        let verdict = passwords.verify(password.to_owned(), None).await.unwrap();
        assert_eq!(verdict, PasswordVerdict { matches: false, outdated: false });
    }
}

async fn a_damaged_hash_matches_nothing(passwords: Arc<dyn PasswordHasher>) {
    let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
    for damage in ["", "!", "$", &hash.0[..hash.0.len() - 1]] {
        let damaged = dayline_app::ports::PasswordHash(damage.to_owned());
        let verdict = passwords.verify("correct horse".to_owned(), Some(damaged)).await.unwrap();
        assert!(!verdict.matches, "{damage}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakePasswords;
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || Arc::new(FakePasswords) as Arc<dyn PasswordHasher>).await;
    }
}
