//! Writing a month to a file, streamed: rows from one snapshot become lines as they come, on a
//! thread of their own.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;

use dayline_app::ports::PortError;
use futures_util::TryStreamExt;
use tokio::sync::mpsc;

use super::archive_file::{ArchiveSummary, ArchiveWriter, Section};
use crate::db::{ConnectionPool, Transaction};
use crate::error::port_error;
use crate::month_tables::exists;
use crate::months::Month;
use crate::values::nth;

/// Most rows between the database and the file.
const ROWS_AHEAD: usize = 1_000;

/// What the database's side tells the file's side.
enum Message {
    Row(Section, String),
    /// All rows were sent. Without it the archive is not whole.
    End,
}

pub(super) async fn archive(
    pool: &ConnectionPool,
    month: Month,
    path: &Path,
) -> Result<ArchiveSummary, PortError> {
    let mut transaction = pool.begin_snapshot().await?;
    if !exists(&mut transaction, month).await? {
        transaction.roll_back().await;
        return Err(PortError::Rejected(format!("there is no month {month}")));
    }
    let (rows, taken) = mpsc::channel(ROWS_AHEAD);
    let path = PathBuf::from(path);
    let writing = tokio::task::spawn_blocking(move || write(&path, month, taken));
    let sent = send(&mut transaction, month, rows).await;
    let written = writing.await.map_err(|error| unwritten(&error))?;
    // What is wrong with the file says more than that nobody took its rows any more.
    let summary = written.map_err(|error| unwritten(&error))?;
    sent?;
    transaction.commit().await?;
    summary.ok_or_else(|| PortError::Unavailable("the archive was abandoned".into()))
}

fn unwritten(error: &impl std::fmt::Display) -> PortError {
    PortError::Unavailable(format!("the archive can't be written: {error}"))
}

async fn send(
    transaction: &mut Transaction,
    month: Month,
    rows: mpsc::Sender<Message>,
) -> Result<(), PortError> {
    for section in Section::ALL {
        let mut stream = pin!(transaction.stream(&sql(section, month), &[]).await?);
        while let Some(row) = stream.try_next().await.map_err(|error| port_error(&error))? {
            if rows.send(Message::Row(section, nth(&row, 0)?)).await.is_err() {
                // The file's side has given up and says why.
                return Ok(());
            }
        }
    }
    // If nobody takes it, the file's side says why.
    let _ = rows.send(Message::End).await;
    Ok(())
}

/// Each row as a JSON object, people by their identity, times readable by people and by PostgreSQL.
fn sql(section: Section, month: Month) -> String {
    const INSTANT: &str = r#"'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"#;
    let instant = |column: &str| format!("'{column}', to_char({column} AT TIME ZONE 'UTC', {INSTANT})");
    let columns = match section {
        Section::Days => format!("'day', day, 'version', version, {}", instant("changed_at")),
        Section::Counted | Section::Outranked => format!(
            "{}, {}, 'device_id', device_id, 'app_name', app_name, 'domain', domain",
            instant("start_time"),
            instant("end_time")
        ),
    };
    let table = month.table(section.parent());
    format!("SELECT json_build_object('user', uuid, {columns})::text FROM {table} JOIN users ON id = user_id")
}

/// Writes rows until the end; gives `None`, and leaves no file, if that never comes.
fn write(path: &Path, month: Month, rows: mpsc::Receiver<Message>) -> io::Result<Option<ArchiveSummary>> {
    let writer = ArchiveWriter::create(path, month)?;
    let written = write_rows(writer, rows);
    if !matches!(written, Ok(Some(_))) {
        std::fs::remove_file(path)?;
    }
    written
}

fn write_rows(
    mut writer: ArchiveWriter,
    mut rows: mpsc::Receiver<Message>,
) -> io::Result<Option<ArchiveSummary>> {
    let mut summary = ArchiveSummary::default();
    while let Some(message) = rows.blocking_recv() {
        match message {
            Message::Row(section, row) => {
                writer.add(section, &row)?;
                *summary.of(section) += 1;
            }
            Message::End => {
                writer.finish(&summary)?;
                return Ok(Some(summary));
            }
        }
    }
    Ok(None)
}
