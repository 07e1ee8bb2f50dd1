//! The subject of the suites of a store: the ports over one set of data, and samples to fill it
//! with.

use std::any::Any;
use std::array;
use std::sync::Arc;

use dayline_app::ports::{
    Accounts, ApiKey, ApiKeys, Applied, AuditLog, BoxFuture, CreateUser, DayKey, DeadLetter, DeadLetters,
    DeviceLogins, LedgerCommit, LedgerReader, LedgerWriter, LoadedDay, Partition, PasswordHash, PortError,
    Position, ReportJobs, Sessions, SignOut, StartSession, Started, StoredTime, User,
};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::Generation;
use dayline_domain::{
    ApiKeyId, Bridge, DayChange, DeviceId, Email, FullName, Interval, LedgerDay, Piece, Ping, Scope, Scopes,
    Session, SessionId, Source, UserId, UtcDay, UtcMs,
};

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
    pub(super) device_logins: Arc<dyn DeviceLogins>,
    pub(super) audit: Arc<dyn AuditLog>,
    pub(super) time: Arc<dyn StoredTime>,
    spoil: Option<Arc<Spoil>>,
    /// Dropped after the ports.
    _keeping: Option<Arc<dyn Any + Send + Sync>>,
}

/// The day that samples lie in.
pub(super) const DAY: UtcDay = UtcDay(20_777);
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
            + DeviceLogins
            + AuditLog
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
            device_logins: store.clone(),
            audit: store.clone(),
            time: store,
            spoil: None,
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

    /// Applies changes at the partition's position and moves that by one.
    pub(super) async fn apply(&self, changes: Vec<(UserId, DayChange)>) -> Result<Applied, PortError> {
        let from = self.position().await;
        self.writer.apply(Arc::new(LedgerCommit { changes, ..commit(from.major, from.major + 1) })).await
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

    /// The stored day of a person who must be there.
    pub(super) async fn day(&self, user: UserId, day: UtcDay) -> LedgerDay {
        let loaded = self.writer.load(vec![DayKey { user, day }]).await.unwrap().remove(0);
        match loaded {
            LoadedDay::Day(day) => *day,
            other => panic!("{day:?} of {user} is {other:?}"),
        }
    }

    /// All that the ledger has of a sample person's day, to compare.
    pub(super) async fn snapshot(&self, user: UserId) -> (Position, Vec<Piece>, Vec<Piece>, u64, u64) {
        let day = self.day(user, DAY).await;
        let (counted, outranked) = (day.counted().collect(), day.outranked().collect());
        (self.position().await, counted, outranked, day.version(), self.dead_letters.count().await.unwrap())
    }
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

/// An app on one device.
pub(super) fn app(name: &str) -> Arc<Source> {
    Source::new("laptop", name, None).unwrap()
}

/// A piece of [`DAY`], in seconds since its midnight.
pub(super) fn piece(name: &str, start_s: i64, end_s: i64) -> Piece {
    let at = |s: i64| DAY.start().plus(s * 1_000);
    Piece { source: app(name), interval: Interval::new(at(start_s), at(end_s)).unwrap() }
}

/// What a day makes of pings that are these pieces. Nothing is bridged.
pub(super) fn record(day: &mut LedgerDay, pings: &[Piece]) -> DayChange {
    let ping = |Piece { source, interval }: &Piece| Ping { source: source.clone(), interval: *interval };
    let pings: Vec<Ping> = pings.iter().map(ping).collect();
    day.record(&pings, Bridge(0)).expect("the pings change the day")
}

/// The change that makes an empty [`DAY`] out of pieces.
pub(super) fn first(pings: &[Piece]) -> DayChange {
    record(&mut LedgerDay::empty(DAY), pings)
}

/// A commit without content from one position to another.
pub(super) fn commit(from: u64, to: u64) -> LedgerCommit {
    let position = |major| Position { major, minor: 0 };
    LedgerCommit {
        partition: PARTITION,
        from: position(from),
        to: position(to),
        changes: Vec::new(),
        dead: Vec::new(),
        at: NOW,
    }
}

/// A dead letter.
pub(super) fn dead_letter(user: Option<UserId>, reason: &str) -> DeadLetter {
    DeadLetter { user, reason: reason.to_owned(), record: reason.as_bytes().to_vec() }
}
