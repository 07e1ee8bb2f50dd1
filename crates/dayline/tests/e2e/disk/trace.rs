//! What a server did to its files, as the shim noted it, and the files as a power loss at any moment may leave them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use dayline_sim::dice::Dice;

const HEAD: usize = 24;
/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// One thing that was done.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { size: usize },
    SyncBegin { number: u64 },
    SyncEnd { number: u64 },
    Remove,
}

/// One record of a trace.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Where the record ends in the trace: what was noted before a moment has a smaller end.
    pub(crate) end: u64,
    pub(crate) file: String,
    pub(crate) act: Act,
}

/// Reads a trace; what is not whole yet at its end is left out.
pub(crate) fn read(file: &Path) -> Vec<Event> {
    let trace = fs::read(file).unwrap();
    let (mut events, mut at) = (Vec::new(), 0);
    while let Some(head) = trace.get(at..at + HEAD) {
        let word = |from: usize| u32::from_le_bytes(head[from..from + 4].try_into().unwrap());
        let long = |from: usize| u64::from_le_bytes(head[from..from + 8].try_into().unwrap());
        let (kind, number) = (word(0), long(8));
        let (path_end, end) =
            (at + HEAD + word(4) as usize, at + HEAD + word(4) as usize + long(16) as usize);
        let Some(bytes) = trace.get(path_end..end) else { break };
        let act = match kind {
            1 => Act::Write { offset: number as usize, bytes: bytes.to_vec() },
            2 => Act::Truncate { size: number as usize },
            3 => Act::SyncBegin { number },
            4 => Act::SyncEnd { number },
            5 => Act::Remove,
            other => panic!("a record of kind {other}"),
        };
        let file = String::from_utf8(trace[at + HEAD..path_end].to_vec()).unwrap();
        events.push(Event { end: end as u64, file, act });
        at = end;
    }
    events
}

/// What a power loss does to writes that no finished sync covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All of them are gone.
    Dropped,
    /// Any of them are there, and any of the sectors of each.
    Torn,
}

/// Files as a power loss leaves them, when all that is known to have happened is `events`. `before` are the files
/// as they were when the trace began. That a file was made or removed is safe once a sync of its name's file is.
pub(crate) fn after_power_loss(
    before: &BTreeMap<String, Vec<u8>>,
    events: &[Event],
    loss: Loss,
    dice: &mut Dice,
) -> BTreeMap<String, Vec<u8>> {
    let mut files = before.clone();
    let safe = synced(events);
    // Removed files that came back: what was written under their names since then was another file.
    let mut back = BTreeSet::new();
    for (number, event) in events.iter().enumerate() {
        if back.contains(&event.file) {
            continue;
        }
        let is_safe = safe.get(&event.file).is_some_and(|&until| number < until);
        let happened = is_safe || (loss == Loss::Torn && dice.one_in(2));
        match &event.act {
            Act::Remove if happened => drop(files.remove(&event.file)),
            Act::Remove => drop(back.insert(event.file.clone())),
            Act::Truncate { size } if happened => {
                files.entry(event.file.clone()).or_default().resize(*size, 0);
            }
            Act::Write { offset, bytes } if happened => {
                let whole = is_safe || dice.one_in(2);
                let file = files.entry(event.file.clone()).or_default();
                for (sector, part) in bytes.chunks(SECTOR).enumerate() {
                    if whole || dice.one_in(2) {
                        write(file, offset + sector * SECTOR, part);
                    }
                }
            }
            _ => {}
        }
    }
    files
}

/// Of each file, the event before which everything is on the disk: where its last finished sync began.
fn synced(events: &[Event]) -> BTreeMap<String, usize> {
    let (mut begun, mut safe) = (BTreeMap::new(), BTreeMap::new());
    for (at, event) in events.iter().enumerate() {
        match event.act {
            Act::SyncBegin { number } => drop(begun.insert(number, at)),
            Act::SyncEnd { number } => {
                let until: &mut usize = safe.entry(event.file.clone()).or_default();
                *until = begun[&number].max(*until);
            }
            _ => {}
        }
    }
    safe
}

fn write(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}

/// The files of a folder, but for what SQLite makes anew.
pub(crate) fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let kept = entries.filter(|path| !path.display().to_string().ends_with("-shm"));
    kept.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect()
}

/// Makes a folder with these files.
pub(crate) fn write_files(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    fs::create_dir_all(folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(act: Act) -> Event {
        Event { end: 0, file: "f".to_owned(), act }
    }

    fn left(events: &[Event], loss: Loss, seed: u64) -> Vec<u8> {
        let before = [("f".to_owned(), b"........".to_vec())].into();
        after_power_loss(&before, events, loss, &mut Dice::new(seed)).remove("f").unwrap()
    }

    fn write_of(offset: usize, bytes: &[u8]) -> Event {
        event(Act::Write { offset, bytes: bytes.to_vec() })
    }

    #[test]
    fn a_write_is_safe_once_a_sync_that_began_after_it_has_ended() {
        let (begin, end) = (event(Act::SyncBegin { number: 1 }), event(Act::SyncEnd { number: 1 }));
        let events = [write_of(0, b"ab"), begin, write_of(4, b"cd"), end];
        assert_eq!(left(&events[..3], Loss::Dropped, 1), b"........");
        assert_eq!(left(&events, Loss::Dropped, 1), b"ab......");
    }

    #[test]
    fn what_is_not_safe_may_be_there_or_not() {
        let events = [write_of(0, b"ab"), write_of(4, b"cd")];
        let outcomes: std::collections::BTreeSet<Vec<u8>> =
            (0..50).map(|seed| left(&events, Loss::Torn, seed)).collect();
        let all: [&[u8]; 4] = [b"........", b"....cd..", b"ab......", b"ab..cd.."];
        assert_eq!(outcomes, all.map(<[u8]>::to_vec).into());
    }

    #[test]
    fn a_removed_file_may_come_back_as_it_was_and_never_mixed_with_its_successor() {
        let (begin, end) = (event(Act::SyncBegin { number: 1 }), event(Act::SyncEnd { number: 1 }));
        let events = [event(Act::Remove), write_of(0, b"ab"), begin, end];
        assert_eq!(left(&events[..2], Loss::Dropped, 1), b"........");
        assert_eq!(left(&events, Loss::Dropped, 1), b"ab");
    }

    #[test]
    fn a_long_write_may_be_torn_between_sectors() {
        let events = [write_of(0, &[b'x'; 2 * SECTOR])];
        let torn = (0..200)
            .map(|seed| left(&events, Loss::Torn, seed))
            .any(|file| file.len() == 2 * SECTOR && file[0] == b'.' && file[SECTOR] == b'x');
        assert!(torn);
    }
}
