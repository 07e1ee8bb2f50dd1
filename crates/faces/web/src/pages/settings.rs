//! `/settings`: the profile, when days and weeks begin, the theme, the password.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::accounts::{self, ProfileEdit};
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::preferences::{self, Preferred};
use dayline_app::tracking::retention::Kept;
use dayline_domain::{
    BeatHold, Choices, DayStart, Email, FullName, NewPassword, Preferences, RawEventDays, Retention, Weekday,
};
use dayline_http_kit::Problem;
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;

use crate::forms::Form;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::{Jar, Visitor};
use crate::shell::{Place, Shell, Theme};
use crate::show::{Choice, capitalized, sentence};
use crate::state::{Web, WebState};

/// Minutes between two starts of a day that can be chosen.
const DAY_START_STEP: u16 = 30;

/// What was saved just now.
pub(crate) struct Asked {
    saved: Option<&'static str>,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { saved: params.optional("saved", saved) }
    }
}

fn saved(part: &str) -> Result<&'static str, &'static str> {
    match part {
        "profile" => Ok("Your profile is saved."),
        "time" => Ok("Saved. Past days follow within a moment."),
        "theme" => Ok("The theme is saved, in this browser."),
        "email" => Ok("You sign in with the new address from now on."),
        "password" => Ok("The password is changed, and all other sessions have ended."),
        _ => Err("must be profile, time, theme, email or password"),
    }
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    form: Form,
    weekdays: [Choice; 7],
    day_starts: Vec<Choice>,
    keep_hint: String,
    themes: [Choice; 3],
    saved: Option<&'static str>,
    problem: Option<String>,
}

/// The forms as they are.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let page = filled(&web, &caller, &headers).await?;
    Ok(Page::of(&SettingsPage { saved: asked.saved, ..page })?.answer(&headers))
}

async fn filled(web: &WebState, caller: &Caller, headers: &HeaderMap) -> Result<SettingsPage, Refusal> {
    let user = accounts::profile(&web.app, caller).await?;
    let Preferred { preferences: preferred, kept, .. } = preferences::preferences(&web.app, caller).await?;
    let shell = Shell::at(web, headers, Place::Settings);
    let beat_hold = preferred.choices.beat_hold.minutes().to_string();
    let raw_event_days = preferred.raw_event_days.days().to_string();
    let audible = if preferred.choices.audible_counts { "on" } else { "" };
    let form = Form::with(&[
        ("email", user.email.as_str()),
        ("full_name", user.full_name.as_str()),
        ("timezone", &user.timezone),
        ("beat_hold", &beat_hold),
        ("audible", audible),
        ("raw_event_days", &raw_event_days),
        ("keep", &preferred.keep.map(|keep| keep.to_string()).unwrap_or_default()),
    ]);
    let weekday = |day: Weekday| Choice::of(day.name(), capitalized(day.name()), preferred.week_start.name());
    let starts = (0..=DayStart::MAX_MINUTES).step_by(DAY_START_STEP.into()).map(DayStart::from_minutes);
    let mut starts: Vec<DayStart> = starts.filter_map(Result::ok).chain([preferred.day_start]).collect();
    starts.sort_unstable();
    starts.dedup();
    let begins = preferred.day_start.to_string();
    let start = |start: DayStart| Choice::of(&start.to_string(), start.to_string(), &begins);
    let theme = |theme: Theme| {
        let name = match theme {
            Theme::System => "As the system",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        };
        Choice::of(theme.name(), name, shell.theme.name())
    };
    Ok(SettingsPage {
        form,
        weekdays: Weekday::ALL.map(weekday),
        day_starts: starts.into_iter().map(start).collect(),
        keep_hint: keep_hint(kept),
        themes: Theme::ALL.map(theme),
        saved: None,
        problem: None,
        shell,
    })
}

/// After a form: back with the word that it is saved, or the page again with what is wrong.
async fn outcome(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    mut form: Form,
    (part, done): (&str, Result<(), AppError>),
) -> Result<Response, Refusal> {
    let error = match done {
        Ok(()) => return Ok(Redirect::to(&format!("{}/settings?saved={part}", web.base)).into_response()),
        Err(error) => error,
    };
    let problem = match &error {
        AppError::Invalid(errors) => {
            form.refuse(errors.clone());
            "Not saved: see below.".to_owned()
        }
        AppError::EmailTaken => error.detail().to_owned(),
        AppError::TooMany(limit) => {
            format!("Too many changes. Try again in {} seconds.", limit.retry_after_s)
        }
        _ => return Err(error.into()),
    };
    let page = filled(web, caller, headers).await?;
    let page = SettingsPage { form: page.form.overlaid(form), problem: Some(sentence(&problem)), ..page };
    Ok(Page::of(&page)?.with_status(Problem::from(error).status()).answer(headers))
}

/// Saves name and zone.
pub(crate) async fn save_profile(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let full_name = form.read_field("full_name", FullName::new);
    let timezone = form.read_field("timezone", |name| accounts::find_zone(&web.app, name.trim()));
    let done = if full_name.is_some() && timezone.is_some() {
        let edit = ProfileEdit { full_name, timezone, ..ProfileEdit::default() };
        accounts::update_profile(&web.app, &caller, edit).await.map(drop)
    } else {
        Err(AppError::Invalid(Vec::new()))
    };
    outcome(&web, &caller, &headers, form, ("profile", done)).await
}

/// Saves another address to sign in with, which needs the password.
pub(crate) async fn save_email(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let done = match form.read_field("email", Email::new) {
        Some(email) => {
            let password = Some(form.text("password").to_owned());
            let edit = ProfileEdit { email: Some(email), password, ..ProfileEdit::default() };
            accounts::update_profile(&web.app, &caller, edit).await.map(drop)
        }
        None => Err(AppError::Invalid(Vec::new())),
    };
    outcome(&web, &caller, &headers, form, ("email", done)).await
}

/// Saves what the timeline and reports go by.
pub(crate) async fn save_time(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let done = match read_preferences(&mut form) {
        Some(chosen) => preferences::prefer(&web.app, &caller, chosen).await.map(drop),
        None => Err(AppError::Invalid(Vec::new())),
    };
    outcome(&web, &caller, &headers, form, ("time", done)).await
}

fn read_preferences(form: &mut Form) -> Option<Preferences> {
    let week_start =
        form.read_field("week_start", |text| Weekday::from_name(text).ok_or("must be a weekday"));
    let day_start =
        form.read_field("day_start", |text| day_start(text).ok_or("must be between 00:00 and 12:00"));
    let beat_hold = form.read_field("beat_hold", |text| {
        let minutes = text.trim().parse().ok().and_then(|minutes| BeatHold::from_minutes(minutes).ok());
        minutes.ok_or("must be a number of minutes from 1 to 60")
    });
    let raw_event_days = form.read_field("raw_event_days", |text| {
        let days = if text.trim().is_empty() { Some(0) } else { text.trim().parse().ok() };
        let days = days.and_then(|days| RawEventDays::new(days).ok());
        days.ok_or("must be a number of days from 0 to 36500")
    });
    let keep = form.read_field("keep", |text| {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { text.parse::<Retention>().map(Some) }
    });
    let choices = Choices { beat_hold: beat_hold?, audible_counts: form.ticked("audible") };
    let (week_start, day_start) = (week_start?, day_start?);
    Some(Preferences { choices, week_start, day_start, raw_event_days: raw_event_days?, keep: keep? })
}

/// What there is to know before one chooses how long days are kept.
fn keep_hint(Kept { installation, since }: Kept) -> String {
    let server = match installation {
        Some(keep) => format!("This server keeps {keep}, and a longer choice has no effect."),
        None => "Empty: for ever.".to_owned(),
    };
    let since = since.map_or_else(String::new, |date| format!(" Now kept since {date}."));
    format!("Such as 400d, 18mo or 3y. Older days are deleted within two hours, for good. {server}{since}")
}

/// Reads `HH:MM`.
fn day_start(text: &str) -> Option<DayStart> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    if hours > 12 || minutes > 59 { None } else { DayStart::from_minutes(hours * 60 + minutes).ok() }
}

/// Keeps the theme in this browser.
pub(crate) async fn save_theme(
    State(web): State<Web>,
    Visitor(_): Visitor,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let unknown = || AppError::field("theme", "must be system, light or dark");
    let theme = Theme::from_name(form.text("theme")).ok_or_else(unknown)?;
    let mut response = Redirect::to(&format!("{}/settings?saved=theme", web.base)).into_response();
    Jar::of(&web, &headers, address).keep_theme(theme, &mut response);
    Ok(response)
}

/// Changes the password, which ends all other sessions.
pub(crate) async fn change_password(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let done = match form.read_field("new_password", NewPassword::new) {
        Some(new) => {
            let (current, keys) = (form.text("current_password").to_owned(), form.ticked("keys"));
            accounts::change_password(&web.app, &caller, current, new, keys).await.map(drop)
        }
        None => Err(AppError::Invalid(Vec::new())),
    };
    outcome(&web, &caller, &headers, form, ("password", done)).await
}
