//! Passwords: what a hash looks like, what is outdated, and bounds on the work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{PasswordHash, PasswordHasher, PasswordVerdict, PortError};
use dayline_local::{Argon2Error, Argon2Passwords, Argon2Settings, SystemRandomness};

const LEAST: Argon2Settings =
    Argon2Settings { memory_kib: 19_456, passes: 2, lanes: 1, threads: 1, queue: 512 };
const PASSWORD: &str = "correct horse battery staple";

fn passwords(settings: Argon2Settings) -> Argon2Passwords {
    Argon2Passwords::new(settings, Arc::new(SystemRandomness)).unwrap()
}

async fn verify(passwords: &Argon2Passwords, hash: &str) -> PasswordVerdict {
    passwords.verify(PASSWORD.to_owned(), Some(PasswordHash(hash.to_owned()))).await.unwrap()
}

#[tokio::test]
async fn a_hash_is_argon2id_with_its_parameters_and_a_salt_of_its_own() {
    let passwords = passwords(LEAST);
    let one = passwords.hash(PASSWORD.to_owned()).await.unwrap().0;
    let other = passwords.hash(PASSWORD.to_owned()).await.unwrap().0;
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    let salts = [&one, &other].map(|hash| hash.split('$').nth(4).unwrap().to_owned());
    assert_eq!(salts[0].len(), 22, "16 bytes in base64");
    assert_ne!(salts[0], salts[1]);
}

#[tokio::test]
async fn a_hash_that_another_program_made_is_understood() {
    // From the tests of argon2's reference implementation: 64 MiB, two passes.
    let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let passwords = passwords(LEAST);
    let verdict = passwords.verify("password".to_owned(), Some(PasswordHash(hash.to_owned()))).await;
    assert_eq!(verdict, Ok(PasswordVerdict { matches: true, outdated: false }));
    assert!(!verify(&passwords, hash).await.matches);
}

#[tokio::test]
async fn a_hash_is_outdated_when_any_parameter_was_raised_and_not_when_lowered() {
    let least = passwords(LEAST).hash(PASSWORD.to_owned()).await.unwrap().0;
    for raised in [
        Argon2Settings { memory_kib: 19_464, ..LEAST },
        Argon2Settings { passes: 3, ..LEAST },
        Argon2Settings { lanes: 2, ..LEAST },
    ] {
        let raised = passwords(raised);
        assert_eq!(verify(&raised, &least).await, PasswordVerdict { matches: true, outdated: true });
        let strong = raised.hash(PASSWORD.to_owned()).await.unwrap().0;
        assert_eq!(verify(&raised, &strong).await, PasswordVerdict { matches: true, outdated: false });
        assert_eq!(
            verify(&passwords(LEAST), &strong).await,
            PasswordVerdict { matches: true, outdated: false }
        );
    }
}

#[test]
fn settings_below_what_is_safe_refuse_to_start() {
    for weak in [
        Argon2Settings { memory_kib: 19_455, ..LEAST },
        Argon2Settings { passes: 1, ..LEAST },
        Argon2Settings { lanes: 0, ..LEAST },
        Argon2Settings { threads: 0, ..LEAST },
        Argon2Settings { lanes: 20_000, ..LEAST },
    ] {
        let refused = Argon2Passwords::new(weak, Arc::new(SystemRandomness)).err();
        assert!(matches!(refused, Some(Argon2Error::Settings)), "{weak:?}");
    }
}

#[tokio::test]
async fn more_than_the_queue_holds_is_unavailable_and_the_rest_is_answered() {
    let passwords = passwords(Argon2Settings { queue: 2, ..LEAST });
    let asked: Vec<_> = (0..200).map(|_| passwords.verify(PASSWORD.to_owned(), None)).collect();
    let (mut answered, mut refused) = (0, 0);
    for answer in asked {
        match answer.await {
            Ok(_) => answered += 1,
            Err(PortError::Unavailable(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(answered >= 2 && refused > 0, "{answered} answered, {refused} refused");
    assert!(passwords.verify(PASSWORD.to_owned(), None).await.is_ok(), "room again");
}

#[tokio::test]
async fn nobody_who_has_left_costs_a_hash() {
    let passwords = passwords(LEAST);
    let since = Instant::now();
    passwords.hash(PASSWORD.to_owned()).await.unwrap();
    let one = since.elapsed();
    drop((0..300).map(|_| passwords.verify(PASSWORD.to_owned(), None)).collect::<Vec<_>>());
    let since = Instant::now();
    passwords.hash(PASSWORD.to_owned()).await.unwrap();
    assert!(since.elapsed() < 100 * one, "{:?} for one and those who left, {one:?} for one", since.elapsed());
}

#[tokio::test(flavor = "current_thread")]
async fn hashing_does_not_hold_up_the_async_thread() {
    let passwords = passwords(LEAST);
    let mut hashing = passwords.hash(PASSWORD.to_owned());
    let mut turns = 0_u32;
    loop {
        tokio::select! {
            biased;
            hash = &mut hashing => break assert!(hash.is_ok()),
            () = tokio::time::sleep(Duration::from_millis(1)) => turns += 1,
        }
    }
    assert!(turns >= 2, "{turns} turns during a hash");
}
