//! `/settings/data/history`: what other programs, or another Dayline, have written down, brought in by a file. First it is
//! shown what the file has; nothing of it is kept until then.

mod reading;
mod taking;
mod told;
mod upload;

use std::time::Duration;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports::{DaysAsked, resolve_days};
use dayline_app::{AppError, Kind};
use dayline_http_kit::Problem;
use dayline_http_kit::address::{ClientAddress, own_url};
use http::{HeaderMap, StatusCode};
use tokio::time::timeout;

use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{number, sentence};
use crate::state::{Web, WebState};
use reading::{Failure, MAX_PIECES};
use taking::Taking;
use told::Row;
use upload::{Head, MAX_FILE, Upload};

/// How long a file may take altogether. As long it has one of the few places that there are.
const LONGEST: Duration = Duration::from_mins(15);

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    shell: Shell,
    /// Where this server is, for commands to be copied.
    url: String,
    /// Most mebibytes of a file.
    most: usize,
    pieces: String,
    editor: String,
    outcome: Option<Outcome>,
    problem: Option<String>,
}

/// What became of a file.
struct Outcome {
    name: String,
    /// Whether it was brought in, or only looked into.
    is_in: bool,
    is_empty: bool,
    rows: Vec<Row>,
    entries: usize,
    new_entries: usize,
    remarks: Vec<String>,
    zone: String,
}

impl HistoryPage {
    /// Whether the next step is to bring the same file in.
    fn is_looked_into(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| !outcome.is_in && !outcome.is_empty)
    }
}

fn empty(web: &WebState, ClientAddress(address): &ClientAddress, headers: &HeaderMap) -> HistoryPage {
    HistoryPage {
        shell: Shell::at(web, headers, Place::Settings),
        url: own_url(&web.kit.config, headers, *address),
        most: MAX_FILE >> 20,
        pieces: number(MAX_PIECES as i64),
        editor: String::new(),
        outcome: None,
        problem: None,
    }
}

/// The form.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(_): Visitor,
    address: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(Page::of(&empty(&web, &address, &headers))?.answer(&headers))
}

/// Says what a file has.
pub(crate) async fn look(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Refusal> {
    read(&web, &caller, &address, request, false).await
}

/// Brings a file in.
pub(crate) async fn bring_in(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Refusal> {
    read(&web, &caller, &address, request, true).await
}

/// Reads a file, of which one of a person may come in at a time.
async fn read(
    web: &WebState,
    caller: &Caller,
    address: &ClientAddress,
    request: Request,
    brings_in: bool,
) -> Result<Response, Refusal> {
    let place = web.files.claim(caller.user);
    let _place = place.map_err(|_| AppError::Unavailable("too many files at once".into()))?;
    let (parts, body) = request.into_parts();
    let mut upload = Upload::of(web, &parts, body)?;
    let (mut sent, mut taking) = (Sent::default(), Taking::new(web, caller, brings_in));
    let reading = read_upload(&mut upload, &mut sent, &mut taking);
    let late = |_| Err(Failure::Broken(Problem::body_timeout()));
    let (problem, status) = match timeout(LONGEST, reading).await.unwrap_or_else(late) {
        Ok(()) => (None, StatusCode::OK),
        Err(failure) => {
            let (problem, status) = in_words(failure, brings_in)?;
            (Some(sentence(&problem)), status)
        }
    };
    let outcome = outcome(web, &taking, sent.name).await?;
    let is_shown = problem.is_none() || (brings_in && !outcome.is_empty);
    let page = HistoryPage {
        editor: sent.editor,
        outcome: is_shown.then_some(outcome),
        problem,
        ..empty(web, address, &parts.headers)
    };
    Ok(Page::of(&page)?.with_status(status).answer(&parts.headers))
}

/// What the form has beside the content of the file.
#[derive(Default)]
struct Sent {
    editor: String,
    name: String,
}

async fn read_upload(
    upload: &mut Upload<'_>,
    sent: &mut Sent,
    taking: &mut Taking<'_>,
) -> Result<(), Failure> {
    let Head { editor, file } = upload.head().await.map_err(Failure::Broken)?;
    sent.editor = editor;
    let file = file.ok_or(Failure::NoFile)?;
    file.name.clone_into(&mut sent.name);
    reading::read(file, &sent.editor, taking).await?;
    taking.finish().await.map_err(Failure::NotTaken)
}

async fn outcome(web: &WebState, taking: &Taking<'_>, name: String) -> Result<Outcome, AppError> {
    let zone = resolve_days(&web.app, taking.caller, DaysAsked::default()).await?.zone;
    let told = &taking.told;
    Ok(Outcome {
        name,
        is_in: taking.brings_in,
        is_empty: told.is_empty(),
        rows: told.rows(&*zone),
        entries: told.entries,
        new_entries: told.new_entries,
        remarks: told.remarks(),
        zone: zone.name().to_owned(),
    })
}

/// What a person is told who sent a file that was not read to its end.
///
/// # Errors
/// If the page is a refusal.
fn in_words(failure: Failure, brings_in: bool) -> Result<(String, StatusCode), Refusal> {
    Ok(match failure {
        Failure::NoFile => ("choose a file first".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        Failure::TooLarge => {
            let most = MAX_FILE >> 20;
            let words =
                format!("the file has more than {most} MiB; the command below takes files of any size");
            (words, StatusCode::PAYLOAD_TOO_LARGE)
        }
        Failure::TooMany => {
            let most = number(MAX_PIECES as i64);
            let words = format!("the file tells more than {most} things; the command below takes any number");
            (words, StatusCode::PAYLOAD_TOO_LARGE)
        }
        Failure::Unreadable(why) => {
            (format!("the file can't be read: {why}"), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Failure::NotTaken(error)
            if brings_in && matches!(error.kind(), Kind::Unavailable | Kind::TooMany) =>
        {
            let words = "not everything could be taken just now: bring the same file in again in some minutes; \
                what is in already stays as it is";
            (words.to_owned(), Problem::from(error).status())
        }
        Failure::NotTaken(error) => return Err(error.into()),
        Failure::Broken(problem) => return Err(problem.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_brings_a_file_in_while_nothing_can_be_stored_is_told_to_do_it_again() {
        let full = || Failure::NotTaken(AppError::LogFull { retry_after_s: 1 });
        let (words, status) = in_words(full(), true).unwrap();
        assert!(words.contains("bring the same file in again") && status == StatusCode::SERVICE_UNAVAILABLE);
        assert!(in_words(full(), false).is_err(), "of a look nothing is to be said");
        assert!(in_words(Failure::NotTaken(AppError::Internal("x".into())), true).is_err());
    }
}
