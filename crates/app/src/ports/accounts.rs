//! Accounts and the hashing of passwords.
//! Not here: sessions (see [`super::Sessions`]) and the policy for new passwords (the domain).

use std::fmt;

use dayline_domain::{Email, FullName, UserId, UtcMs};

use super::credentials::{CredentialId, SignOut};
use super::future::PortFuture;

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Given at registration, never changed or used again.
    pub id: UserId,
    /// Address; unique without regard to case.
    pub email: Email,
    /// As the person writes it; shown, never compared.
    pub full_name: FullName,
    /// IANA name of the time zone that reports use by default.
    pub timezone: String,
    /// When the person registered.
    pub created_at: UtcMs,
    /// Last change of the profile or password.
    pub updated_at: UtcMs,
    /// Since when an operator lets the person in no more, if that is so.
    pub disabled_at: Option<UtcMs>,
}

/// A password's hash with its parameters (PHC string). Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateUser {
    /// The account exists now.
    Created,
    /// Another account has the address.
    EmailTaken,
}

/// What is to change of a profile; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// As the person writes it.
    pub full_name: Option<FullName>,
    /// IANA name of a time zone.
    pub timezone: Option<String>,
    /// Another address.
    pub email: Option<EmailChange>,
}

/// Another address, on the word of who knows the password.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// The address from now on.
    pub to: Email,
    /// The hash of the password that was given. It must still be the account's.
    pub password: PasswordHash,
}

/// What became of a change of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateProfile {
    /// The profile as it is now.
    Updated(User),
    /// Another account has the address; nothing changed.
    EmailTaken,
    /// There is no such account, or its password is no longer the one that was given; nothing
    /// changed.
    NotTheirs,
}

/// The accounts.
pub trait Accounts: Send + Sync {
    /// Creates an account, unless the address is taken.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn create(&self, user: User, password: PasswordHash) -> PortFuture<'_, CreateUser>;

    /// The account with this identity.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find(&self, id: UserId) -> PortFuture<'_, Option<User>>;

    /// The account with this address (without regard to case) and its password's hash.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find_by_email(&self, email: Email) -> PortFuture<'_, Option<(User, PasswordHash)>>;

    /// Up to `limit` accounts after one, in the order of their identities.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn list(&self, after: Option<UserId>, limit: usize) -> PortFuture<'_, Vec<User>>;

    /// The hash of an account's password.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn password_of(&self, id: UserId) -> PortFuture<'_, Option<PasswordHash>>;

    /// Of the stored hashes one for each set of parameters that they were made with (the text before
    /// salt and hash). Reads all accounts.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away.
    fn sample_hashes(&self) -> PortFuture<'_, Vec<PasswordHash>>;

    /// Changes what is given of the profile: all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn update_profile(&self, id: UserId, change: ProfileChange, now: UtcMs) -> PortFuture<'_, UpdateProfile>;

    /// Replaces the hash `from` by `to` without ending sessions (same password, stronger
    /// parameters). False if the hash is no longer `from`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn rehash_password(&self, id: UserId, from: PasswordHash, to: PasswordHash) -> PortFuture<'_, bool>;

    /// Sets a new password and signs the person out, in one transaction; gives what ended, or `None`
    /// if there is no such account or its hash is no longer `from` (where that is given).
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn change_password(
        &self,
        id: UserId,
        from: Option<PasswordHash>,
        to: PasswordHash,
        sign_out: SignOut,
    ) -> PortFuture<'_, Option<Vec<CredentialId>>>;

    /// Lets the person in no more, in one transaction with ending their sessions: no session starts, and
    /// no key of theirs is found. Gives what ended, or `None` if there is no such account. Who is
    /// disabled already stays so since when they were.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn disable(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>>;

    /// Lets the person in again. False if there is no such account.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn enable(&self, id: UserId) -> PortFuture<'_, bool>;

    /// Erases the account and every row that belongs to it, in one transaction; gives the
    /// credentials that end with it, or `None` if there was no such account. Pings still in the log
    /// are forgotten by the worker when it comes to them.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn delete(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>>;
}

/// What a password check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordVerdict {
    /// The password is the right one.
    pub matches: bool,
    /// The hash was made with weaker parameters than today's.
    pub outdated: bool,
}

/// Hashes and checks passwords: slow on purpose, off the async threads, bounded in number.
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if too many wait already.
    fn hash(&self, password: String) -> PortFuture<'_, PasswordHash>;

    /// Checks a password. Without a hash it does the same work against dummies and never matches,
    /// so that an unknown address can't be told from a wrong password by the time it takes, with
    /// whatever parameters its hash was made.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if too many wait already,
    /// [`Corrupt`](super::PortError::Corrupt) if `hash` is none.
    fn verify(&self, password: String, hash: Option<PasswordHash>) -> PortFuture<'_, PasswordVerdict>;

    /// Says what is stored: hashes with all parameters that are in use besides today's. From now on
    /// each check does the work of all of them.
    fn expect(&self, stored: Vec<PasswordHash>);
}
