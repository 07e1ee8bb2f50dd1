//! The way of an observation into the spool, wherever it comes from.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;
use tracing::{error, info};

use crate::clock::Now;
use crate::observation::{Observation, Seen};
use crate::pause::Pause;
use crate::spool::Spool;
use crate::status::Board;

/// Takes observations into the spool.
#[derive(Debug)]
pub struct Intake {
    spool: Arc<Spool>,
    /// Rung when something was added to the spool.
    bells: Vec<Arc<Notify>>,
    board: Arc<Board>,
    pause_file: PathBuf,
    /// Why nothing is kept, as it was told.
    told: Mutex<Option<String>>,
}

impl Intake {
    /// Takes into this spool what lies outside of the pause in this file.
    pub fn new(spool: Arc<Spool>, bells: Vec<Arc<Notify>>, board: Arc<Board>, pause_file: PathBuf) -> Self {
        Self { spool, bells, board, pause_file, told: Mutex::default() }
    }

    /// Whether nothing is to be watched now.
    pub fn is_paused(&self) -> bool {
        Pause::read(&self.pause_file).is_some_and(|pause| pause.holds_at(Now::read().utc))
    }

    /// Takes them, as far as they lie outside of the pause.
    pub fn take(&self, observations: Vec<Observation>) {
        let mut kept = observations;
        if let Some(pause) = Pause::read(&self.pause_file) {
            kept = kept.into_iter().flat_map(|observation| pause.cut(observation)).collect();
        }
        if kept.is_empty() {
            return;
        }
        let lines: Vec<_> = kept.iter().map(Observation::to_line).collect();
        match self.spool.append(&lines) {
            Ok(()) => self.kept(&kept),
            Err(refused) => self.lost(lines.len(), refused.to_string()),
        }
    }

    fn kept(&self, observations: &[Observation]) {
        if self.told().take().is_some() {
            info!("what is seen is kept again");
        }
        let waiting = self.spool.waiting();
        self.board.change(|status| {
            status.waiting = waiting;
            status.seen = observations.iter().rev().find_map(shown).or(status.seen.take());
        });
        self.ring();
    }

    fn ring(&self) {
        self.bells.iter().for_each(|bell| bell.notify_one());
    }

    /// Tells once why it is lost.
    fn lost(&self, count: usize, why: String) {
        self.board.change(|status| status.lost += count as u64);
        let mut told = self.told();
        if told.as_ref() != Some(&why) {
            error!("{why}");
            *told = Some(why);
        }
        // The oldest may be sent, so that there is room.
        drop(told);
        self.ring();
    }

    fn told(&self) -> MutexGuard<'_, Option<String>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shown(observation: &Observation) -> Option<(String, Timestamp)> {
    let what = match &observation.seen {
        Seen::Use { app_name, .. } => app_name,
        Seen::Away => "nobody",
        Seen::Page { .. } | Seen::Here => return None,
    };
    Some((what.to_owned(), observation.end_time))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::status::Status;

    fn observation(app: &str, start: i64, end: i64) -> Observation {
        let at = |second| Timestamp::from_second(second).unwrap();
        let seen = Seen::Use { app_name: app.to_owned(), domain: None, project: None };
        let device_id = crate::device::chosen("laptop").unwrap();
        Observation { seen, start_time: at(start), end_time: at(end), device_id }
    }

    fn intake(folder: &TempDir, limit: u64) -> (Intake, Arc<Spool>) {
        let spool = Arc::new(Spool::open(&folder.path().join("spool"), limit, 1).unwrap());
        let board = Arc::new(Board::new(folder.path().join("status.json")));
        let pause = folder.path().join("pause");
        (Intake::new(Arc::clone(&spool), Vec::new(), board, pause), spool)
    }

    fn texts(spool: &Spool) -> Vec<String> {
        spool.batch(100, usize::MAX).unwrap().texts
    }

    #[test]
    fn what_was_seen_in_the_pause_is_not_kept_even_if_it_is_told_later() {
        let folder = tempfile::tempdir().unwrap();
        let (intake, spool) = intake(&folder, crate::spool::LIMIT);
        let at = |second| Timestamp::from_second(second).unwrap();
        Pause { from: at(100), until: at(200) }.write(&folder.path().join("pause")).unwrap();
        intake.take(vec![observation("Secret", 120, 130), observation("Code", 190, 210)]);
        let code = observation("Code", 200, 210);
        assert_eq!(texts(&spool), [code.to_line()]);
        assert!(!intake.is_paused());
    }

    #[test]
    fn what_a_full_spool_refuses_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (intake, spool) = intake(&folder, 400);
        for second in 0..10 {
            intake.take(vec![observation("Code", second, second + 1)]);
        }
        assert!((1..10).contains(&spool.waiting().records));
        intake.board.change(|status| status.trouble = Some("so that it is written".to_owned()));
        let status = Status::read(&folder.path().join("status.json")).unwrap();
        assert_eq!(status.lost, 10 - spool.waiting().records);
    }
}
