//! The items of reports, one for each grouping: what a row is of, and its counted time.

use dayline_domain::labels::RolledUp;
use dayline_domain::report::HourSlot;
use dayline_domain::{AppName, DeviceId, DeviceName, Domain, Language, LocalDate, Project};
use dayline_http_kit::csv::{Csv, seconds};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::seconds::Seconds;

/// The item that a row of a report becomes.
pub(super) trait Item: Serialize + ToSchema + 'static {
    /// What the domain calls that which a row is of.
    type Label: Send + 'static;
    /// The name of its column in a table; of several, with commas.
    const COLUMN: &str;
    /// What such a report shows, for the API document.
    const SUMMARY: &str;

    /// The item of a row.
    fn new(label: Self::Label, seconds: Seconds) -> Self;

    /// Writes what a row is of into a table.
    fn cell(label: &Self::Label, csv: &mut Csv);
}

/// `YYYY-MM`.
fn month(first_day: LocalDate) -> String {
    let (year, month, _) = first_day.ymd();
    format!("{year:04}-{month:02}")
}

/// Counted time of an app.
#[derive(Serialize, ToSchema)]
pub(super) struct AppSeconds {
    /// The app, by the name that it is shown by.
    #[schema(example = "Firefox")]
    app_name: String,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for AppSeconds {
    type Label = AppName;
    const COLUMN: &str = "app_name";
    const SUMMARY: &str = "Seconds per app, most first.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { app_name: label.as_str().to_owned(), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.text(label.as_str());
    }
}

/// Counted time of a domain.
#[derive(Serialize, ToSchema)]
pub(super) struct DomainSeconds {
    /// The domain; null for what was no web page.
    #[schema(required, example = "github.com")]
    domain: Option<String>,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for DomainSeconds {
    type Label = Option<Domain>;
    const COLUMN: &str = "domain";
    const SUMMARY: &str = "Seconds per domain, most first. What was no web page is an item of its own.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { domain: label.map(|domain| domain.as_str().to_owned()), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.optional(label.as_ref().map(Domain::as_str));
    }
}

/// Counted time of a project.
#[derive(Serialize, ToSchema)]
pub(super) struct ProjectSeconds {
    /// The project; null for what had none.
    #[schema(required, example = "dayline")]
    project: Option<String>,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for ProjectSeconds {
    type Label = Option<Project>;
    const COLUMN: &str = "project";
    const SUMMARY: &str = "Seconds per project, most first. What had none is an item of its own.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { project: label.map(|project| project.as_str().to_owned()), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.optional(label.as_ref().map(Project::as_str));
    }
}

/// Counted time of a programming language.
#[derive(Serialize, ToSchema)]
pub(super) struct LanguageSeconds {
    /// The language; null for what had none.
    #[schema(required, example = "Rust")]
    language: Option<String>,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for LanguageSeconds {
    type Label = Option<Language>;
    const COLUMN: &str = "language";
    const SUMMARY: &str =
        "Seconds per programming language, most first. What had none is an item of its own.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { language: label.map(|language| language.as_str().to_owned()), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.optional(label.as_ref().map(Language::as_str));
    }
}

/// A device and what its person calls it.
pub(super) struct NamedDevice {
    pub(super) id: DeviceId,
    pub(super) name: Option<DeviceName>,
}

/// Counted time of a device.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceSeconds {
    /// The device.
    #[schema(example = "laptop")]
    device_id: String,
    /// What I call it; null where I never said so.
    #[schema(required, example = "My laptop")]
    name: Option<String>,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for DeviceSeconds {
    type Label = NamedDevice;
    const COLUMN: &str = "device_id,name";
    const SUMMARY: &str = "Seconds per device, most first.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        let name = label.name.map(|name| name.as_str().to_owned());
        Self { device_id: label.id.as_str().to_owned(), name, seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.text(label.id.as_str()).optional(label.name.as_ref().map(DeviceName::as_str));
    }
}

/// Counted time of a category.
#[derive(Serialize, ToSchema)]
pub(super) struct CategorySeconds {
    /// The category; null for what belongs to none.
    #[schema(required, example = "Work > Code")]
    category: Option<String>,
    /// The counted time of the category and of all that lie within it.
    seconds_in_all: Seconds,
    /// Its own counted time alone.
    seconds: Seconds,
}

impl Item for CategorySeconds {
    type Label = RolledUp;
    const COLUMN: &str = "category,seconds_in_all";
    const SUMMARY: &str = "Seconds per category, alone and with those within it, most first. What belongs to none is an item of its own.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        let category = label.category.map(|name| name.to_string());
        Self { category, seconds_in_all: Seconds(label.all_ms), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        let name = label.category.as_ref().map(ToString::to_string);
        csv.optional(name.as_deref()).plain(&seconds(label.all_ms));
    }
}

/// Counted time of an hour of the clock.
#[derive(Serialize, ToSchema)]
pub(super) struct HourSeconds {
    /// When the hour begins, in local time.
    #[schema(format = DateTime, example = "2026-11-20T09:00:00-05:00")]
    start: String,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for HourSeconds {
    type Label = HourSlot;
    const COLUMN: &str = "start";
    const SUMMARY: &str =
        "Seconds per hour of the clock, in order. Of the first and the last one the part within the days.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { start: instant::with_offset(label.start, label.offset_s), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.plain(&instant::with_offset(label.start, label.offset_s));
    }
}

/// Counted time of a local day.
#[derive(Serialize, ToSchema)]
pub(super) struct DaySeconds {
    /// A day in the report's time zone.
    #[schema(format = Date, example = "2026-11-20")]
    date: String,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for DaySeconds {
    type Label = LocalDate;
    const COLUMN: &str = "date";
    const SUMMARY: &str = "Seconds per local day, in order.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { date: label.to_string(), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.plain(&label.to_string());
    }
}

/// Counted time of a week.
#[derive(Serialize, ToSchema)]
pub(super) struct WeekSeconds {
    /// The first day of the week, also where the report begins within it.
    #[schema(format = Date, example = "2026-11-16")]
    week: String,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for WeekSeconds {
    type Label = LocalDate;
    const COLUMN: &str = "week";
    const SUMMARY: &str = "Seconds per week, in order. Weeks begin as the person prefers; of a week that the range cuts, its days in the range.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { week: label.to_string(), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.plain(&label.to_string());
    }
}

/// Counted time of a month.
#[derive(Serialize, ToSchema)]
pub(super) struct MonthSeconds {
    /// The month, as `YYYY-MM`.
    #[schema(example = "2026-11")]
    month: String,
    /// Its counted time.
    seconds: Seconds,
}

impl Item for MonthSeconds {
    type Label = LocalDate;
    const COLUMN: &str = "month";
    const SUMMARY: &str =
        "Seconds per month, in order. Of a month that the range cuts, its days in the range.";

    fn new(label: Self::Label, seconds: Seconds) -> Self {
        Self { month: month(label), seconds }
    }

    fn cell(label: &Self::Label, csv: &mut Csv) {
        csv.plain(&month(*label));
    }
}
