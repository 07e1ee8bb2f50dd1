//! Removes what is past in the background: every hour, by one process at a time, and as long as all keep timelines for
//! the same time. Not here: what is past, and what one step does (the application).

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayline_app::App;
use dayline_app::clean_up::believed_time;
use dayline_app::ports::{PortError, Turn};
use dayline_app::tracking::retention::{Archiving, CleanUp, Step};
use dayline_http_kit::Metrics;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::wire::Probe;

/// How often the processes tell each other for how long they keep timelines. What one told holds for ten times as long.
const TELL_EVERY: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Whether the processes of an installation agree on how long timelines are kept.
#[derive(Default)]
pub(super) struct Agreement(Mutex<Option<String>>);

impl Agreement {
    /// What readiness asks. No harm is done while they do not: nothing goes.
    pub(super) fn probe(self: Arc<Self>) -> Probe {
        let hint = "start all processes with the same --keep, and with --keep-archive or without; until then nothing is removed";
        let ask = move || match self.told() {
            Some(differs) => Err(differs),
            None => Ok(()),
        };
        Probe { name: "retention", needed: false, hint, ask: Box::new(move || Box::pin(ready(ask()))) }
    }

    fn told(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, differs: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = differs;
    }
}

/// What removes what is past.
pub(super) struct Remover {
    app: App,
    metrics: Metrics,
    agreement: Arc<Agreement>,
    archiving: Option<Archiving>,
    /// The look at everybody that goes on.
    looking: Option<Look>,
    next_look: Instant,
    /// Whether the next look goes through people who were so already today: at first, and after it failed.
    thorough: bool,
}

/// A look at everybody, and how many days it has removed so far.
struct Look {
    clean_up: CleanUp,
    days: u64,
}

impl Remover {
    pub(super) fn new(
        app: &App,
        metrics: &Metrics,
        agreement: Arc<Agreement>,
        archiving: Option<Archiving>,
    ) -> Self {
        Self {
            app: app.clone(),
            metrics: metrics.clone(),
            agreement,
            archiving,
            looking: None,
            next_look: Instant::now(),
            thorough: true,
        }
    }

    /// Removes for as long as it is polled.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(TELL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let until = ticks.tick().await + TELL_EVERY;
            if let Err(error) = self.remove_until(until).await {
                self.give_up();
                tracing::warn!(%error, "what is not kept any more was not removed; it is tried again in an hour");
            }
        }
    }

    fn give_up(&mut self) {
        self.looking = None;
        self.thorough = true;
    }

    async fn remove_until(&mut self, until: Instant) -> Result<(), PortError> {
        if !self.is_our_turn().await? {
            self.give_up();
            return Ok(());
        }
        while Instant::now() < until && self.is_looking().await? {
            let began = Instant::now();
            let went = self.step().await?;
            if went {
                // At most half of the time, so that it holds up nobody.
                sleep(began.elapsed()).await;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn is_our_turn(&self) -> Result<bool, PortError> {
        let mut ours =
            self.app.rules.keep.map_or_else(|| "for ever".to_owned(), |keep| format!("for {keep}"));
        // One that archives nothing must not remove what the others would keep.
        if self.archiving.is_some() {
            ours += " with an archive";
        }
        let turn = self.app.retention_turns.take(ours.clone()).await?;
        let differs = match &turn {
            Turn::Differs(theirs) => {
                Some(format!("another process keeps timelines {theirs}, this one {ours}"))
            }
            Turn::Ours | Turn::Others => None,
        };
        if let Some(why) = differs.as_ref().filter(|_| self.agreement.told().is_none()) {
            tracing::warn!(
                why,
                "nothing is removed until all processes have the same --keep and --keep-archive"
            );
        }
        self.agreement.tell(differs);
        Ok(turn == Turn::Ours)
    }

    /// Begins a look when it is time for one, by a clock that can be believed.
    async fn is_looking(&mut self) -> Result<bool, PortError> {
        if self.looking.is_none() && Instant::now() >= self.next_look {
            self.next_look = Instant::now() + LOOK_EVERY;
            if let Some(now) = believed_time(&self.app).await? {
                let clean_up = CleanUp::new(&self.app, now, std::mem::take(&mut self.thorough));
                let clean_up = clean_up.archiving(self.archiving.clone());
                self.looking = Some(Look { clean_up, days: 0 });
            }
        }
        Ok(self.looking.is_some())
    }

    /// Does one step; whether something went.
    async fn step(&mut self) -> Result<bool, PortError> {
        let Some(look) = &mut self.looking else { return Ok(false) };
        match look.clean_up.step(&self.app).await? {
            Step::Went { days } => {
                look.days += days;
                self.metrics.past_days_removed(days);
                Ok(days > 0)
            }
            Step::Looked => Ok(false),
            Step::Unreadable(user) => {
                tracing::warn!(%user, "a day can't be read and so not be archived: nothing more of this person is removed");
                Ok(false)
            }
            Step::Done { months } => {
                if look.days > 0 {
                    tracing::info!(days = look.days, months, "removed what is not kept any more");
                }
                self.looking = None;
                Ok(false)
            }
        }
    }
}
