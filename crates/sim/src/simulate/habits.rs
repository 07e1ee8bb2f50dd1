//! What a simulated person does on one device, as its trackers see it: they switch every few
//! seconds, read pages, write code, sit in calls, and go away for a while.

use std::sync::Arc;

use dayline_domain::{
    AppName, DeviceId, Domain, Interval, Language, NameError, Observation, Project, Subject, UtcMs,
    observation,
};

use super::catalog::{FRONTS, Front, SITES, Site, WORKS};
use crate::client::wire;
use crate::dice::Dice;

/// An observation before it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) what: What,
    pub(super) interval: Interval,
}

/// What is seen, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Use { app: &'static str, site: Option<Site>, project: Option<&'static str> },
    Page { browser: &'static str, site: Option<Site>, audible: bool },
    Beat { app: &'static str, project: Option<&'static str>, language: Option<&'static str> },
    Away,
    Here,
}

impl Seen {
    /// As it is sent.
    pub(super) fn ping(&self) -> wire::Ping {
        let url = |site: Option<Site>| site.map(|site| site.url.to_owned());
        let text = |text: Option<&str>| text.map(str::to_owned);
        let seen = match self.what {
            What::Use { app, site, project } => wire::Seen::Use {
                app_name: app.to_owned(),
                url: url(site),
                domain: None,
                project: text(project),
            },
            What::Page { browser, site, audible } => {
                wire::Seen::Page { app_name: browser.to_owned(), url: url(site), domain: None, audible }
            }
            What::Beat { app, project, language } => wire::Seen::Beat {
                app_name: app.to_owned(),
                project: text(project),
                language: text(language),
            },
            What::Away => wire::Seen::Away,
            What::Here => wire::Seen::Here,
        };
        wire::Ping::in_interval(seen, self.interval)
    }

    /// As the server must understand it, sent by this device.
    pub(super) fn observation(&self, device: &str) -> Result<Observation, NameError> {
        let domain = |site: Option<Site>| site.and_then(|site| site.domain).map(Domain::new).transpose();
        let project = |name: Option<&str>| name.map(Project::new).transpose();
        let seen = match self.what {
            What::Use { app, site, project: of } => observation::Seen::Use {
                app: AppName::new(app)?,
                domain: domain(site)?,
                project: project(of)?,
            },
            What::Page { browser, site, audible } => {
                observation::Seen::Page { browser: AppName::new(browser)?, domain: domain(site)?, audible }
            }
            What::Beat { app, project: of, language } => observation::Seen::Beat {
                app: AppName::new(app)?,
                project: project(of)?,
                language: language.map(Language::new).transpose()?,
            },
            What::Away => observation::Seen::Away,
            What::Here => observation::Seen::Here,
        };
        let subject = Subject { device: DeviceId::new(device)?, seen };
        Ok(Observation::new(Arc::new(subject), self.interval))
    }
}

/// What trackers run on a device.
#[derive(Debug, Clone, Copy)]
struct Equipment {
    /// Somebody looks at which window is in front. If not, only the editor tells.
    window: bool,
    /// The browser tells of its front tab itself, so that the window's use has no page.
    tab: bool,
    /// The window tells which project the editor has open.
    project: bool,
}

/// Something that stays as it is for a while.
#[derive(Debug, Clone, Copy)]
struct Phase<T> {
    now: T,
    since: UtcMs,
    until: UtcMs,
}

impl<T: Copy> Phase<T> {
    /// Over at any time.
    const fn over(now: T) -> Self {
        Self { now, since: UtcMs(i64::MIN), until: UtcMs(i64::MIN) }
    }

    /// The parts of an interval, in order, each with what is then. `next` gives what comes next
    /// and for how many milliseconds, at least one.
    fn parts(&mut self, interval: Interval, mut next: impl FnMut(T) -> (T, u64)) -> Vec<(Interval, Self)> {
        let (mut parts, mut at) = (Vec::new(), interval.start());
        while at < interval.end() {
            if self.until <= at {
                let (now, ms) = next(self.now);
                *self = Self { now, since: at, until: at.plus(ms as i64) };
            }
            let end = self.until.min(interval.end());
            parts.extend(Interval::new(at, end).map(|part| (part, *self)));
            at = end;
        }
        parts
    }
}

/// One device's day.
#[derive(Debug)]
pub(super) struct Habits {
    dice: Dice,
    equipment: Equipment,
    /// What is in front; none is a break without any tracker.
    front: Phase<Option<Front>>,
    /// The browser's front tab, and whether it can be heard.
    tab: Phase<(Option<Site>, bool)>,
    /// Whether nobody is there.
    away: Phase<bool>,
    /// What the editor has open.
    work: Phase<(Option<&'static str>, Option<&'static str>)>,
    next_beat: UtcMs,
}

impl Habits {
    pub(super) fn new(mut dice: Dice) -> Self {
        let equipment = Equipment { window: !dice.one_in(8), tab: !dice.one_in(3), project: dice.one_in(6) };
        Self {
            dice,
            equipment,
            front: Phase::over(None),
            tab: Phase::over((None, false)),
            away: Phase::over(true),
            work: Phase::over((None, None)),
            next_beat: UtcMs(i64::MIN),
        }
    }

    /// What the trackers see in an interval.
    pub(super) fn observe(&mut self, interval: Interval) -> Vec<Seen> {
        let mut seen = Vec::new();
        let away = self.away.parts(interval, |was_away| presence(&mut self.dice, was_away));
        for (part, front) in self.front.parts(interval, |_| front(&mut self.dice)) {
            let Some(front) = front.now else { continue };
            self.look_at(front, part, &mut seen);
        }
        for (part, away) in away.into_iter().filter(|(_, away)| away.now) {
            // It grows from when the person went; their editor has nothing to tell then.
            seen.retain(|seen| !matches!(seen.what, What::Beat { .. }) || seen.interval.clip(part).is_none());
            let told = Interval::new(away.since, part.end());
            seen.extend(told.map(|interval| Seen { what: What::Away, interval }));
        }
        seen
    }

    /// Something from any time in the two days before, as from a device that had no network. So some
    /// midnight lies among what is sent, at whatever time of the day that is.
    pub(super) fn recall(&mut self, before: UtcMs) -> Seen {
        let dice = &mut self.dice;
        let length_ms = dice.between(1, 300_000) as i64;
        let start = before.plus(-length_ms - dice.below(47 * 3_600_000) as i64);
        let (front, site) = (*dice.pick(&FRONTS), Some(*dice.pick(&SITES)));
        let (project, language) = *dice.pick(&WORKS);
        let app = front.name();
        let (what, ms) = match (dice.below(6), front) {
            (0, _) => (What::Away, length_ms),
            (1, _) => (What::Here, length_ms),
            (2, Front::Editor(_)) => (What::Beat { app, project, language }, 1),
            (2 | 3, Front::Browser(_)) => {
                (What::Page { browser: app, site, audible: dice.one_in(4) }, length_ms)
            }
            (_, Front::Browser(_)) => (What::Use { app, site, project: None }, length_ms),
            _ => (What::Use { app, site: None, project: None }, length_ms),
        };
        // At least a millisecond long by construction.
        let interval = Interval::new(start, start.plus(ms)).unwrap_or(UtcMs(0).day().interval());
        Seen { what, interval }
    }

    fn look_at(&mut self, front: Front, part: Interval, seen: &mut Vec<Seen>) {
        let Equipment { window, tab, project } = self.equipment;
        let app = front.name();
        let of_use = |site, project, interval| Seen { what: What::Use { app, site, project }, interval };
        match front {
            Front::App(_) if window => seen.push(of_use(None, None, part)),
            Front::Call(_) if window => {
                seen.push(of_use(None, None, part));
                seen.push(Seen { what: What::Here, interval: part });
            }
            Front::Browser(_) if window => {
                let tabs = self.tab.parts(part, |_| front_tab(&mut self.dice));
                if tab {
                    seen.push(of_use(None, None, part));
                }
                seen.extend(tabs.into_iter().map(|(interval, shown)| {
                    let (site, audible) = shown.now;
                    if tab {
                        Seen { what: What::Page { browser: app, site, audible }, interval }
                    } else {
                        of_use(site, None, interval)
                    }
                }));
            }
            Front::Editor(_) => {
                let works = self.work.parts(part, |_| work(&mut self.dice));
                for (part, work) in works {
                    let (of, language) = work.now;
                    if window {
                        seen.push(of_use(None, of.filter(|_| project), part));
                    }
                    self.write(part, What::Beat { app, project: of, language }, seen);
                }
            }
            Front::App(_) | Front::Call(_) | Front::Browser(_) => {}
        }
    }

    /// The beats in a part of the day.
    fn write(&mut self, part: Interval, what: What, seen: &mut Vec<Seen>) {
        let mut at = self.next_beat.max(part.start());
        while at < part.end() {
            seen.extend(Interval::new(at, at.plus(1)).map(|interval| Seen { what, interval }));
            at = at.plus(self.dice.between(500, 20_000) as i64);
        }
        self.next_beat = at;
    }
}

/// Mostly for some seconds, now and then for a minute or two: as people are.
fn front(dice: &mut Dice) -> (Option<Front>, u64) {
    let front = (!dice.one_in(12)).then(|| *dice.pick(&FRONTS));
    let longest_ms = if dice.one_in(20) { 120_000 } else { 15_000 };
    (front, dice.between(3_000, longest_ms))
}

fn front_tab(dice: &mut Dice) -> ((Option<Site>, bool), u64) {
    let site = (!dice.one_in(8)).then(|| *dice.pick(&SITES));
    ((site, dice.one_in(4)), dice.between(1_000, 20_000))
}

fn work(dice: &mut Dice) -> ((Option<&'static str>, Option<&'static str>), u64) {
    (*dice.pick(&WORKS), dice.between(5_000, 120_000))
}

fn presence(dice: &mut Dice, was_away: bool) -> (bool, u64) {
    let ms = if was_away { dice.between(5_000, 120_000) } else { dice.between(2_000, 60_000) };
    (!was_away, ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(UtcMs(start), UtcMs(end)).unwrap()
    }

    /// What the trackers of a device see in so many intervals of 5 s.
    fn day(seed: u64, ticks: i64) -> Vec<Vec<Seen>> {
        let mut habits = Habits::new(Dice::new(seed));
        (0..ticks).map(|tick| habits.observe(interval(tick * 5_000, tick * 5_000 + 5_000))).collect()
    }

    fn uses(all: &[Seen]) -> Vec<Seen> {
        all.iter().copied().filter(|seen| matches!(seen.what, What::Use { .. })).collect()
    }

    #[test]
    fn what_is_seen_is_past_and_no_two_uses_overlap() {
        for (seed, tick) in (0..20).flat_map(|seed| (0i64..).zip(day(seed, 200)).map(move |t| (seed, t))) {
            let (number, seen) = tick;
            let whole = interval(number * 5_000, number * 5_000 + 5_000);
            for seen in &seen {
                let told_again = matches!(seen.what, What::Away);
                assert!(seen.interval.end() <= whole.end(), "{seed}");
                assert!(told_again || seen.interval.start() >= whole.start(), "{seed}");
            }
            assert!(
                uses(&seen).array_windows().all(|[a, b]| a.interval.end() <= b.interval.start()),
                "{seed}"
            );
        }
    }

    #[test]
    fn people_switch_every_few_seconds() {
        let apps = |seen: &Seen| match seen.what {
            What::Use { app, .. } => Some(app),
            _ => None,
        };
        let all: Vec<&str> =
            (0..10).flat_map(|seed| day(seed, 720)).flatten().filter_map(|s| apps(&s)).collect();
        let switches = all.array_windows().filter(|[a, b]| a != b).count();
        assert!((1_800..4_000).contains(&switches), "{switches} in ten hours");
    }

    #[test]
    fn all_kinds_are_seen_and_meet_each_other() {
        let all: Vec<Seen> = (0..10).flat_map(|seed| day(seed, 720)).flatten().collect();
        let some = |is: &dyn Fn(&What) -> bool| all.iter().any(|seen| is(&seen.what));
        assert!(some(&|what| matches!(what, What::Page { audible: true, .. })));
        assert!(some(&|what| matches!(what, What::Page { site: None, audible: false, .. })));
        assert!(some(&|what| matches!(what, What::Use { site: Some(_), .. })));
        assert!(some(&|what| matches!(what, What::Use { project: Some(_), .. })));
        assert!(some(&|what| matches!(what, What::Beat { project: Some(_), language: Some(_), .. })));
        let of = |kind: What| all.iter().copied().filter(|seen| seen.what == kind).collect::<Vec<_>>();
        let (uses_of_all, aways) = (uses(&all), of(What::Away));
        let meets = |others: Vec<Seen>| {
            let meets = |away: &Seen| others.iter().any(|other| other.interval.clip(away.interval).is_some());
            aways.iter().any(meets)
        };
        assert!(meets(uses_of_all) && meets(of(What::Here)));
        // Some editors tell where no window does.
        let editor_alone = (0..40)
            .map(|seed| day(seed, 200).concat())
            .any(|seen| uses(&seen).is_empty() && seen.iter().any(|s| matches!(s.what, What::Beat { .. })));
        assert!(editor_alone);
    }

    #[test]
    fn the_same_dice_give_the_same_day() {
        assert_eq!(day(5, 100), day(5, 100));
        assert_ne!(day(5, 100), day(6, 100));
    }

    #[test]
    fn what_is_recalled_is_past_and_at_most_two_days_old() {
        let mut habits = Habits::new(Dice::new(1));
        let now = UtcMs(1_795_000_000_000);
        for _ in 0..1_000 {
            let seen = habits.recall(now).interval;
            assert!(seen.end() <= now && now.since(seen.start()) < 2 * 86_400_000 && seen.ms() <= 300_000);
        }
    }

    #[test]
    fn every_word_of_the_catalogue_is_a_name() {
        let seen = |what| Seen { what, interval: interval(0, 1) }.observation("laptop").unwrap();
        for front in FRONTS {
            let app = front.name();
            seen(What::Use { app, site: None, project: None });
            for site in SITES {
                seen(What::Page { browser: app, site: Some(site), audible: false });
            }
            for (project, language) in WORKS {
                seen(What::Beat { app, project, language });
            }
        }
    }
}
