//! Why an instant is what it is, as clients know it.

use dayline_app::ports::Edition;
use dayline_app::reporting::why::Explained;
use dayline_domain::timeline::day::{DeviceWhy, InFront, Outcome, PageWhy, ShownWhy};
use dayline_domain::{Activity, Domain, Interval, Language, Project, Source, UtcMs};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::correction::CorrectionItem;
use super::observation::ObservationItem;

/// What decides an instant.
#[derive(Serialize, ToSchema)]
#[schema(as = Why)]
pub(crate) struct WhyBody<'a> {
    /// The instant.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    at: String,
    /// By which edition of the rule its day is settled. What counts on a day of the first is what that edition
    /// decided, whatever the devices had to show; the next change settles the day by the second.
    #[schema(minimum = 1, maximum = 2, example = 2)]
    edition: u8,
    /// What counts, if anything does.
    #[schema(required)]
    counts: Option<CountsItem<'a>>,
    /// My correction that decides that (step 9), if one does.
    #[schema(required)]
    correction: Option<CorrectionItem<'a>>,
    /// What each device had to show, by name; without those of which nothing bears on the instant.
    devices: Vec<DeviceItem<'a>>,
}

impl<'a> WhyBody<'a> {
    pub(crate) fn new(at: UtcMs, Explained { edition, why }: &'a Explained) -> Self {
        Self {
            at: instant::utc(at),
            edition: match edition {
                Edition::First => 1,
                Edition::Second => 2,
            },
            counts: why.counts.as_deref().map(CountsItem::from),
            correction: why.correction.as_ref().map(CorrectionItem::from),
            devices: why.devices.iter().map(DeviceItem::from).collect(),
        }
    }
}

/// An activity.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityShown)]
struct ActivityItem<'a> {
    /// The app.
    #[schema(example = "Firefox")]
    app_name: &'a str,
    /// The page's host, if it was a web page.
    #[schema(required, example = "github.com")]
    domain: Option<&'a str>,
    /// The project, if that is known.
    #[schema(required, example = json!(null))]
    project: Option<&'a str>,
    /// The language, if that is known.
    #[schema(required, example = json!(null))]
    language: Option<&'a str>,
}

impl<'a> From<&'a Activity> for ActivityItem<'a> {
    fn from(activity: &'a Activity) -> Self {
        Self {
            app_name: activity.app.as_str(),
            domain: activity.domain.as_ref().map(Domain::as_str),
            project: activity.project.as_ref().map(Project::as_str),
            language: activity.language.as_ref().map(Language::as_str),
        }
    }
}

/// What counts.
#[derive(Serialize, ToSchema)]
#[schema(as = WhyCounts)]
struct CountsItem<'a> {
    #[serde(flatten)]
    activity: ActivityItem<'a>,
    /// The device.
    #[schema(example = "laptop")]
    device_id: &'a str,
}

impl<'a> From<&'a Source> for CountsItem<'a> {
    fn from(source: &'a Source) -> Self {
        Self { activity: (&*source.activity).into(), device_id: source.device.as_str() }
    }
}

/// What a device had to show.
#[derive(Serialize, ToSchema)]
#[schema(as = WhyDevice)]
struct DeviceItem<'a> {
    /// The device.
    #[schema(example = "laptop")]
    device_id: &'a str,
    /// What became of it.
    outcome: OutcomeName,
    /// What was in front, also if nobody was there; null if nothing was.
    #[schema(required)]
    in_front: Option<InFrontItem<'a>>,
    /// The page of the browser in front (step 5).
    #[schema(required)]
    page: Option<PageItem<'a>>,
    /// The heartbeat that tells project and language (step 5); maybe of another device.
    #[schema(required)]
    beat: Option<ObservationItem<'a>>,
    /// When it was said that nobody was there (step 6).
    #[schema(required)]
    away: Option<IntervalItem>,
    /// When it was said that somebody was there, whatever else says otherwise (step 6).
    #[schema(required)]
    here: Option<IntervalItem>,
    /// What the device showed then (step 7); null if nothing, or if nobody was there.
    #[schema(required)]
    shown: Option<ShownItem<'a>>,
}

/// What became of what a device had to show: it `counts`; it would, but is `corrected` (step 9); it is
/// `outranked`, since another device's run started later, or `only_inferred` while something was seen on another
/// (step 8); nobody was there: `away` (step 6); or it had `nothing` in front.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WhyOutcome)]
enum OutcomeName {
    Counts,
    Corrected,
    Outranked,
    OnlyInferred,
    Away,
    Nothing,
}

impl From<Outcome> for OutcomeName {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Counts => Self::Counts,
            Outcome::Corrected => Self::Corrected,
            Outcome::Outranked => Self::Outranked,
            Outcome::OnlyInferred => Self::OnlyInferred,
            Outcome::Away => Self::Away,
            Outcome::Nothing => Self::Nothing,
        }
    }
}

/// What was in front.
#[derive(Serialize, ToSchema)]
#[schema(as = WhyInFront)]
struct InFrontItem<'a> {
    /// The step of the rule that says so: 2, it was seen; 3, it was seen last and is held; 4, it is inferred.
    #[schema(minimum = 2, maximum = 4, example = 2)]
    step: u8,
    /// What was seen, seen last, or the heartbeat that it is inferred from; united with what touches it.
    observation: ObservationItem<'a>,
    /// When something is seen again, or the next heartbeat is; null if it is seen.
    #[schema(required, format = DateTime, example = json!(null))]
    until: Option<String>,
}

impl<'a> From<&'a InFront> for InFrontItem<'a> {
    fn from(in_front: &'a InFront) -> Self {
        let (step, observation, until) = match in_front {
            InFront::Seen(seen) => (2, seen, None),
            InFront::Held { last, until } => (3, last, Some(*until)),
            InFront::Inferred { from, until } => (4, from, Some(*until)),
        };
        Self { step, observation: observation.into(), until: until.map(instant::utc) }
    }
}

/// The page of the browser in front.
#[derive(Serialize, ToSchema)]
#[schema(as = WhyPage)]
struct PageItem<'a> {
    /// The page.
    observation: ObservationItem<'a>,
    /// Whether it had ended already and is held.
    held: bool,
    /// Whether its domain is the one that is shown, since the browser came without one.
    names_domain: bool,
    /// Whether it keeps me there, since it can be heard and I let such pages count.
    keeps: bool,
}

impl<'a> From<&'a PageWhy> for PageItem<'a> {
    fn from(PageWhy { page, is_held, names_domain, keeps }: &'a PageWhy) -> Self {
        Self { observation: page.into(), held: *is_held, names_domain: *names_domain, keeps: *keeps }
    }
}

/// When something was so.
#[derive(Serialize, ToSchema)]
#[schema(as = WhyInterval)]
struct IntervalItem {
    /// From when.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    start_time: String,
    /// To when.
    #[schema(format = DateTime, example = "2026-11-20T10:30:00.000Z")]
    end_time: String,
}

impl From<Interval> for IntervalItem {
    fn from(interval: Interval) -> Self {
        Self { start_time: instant::utc(interval.start()), end_time: instant::utc(interval.end()) }
    }
}

/// What a device showed.
#[derive(Serialize, ToSchema)]
#[schema(as = WhyShown)]
struct ShownItem<'a> {
    #[serde(flatten)]
    activity: ActivityItem<'a>,
    /// Since when without a break, as far as two hours before the day (UTC).
    #[schema(format = DateTime, example = "2026-11-20T09:55:00.000Z")]
    since: String,
}

impl<'a> From<&'a ShownWhy> for ShownItem<'a> {
    fn from(ShownWhy { activity, since }: &'a ShownWhy) -> Self {
        Self { activity: (&**activity).into(), since: instant::utc(*since) }
    }
}

impl<'a> From<&'a DeviceWhy> for DeviceItem<'a> {
    fn from(why: &'a DeviceWhy) -> Self {
        Self {
            device_id: why.device.as_str(),
            outcome: why.outcome.into(),
            in_front: why.in_front.as_ref().map(InFrontItem::from),
            page: why.page.as_ref().map(PageItem::from),
            beat: why.beat.as_ref().map(ObservationItem::from),
            away: why.away.map(IntervalItem::from),
            here: why.here.map(IntervalItem::from),
            shown: why.shown.as_ref().map(ShownItem::from),
        }
    }
}
