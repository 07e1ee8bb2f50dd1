//! What the nodes of a cluster tell each other about their keys. Each tells it itself, again and
//! again; by the clock of Redis it is forgotten when it does not. Redis holds marks, and no key.

mod message;

use std::time::Duration;

use dayline_app::ports::{BELIEVED_MS, KeyMarks, PortError, PortFuture, Randomness};
use dayline_domain::identity::node_keys::NodeKeys;
use redis::{FromRedisValue, Pipeline, Script};
use tokio::time::timeout;

use crate::config::RedisConfig;
use crate::link::{Link, Question};
use crate::script::LoadedScript;

static MARKS: LoadedScript = LoadedScript::new(|| Script::new(include_str!("lua/marks.lua")));

/// How long telling may take: readiness asks again in two seconds.
const ANSWER: Duration = Duration::from_millis(800);

/// [`KeyMarks`] of a node in a cluster.
pub struct RedisKeyMarks {
    link: Link,
    nodes: String,
    told: String,
    me: [u8; 16],
}

impl RedisKeyMarks {
    /// A node with a new name. Opens nothing by itself.
    pub fn new(config: &RedisConfig, randomness: &dyn Randomness) -> Self {
        let mut me = [0; 16];
        randomness.fill(&mut me);
        Self {
            link: Link::new(config.clone().with_answer_timeout(ANSWER)),
            nodes: config.key("key-nodes"),
            told: config.key("key-marks"),
            me,
        }
    }

    async fn ask<T: FromRedisValue>(&self, question: Question<'_>) -> Result<T, PortError> {
        let late = |_| PortError::Unavailable("redis did not answer in time".to_owned());
        timeout(ANSWER, self.link.ask(question)).await.map_err(late)?
    }
}

impl KeyMarks for RedisKeyMarks {
    fn tell<'a>(&'a self, mine: &'a NodeKeys) -> PortFuture<'a, Vec<NodeKeys>> {
        Box::pin(async move {
            let mut call = MARKS.call(2);
            call.arg(&self.nodes).arg(&self.told);
            call.arg(&self.me).arg(BELIEVED_MS).arg(message::write(mine));
            let others: Vec<Vec<u8>> = self.ask(Question::Script(&MARKS, &call)).await?;
            Ok(others.iter().filter_map(|told| message::parse(told)).collect())
        })
    }

    fn leave(&self) -> PortFuture<'_, ()> {
        Box::pin(async move {
            let mut farewell = Pipeline::new();
            farewell.atomic();
            farewell.zrem(&self.nodes, &self.me).ignore().hdel(&self.told, &self.me).ignore();
            self.ask(Question::Pipeline(&farewell)).await
        })
    }
}
