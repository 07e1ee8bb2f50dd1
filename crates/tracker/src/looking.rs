//! The thread that looks at the desktop, and opens it again when it was lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{info, warn};

use crate::clock::Now;
use crate::eyes::{self, Eyes, Sight, Wanted};
use crate::intake::Intake;
use crate::rules::Rules;
use crate::status::Board;
use crate::watch::{View, Watch};

/// How long to wait before a desktop that can't be seen is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// Looks, and tells what it sees.
#[derive(Debug)]
pub struct Looking {
    watch: Mutex<Watch>,
    wanted: Wanted,
    rules: Arc<Rules>,
    here_while_recording: bool,
    intake: Arc<Intake>,
    board: Arc<Board>,
}

/// How to look.
#[derive(Debug)]
pub struct Setup {
    /// What follows from what is seen.
    pub watch: Watch,
    /// After how long without input nobody is there.
    pub away_after: Duration,
    /// Whether somebody is there while microphone or camera is in use.
    pub here_while_recording: bool,
    /// What is told of apps and titles.
    pub rules: Arc<Rules>,
    /// Where observations go.
    pub intake: Arc<Intake>,
    /// Where it is shown what looks.
    pub board: Arc<Board>,
}

impl Looking {
    /// Begins to look, in a thread that ends with the program.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn begin(setup: Setup) -> Result<Arc<Self>, String> {
        let Setup { watch, away_after, here_while_recording, rules, intake, board } = setup;
        let wanted = Wanted { titles: rules.need_titles(), away_after };
        let looking =
            Arc::new(Self { watch: Mutex::new(watch), wanted, rules, here_while_recording, intake, board });
        let thread = Arc::clone(&looking);
        let started = thread::Builder::new().name("eyes".to_owned()).spawn(move || thread.run());
        started.map_err(|error| format!("cannot start to look: {error}"))?;
        Ok(looking)
    }

    /// Tells what was seen since something was told last; to be called when the program ends.
    pub fn end(&self) {
        let told = self.watch().end(Now::read());
        self.intake.take(told);
    }

    fn run(&self) {
        let mut told = None;
        loop {
            let Err(why) = eyes::open(self.wanted).and_then(|eyes| self.look(eyes));
            let last = self.watch().end(Now::read());
            self.intake.take(last);
            self.board.change(|status| status.eyes.clone_from(&why));
            if told.as_ref() != Some(&why) {
                warn!("{why}");
                told = Some(why);
            }
            thread::sleep(AGAIN);
        }
    }

    fn look(&self, mut eyes: Box<dyn Eyes>) -> Result<std::convert::Infallible, String> {
        info!(desktop = eyes.name(), "looking which app is in front");
        self.board.change(|status| eyes.name().clone_into(&mut status.eyes));
        loop {
            let patience = self.watch().patience(Now::read());
            let sight = eyes.look(patience)?;
            let mut watch = self.watch();
            if self.intake.is_paused() {
                let told = watch.end(Now::read());
                watch.forget();
                drop(watch);
                self.intake.take(told);
                // Until the next look, so that the end of the pause is noticed.
                thread::sleep(crate::watch::PING);
                continue;
            }
            let told = watch.look(Now::read(), self.view(sight));
            drop(watch);
            self.intake.take(told);
        }
    }

    /// What is told of a sight. The title goes no further.
    fn view(&self, sight: Sight) -> View {
        let activity = sight.front.and_then(|front| {
            let app = self.rules.app(&front.app)?;
            let project = front.title.and_then(|title| self.rules.project(&app, &title));
            Some((app, project))
        });
        let recording = self.here_while_recording && eyes::is_recording();
        View { activity, idle: sight.idle, locked: sight.locked, recording }
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
