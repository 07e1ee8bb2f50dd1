//! What processes take, by `/proc`: memory, processor time, open files, threads; and the size of folders.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::failure::Failure;

/// What Linux counts processor time in.
const TICKS_PER_SECOND: f64 = 100.0;
const SAMPLE: Duration = Duration::from_millis(100);

/// A number of `/proc/…/status`; of memory in bytes.
pub(crate) fn status(process: u32, name: &str) -> Result<u64, Failure> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = value.ok_or_else(|| format!("no {name} of process {process}"))?.trim();
    Ok(match value.strip_suffix(" kB") {
        Some(kib) => kib.parse::<u64>()? * 1024,
        None => value.parse()?,
    })
}

/// Files and sockets that are open.
pub(crate) fn open_files(process: u32) -> Result<u64, Failure> {
    Ok(std::fs::read_dir(format!("/proc/{process}/fd"))?.count() as u64)
}

/// Processor time taken so far.
pub(crate) fn processor_time(process: u32) -> Result<Duration, Failure> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
    let (_, fields) = text.rsplit_once(')').ok_or("no name in /proc/…/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
}

/// Bytes of all files in a folder and its folders.
pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    // Files come and go while the server works.
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(size).sum()
}

/// Watches the resident memory of processes together.
pub(crate) struct MemoryWatch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64, Failure>>,
}

impl MemoryWatch {
    pub(crate) fn start(processes: Vec<u32>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut most = 0;
            while !told.load(Ordering::Relaxed) {
                let all = processes.iter().map(|&process| status(process, "VmRSS"));
                most = most.max(all.sum::<Result<u64, _>>()?);
                std::thread::sleep(SAMPLE);
            }
            Ok(most)
        });
        Self { stop, thread }
    }

    /// The most bytes that were resident at once.
    pub(crate) fn most(self) -> Result<u64, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the memory was not watched to the end")?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_be_looked_at() {
        let own = std::process::id();
        assert!(status(own, "VmRSS").unwrap() > 1 << 20);
        assert!(status(own, "Threads").unwrap() >= 1);
        assert!(open_files(own).unwrap() >= 3);
        processor_time(own).unwrap();
    }
}
