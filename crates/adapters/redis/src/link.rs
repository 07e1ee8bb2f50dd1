//! One shared connection that is made again when it is lost. While Redis is away, calls fail at
//! once. Not here: waiting for Redis to come back. Callers have something better to say.

use std::time::Duration;

use dayline_app::ports::PortError;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisResult};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::RedisConfig;
use crate::error::{is_lost, to_port};
use crate::script::LoadedScript;
use crate::server::Primary;

/// For so long after a failed attempt to connect nobody tries again.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Link {
    config: RedisConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Counts connections, so that a late failure of an old one does not close the new one.
    generation: u64,
    connection: Option<(MultiplexedConnection, Primary)>,
    failed: Option<(Instant, RedisError)>,
}

/// What can be asked over a link.
#[derive(Clone, Copy)]
pub(crate) enum Question<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a LoadedScript, &'a Cmd),
}

impl Question<'_> {
    async fn put<T: FromRedisValue>(self, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Pipeline(pipeline) => pipeline.query_async(connection).await,
            Self::Script(script, call) => script.run(call, connection).await,
        }
    }
}

impl Link {
    pub(crate) fn new(config: RedisConfig) -> Self {
        Self { config, state: Mutex::default() }
    }

    /// Asks something that may be asked twice: once more on a new connection if the old one turns
    /// out to be dead.
    pub(crate) async fn ask<T: FromRedisValue>(&self, question: Question<'_>) -> Result<T, PortError> {
        match self.ask_once(question).await {
            Err(error) if is_lost(&error) && !error.is_timeout() => self.ask_once(question).await,
            outcome => outcome,
        }
        .map_err(|error| to_port(&error))
    }

    async fn ask_once<T: FromRedisValue>(&self, question: Question<'_>) -> RedisResult<T> {
        let outcome = self.put(question).await;
        if outcome.is_err() {
            self.config.count_error();
        }
        outcome
    }

    async fn put<T: FromRedisValue>(&self, question: Question<'_>) -> RedisResult<T> {
        let (generation, mut connection) = self.connection().await?;
        let outcome = question.put(&mut connection).await;
        if outcome.as_ref().is_err_and(is_lost) {
            self.forget(generation).await;
        }
        outcome
    }

    async fn connection(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut state = self.state.lock().await;
        if let Some((connection, primary)) = &state.connection
            && self.config.is_still(*primary)
        {
            return Ok((state.generation, connection.clone()));
        }
        if let Some((at, error)) = &state.failed
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match self.config.connect_to_stay().await {
            Ok((connection, primary)) => {
                state.generation += 1;
                state.connection = Some((connection.clone(), primary));
                state.failed = None;
                Ok((state.generation, connection))
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.connection = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use redis::cmd;

    use super::*;

    #[tokio::test]
    async fn questions_that_fail_are_counted_over_all_clones_of_a_configuration() {
        // No port of this number takes connections.
        let config = RedisConfig::new("redis://127.0.0.1:1").unwrap();
        let link = Link::new(config.clone().with_answer_timeout(Duration::from_millis(100)));
        for failed in 1..3 {
            let ping = cmd("PING");
            assert!(link.ask::<String>(Question::Command(&ping)).await.is_err());
            assert!(config.errors() >= failed, "{}", config.errors());
        }
    }
}
