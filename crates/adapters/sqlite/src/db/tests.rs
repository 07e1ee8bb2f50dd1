//! What the connection pools promise: no read waits for a write, and no call can take the database
//! down with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use dayline_app::ports::PortError;
use rusqlite::StatementStatus;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::*;

/// A database with one table of one row: the number 1.
async fn open() -> (Db, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(FolderLock::acquire(folder.path()).unwrap(), migrations::ALL).unwrap();
    db.write(|tx| Ok(tx.execute_batch("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)")?))
        .await
        .unwrap();
    (db, folder)
}

fn sum(tx: &Transaction<'_>) -> Result<i64, Failure> {
    Ok(tx.query_row("SELECT sum(n) FROM t", [], |row| row.get(0))?)
}

/// A write that has begun and does not go on before it is told to.
fn slow_write(db: &Arc<Db>) -> (oneshot::Receiver<()>, mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    let (begun, has_begun) = oneshot::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let db = Arc::clone(db);
    let writing = tokio::spawn(async move {
        let write = db.write(move |tx| {
            tx.execute("UPDATE t SET n = 2", [])?;
            begun.send(()).unwrap();
            let _ = may_go_on.recv();
            Ok(())
        });
        write.await.unwrap();
    });
    (has_begun, go_on, writing)
}

/// What can't be seen without cutting the power or reading a disk's free sectors.
#[tokio::test]
async fn commits_wait_for_the_disk_and_deleted_bytes_are_overwritten() {
    let (db, _folder) = open().await;
    let pragma = |name: &'static str| {
        move |tx: &Transaction<'_>| Ok(tx.pragma_query_value(None, name, |row| row.get::<_, i64>(0))?)
    };
    for (name, expected) in [("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)] {
        assert_eq!(db.write(pragma(name)).await, Ok(expected), "{name}");
    }
}

/// How often a statement is prepared again that has run once and is then bound to something else.
fn prepared_again(tx: &Transaction<'_>, statement: &str) -> rusqlite::Result<i32> {
    tx.prepare_cached(statement)?.query([0])?.next()?;
    // Another connection may have changed the schema before.
    tx.prepare_cached(statement)?.reset_status(StatementStatus::RePrepare);
    for n in 1..3 {
        tx.prepare_cached(statement)?.query([n])?.next()?;
    }
    Ok(tx.prepare_cached(statement)?.get_status(StatementStatus::RePrepare))
}

/// SQLite does it silently, and a cache of statements is of no use then.
#[tokio::test]
async fn a_statement_is_prepared_once_whatever_is_bound_to_it() {
    let (db, _folder) = open().await;
    let statements = [
        "SELECT max(number) FROM subjects WHERE user_number = ?1",
        "SELECT n FROM t WHERE n > 0 LIMIT ?1",
        "SELECT created_ms FROM report_jobs WHERE ended_ms > ?1",
        "SELECT email FROM users WHERE email_key LIKE ?1",
    ];
    for statement in statements {
        assert_eq!(db.write(|tx| Ok(prepared_again(tx, statement)?)).await, Ok(0), "{statement}");
        assert_eq!(db.read(|tx| Ok(prepared_again(tx, statement)?)).await, Ok(0), "{statement}");
    }
}

#[tokio::test]
async fn a_transaction_that_does_not_wait_for_the_disk_leaves_the_next_one_waiting() {
    let (db, _folder) = open().await;
    let synchronous =
        |tx: &Transaction<'_>| Ok(tx.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))?);
    assert_eq!(db.write_without_waiting(synchronous).await, Ok(1));
    assert_eq!(db.write(synchronous).await, Ok(2));
    let panics = db.write_without_waiting(|_| -> Result<(), Failure> { panic!("on purpose") });
    assert!(matches!(panics.await, Err(PortError::Unavailable(_))));
    assert_eq!(db.write(synchronous).await, Ok(2));
    assert_eq!(db.write_without_waiting(synchronous).await, Ok(1));
    assert_eq!(db.erase(synchronous).await, Ok(2));
}

#[tokio::test]
async fn a_read_does_not_wait_for_a_write() {
    let (db, _folder) = open().await;
    let db = Arc::new(db);
    let (begun, go_on, writing) = slow_write(&db);
    begun.await.unwrap();
    // Were it to wait for the writer, this would never return.
    assert_eq!(db.read(sum).await, Ok(1));
    go_on.send(()).unwrap();
    writing.await.unwrap();
    assert_eq!(db.read(sum).await, Ok(2));
}

#[tokio::test]
async fn reads_run_beside_each_other() {
    let (db, _folder) = open().await;
    let barrier = Arc::new(std::sync::Barrier::new(READERS));
    let reads = (0..READERS).map(|_| {
        let barrier = Arc::clone(&barrier);
        db.read(move |_| {
            barrier.wait();
            Ok(())
        })
    });
    // Were one to wait for another, none would return.
    let reads: Vec<_> = reads.collect();
    for outcome in join_all(reads).await {
        assert_eq!(outcome, Ok(()));
    }
}

/// Polls all futures side by side.
async fn join_all<T>(mut futures: Vec<PortFuture<'_, T>>) -> Vec<Result<T, PortError>> {
    let mut outcomes: Vec<Option<Result<T, PortError>>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, outcome) in futures.iter_mut().zip(&mut outcomes) {
            if outcome.is_none()
                && let std::task::Poll::Ready(done) = future.as_mut().poll(context)
            {
                *outcome = Some(done);
            }
        }
        if outcomes.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_call_that_fails_is_undone() {
    let (db, _folder) = open().await;
    let failed: Result<(), PortError> = db
        .write(|tx| {
            tx.execute("UPDATE t SET n = 9", [])?;
            Err(Failure::Rejected("no"))
        })
        .await;
    assert_eq!(failed, Err(PortError::Rejected("no".to_owned())));
    let dropped = db.write_and(|tx| Ok((tx.execute("UPDATE t SET n = 9", [])?, End::Undo))).await;
    assert_eq!(dropped, Ok(1));
    assert_eq!(db.read(sum).await, Ok(1));
}

#[tokio::test]
async fn a_call_that_panics_is_undone_and_the_next_one_works() {
    let (db, _folder) = open().await;
    for _ in 0..2 * READERS {
        let panicked: Result<(), PortError> = db
            .write(|tx| {
                tx.execute("UPDATE t SET n = 9", [])?;
                panic!("on purpose")
            })
            .await;
        assert_eq!(panicked, Err(PortError::Unavailable("a database call panicked: on purpose".to_owned())));
        let panicked: Result<(), PortError> = db.read(|_| panic!("{}", "on purpose")).await;
        assert!(panicked.is_err());
    }
    assert_eq!(db.read(sum).await, Ok(1));
    assert_eq!(db.write(|tx| Ok(tx.execute("UPDATE t SET n = 3", [])?)).await, Ok(1));
}

#[tokio::test]
async fn a_read_can_not_write() {
    let (db, _folder) = open().await;
    let written = db.read(|tx| Ok(tx.execute("UPDATE t SET n = 9", [])?)).await;
    assert!(matches!(written, Err(PortError::Unavailable(_))), "{written:?}");
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_not_begun() {
    let (db, _folder) = open().await;
    let db = Arc::new(db);
    let (begun, go_on, writing) = slow_write(&db);
    begun.await.unwrap();
    {
        let mut forgotten = db.write(|tx| Ok(tx.execute("UPDATE t SET n = 9", [])?));
        let first_poll = std::future::poll_fn(|context| {
            std::task::Poll::Ready(forgotten.as_mut().poll(context).is_pending())
        });
        assert!(first_poll.await, "it is queued");
    }
    go_on.send(()).unwrap();
    writing.await.unwrap();
    assert_eq!(db.write(sum).await, Ok(2));
}

#[tokio::test]
async fn more_calls_than_may_wait_are_refused_at_once() {
    let (db, _folder) = open().await;
    let db = Arc::new(db);
    let (begun, go_on, writing) = slow_write(&db);
    begun.await.unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let calls = (0..pool::WAITING + 10).map(|_| {
        let done = Arc::clone(&done);
        db.write(move |_| Ok(done.fetch_add(1, Ordering::Relaxed)))
    });
    let calls: Vec<_> = calls.collect();
    let release = async {
        tokio::task::yield_now().await;
        go_on.send(()).unwrap();
        writing.await.unwrap();
    };
    let (outcomes, ()) = tokio::join!(join_all(calls), release);
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(PortError::Unavailable(_)))).count();
    assert_eq!((refused, done.load(Ordering::Relaxed)), (10, pool::WAITING));
}

#[tokio::test]
async fn a_full_disk_is_unavailable_changes_nothing_and_recovers() {
    let (db, _folder) = open().await;
    let limit = |pages: i64| {
        move |tx: &Transaction<'_>| {
            Ok(tx.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))?)
        }
    };
    db.write(limit(1)).await.unwrap();
    let big = |tx: &Transaction<'_>| {
        tx.execute("UPDATE t SET n = 9", [])?;
        Ok(tx.execute("INSERT INTO t SELECT 1 FROM (VALUES (1)), json_each(json_array(1,2,3))", [])?
            + tx.execute("CREATE TABLE big AS SELECT zeroblob(1000000) AS bytes", [])?)
    };
    let failed = db.write(big).await;
    assert!(matches!(&failed, Err(PortError::Unavailable(why)) if why.contains("full")), "{failed:?}");
    assert_eq!(db.read(sum).await, Ok(1));
    db.write(limit(1_000_000)).await.unwrap();
    db.write(big).await.unwrap();
}

#[tokio::test]
async fn dropping_finishes_what_was_begun_and_tidies_up() {
    let (db, folder) = open().await;
    let db = Arc::new(db);
    let (begun, go_on, writing) = slow_write(&db);
    begun.await.unwrap();
    go_on.send(()).unwrap();
    writing.await.unwrap();
    drop(Arc::into_inner(db));
    let left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!left.iter().any(|name| name.ends_with("-wal")), "{left:?}");
    let again = Db::open(FolderLock::acquire(folder.path()).unwrap(), migrations::ALL).unwrap();
    assert_eq!(again.read(sum).await, Ok(2));
}
