//! PostgreSQL, PgBouncer and Redis of one cluster, and Kafka where its ping log is there. Unlike the servers of `scripts/with-servers` these write to the disk
//! before they say so.

use std::env;

use dayline_testkit::{Kafka, KafkaSettings, PgBouncer, Postgres, Redis, free_port};

use crate::failure::Failure;

const POSTGRES: [&str; 4] =
    ["shared_buffers=128MB", "max_connections=100", "max_wal_size=4GB", "log_min_messages=fatal"];

/// Kafka's own where tests have others, to be quick and small.
const KAFKA: [(&str, &str); 3] =
    [("num.io.threads", "8"), ("num.network.threads", "3"), ("replica.fetch.wait.max.ms", "500")];

/// The servers; stopped and wiped when dropped.
pub(crate) struct Services {
    postgres: Postgres,
    pgbouncer: PgBouncer,
    redis_port: u16,
    _redis: Redis,
    kafka: Option<(Kafka, usize)>,
}

impl Services {
    /// Whether this runs under `scripts/with-servers`.
    pub(crate) fn available() -> bool {
        env::var_os("DAYLINE_TEST_FOLDER").is_some()
    }

    /// Fresh servers with an empty database, and Kafka on so many brokers. Panics where they don't start: there is nothing to measure then.
    pub(crate) fn start(brokers: Option<usize>) -> Result<Self, Failure> {
        let postgres = Postgres::start(&POSTGRES);
        let pgbouncer = PgBouncer::before(&postgres);
        // Processes of a real cluster come over the network, not by a socket in a folder.
        let redis_port = free_port();
        let redis = Redis::start_with(&[("port", &redis_port.to_string()), ("bind", "127.0.0.1")]);
        let kafka = match brokers {
            None => None,
            Some(brokers) => {
                let settings = KafkaSettings {
                    brokers,
                    properties: &KAFKA,
                    java: &["-Xms384m", "-Xmx384m"],
                    ..KafkaSettings::default()
                };
                let kafka = Kafka::start_with(&settings).ok_or("Kafka needs Java and Maven")?;
                Some((kafka, brokers))
            }
        };
        Ok(Self { postgres, pgbouncer, redis_port, _redis: redis, kafka })
    }

    /// Starts PostgreSQL where it does not run; returns when it answers.
    pub(crate) fn start_database(&mut self) {
        self.postgres.start_again();
    }

    /// Stops PostgreSQL and cuts its connections; what waits in the ping log stays.
    pub(crate) fn stop_database(&mut self) {
        self.postgres.stop();
    }

    /// The database itself, not through PgBouncer.
    pub(crate) fn direct_url(&self) -> String {
        self.postgres.url()
    }

    /// What each process of the cluster is told by its environment.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let redis = format!("redis://127.0.0.1:{}", self.redis_port);
        let mut variables =
            vec![("DAYLINE_DATABASE_URL", self.pgbouncer.url()), ("DAYLINE_REDIS_URL", redis)];
        if let Some((kafka, brokers)) = &self.kafka {
            variables.push(("DAYLINE_KAFKA_BROKERS", kafka.brokers()));
            // On fewer than three each record is written to the disk before it is acknowledged.
            variables.push(("DAYLINE_KAFKA_REPLICAS", brokers.to_string()));
        }
        variables
    }
}
