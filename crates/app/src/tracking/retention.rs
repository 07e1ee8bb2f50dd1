//! What is past goes: days older than the installation, or their person, want them kept. Some of it at a
//! time, so that it holds up nobody. Not here: where the border lies (the domain), how it is found and
//! removed (the store), and how often that is looked at (the outer layer).

use std::collections::VecDeque;
use std::sync::Arc;

use dayline_domain::timeline::window::Window;
use dayline_domain::{
    KeptSince, LocalDate, Preferences, Retention, UserId, UtcDay, UtcMs, kept_since, with_days_from,
};

use crate::ports::{AuditEvent, AuditKind, KeptPerson, Past, PastArchive, PortError};
use crate::reporting::export::{Page, page_of_day};
use crate::reporting::result_forms::ResultForms;
use crate::{App, AppError};

/// People that are looked at with one question to the store.
const PEOPLE_AT_A_TIME: usize = 500;
/// Days of one person that go in one transaction: some 7,000 pieces of a heavy person, and some 15 MB
/// while they are archived.
const DAYS_AT_A_TIME: usize = 7;

/// For how long a person's timeline is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// By the installation; `None` for ever.
    pub installation: Option<Retention>,
    /// The first of their days that is kept, by whichever is shorter; `None` if all are.
    pub since: Option<LocalDate>,
}

/// Since when the timeline of a person with these preferences is kept; `None` if all of it is.
///
/// # Errors
///
/// When the person can't be read.
pub(super) async fn kept_of(
    app: &App,
    user: UserId,
    preferences: Preferences,
) -> Result<Option<KeptSince>, AppError> {
    if app.rules.keep.is_none() && preferences.keep.is_none() {
        return Ok(None);
    }
    let user = app.accounts.find(user).await?.ok_or(AppError::NotSignedIn)?;
    let person = KeptPerson {
        user: user.id,
        timezone: user.timezone,
        day_start: preferences.day_start,
        keep: preferences.keep,
        kept_from: None,
    };
    Ok(since(app, &person, app.clock.now()))
}

/// Since when a person's timeline is kept; `None` if all of it is, also where their time zone is not
/// known any more.
fn since(app: &App, person: &KeptPerson, now: UtcMs) -> Option<KeptSince> {
    since_by(app, app.rules.keep.into_iter().chain(person.keep), person, now)
}

fn since_by(
    app: &App,
    retentions: impl IntoIterator<Item = Retention>,
    person: &KeptPerson,
    now: UtcMs,
) -> Option<KeptSince> {
    let zone = with_days_from(app.zones.find(&person.timezone)?, person.day_start);
    kept_since(retentions, &*zone, now)
}

/// What one step of a clean-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many days of one person went; there may be more.
    Went {
        /// Days.
        days: u64,
    },
    /// Some people were looked at.
    Looked,
    /// A day of this person can't be read, and so neither be archived. It stays, and what is newer too.
    Unreadable(UserId),
    /// There is nothing more to do.
    Done {
        /// How many months were given back, of which nobody had anything left.
        months: u64,
    },
}

/// One look at everybody, a step at a time.
pub struct CleanUp {
    now: UtcMs,
    /// Whether people are looked through who were so already today: something may have been left.
    thorough: bool,
    people: People,
    going: Option<Going>,
    /// Whether anything went.
    went: bool,
    archiving: Option<Archiving>,
}

/// Where what goes is kept first, and in which form: that of exports.
#[derive(Clone)]
pub struct Archiving {
    /// Where.
    pub archive: Arc<dyn PastArchive>,
    /// In which form.
    pub forms: Arc<dyn ResultForms>,
}

/// A person whose past goes.
struct Going {
    user: UserId,
    from: UtcDay,
    /// Whether names that nothing refers to any more are looked for, which reads all that is stored.
    sweeps: bool,
    /// What the installation does not keep is archived, all before this day; what only the person does not
    /// want kept is kept nowhere.
    archived: Option<UtcDay>,
    days: u64,
}

impl CleanUp {
    /// As of `now`, a time that can be believed ([`believed_time`](crate::clean_up::believed_time)).
    pub fn new(app: &App, now: UtcMs, thorough: bool) -> Self {
        Self { now, thorough, people: People::new(app, now), going: None, went: false, archiving: None }
    }

    /// The same; nothing goes that is not in the archive before.
    #[must_use]
    pub fn archiving(self, archiving: Option<Archiving>) -> Self {
        Self { archiving, ..self }
    }

    /// Does a part of the work, in a few transactions.
    ///
    /// # Errors
    ///
    /// What the store says. The next look at everybody finds what was left.
    pub async fn step(&mut self, app: &App) -> Result<Step, PortError> {
        if let Some(going) = self.going.take() {
            return self.remove(app, going).await;
        }
        if let Some(person) = self.people.next(app).await? {
            return self.look_at(app, &person).await.map(|()| Step::Looked);
        }
        // Nobody's border lies later than today's.
        let months = if self.went { app.retention.drop_empty(self.now.day()).await? } else { 0 };
        Ok(Step::Done { months })
    }

    async fn look_at(&mut self, app: &App, person: &KeptPerson) -> Result<(), PortError> {
        let from = since(app, person, self.now).map(|since| since.day);
        let is_moved = from != person.kept_from;
        if is_moved && !app.retention.keep_from(person.user, from).await? {
            return Ok(());
        }
        let Some(from) = from.filter(|_| is_moved || self.thorough) else { return Ok(()) };
        let archived = since_by(app, app.rules.keep, person, self.now).map(|since| since.day);
        let month = |day: UtcDay| LocalDate(day.0).month();
        let sweeps = person.kept_from.is_some_and(|before| month(before) != month(from));
        self.going = Some(Going { user: person.user, from, sweeps, archived, days: 0 });
        Ok(())
    }

    /// Removes some days of a person, and what is left of the rest with the last.
    async fn remove(&mut self, app: &App, mut going: Going) -> Result<Step, PortError> {
        let Going { user, from, .. } = going;
        let days = app.retention.past_days(user, from, DAYS_AT_A_TIME).await?;
        let is_last = days.len() < DAYS_AT_A_TIME;
        let before = match days.last() {
            Some(day) if !is_last => UtcDay(day.0.saturating_add(1)),
            _ => from,
        };
        if let (Some(archiving), Some(archived)) = (&self.archiving, going.archived) {
            match archiving.keep(app, user, &days, before.min(archived)).await {
                Err(PortError::Corrupt(_)) => return Ok(Step::Unreadable(user)),
                kept => kept?,
            }
        }
        let gone = app.retention.remove(user, before).await?;
        going.days += gone;
        self.went |= gone > 0;
        if !is_last {
            self.going = Some(going);
            return Ok(Step::Went { days: gone });
        }
        // A day that goes each day is what was asked for; a person is told of more.
        let is_much = going.days > 1;
        if going.sweeps || is_much {
            app.retention.forget_names(user).await?;
        }
        if is_much {
            let (at, subject) = (app.clock.now(), Some(from.to_string().into()));
            let kind = AuditKind::PastRemoved;
            app.audit.append(AuditEvent { user, at, kind, subject, address: None }).await?;
        }
        Ok(Step::Went { days: gone })
    }
}

impl Archiving {
    /// Keeps those of some days of a person that are before `before`, with what they said of any such.
    async fn keep(&self, app: &App, user: UserId, days: &[UtcDay], before: UtcDay) -> Result<(), PortError> {
        let mut pages = Vec::new();
        let days: Vec<UtcDay> = days.iter().copied().filter(|day| *day < before).collect();
        for day in &days {
            pages.extend(page_of_day(&*app.ledger, user, *day).await?);
        }
        let border = Window::of(before).interval().start();
        let mut said = app.ledger.corrections(user, None).await?;
        said.retain(|correction| correction.says.interval().is_some_and(|says| says.end() <= border));
        let Some(person) = app.accounts.find(user).await? else { return Ok(()) };
        if pages.is_empty() && said.is_empty() {
            return Ok(());
        }
        let (mut writer, mut lines) = (self.forms.export(), Vec::new());
        for page in [Page::Profile(person), Page::Corrections(said)].into_iter().chain(pages) {
            writer.part(page, &mut lines);
        }
        writer.end(&mut lines);
        let last = UtcDay(before.0.saturating_sub(1));
        let first = days.first().copied().unwrap_or(last);
        self.archive.keep(user, (first, last), lines).await
    }
}

/// What would go of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldGo {
    /// Whose.
    pub user: UserId,
    /// All before this UTC day.
    pub before: UtcDay,
    /// How much that is.
    pub past: Past,
}

/// What a clean-up would remove, without removing anything: of one person after the other.
pub struct DryRun {
    now: UtcMs,
    people: People,
}

impl DryRun {
    /// As of `now`.
    pub fn new(app: &App, now: UtcMs) -> Self {
        Self { now, people: People::new(app, now) }
    }

    /// The next person of whom something would go; `None` if there is none.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn next(&mut self, app: &App) -> Result<Option<WouldGo>, PortError> {
        while let Some(person) = self.people.next(app).await? {
            let Some(KeptSince { day: before, .. }) = since(app, &person, self.now) else { continue };
            let past = app.retention.measure(person.user, before).await?;
            if past.days > 0 {
                return Ok(Some(WouldGo { user: person.user, before, past }));
            }
        }
        Ok(None)
    }
}

/// The people of whom something may be past, read some at a time.
struct People {
    before: Option<UtcDay>,
    after: Option<UserId>,
    waiting: VecDeque<KeptPerson>,
    all_read: bool,
}

impl People {
    fn new(app: &App, now: UtcMs) -> Self {
        let before = app.rules.keep.map(|keep| keep.latest(now));
        Self { before, after: None, waiting: VecDeque::new(), all_read: false }
    }

    async fn next(&mut self, app: &App) -> Result<Option<KeptPerson>, PortError> {
        if self.waiting.is_empty() && !self.all_read {
            let page = app.retention.people(self.after, self.before, PEOPLE_AT_A_TIME).await?;
            self.all_read = page.len() < PEOPLE_AT_A_TIME;
            self.after = page.last().map(|person| person.user);
            self.waiting = page.into();
        }
        Ok(self.waiting.pop_front())
    }
}
