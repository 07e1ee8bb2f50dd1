//! Whether the microphone or a camera is in use, as the kernel tells everybody: one bit, and nothing of what is recorded.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether anything records, below this root of the file system.
pub(super) fn is_on(root: &Path) -> bool {
    a_microphone_runs(&root.join("proc/asound")) || a_camera_is_open(root)
}

/// Sound cards tell of each of their recording channels: `closed`, or `state: RUNNING` and more.
fn a_microphone_runs(cards: &Path) -> bool {
    let channels = below(cards, "card", "").into_iter().flat_map(|card| below(&card, "pcm", "c"));
    let mut states = channels.flat_map(|channel| below(&channel, "sub", "")).map(|sub| sub.join("status"));
    states.any(|state| fs::read_to_string(state).is_ok_and(|text| text.starts_with("state: RUNNING")))
}

/// The driver of nearly all cameras counts by how many it is used.
fn a_camera_is_open(root: &Path) -> bool {
    let users = fs::read_to_string(root.join("sys/module/uvcvideo/refcnt"));
    users.is_ok_and(|users| users.trim().parse::<u64>().is_ok_and(|users| users > 0))
}

fn below(folder: &Path, begin: &str, end: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name());
    let fits = |name: &std::ffi::OsString| {
        let name = name.to_string_lossy();
        name.strip_prefix(begin)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.ends_with(end))
    };
    names.filter(fits).map(|name| folder.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn a_microphone_that_runs_is_noticed_and_a_loudspeaker_is_not() {
        let root = tempfile::tempdir().unwrap();
        assert!(!is_on(root.path()));
        write(root.path(), "proc/asound/card0/pcm0p/sub0/status", "state: RUNNING\nowner_pid   : 7\n");
        write(root.path(), "proc/asound/card0/pcm0c/sub0/status", "closed\n");
        write(root.path(), "proc/asound/cards", " 0 [PCH]");
        assert!(!is_on(root.path()));
        write(root.path(), "proc/asound/card1/pcm2c/sub1/status", "state: RUNNING\nowner_pid   : 7\n");
        assert!(is_on(root.path()));
    }

    #[test]
    fn a_camera_that_is_open_is_noticed() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "sys/module/uvcvideo/refcnt", "0\n");
        assert!(!is_on(root.path()));
        write(root.path(), "sys/module/uvcvideo/refcnt", "1\n");
        assert!(is_on(root.path()));
    }
}
