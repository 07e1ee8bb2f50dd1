use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// What is done to a spool.
#[derive(Debug, Clone)]
enum Step {
    Append(Vec<String>),
    Send {
        records: usize,
        bytes: usize,
    },
    Sync,
    /// The process is killed, and another one begins.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let text = r"[a-z]{1,40}";
    prop_oneof![
        4 => prop::collection::vec(text, 0..6).prop_map(Step::Append),
        3 => (1..8_usize, 1..200_usize).prop_map(|(records, bytes)| Step::Send { records, bytes }),
        1 => Just(Step::Sync),
        1 => Just(Step::Reopen),
    ]
}

fn open(folder: &TempDir) -> Spool {
    static TIME: AtomicU64 = AtomicU64::new(1);
    Spool::open(folder.path(), LIMIT, TIME.fetch_add(1, Ordering::Relaxed)).unwrap()
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("record {number}")).collect()
}

fn all(spool: &Spool) -> Vec<String> {
    spool.batch(usize::MAX, usize::MAX).unwrap().texts
}

fn segments(folder: &TempDir) -> Vec<PathBuf> {
    let found = Segment::list(folder.path()).unwrap();
    found.iter().map(|segment| Segment::file(folder.path(), segment.number)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_happens_all_that_was_not_sent_is_there_in_order(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(&folder);
        let mut expected = VecDeque::new();
        for step in steps {
            match step {
                Step::Append(texts) => {
                    spool.append(&texts).unwrap();
                    expected.extend(texts);
                }
                Step::Send { records, bytes } => {
                    let batch = spool.batch(records, bytes).unwrap();
                    prop_assert!(batch.texts.len() <= records);
                    prop_assert_eq!(batch.texts.is_empty(), expected.is_empty());
                    let size: usize = batch.texts.iter().map(String::len).sum();
                    prop_assert!(size <= bytes || batch.texts.len() == 1);
                    spool.forget(batch.end, batch.texts.len() as u64).unwrap();
                    for text in batch.texts {
                        prop_assert_eq!(Some(text), expected.pop_front());
                    }
                }
                Step::Sync => spool.sync().unwrap(),
                Step::Reopen => {
                    drop(spool);
                    spool = open(&folder);
                }
            }
            prop_assert_eq!(spool.waiting().records, expected.len() as u64);
            prop_assert_eq!(spool.waiting().bytes == 0, expected.is_empty());
        }
        prop_assert_eq!(all(&spool), Vec::from(expected));
    }

    #[test]
    fn a_torn_end_costs_no_whole_record_and_what_comes_later_is_kept(
        count in 1..30_usize, sent in 0..30_usize, cut in 0..120_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(&folder);
        let written = texts(count);
        spool.append(&written).unwrap();
        let batch = spool.batch(sent.min(count - 1), usize::MAX).unwrap();
        let sent = batch.texts.len();
        spool.forget(batch.end, sent as u64).unwrap();
        drop(spool);

        let file = OpenOptions::new().write(true).open(&segments(&folder)[0]).unwrap();
        let left = file.metadata().unwrap().len().saturating_sub(cut);
        file.set_len(left).unwrap();
        let whole = fs::read_to_string(&segments(&folder)[0]).unwrap().matches('\n').count();

        let spool = open(&folder);
        spool.append(&["later".to_owned()]).unwrap();
        let found = all(&spool);
        // Where the end of what was sent is gone, some may be sent again; none is passed over.
        let again = written[..whole].len() + 1 - found.len();
        prop_assert!(again <= sent, "{again} of {sent} were passed over");
        prop_assert_eq!(&found[..found.len() - 1], &written[again..whole]);
        prop_assert_eq!(&found[found.len() - 1], "later");
        prop_assert_eq!(spool.waiting().records, found.len() as u64);
    }

    #[test]
    fn a_damaged_byte_costs_its_own_record_and_a_neighbour_at_most(
        count in 1..20_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(&folder);
        let written = texts(count);
        spool.append(&written).unwrap();
        drop(spool);
        let mut file = OpenOptions::new().write(true).open(&segments(&folder)[0]).unwrap();
        let length = file.metadata().unwrap().len() as usize;
        file.seek(SeekFrom::Start(at.index(length) as u64)).unwrap();
        file.write_all(&[byte]).unwrap();

        let spool = open(&folder);
        let found = all(&spool);
        prop_assert!(found.len() + 2 >= count, "{found:?}");
        prop_assert!(found.iter().all(|text| written.contains(text)), "{found:?}");
        let end = spool.batch(usize::MAX, usize::MAX).unwrap().end;
        spool.forget(end, found.len() as u64).unwrap();
        prop_assert_eq!(spool.waiting(), Waiting::default());
    }
}

#[test]
fn a_full_spool_keeps_the_oldest_and_takes_new_ones_once_some_were_sent() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), 1_000, 1).unwrap();
    let mut kept = 0;
    let refused = loop {
        match spool.append(&[format!("record {kept}")]) {
            Ok(()) => kept += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(
        refused.to_string(),
        "the spool has its 1000 bytes; what is newer is lost until some were sent"
    );
    assert!(spool.waiting().bytes <= 1_000 && spool.waiting().bytes > 970);
    assert_eq!(all(&spool), texts(kept));

    let batch = spool.batch(usize::MAX, usize::MAX).unwrap();
    spool.forget(batch.end, batch.texts.len() as u64).unwrap();
    assert_eq!(spool.waiting(), Waiting::default());
    spool.append(&["new".to_owned()]).unwrap();
    assert_eq!(all(&spool), ["new"]);
}

#[test]
fn what_was_sent_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder);
    spool.append(&texts(10)).unwrap();
    let batch = spool.batch(usize::MAX, usize::MAX).unwrap();
    spool.forget(batch.end, 10).unwrap();
    assert_eq!(segments(&folder), Vec::<PathBuf>::new());
}

#[test]
fn segments_end_at_their_size_and_go_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder);
    let text = "x".repeat(10_000);
    for _ in 0..250 {
        spool.append(std::slice::from_ref(&text)).unwrap();
    }
    assert_eq!(segments(&folder).len(), 3);
    let mut sent = 0;
    while sent < 250 {
        let batch = spool.batch(7, usize::MAX).unwrap();
        sent += batch.texts.len();
        spool.forget(batch.end, batch.texts.len() as u64).unwrap();
        assert_eq!(spool.waiting().records, 250 - sent as u64);
        assert!(segments(&folder).len() <= 2 + (250 - sent) * 10_010 / SEGMENT as usize);
    }
    assert_eq!(segments(&folder), Vec::<PathBuf>::new());
}

#[test]
fn a_place_that_came_back_from_before_passes_over_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder);
    spool.append(&texts(10)).unwrap();
    let batch = spool.batch(5, usize::MAX).unwrap();
    spool.forget(batch.end, 5).unwrap();
    let old = fs::read(position_file(folder.path())).unwrap();
    let batch = spool.batch(usize::MAX, usize::MAX).unwrap();
    spool.forget(batch.end, 5).unwrap();
    spool.append(&texts(20)).unwrap();
    drop(spool);
    // A file system that lost its last second may have the old file again.
    fs::write(position_file(folder.path()), old).unwrap();
    assert_eq!(all(&open(&folder)), texts(20));
}

#[test]
fn a_second_tracker_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!Spool::is_in_use(folder.path()));
    let spool = open(&folder);
    assert!(Spool::is_in_use(folder.path()));
    let refused = Spool::open(folder.path(), LIMIT, 5).unwrap_err();
    assert!(refused.starts_with("another tracker runs with the spool "), "{refused}");
    drop(spool);
    assert!(!Spool::is_in_use(folder.path()));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(&folder.path().join("spool"), LIMIT, 1).unwrap();
    spool.append(&texts(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&spool.folder), 0o700);
    for entry in fs::read_dir(&spool.folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}
