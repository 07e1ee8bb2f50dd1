//! Takes what is erased out of settled entries. An entry of a stream can't be changed: what is to
//! stay of it is appended once more, which changes nothing that counts, and then it is deleted.

use std::sync::Arc;

use dayline_app::ports::{AppendError, Erased, LogEntry, Partition, Payload, PortError, Position};
use dayline_app::tracking::erased::take_out;
use redis::{Value, cmd, pipe};

use super::entry::parse_range;
use super::gather::Gather;
use super::head::Head;
use crate::link::{Link, Question};

/// Entries looked at in one go.
const ENTRIES: usize = 64;

pub(super) struct Eraser {
    head: Arc<Head>,
    link: Link,
    gather: Arc<Gather>,
}

impl Eraser {
    pub(super) fn new(head: Arc<Head>, gather: Arc<Gather>) -> Self {
        Self { link: Link::new(head.config().clone()), head, gather }
    }

    pub(super) async fn erase(&self, partition: Partition, erased: &Erased) -> Result<(), PortError> {
        let mut after = Position::START;
        loop {
            let entries = self.settled_after(partition, after).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = last.position;
            for LogEntry { position, payload } in &entries {
                let Payload::Records(records) = payload else { continue };
                if let Some(left) = take_out(erased, records) {
                    self.append(partition, left).await?;
                    self.delete(partition, *position).await?;
                }
            }
        }
    }

    /// Some entries after a position that are settled: ids count bytes, and so does the mark up to
    /// which the partition is settled.
    async fn settled_after(&self, partition: Partition, after: Position) -> Result<Vec<LogEntry>, PortError> {
        let mut look = pipe();
        look.cmd("HGET").arg(self.head.key()).arg(format!("start:{}", partition.0));
        look.cmd("XRANGE").arg(self.head.stream(partition)).arg(format!("({after}")).arg("+");
        look.arg("COUNT").arg(ENTRIES);
        let (settled, range): (Option<u64>, Value) = self.link.ask(Question::Pipeline(&look)).await?;
        let mut entries = parse_range(range)?;
        entries.retain(|entry| entry.position.minor <= settled.unwrap_or(0));
        Ok(entries)
    }

    async fn append(&self, partition: Partition, records: Vec<u8>) -> Result<(), PortError> {
        if records.is_empty() {
            return Ok(());
        }
        let appended = match self.gather.add(partition, records) {
            Ok(commit) => commit.finished().await,
            Err(error) => Err(error),
        };
        appended.map_err(|error| match error {
            AppendError::Unavailable(why) => PortError::Unavailable(why),
            AppendError::Full { .. } => PortError::Unavailable("the ping log in redis is full".to_owned()),
        })
    }

    async fn delete(&self, partition: Partition, position: Position) -> Result<(), PortError> {
        let mut delete = cmd("XDEL");
        delete.arg(self.head.stream(partition)).arg(position.to_string());
        let _: i64 = self.link.ask(Question::Command(&delete)).await?;
        Ok(())
    }
}
