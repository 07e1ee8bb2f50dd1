//! The writing side of the file: commits entries, forgets trimmed ones, keeps the write-ahead log
//! small.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::checkpoint::{self, Checkpointer};
use super::error::{OpenPingLogError, is_damage, is_full};
use super::options::PingLogOptions;
use super::progress::Mark;
use super::rewrite::{self, Rewrite};
use super::schema::{self, FORMAT, to_sql};

/// Bytes of trimmed entries that one commit deletes at most (and one entry in any case): about a
/// millisecond.
const DELETE_BYTES: u64 = 1 << 20;
const PAGE: u64 = 4096;
/// Pages that a commit writes besides those of the payload: a leaf, the first page, now and then an
/// inner one.
const PAGES_BESIDES: u64 = 2;

pub(super) struct LogFile {
    connection: Connection,
    committed: Mark,
    /// As the file has it; what the reader asked for may be further.
    trimmed: Mark,
    /// Trimmed entries up to here are gone from the file, as far as known.
    deleted: Mark,
    /// Whether trimmed entries are deleted; not any more once that failed because of damage.
    deletes: bool,
    checkpointer: Checkpointer,
    copying: bool,
    wal_bytes: u64,
    wal_limit: u64,
    /// Since when deleted entries may be left in the write-ahead log; `None` if none are.
    remains_since: Option<Instant>,
    erase_within: Duration,
    /// The SQLite error that the next commits fail with, for tests of disks that do; 0 for none.
    #[cfg(test)]
    pub(super) fault: std::sync::Arc<std::sync::atomic::AtomicI32>,
}

impl LogFile {
    pub(super) fn open(path: &Path, options: &PingLogOptions) -> Result<Self, OpenPingLogError> {
        let connection = schema::open_for_writing(path)?;
        let sqlite = |source| OpenPingLogError::Sqlite { path: path.to_owned(), source };
        let checkpointer = Checkpointer::open(path)?;
        let mut log_file = Self::load(connection, checkpointer, options).map_err(sqlite)?;
        log_file.shed_free_pages();
        log_file.go_on_after(options.settled.major).map_err(sqlite)?;
        Ok(log_file)
    }

    fn load(
        connection: Connection,
        checkpointer: Checkpointer,
        options: &PingLogOptions,
    ) -> Result<Self, rusqlite::Error> {
        let trimmed = connection.query_row("SELECT position, total FROM trimmed", [], to_mark)?;
        let last = mark_at(&connection, u64::MAX)?.unwrap_or(trimmed);
        let committed = if last.position > trimmed.position { last } else { trimmed };
        let deleted = match mark_at(&connection, trimmed.position)? {
            Some(_) => Mark::default(),
            None => trimmed,
        };
        Ok(Self {
            connection,
            committed,
            trimmed,
            deleted,
            deletes: true,
            checkpointer,
            copying: false,
            wal_bytes: 0,
            wal_limit: options.wal_bytes,
            // Whatever the process before left.
            remains_since: Some(Instant::now()),
            erase_within: options.erase_within,
            #[cfg(test)]
            fault: std::sync::Arc::default(),
        })
    }

    pub(super) fn committed(&self) -> Mark {
        self.committed
    }

    pub(super) fn trimmed(&self) -> Mark {
        self.trimmed
    }

    /// Whether entries are trimmed but still in the file.
    pub(super) fn owes_deletion(&self) -> bool {
        self.deletes && self.deleted.position < self.trimmed.position
    }

    /// Commits one entry with this payload, if there is one, and with it what is to be written anew
    /// and what is due of a trim up to `trim`; with none of it it commits something all the same if it
    /// is `wanted`. It is on the disk on return, or else not committed.
    pub(super) fn commit(
        &mut self,
        payload: &[u8],
        rewrites: &[Rewrite],
        trim: Mark,
        wanted: bool,
    ) -> Result<(), rusqlite::Error> {
        match self.rewrite(rewrites) {
            // What is erased must not keep new entries out. It stays until it is deleted.
            Err(error) if is_damage(&error) || is_full(&error) => {
                tracing::error!(%error, "ping log: what was erased is still in it");
            }
            outcome => outcome?,
        }
        let trim_due = trim.position > self.trimmed.position || self.owes_deletion();
        if payload.is_empty() && !trim_due && !wanted {
            return Ok(());
        }
        // The trim mark is what is written when there is nothing else, as it is if need be.
        let trim_due = trim_due || payload.is_empty();
        let outcome = self.try_commit(payload, trim, trim_due);
        let outcome = match &outcome {
            // Entries that can't be deleted must not keep new ones out. They stay in the file,
            // beyond use.
            Err(error) if trim_due && is_damage(error) => {
                tracing::error!(%error, "ping log: the file is damaged, trimmed entries are not deleted any more");
                self.deletes = false;
                self.try_commit(payload, trim, trim_due)
            }
            // What the trim frees was not enough for this entry, but it may be for the next.
            Err(error) if trim_due && is_full(error) => self.try_commit(&[], trim, true).and(outcome),
            _ => outcome,
        };
        outcome?;
        self.wal_bytes = self.wal_bytes.saturating_add((payload.len() as u64 / PAGE + PAGES_BESIDES) * PAGE);
        Ok(())
    }

    /// Writes entries anew, in a transaction of their own.
    fn rewrite(&mut self, rewrites: &[Rewrite]) -> Result<(), rusqlite::Error> {
        if rewrites.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        rewrite::write(&transaction, rewrites)?;
        transaction.commit()?;
        let pages: u64 =
            rewrites.iter().map(|rewrite| rewrite.payload.len() as u64 / PAGE + PAGES_BESIDES).sum();
        self.wal_bytes = self.wal_bytes.saturating_add(pages * PAGE);
        self.remains_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn try_commit(&mut self, payload: &[u8], trim: Mark, trim_due: bool) -> Result<(), rusqlite::Error> {
        #[cfg(test)]
        self.fail_if_told()?;
        let entry = Mark {
            position: self.committed.position + u64::from(!payload.is_empty()),
            total: self.committed.total + payload.len() as u64,
        };
        if trim_due {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            write_trim(&transaction, trim)?;
            // Before the new entry, which may then use the pages: on a full disk there are no
            // others.
            let deleted = if self.deletes { delete(&transaction, self.deleted, trim)? } else { self.deleted };
            if !payload.is_empty() {
                insert(&transaction, entry, payload)?;
            }
            transaction.commit()?;
            if deleted.position > self.deleted.position {
                self.remains_since.get_or_insert_with(Instant::now);
            }
            (self.trimmed, self.deleted) = (trim, deleted);
        } else {
            // A single statement is a transaction by itself.
            insert(&self.connection, entry, payload)?;
        }
        self.committed = entry;
        Ok(())
    }

    /// Lets the write-ahead log begin anew when it has grown enough, or as soon as possible if
    /// `urgent`. To be called after each commit; it does a step at most, and says whether that was
    /// the last.
    pub(super) fn tidy(&mut self, urgent: bool) -> Result<bool, rusqlite::Error> {
        if !self.copying {
            if urgent {
                self.wal_bytes = self.wal_limit;
            }
            if self.wal_bytes >= self.wal_limit || self.erasure_is_due() {
                self.copying = true;
                self.checkpointer.start();
            }
            return Ok(false);
        }
        let Some(copied) = self.checkpointer.take_outcome() else { return Ok(false) };
        self.copying = false;
        copied?;
        if !checkpoint::copy(&self.connection)?.is_complete() {
            // As after an error, it starts again with the next commit: a reader that was in the way
            // is gone soon, and a full disk may have room again, which must not all go to the
            // write-ahead log.
            return Ok(false);
        }
        self.wal_bytes = 0;
        if self.erasure_is_due() && checkpoint::cut_off(&self.connection)? {
            self.remains_since = None;
        }
        Ok(true)
    }

    fn erasure_is_due(&self) -> bool {
        self.remains_since.is_some_and(|since| since.elapsed() >= self.erase_within)
    }

    /// Free pages may hold entries that a release deleted which did not overwrite them. Where little
    /// else is in the file, it is written anew without them.
    fn shed_free_pages(&self) {
        const LITTLE: u64 = 1 << 20;
        if self.committed.total.saturating_sub(self.trimmed.total) > LITTLE {
            return;
        }
        if let Err(error) = self.connection.execute_batch("VACUUM") {
            tracing::warn!(%error, "ping log: free pages stay in the file");
        }
    }

    #[cfg(test)]
    fn fail_if_told(&self) -> Result<(), rusqlite::Error> {
        match self.fault.load(std::sync::atomic::Ordering::SeqCst) {
            0 => Ok(()),
            code => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)),
        }
    }

    /// Bounds the file, so that it is as full as a disk can be.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        self.connection.pragma_update(None, "max_page_count", pages).unwrap();
    }

    /// Lets positions go on after `settled`. Whose ledger is ahead of the file has another one's
    /// entries before it, or none: these are trimmed.
    fn go_on_after(&mut self, settled: u64) -> Result<(), rusqlite::Error> {
        if settled <= self.committed.position {
            return Ok(());
        }
        self.committed.position = settled;
        self.commit(&[], &[], self.committed, false)
    }

    /// The mark of a position that was reached, or of the nearest before it.
    pub(super) fn mark_at(&self, position: u64) -> Result<Mark, rusqlite::Error> {
        if position >= self.committed.position {
            return Ok(self.committed);
        }
        if position <= self.trimmed.position {
            return Ok(self.trimmed);
        }
        Ok(mark_at(&self.connection, position)?.unwrap_or(self.trimmed))
    }
}

/// The mark of the last entry up to and including `position`.
pub(super) fn mark_at(connection: &Connection, position: u64) -> Result<Option<Mark>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT position, total FROM entries WHERE position <= ?1 ORDER BY position DESC LIMIT 1",
        )?
        .query_row([to_sql(position)], to_mark)
        .optional()
}

fn to_mark(row: &rusqlite::Row<'_>) -> Result<Mark, rusqlite::Error> {
    Ok(Mark { position: row.get::<_, i64>(0)? as u64, total: row.get::<_, i64>(1)? as u64 })
}

fn insert(connection: &Connection, entry: Mark, payload: &[u8]) -> Result<(), rusqlite::Error> {
    let crc = schema::checksum(entry.position, entry.total, FORMAT, payload);
    connection
        .prepare_cached(
            "INSERT INTO entries (position, total, format, crc, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![to_sql(entry.position), to_sql(entry.total), FORMAT, crc, payload])?;
    Ok(())
}

fn write_trim(transaction: &Transaction<'_>, trim: Mark) -> Result<(), rusqlite::Error> {
    transaction
        .prepare_cached("UPDATE trimmed SET position = ?1, total = ?2")?
        .execute([to_sql(trim.position), to_sql(trim.total)])?;
    Ok(())
}

/// Deletes the next range of what the trim mark covers; returns up to where.
fn delete(transaction: &Transaction<'_>, deleted: Mark, trim: Mark) -> Result<Mark, rusqlite::Error> {
    let up_to = end_of_range(transaction, deleted, trim)?;
    transaction
        .prepare_cached("DELETE FROM entries WHERE position <= ?1")?
        .execute([to_sql(up_to.position)])?;
    Ok(up_to)
}

/// The last of the first trimmed entries that have [`DELETE_BYTES`] together; the trim mark if all
/// have less.
fn end_of_range(transaction: &Transaction<'_>, deleted: Mark, trim: Mark) -> Result<Mark, rusqlite::Error> {
    let mut entries = transaction
        .prepare_cached("SELECT position, total FROM entries WHERE position <= ?1 ORDER BY position")?;
    let mut rows = entries.query([to_sql(trim.position)])?;
    let mut from = deleted.total;
    while let Some(row) = rows.next()? {
        let mark = to_mark(row)?;
        // After a start the first entry that is still there says where the range begins.
        if from == 0 {
            from = mark.total;
        }
        if mark.total.saturating_sub(from) >= DELETE_BYTES {
            return Ok(mark);
        }
    }
    Ok(trim)
}
