//! Writing a month to a file: days from one snapshot become lines as they come, on a thread of their
//! own.

use std::io;
use std::path::{Path, PathBuf};

use dayline_app::ports::{DayKey, Edition, PortError};
use dayline_domain::UserId;
use tokio::sync::mpsc;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::archive_file::{ArchiveSummary, ArchiveWriter};
use super::archived::{ArchivedDay, Kept};
use super::fingerprint;
use crate::db::{ConnectionPool, Param, Transaction};
use crate::ledger::{WholeDay, whole_days};
use crate::month_tables::missing;
use crate::month_tables::sql::DAYS;
use crate::months::Month;
use crate::values::{Day, nth};

/// Days loaded by one statement, and most days between the database and the file.
const BATCH: i64 = 200;

/// What the database's side tells the file's side.
enum Message {
    Day(Box<ArchivedDay>),
    /// All days were sent. Without it the archive is not whole.
    End,
}

/// Writes the month and remembers of which state of it.
pub(super) async fn archive(
    pool: &ConnectionPool,
    month: Month,
    path: &Path,
) -> Result<ArchiveSummary, PortError> {
    let mut transaction = pool.begin_snapshot().await?;
    if !missing(&mut transaction, month, &[DAYS]).await?.is_empty() {
        transaction.roll_back().await;
        return Err(PortError::Rejected(format!("there is no month {month}")));
    }
    let (days, taken) = mpsc::channel(BATCH as usize);
    let path = PathBuf::from(path);
    let writing = tokio::task::spawn_blocking(move || write(&path, month, taken));
    let sent = send(&mut transaction, month, days).await;
    let written = writing.await.map_err(|error| unwritten(&error))?;
    // What is wrong with the file says more than that nobody took its days any more.
    let summary = written.map_err(|error| unwritten(&error))?;
    sent?;
    let found = fingerprint::of(&mut transaction, month).await?;
    transaction.commit().await?;
    let summary = summary.ok_or_else(|| PortError::Unavailable("the archive was abandoned".into()))?;
    fingerprint::remember(pool, month, &found).await?;
    Ok(summary)
}

fn unwritten(error: &impl std::fmt::Display) -> PortError {
    PortError::Unavailable(format!("the archive can't be written: {error}"))
}

async fn send(
    transaction: &mut Transaction,
    month: Month,
    days: mpsc::Sender<Message>,
) -> Result<(), PortError> {
    let sql = format!(
        "SELECT user_id, day, uuid FROM {} JOIN users ON users.id = user_id
WHERE (user_id, day) > ($1, $2) ORDER BY user_id, day LIMIT $3",
        month.table(DAYS.name)
    );
    let mut last = (0_i64, Day(dayline_domain::UtcDay(i32::MIN)));
    loop {
        let params: [Param<'_>; 3] = [(&last.0, Type::INT8), (&last.1, Type::DATE), (&BATCH, Type::INT8)];
        let mut keys = Vec::new();
        for row in transaction.query(&sql, &params).await? {
            let (day, user): (Day, Uuid) = (nth(&row, 1)?, nth(&row, 2)?);
            last = (nth(&row, 0)?, day);
            keys.push(DayKey { user: UserId::from_bits(user.as_u128()), day: day.0 });
        }
        if keys.is_empty() {
            break;
        }
        for (key, day) in keys.iter().zip(whole_days(transaction, &keys).await?) {
            if days.send(Message::Day(Box::new(archived(key.user, day)))).await.is_err() {
                // The file's side has given up and says why.
                return Ok(());
            }
        }
    }
    // If nobody takes it, the file's side says why.
    let _ = days.send(Message::End).await;
    Ok(())
}

fn archived(user: UserId, WholeDay { day, outranked }: WholeDay) -> ArchivedDay {
    let kept = match day.edition {
        Edition::First => Kept::First { counted: day.counted, outranked },
        Edition::Second => Kept::Observed(day.observations),
    };
    ArchivedDay { user, day: day.day, version: day.version, kept }
}

/// Writes days until the end; gives `None`, and leaves no file, if that never comes.
fn write(path: &Path, month: Month, days: mpsc::Receiver<Message>) -> io::Result<Option<ArchiveSummary>> {
    let writer = ArchiveWriter::create(path, month)?;
    let written = write_days(writer, days);
    if !matches!(written, Ok(Some(_))) {
        std::fs::remove_file(path)?;
    }
    written
}

fn write_days(
    mut writer: ArchiveWriter,
    mut days: mpsc::Receiver<Message>,
) -> io::Result<Option<ArchiveSummary>> {
    while let Some(message) = days.blocking_recv() {
        match message {
            Message::Day(day) => writer.add(&day)?,
            Message::End => return writer.finish().map(Some),
        }
    }
    Ok(None)
}
