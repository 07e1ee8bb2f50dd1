//! Copies of a data folder. Under load, and restored: see the program's own tests.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use dayline_app::ports::{Accounts, LedgerWriter, Partition, PingLog, Position};
use dayline_sqlite::{BackupError, BackupProgress, PingLogOptions, SqlitePingLog, back_up};

use crate::{commit, open, register, user_id};

fn go_on(_: BackupProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn open_log(folder: &Path) -> SqlitePingLog {
    SqlitePingLog::open(folder, &PingLogOptions::default(), |why| panic!("{why}")).unwrap()
}

#[tokio::test]
async fn a_copy_is_a_data_folder_of_its_own_for_its_owner_alone() {
    let (folder, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (server, log) = (open(folder.path()), open_log(folder.path()));
    register(&server, 1).await;
    log.append(Partition(0), b"a record".to_vec()).await.unwrap();
    let to = target.path().join("made/anew");
    let mut told = Vec::new();
    let all = back_up(folder.path(), &to, |now| {
        told.push(now);
        ControlFlow::Continue(())
    });
    let all = all.unwrap();
    assert_eq!((all.done, told.last()), (all.all, Some(&all)));
    assert!(all.all > 0 && told.is_sorted_by_key(|now| now.done));
    // Later than the copy, which does not show it.
    register(&server, 2).await;

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&to), 0o700);
    for file in ["dayline.db", "ping-log.db"] {
        assert_eq!(mode(&to.join(file)), 0o600, "{file}");
    }
    let (copy, log) = (open(&to), open_log(&to));
    assert!(copy.find(user_id(1)).await.unwrap().is_some());
    assert_eq!(copy.find(user_id(2)).await, Ok(None));
    assert_eq!(log.read_after(Partition(0), Position::START, 1 << 20).await.unwrap().entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_log_forgets_meanwhile_is_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let (server, log) = (Arc::new(open(folder.path())), Arc::new(open_log(folder.path())));
    let work = {
        let (server, log) = (Arc::clone(&server), Arc::clone(&log));
        tokio::spawn(async move {
            for n in 0.. {
                log.append(Partition(0), vec![1; 100]).await.unwrap();
                server.apply(commit(n, Vec::new())).await.unwrap();
                let up_to = Position { major: n + 1, minor: 0 };
                if log.settle(Partition(0), up_to).await.is_err() {
                    return;
                }
            }
        })
    };
    for n in 0..20 {
        let to = folder.path().join(format!("copy {n}"));
        let from = folder.path().to_owned();
        let target = to.clone();
        tokio::task::spawn_blocking(move || back_up(&from, &target, go_on)).await.unwrap().unwrap();
        let (ledger, log) = (open(&to), open_log(&to));
        let position = ledger.position(Partition(0)).await.unwrap();
        let read = log.read_after(Partition(0), position, 1 << 20).await.unwrap();
        assert!(read.lost.is_none(), "{position:?}: {read:?}");
    }
    work.abort();
}

#[tokio::test]
async fn a_backup_that_is_stopped_or_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    register(&open(folder.path()), 1).await;
    let to = folder.path().join("copy");
    let stopped = back_up(folder.path(), &to, |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(BackupError::Stopped)), "{stopped:?}");
    assert!(!to.exists());

    fs::create_dir(&to).unwrap();
    fs::write(to.join("something"), "").unwrap();
    let refused = back_up(folder.path(), &to, go_on);
    assert!(matches!(refused, Err(BackupError::NotEmpty { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
}
