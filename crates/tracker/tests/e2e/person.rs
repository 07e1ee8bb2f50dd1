//! A person at a desktop.

use std::cell::Cell;
use std::time::{Duration, Instant};

use dayline_tracker::clock::Now;
use tokio::time::sleep;

use crate::desktop::Desktop;
use crate::script::{Act, Done, Step};

/// How often a person who works touches the mouse.
const TOUCH: Duration = Duration::from_secs(2);

/// Somebody who does what a script says.
pub(crate) struct Person<D> {
    pub(crate) desktop: D,
    touches: Cell<usize>,
}

impl<D: Desktop> Person<D> {
    pub(crate) fn at(desktop: D) -> Self {
        Self { desktop, touches: Cell::new(0) }
    }

    /// Moves the mouse to where it was not before.
    fn touch(&self) {
        self.touches.set(self.touches.get() + 1);
        self.desktop.touch(self.touches.get());
    }

    /// Does a step, and gives what was done.
    pub(crate) async fn act(&self, (act, length): Step) -> Done {
        let begin = Instant::now();
        self.touch();
        if let Act::Work(app) = act {
            self.desktop.activate(app);
        }
        let start = Now::read().utc;
        while let Some(left) = length.checked_sub(begin.elapsed()) {
            sleep(TOUCH.min(left)).await;
            if matches!(act, Act::Work(_)) {
                self.touch();
            }
        }
        Done { act, start, end: Now::read().utc }
    }

    /// Does all steps.
    pub(crate) async fn follow(&self, steps: &[Step]) -> Vec<Done> {
        let mut done = Vec::new();
        for step in steps {
            done.push(self.act(*step).await);
        }
        done
    }
}
