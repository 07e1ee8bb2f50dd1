//! Long reports as the page shows them, and what can be asked for.

use dayline_domain::report::report_job::JobFailure;
use dayline_domain::report::{Grouping, ReportFormat};
use dayline_domain::{JobState, ReportJob, ReportKind, UtcMs};

use crate::pages::period::Period;
use crate::show::{Choice, ago};

/// A job as the page shows it.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) what: &'static str,
    /// Of which days, and in which form.
    pub(super) about: String,
    pub(super) state: String,
    pub(super) end: End,
}

/// Whether there is anything to fetch.
#[derive(PartialEq, Eq)]
pub(super) enum End {
    NotYet,
    Result,
    Nothing,
}

impl Row {
    pub(super) fn of(job: &ReportJob, now: UtcMs) -> Self {
        let days = job.days.as_ref().map(|days| Period::days(days.from, days.to).title());
        let format = job.format.name().to_uppercase();
        let (state, end) = state(job, now);
        Self {
            id: job.id.to_string(),
            what: name(job.kind),
            about: days.into_iter().chain([format]).collect::<Vec<_>>().join(", "),
            state,
            end,
        }
    }
}

fn state(job: &ReportJob, now: UtcMs) -> (String, End) {
    match job.state {
        JobState::Queued => ("waits for its turn".to_owned(), End::NotYet),
        JobState::Running { .. } if job.days_all == 0 => ("is made".to_owned(), End::NotYet),
        JobState::Running { .. } => {
            (format!("is made: {} of {} days", job.days_done, job.days_all), End::NotYet)
        }
        JobState::Done { at } => (format!("made {}, {}", ago(now, at), size(job.bytes)), End::Result),
        JobState::Failed { why, .. } => (failure(why).to_owned(), End::Nothing),
        JobState::Cancelled { .. } => ("was cancelled".to_owned(), End::Nothing),
    }
}

fn failure(why: JobFailure) -> &'static str {
    match why {
        JobFailure::TooLarge => "failed: it would be too large; ask for fewer days",
        JobFailure::TooManyAttempts => "failed again and again; ask for fewer days",
        JobFailure::Broken => "failed; who runs the server finds more in its log",
    }
}

/// So many bytes, in words.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// What people call a kind of report.
fn name(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Sums(Grouping::Apps) => "Time per app",
        ReportKind::Sums(Grouping::Domains) => "Time per domain",
        ReportKind::Sums(Grouping::Projects) => "Time per project",
        ReportKind::Sums(Grouping::Languages) => "Time per language",
        ReportKind::Sums(Grouping::Devices) => "Time per device",
        ReportKind::Sums(Grouping::Categories) => "Time per category",
        ReportKind::Sums(Grouping::Hours) => "Time per hour",
        ReportKind::Sums(Grouping::Days) => "Time per day",
        ReportKind::Sums(Grouping::Weeks) => "Time per week",
        ReportKind::Sums(Grouping::Months) => "Time per month",
        ReportKind::Timeline => "Every interval",
        ReportKind::Export => "Everything",
    }
}

/// The kinds of reports of some days; the export is of everything, and has a button of its own.
pub(super) fn kinds(chosen: &str) -> Vec<Choice> {
    let kinds = ReportKind::all().filter(|kind| *kind != ReportKind::Export);
    kinds.map(|kind| Choice::of(kind.name(), name(kind), chosen)).collect()
}

/// The forms that such reports have.
pub(super) fn formats(chosen: &str) -> [Choice; 2] {
    [(ReportFormat::Csv, "CSV, a table"), (ReportFormat::Json, "JSON, for programs")]
        .map(|(format, name)| Choice::of(format.name(), name, chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_of_days_can_be_asked_for_by_a_name_of_its_own() {
        let kinds = kinds("days");
        assert_eq!(kinds.len(), ReportKind::all().count() - 1);
        let names: std::collections::BTreeSet<_> = kinds.iter().map(|kind| &kind.name).collect();
        assert_eq!(names.len(), kinds.len());
        assert!(kinds.iter().all(|kind| kind.chosen == (kind.value == "days")));
    }

    #[test]
    fn sizes_are_as_exact_as_is_useful() {
        let cases = [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1 KB"), (2_000_000, "2 MB")];
        for (bytes, words) in cases {
            assert_eq!(size(bytes), words);
        }
    }
}
