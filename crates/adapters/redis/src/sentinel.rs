//! Finds the primary by asking sentinels, anew for each connection, and believes none of them: the
//! server must say itself that it is one. Not here: an old primary that nobody can tell that it is
//! replaced. It has no replica that confirms what is appended (see the ping log's sender).

mod address;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisError,
    RedisResult, Role, TlsCertificates, cmd,
};
use tokio::time::timeout;

use address::Address;

/// How long a sentinel may take to answer, the way there included, before the next one is asked.
const ASK: Duration = Duration::from_millis(300);
/// How long a server may take to be connected to and to say what it is.
const CONFIRM: Duration = Duration::from_secs(1);

type Server = (String, u16);

/// Whom to ask for the primary, and what was found last.
pub(crate) struct Sentinels {
    address: Address,
    certificates: Option<TlsCertificates>,
    /// Who answered last. Whoever does not answer costs time, so that others are asked first.
    first: AtomicUsize,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    primary: Option<Server>,
    /// How often another one was found than before.
    changes: u64,
}

/// Whether this is to be an address with sentinels, right or wrong.
pub(crate) fn is_meant_by(url: &str) -> bool {
    address::is_meant_by(url)
}

impl Sentinels {
    /// Those of an address; says what is wrong with it, without any part of it.
    pub(crate) fn new(url: &str) -> Result<Self, String> {
        let address = address::parse(url)?;
        Ok(Self { address, certificates: None, first: AtomicUsize::new(0), found: Mutex::default() })
    }

    pub(crate) fn are_over_tls(&self) -> bool {
        self.address.tls
    }

    /// The same, with certificates for the sentinels and the servers.
    pub(crate) fn with_certificates(&self, certificates: TlsCertificates) -> RedisResult<Self> {
        let sentinels = Self {
            address: self.address.clone(),
            certificates: Some(certificates),
            first: AtomicUsize::new(0),
            found: Mutex::default(),
        };
        // Says now what is wrong with them.
        for sentinel in &sentinels.address.sentinels {
            sentinels.client(sentinel, &sentinels.address.to_sentinel)?;
        }
        Ok(sentinels)
    }

    /// How often another primary was found than before.
    pub(crate) fn changes(&self) -> u64 {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).changes
    }

    /// A connection to the primary, and how often there was another one before it.
    pub(crate) async fn connect(
        &self,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<(MultiplexedConnection, u64)> {
        let count = self.address.sentinels.len();
        let first = self.first.load(Ordering::Relaxed);
        let (mut why, mut wrong) = (String::new(), Vec::new());
        for number in (0..count).map(|turn| (first + turn) % count) {
            let primary = match self.ask(number).await {
                Ok(primary) => primary,
                Err(error) => {
                    why = error.to_string();
                    continue;
                }
            };
            // Another sentinel has said so, too.
            if wrong.contains(&primary) {
                continue;
            }
            match self.connect_to(&primary, config).await {
                Ok(connection) => {
                    self.first.store(number, Ordering::Relaxed);
                    return Ok((connection, self.note(primary)));
                }
                Err(error) => why = error.to_string(),
            }
            wrong.push(primary);
        }
        let nobody = format!("no sentinel of {count} names a primary that is one, the last try: {why}");
        Err(io::Error::new(io::ErrorKind::NotConnected, nobody).into())
    }

    /// What this sentinel takes for the primary.
    async fn ask(&self, number: usize) -> RedisResult<Server> {
        let Address { sentinels, service, to_sentinel, .. } = &self.address;
        let client = self.client(&sentinels[number], to_sentinel)?;
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(ASK)).set_response_timeout(Some(ASK));
        let mut question = cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(service);
        let answer = async {
            let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            question.query_async::<Option<Server>>(&mut connection).await
        };
        let known = timeout(ASK, answer).await.map_err(|_| late("a sentinel did not answer in time"))??;
        known.ok_or_else(|| other("a sentinel does not know the service"))
    }

    async fn connect_to(
        &self,
        server: &Server,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<MultiplexedConnection> {
        let client = self.client(server, &self.address.to_server)?;
        let connected = async {
            let mut connection = client.get_multiplexed_async_connection_with_config(config).await?;
            match cmd("ROLE").query_async(&mut connection).await? {
                Role::Primary { .. } => Ok(connection),
                _ => Err(other("the server that a sentinel named is no primary")),
            }
        };
        let in_vain = |_| late("the server that a sentinel named did not answer in time");
        timeout(CONFIRM, connected).await.map_err(in_vain)?
    }

    fn client(&self, (host, port): &Server, settings: &RedisConnectionInfo) -> RedisResult<Client> {
        let (host, port) = (host.clone(), *port);
        let address = if self.address.tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let info = address.into_connection_info()?.set_redis_settings(settings.clone());
        match &self.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            None => Client::open(info),
        }
    }

    fn note(&self, primary: Server) -> u64 {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.primary.as_ref().is_some_and(|before| *before != primary) {
            found.changes += 1;
            tracing::warn!(changes = found.changes, "redis has another primary");
        }
        found.primary = Some(primary);
        found.changes
    }
}

fn late(what: &str) -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, what.to_owned()).into()
}

fn other(what: &str) -> RedisError {
    io::Error::new(io::ErrorKind::NotConnected, what.to_owned()).into()
}
