//! `/users/me/preferences`: what I prefer, and how far my past follows it.

use axum::extract::State;
use axum::response::Response;
use dayline_app::tracking::preferences::{self, Preferred};
use dayline_app::tracking::retention::Kept;
use dayline_domain::{BeatHold, Choices, DayStart, Preferences, RawEventDays, Retention, Weekday};
use dayline_http_kit::Problem;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::json::private_json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::settling::{SettlingItem, accepted};

/// What I prefer. What is left out or null is as it is for who never chose.
#[derive(ToSchema)]
#[schema(as = Preferences)]
pub(crate) struct PreferencesBody {
    /// For how many minutes a heartbeat of an editor holds.
    #[schema(rename = "beat_hold_minutes", value_type = Option<u8>, nullable, required = false, minimum = 1, maximum = 60, default = 15)]
    beat_hold: BeatHold,
    /// Whether a page that can be heard counts while the device reports that nobody is there.
    #[schema(value_type = Option<bool>, nullable, required = false, default = true)]
    audible_counts: bool,
    /// With which day my weeks begin in reports.
    #[schema(value_type = Option<WeekdayName>, nullable, required = false, default = "monday")]
    week_start: Weekday,
    /// When my days begin in reports, by the clock: 00:00 to 12:00.
    #[schema(value_type = Option<String>, nullable, required = false, default = "00:00",
        pattern = "^(0[0-9]|1[01]):[0-5][0-9]$|^12:00$")]
    day_start: DayStart,
    /// For how many days the events of other programs' trackers are kept as they came, titles included; 0: not at all.
    /// Fewer days than before delete what is older.
    #[schema(value_type = Option<u16>, nullable, required = false, maximum = 36500, default = 0)]
    raw_event_days: RawEventDays,
    /// For how long my timeline is kept: days, months or years, as `400d`, `18mo` or `3y`. Older days are deleted
    /// for good, with all that was observed in them. Null for as long as the server keeps any.
    #[schema(value_type = Option<String>, nullable, required = false, pattern = "^[1-9][0-9]{0,4}(d|mo|y)$", example = "3y")]
    keep: Option<Retention>,
}

impl FromFields for PreferencesBody {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let default = Preferences::default();
        let minutes = fields.integer("beat_hold_minutes", 1..=BeatHold::MAX_MINUTES.into());
        let beat_hold = minutes.and_then(|minutes| BeatHold::from_minutes(u8::try_from(minutes).ok()?).ok());
        let audible_counts = fields.flag("audible_counts");
        let week_start = fields.optional("week_start", |name| {
            Weekday::from_name(name).ok_or("must be a day of the week in english, such as monday")
        });
        let day_start = fields.optional("day_start", |text| day_start(text).ok_or("must be 00:00 to 12:00"));
        let days = fields.integer("raw_event_days", 0..=RawEventDays::MAX.into());
        let raw_event_days = days.and_then(|days| RawEventDays::new(u16::try_from(days).ok()?).ok());
        let keep = fields.optional("keep", str::parse);
        Some(Self {
            beat_hold: beat_hold.unwrap_or(default.choices.beat_hold),
            audible_counts: audible_counts.unwrap_or(default.choices.audible_counts),
            week_start: week_start.unwrap_or(default.week_start),
            day_start: day_start.unwrap_or(default.day_start),
            raw_event_days: raw_event_days.unwrap_or(default.raw_event_days),
            keep,
        })
    }
}

/// Reads `HH:MM`.
fn day_start(text: &str) -> Option<DayStart> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| is_number)
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes).filter(|minutes| *minutes < 60)?);
    DayStart::from_minutes(hours * 60 + minutes).ok()
}

impl From<PreferencesBody> for Preferences {
    fn from(body: PreferencesBody) -> Self {
        let PreferencesBody { beat_hold, audible_counts, week_start, day_start, raw_event_days, keep } = body;
        Self { choices: Choices { beat_hold, audible_counts }, week_start, day_start, raw_event_days, keep }
    }
}

#[derive(ToSchema)]
#[schema(as = Weekday, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what has names already")]
enum WeekdayName {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// What I prefer, and how far my past follows it.
#[derive(Serialize, ToSchema)]
#[schema(as = MyPreferences)]
pub(crate) struct PreferencesAnswer {
    /// For how many minutes a heartbeat of an editor holds.
    #[schema(minimum = 1, maximum = 60, example = 15)]
    beat_hold_minutes: u8,
    /// Whether a page that can be heard counts while the device reports that nobody is there.
    #[schema(example = true)]
    audible_counts: bool,
    /// With which day my weeks begin in reports.
    #[schema(value_type = WeekdayName, example = "monday")]
    week_start: &'static str,
    /// When my days begin.
    #[schema(example = "00:00")]
    day_start: String,
    /// For how many days the events of other programs' trackers are kept as they came.
    #[schema(maximum = 36500, example = 0)]
    raw_event_days: u16,
    /// For how long I want my timeline kept; null for as long as the server keeps any.
    #[schema(example = "3y")]
    keep: Option<String>,
    /// For how long the server keeps anybody's; null for ever. What I want has no effect if it is longer.
    #[schema(example = "10y")]
    server_keep: Option<String>,
    /// The first of my days that is kept, by whichever is shorter; null if all are. Days before it are deleted
    /// within two hours.
    #[schema(example = "2023-11-20")]
    kept_since: Option<String>,
    /// How far the past follows the first two, and which of my devices are merged.
    settling: SettlingItem,
}

impl From<Preferred> for PreferencesAnswer {
    fn from(Preferred { preferences, settling, kept }: Preferred) -> Self {
        let Preferences { choices, week_start, day_start, raw_event_days, keep } = preferences;
        let Kept { installation, since } = kept;
        Self {
            beat_hold_minutes: choices.beat_hold.minutes(),
            audible_counts: choices.audible_counts,
            week_start: week_start.name(),
            day_start: day_start.to_string(),
            raw_event_days: raw_event_days.days(),
            keep: keep.map(|keep| keep.to_string()),
            server_keep: installation.map(|keep| keep.to_string()),
            kept_since: since.map(|date| date.to_string()),
            settling: settling.into(),
        }
    }
}

/// What I prefer.
#[utoipa::path(
    get, path = "/api/v1/users/me/preferences", tag = "users", operation_id = "get_preferences",
    responses(
        (status = 200, body = PreferencesAnswer, description = "The preferences"),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn show(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let preferred = preferences::preferences(&api.app, &caller).await?;
    Ok(private_json(&PreferencesAnswer::from(preferred)))
}

/// Say what I prefer, in place of what I preferred before.
///
/// Another `beat_hold_minutes` or `audible_counts` holds for what comes at once, and settles the past again
/// in the background: `settling` says how far that is. Should it ever stop, the same again goes on. A shorter
/// `keep` deletes what is older, for good; a longer one brings nothing back.
#[utoipa::path(
    put, path = "/api/v1/users/me/preferences", tag = "users", operation_id = "set_preferences",
    request_body = PreferencesBody,
    responses(
        (status = 200, body = PreferencesAnswer, description = "All days follow"),
        (status = 202, body = PreferencesAnswer, description = "Some days are still to follow",
            headers(("retry-after" = u32, description = "Seconds"))),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn set(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(body): Json<PreferencesBody>,
) -> Result<Response, Problem> {
    let preferred = preferences::prefer(&api.app, &caller, body.into()).await?;
    let response = private_json(&PreferencesAnswer::from(preferred));
    Ok(if preferred.settling.left > 0 { accepted(response) } else { response })
}
