//! Bringing an archived month back in one transaction: into bare tables that get their indexes
//! afterwards and are attached at last, so that nobody waits and nobody sees half a month.

use std::io;
use std::path::{Path, PathBuf};

use dayline_app::ports::PortError;
use tokio::sync::mpsc;
use tokio_postgres::types::Type;

use super::archive_file::{ArchiveReader, ArchiveSummary, Section};
use crate::db::{ConnectionPool, Transaction};
use crate::month_tables::{exists, lock, sql};
use crate::months::Month;

/// Rows inserted by one statement, and chunks read ahead.
const CHUNK: usize = 5_000;
const CHUNKS_AHEAD: usize = 2;

type Chunk = (Section, Vec<String>);

pub(super) async fn restore(pool: &ConnectionPool, path: &Path) -> Result<ArchiveSummary, PortError> {
    let path = PathBuf::from(path);
    let opened = tokio::task::spawn_blocking(move || ArchiveReader::open(&path)).await;
    let reader = opened.map_err(|error| unread(&error))?.map_err(|error| unread(&error))?;
    let mut transaction = pool.begin().await?;
    let outcome = restore_month(&mut transaction, reader).await;
    transaction.finish(outcome).await
}

fn unread(error: &impl std::fmt::Display) -> PortError {
    PortError::Rejected(format!("the archive can't be read: {error}"))
}

async fn restore_month(
    transaction: &mut Transaction,
    reader: ArchiveReader,
) -> Result<ArchiveSummary, PortError> {
    let month = reader.month;
    lock(transaction, month).await?;
    let attached = exists(transaction, month).await?;
    if attached {
        refuse_unless_empty(transaction, month).await?;
    } else {
        transaction.run(&sql::create(month)).await?;
    }
    let (chunks, mut read_ahead) = mpsc::channel(CHUNKS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || read(reader, &chunks));
    let mut summary = ArchiveSummary::default();
    while let Some((section, rows)) = read_ahead.recv().await {
        let params = [(&rows as _, Type::TEXT_ARRAY)];
        *summary.of(section) += transaction.execute(&insert(section, month), &params).await?;
    }
    reading.await.map_err(|error| unread(&error))?.map_err(|error| unread(&error))?;
    if !attached {
        transaction.run(&sql::constrain_and_attach(month)).await?;
    }
    Ok(summary)
}

/// A month that holds something already may hold later versions of the same days.
async fn refuse_unless_empty(transaction: &mut Transaction, month: Month) -> Result<(), PortError> {
    for parent in sql::PARENTS {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", month.table(parent));
        if !transaction.query(&sql, &[]).await?.is_empty() {
            return Err(PortError::Rejected(format!("the month {month} is there and not empty")));
        }
    }
    Ok(())
}

/// Reads chunks of one kind each until the end or until nobody takes them any more.
fn read(mut reader: ArchiveReader, chunks: &mpsc::Sender<Chunk>) -> io::Result<()> {
    let mut chunk: Chunk = (Section::Days, Vec::new());
    while let Some((section, row)) = reader.next()? {
        if (section != chunk.0 || chunk.1.len() == CHUNK) && !chunk.1.is_empty() {
            let full = std::mem::replace(&mut chunk, (section, Vec::with_capacity(CHUNK)));
            if chunks.blocking_send(full).is_err() {
                return Ok(());
            }
        }
        chunk.0 = section;
        chunk.1.push(row);
    }
    // If nobody takes it, the transaction has failed and says why.
    let _ = chunks.blocking_send(chunk);
    Ok(())
}

/// Inserts rows given as JSON objects. Rows of people who are not there any more find nobody to
/// belong to.
fn insert(section: Section, month: Month) -> String {
    let columns = match section {
        Section::Days => "day date, version bigint, changed_at timestamptz",
        Section::Counted | Section::Outranked => {
            "start_time timestamptz, end_time timestamptz, device_id text, app_name text, domain text"
        }
    };
    let names: Vec<&str> =
        columns.split(", ").filter_map(|column| column.split_once(' ')).map(|(name, _)| name).collect();
    let names = names.join(", ");
    format!(
        "INSERT INTO {} (user_id, {names})
SELECT users.id, {names} FROM unnest($1) AS line
CROSS JOIN LATERAL json_to_record(line::json) AS stored (\"user\" uuid, {columns})
JOIN users ON users.uuid = stored.\"user\"",
        month.table(section.parent())
    )
}
