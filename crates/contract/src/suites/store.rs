//! The subject of the suites of a store: the ports over one set of data, and samples to fill it
//! with.

use std::any::Any;
use std::array;
use std::sync::Arc;

use dayline_app::ports::{
    Accounts, ApiKey, ApiKeys, Applied, AuditLog, BoxFuture, Buckets, CorrectionNumbers, CreateUser, DayKey,
    DayWrite, DeadLetter, DeadLetters, DeviceBook, DeviceLogins, LabelBook, LedgerCommit, LedgerReader,
    LedgerView, LedgerWriter, LoadedDay, Partition, PasswordHash, PortError, Position, PreferenceStore,
    RawEvents, ReportJobs, ResetLinks, RetentionStore, Sessions, SignOut, StartSession, Started, StoredDay,
    StoredTime, TrackerSettings, User,
};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::Generation;
use dayline_domain::{
    ApiKeyId, Correction, DeviceId, Email, FullName, Piece, Scope, Scopes, Session, SessionId, UserId,
    UtcDay, UtcMs,
};

use super::worked_day::{DAY, sorted};

/// What may have become of the sums of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoiltSums {
    /// There are none: the day was stored by a program that knew none.
    Missing,
    /// Such a program has moved the day on to its next version, and left the sums as they were.
    Outdated,
    /// They are no sums that this program can read.
    Unreadable,
}

type Spoil = dyn Fn(DayKey, SpoiltSums) -> BoxFuture<'static, ()> + Send + Sync;
type Plant = dyn Fn(DayKey, Vec<Piece>, Vec<Piece>) -> BoxFuture<'static, ()> + Send + Sync;

/// A fresh store. Its ports share their data: a person who is deleted is gone from all of them.
#[derive(Clone)]
pub struct StorePorts {
    pub(super) writer: Arc<dyn LedgerWriter>,
    pub(super) reader: Arc<dyn LedgerReader>,
    pub(super) dead_letters: Arc<dyn DeadLetters>,
    pub(super) report_jobs: Arc<dyn ReportJobs>,
    pub(super) accounts: Arc<dyn Accounts>,
    pub(super) sessions: Arc<dyn Sessions>,
    pub(super) api_keys: Arc<dyn ApiKeys>,
    pub(super) device_book: Arc<dyn DeviceBook>,
    pub(super) reset_links: Arc<dyn ResetLinks>,
    pub(super) buckets: Arc<dyn Buckets>,
    pub(super) raw_events: Arc<dyn RawEvents>,
    pub(super) tracker_settings: Arc<dyn TrackerSettings>,
    pub(super) device_logins: Arc<dyn DeviceLogins>,
    pub(super) label_book: Arc<dyn LabelBook>,
    pub(super) audit: Arc<dyn AuditLog>,
    pub(super) preferences: Arc<dyn PreferenceStore>,
    pub(super) correction_numbers: Arc<dyn CorrectionNumbers>,
    pub(super) retention: Arc<dyn RetentionStore>,
    pub(super) time: Arc<dyn StoredTime>,
    spoil: Option<Arc<Spoil>>,
    plant: Option<Arc<Plant>>,
    /// Dropped after the ports.
    _keeping: Option<Arc<dyn Any + Send + Sync>>,
}

/// Its partition, where it does not matter which.
pub(super) const PARTITION: Partition = Partition(3);
/// When samples happen, where it does not matter when.
pub(super) const NOW: UtcMs = UtcMs(1_795_132_800_000);

impl StorePorts {
    /// A store that is all the ports.
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: LedgerWriter
            + LedgerReader
            + DeadLetters
            + ReportJobs
            + Accounts
            + Sessions
            + ApiKeys
            + DeviceBook
            + ResetLinks
            + Buckets
            + RawEvents
            + TrackerSettings
            + DeviceLogins
            + LabelBook
            + AuditLog
            + PreferenceStore
            + CorrectionNumbers
            + RetentionStore
            + StoredTime
            + 'static,
    {
        Self {
            writer: store.clone(),
            reader: store.clone(),
            dead_letters: store.clone(),
            report_jobs: store.clone(),
            accounts: store.clone(),
            sessions: store.clone(),
            api_keys: store.clone(),
            device_book: store.clone(),
            reset_links: store.clone(),
            buckets: store.clone(),
            raw_events: store.clone(),
            tracker_settings: store.clone(),
            device_logins: store.clone(),
            label_book: store.clone(),
            audit: store.clone(),
            preferences: store.clone(),
            correction_numbers: store.clone(),
            retention: store.clone(),
            time: store,
            spoil: None,
            plant: None,
            _keeping: None,
        }
    }

    /// Keeps something (a folder) until the store is dropped.
    #[must_use]
    pub fn keeping(self, thing: impl Any + Send + Sync) -> Self {
        Self { _keeping: Some(Arc::new(thing)), ..self }
    }

    /// Says how the stored sums of a day are spoilt; the facts about sums need it.
    #[must_use]
    pub fn spoiling(
        self,
        spoil: impl Fn(DayKey, SpoiltSums) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self { spoil: Some(Arc::new(spoil)), ..self }
    }

    /// Says how a day of the rule's first edition is stored as the release before left it, of a person
    /// who is registered: pieces that count, and pieces that do not. The facts about such days need it.
    #[must_use]
    pub fn planting(
        self,
        plant: impl Fn(DayKey, Vec<Piece>, Vec<Piece>) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self { plant: Some(Arc::new(plant)), ..self }
    }

    pub(super) async fn plant(&self, key: DayKey, counted: &[Piece], outranked: &[Piece]) {
        let plant = self.plant.as_ref().expect("a store in which old days can be planted");
        plant(key, counted.to_vec(), outranked.to_vec()).await;
    }

    pub(super) async fn spoil(&self, user: UserId, day: UtcDay, how: SpoiltSums) {
        let spoil = self.spoil.as_ref().expect("a store whose sums can be spoilt");
        spoil(DayKey { user, day }, how).await;
    }

    /// Registers the `n`-th sample person.
    pub(super) async fn register(&self, n: u64) -> User {
        let user = person(n);
        let created = self.accounts.create(user.clone(), hash("first")).await.unwrap();
        assert_eq!(created, CreateUser::Created);
        user
    }

    /// Starts a session that must start; gives those that ended for it.
    pub(super) async fn sign_in(&self, session: Session) -> Vec<SessionId> {
        let start = StartSession { session, checked_against: None, code: None, max_per_user: 50 };
        match self.sessions.start(start).await.unwrap() {
            Started::Started { ended } => ended,
            Started::Refused => panic!("a sign-in was refused"),
        }
    }

    /// Applies writes at the partition's position and moves that by one.
    pub(super) async fn apply(&self, days: Vec<(UserId, DayWrite)>) -> Result<Applied, PortError> {
        let from = self.position().await;
        self.writer.apply(Arc::new(LedgerCommit { days, ..commit(from.major, from.major + 1) })).await
    }

    /// Commits writes of one person's days, which must be taken.
    pub(super) async fn write(&self, user: UserId, days: impl IntoIterator<Item = DayWrite>) {
        let days = days.into_iter().map(|write| (user, write)).collect();
        assert_eq!(self.apply(days).await, Ok(Applied::Done));
    }

    /// Commits corrections of one person.
    pub(super) async fn keep(&self, user: UserId, corrections: impl IntoIterator<Item = Correction>) {
        let corrections = corrections.into_iter().map(|correction| (user, correction)).collect();
        let from = self.position().await;
        let commit = LedgerCommit { corrections, ..commit(from.major, from.major + 1) };
        assert_eq!(self.writer.apply(Arc::new(commit)).await, Ok(Applied::Done));
    }

    /// Commits dead letters.
    pub(super) async fn bury(&self, dead: Vec<DeadLetter>) {
        let from = self.position().await;
        let commit = LedgerCommit { dead, ..commit(from.major, from.major + 1) };
        assert_eq!(self.writer.apply(Arc::new(commit)).await, Ok(Applied::Done));
    }

    /// The position of the partition.
    pub(super) async fn position(&self) -> Position {
        self.writer.position(PARTITION).await.unwrap()
    }

    /// The stored day of a person who must be there; observations in an order that is always the
    /// same.
    pub(super) async fn day(&self, user: UserId, day: UtcDay) -> StoredDay {
        let loaded = self.writer.load(vec![DayKey { user, day }]).await.unwrap().remove(0);
        in_order(loaded)
    }

    /// All that the ledger has of a sample person's day, to compare.
    pub(super) async fn snapshot(&self, user: UserId) -> (Position, StoredDay, LedgerView, u64) {
        let day = self.day(user, DAY).await;
        let view = self.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
        (self.position().await, day, view, self.dead_letters.count().await.unwrap())
    }
}

/// A day that must be there, with its observations and corrections in an order that is always the
/// same.
pub(super) fn in_order(loaded: LoadedDay) -> StoredDay {
    let LoadedDay::Day(day) = loaded else { panic!("a day is {loaded:?}") };
    let (observations, recent) = (sorted(&day.observations), sorted(&day.recent));
    let mut corrections = day.corrections.clone();
    corrections.sort_by_key(|correction| correction.version);
    StoredDay { observations, recent, corrections, ..*day }
}

/// The `n`-th sample person.
pub(super) fn person(n: u64) -> User {
    User {
        id: UserId::v7(NOW.0 as u64 + n, [n as u8; 10]),
        email: Email::new(&format!("Person{n}@Example.org")).unwrap(),
        full_name: FullName::new(&format!("Persön {n}")).unwrap(),
        timezone: "Europe/Berlin".to_owned(),
        created_at: NOW.plus(n as i64),
        updated_at: NOW.plus(n as i64),
        disabled_at: None,
    }
}

/// A password hash; stores never look inside.
pub(super) fn hash(text: &str) -> PasswordHash {
    PasswordHash(format!("$fake${text}"))
}

/// The `n`-th sample session of a person, used last `n` seconds after [`NOW`].
pub(super) fn session(user: UserId, n: u64) -> Session {
    let at = NOW.plus(1_000 * n as i64);
    Session {
        id: SessionId::v7(at.0 as u64, user.bits().to_be_bytes()[6..].try_into().unwrap()),
        user,
        device: DeviceId::new(&format!("device {n}")).unwrap(),
        device_name: None,
        address: Some(format!("192.0.{n}.0/24").into()),
        created_at: at,
        last_used_at: at,
        generation: Generation(0),
        token_hash: [n as u8; 32],
        issued_at: at,
        previous_issued_at: at,
    }
}

/// Ends all sessions but one, and no keys.
pub(super) fn sign_out(keep: Option<SessionId>, at: UtcMs) -> SignOut {
    SignOut { keep, api_keys: false, at }
}

/// The `n`-th sample key of a person.
pub(super) fn api_key(user: UserId, n: u64) -> ApiKey {
    ApiKey {
        id: ApiKeyId::v7(NOW.0 as u64 + n, user.bits().to_be_bytes()[6..].try_into().unwrap()),
        user,
        name: Label::new(&format!("key {n}")).unwrap(),
        scopes: Scopes::NONE.with(Scope::Track),
        hash: array::from_fn(|i| if i < 16 { user.bits().to_be_bytes()[i] } else { n as u8 }),
        created_at: NOW.plus(n as i64),
        last_used_at: None,
        expires_at: None,
    }
}

/// A commit without content from one position to another.
pub(super) fn commit(from: u64, to: u64) -> LedgerCommit {
    let position = |major| Position { major, minor: 0 };
    LedgerCommit {
        partition: PARTITION,
        from: position(from),
        to: position(to),
        days: Vec::new(),
        corrections: Vec::new(),
        dead: Vec::new(),
        at: NOW,
    }
}

/// A dead letter.
pub(super) fn dead_letter(user: Option<UserId>, reason: &str) -> DeadLetter {
    DeadLetter { user, reason: reason.to_owned(), record: reason.as_bytes().to_vec() }
}
