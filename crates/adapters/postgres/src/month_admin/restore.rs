//! Bringing an archived month back: some days at a time, each time as one transaction. Whatever
//! came later on a day stays, and what was observed before is added as if it came late.

use std::io;
use std::path::{Path, PathBuf};

use dayline_app::ports::{DayKey, DayWrite, LoadedDay, Mark, PortError, StateWrite, StoredDay};
use dayline_domain::{Hours, LedgerDay, Merges, Observation, Piece, PieceChanges, UserId, UtcMs};
use tokio::sync::mpsc;
use tokio_postgres::types::Type;

use super::archive_file::{self, ArchiveSummary, open};
use super::archived::{ArchivedDay, Kept};
use super::{first_archive, restored_first};
use crate::db::ConnectionPool;
use crate::ledger::{Written, as_uses, load_days, write_days};
use crate::store::PgStore;
use crate::values::{Timestamp, nth};

/// Days restored by one transaction, and batches read ahead.
const BATCH: usize = 200;
const BATCHES_AHEAD: usize = 2;
/// How often a batch is tried that meets the commits of workers.
const ATTEMPTS: usize = 20;

pub(super) async fn restore(store: &PgStore, path: &Path) -> Result<ArchiveSummary, PortError> {
    let (batches, mut taken) = mpsc::channel(BATCHES_AHEAD);
    let path = PathBuf::from(path);
    let reading = tokio::task::spawn_blocking(move || read(&path, &batches));
    let mut summary = ArchiveSummary::default();
    while let Some(batch) = taken.recv().await {
        restore_batch(store, batch, &mut summary).await?;
    }
    reading.await.map_err(|error| unread(&error))?.map_err(|error| unread(&error))?;
    Ok(summary)
}

fn unread(error: &impl std::fmt::Display) -> PortError {
    PortError::Rejected(format!("the archive can't be read: {error}"))
}

/// Reads batches until the end or until nobody takes them any more. The file is read once before, so
/// that of one that is damaged nothing is restored.
fn read(path: &Path, batches: &mpsc::Sender<Vec<ArchivedDay>>) -> io::Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    let take = |day| {
        batch.push(day);
        if batch.len() < BATCH {
            return true;
        }
        batches.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).is_ok()
    };
    let (version, month, lines) = open(path)?;
    let is_taken = if version == 1 {
        first_archive::read(path, take)?
    } else {
        archive_file::read(month, lines, |_| true)?;
        archive_file::read(month, open(path)?.2, take)?
    };
    if is_taken {
        // If nobody takes it, the restoring side has failed and says why.
        let _ = batches.blocking_send(batch);
    }
    Ok(())
}

/// What becomes of an archived day.
enum Plan {
    /// Its person is gone, or nothing of it is new.
    Nothing,
    Write(Box<DayWrite>),
    /// It comes back as a day of the first edition.
    First {
        counted: Vec<Piece>,
        outranked: Vec<Piece>,
    },
}

async fn restore_batch(
    store: &PgStore,
    batch: Vec<ArchivedDay>,
    summary: &mut ArchiveSummary,
) -> Result<(), PortError> {
    let keys: Vec<DayKey> = batch.iter().map(|day| DayKey { user: day.user, day: day.day }).collect();
    let pool = store.patient();
    for _ in 0..ATTEMPTS {
        let loaded = load_days(&pool, store.people(), &keys).await?;
        let (now, marks) = now_and_marks(&pool, batch.len()).await?;
        let (mut writes, mut first, mut added) = (Vec::<(UserId, DayWrite)>::new(), Vec::new(), Vec::new());
        for ((archived, loaded), mark) in batch.iter().zip(loaded).zip(marks) {
            match plan(archived, loaded, mark)? {
                Plan::Nothing => {}
                Plan::Write(write) => {
                    writes.push((archived.user, *write));
                    added.push(archived);
                }
                Plan::First { counted, outranked } => {
                    let kept = Kept::First { counted, outranked };
                    first.push((ArchivedDay { kept, ..archived.clone() }, mark));
                }
            }
        }
        // In the order in which workers lock them.
        writes.sort_unstable_by_key(|(user, write)| (*user, write.day));
        if restored_first::insert(store, &pool, &first).await? == Written::Stale {
            continue;
        }
        for (day, _) in &first {
            summary.add(day);
        }
        if write_days(store, &pool, writes, now).await? == Written::Done {
            for day in added {
                summary.add(day);
            }
            return Ok(());
        }
    }
    Err(PortError::Unavailable("the days of an archive change again and again".into()))
}

/// The database's time, and random marks, which no version of a day had before.
async fn now_and_marks(pool: &ConnectionPool, count: usize) -> Result<(UtcMs, Vec<Mark>), PortError> {
    let sql = "SELECT now(), ('x' || left(replace(gen_random_uuid()::text, '-', ''), 16))::bit(64)::bigint
FROM generate_series(1, $1)";
    let rows = pool.query(sql, &[(&(count as i64), Type::INT8)]).await?;
    let now = rows.first().map(|row| nth::<Timestamp>(row, 0)).transpose()?;
    let marks = rows.iter().map(|row| Ok(Mark(nth::<i64>(row, 1)?.cast_unsigned())));
    Ok((now.map_or(UtcMs(0), |now| now.0), marks.collect::<Result<_, PortError>>()?))
}

fn plan(archived: &ArchivedDay, loaded: LoadedDay, mark: Mark) -> Result<Plan, PortError> {
    let stored = match loaded {
        // What is not kept any more does not come back either.
        LoadedDay::Day(stored) if stored.is_past => return Ok(Plan::Nothing),
        LoadedDay::Day(stored) => *stored,
        LoadedDay::NoSuchUser => return Ok(Plan::Nothing),
        LoadedDay::Damaged(why) => return Err(PortError::Corrupt(why)),
    };
    let observed = match &archived.kept {
        // A device that is merged since counts as the other one: such a day is settled anew.
        Kept::First { counted, outranked }
            if stored.version == 0 && !any_of(counted.iter().chain(outranked), &stored.terms.merges) =>
        {
            return Ok(restored_first::plan(counted, outranked, &stored.corrections)
                .map_or(Plan::Nothing, |(counted, outranked)| Plan::First { counted, outranked }));
        }
        Kept::First { counted, outranked } => as_uses(counted.iter().chain(outranked)),
        Kept::Observed(observations) => observations.clone(),
    };
    Ok(add(stored, &observed, archived.version, mark)
        .map_or(Plan::Nothing, |write| Plan::Write(Box::new(write))))
}

fn any_of<'a>(mut pieces: impl Iterator<Item = &'a Piece>, merges: &Merges) -> bool {
    pieces.any(|piece| merges.has(&piece.source.device))
}

/// What was observed, as if it came late; `None` if it was known.
fn add(stored: StoredDay, observed: &[Observation], archived_version: u64, mark: Mark) -> Option<DayWrite> {
    let StoredDay { day, version, settled_by, observations, corrections, .. } = stored;
    let mut rows = stored.counted;
    if stored.has_tail {
        rows.pop();
    }
    let mut ledger_day = LedgerDay::restore(day, version, settled_by.clone(), observations, corrections);
    ledger_day.record(observed)?;
    let counted: Vec<Piece> = ledger_day.counted().collect();
    let hours = 0..Hours::IN_WINDOW;
    let hours = hours.map(|hour| (hour, ledger_day.observations_of_hour(hour).collect()));
    Some(DayWrite {
        day,
        from_version: version,
        to_version: if version == 0 { archived_version.saturating_add(1) } else { version + 1 },
        mark,
        settled_by,
        ended: PieceChanges::between(&rows, &counted),
        tail: None,
        state: StateWrite::Folded { hours: hours.collect(), sums: ledger_day.sums() },
    })
}
