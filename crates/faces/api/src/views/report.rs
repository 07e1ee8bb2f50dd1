//! Reports as clients know them: JSON with an item a row, or a table. A grouping is added here
//! with its item.

use std::iter::once;

use dayline_domain::report::{Grouping, HourSlot, LocalDays, Report};
use dayline_domain::{AppName, Domain, LocalDate};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::accept::Format;
use super::csv::Csv;
use super::json::{begin_list, write_json};
use super::seconds::Seconds;

/// A report over local days.
#[derive(Serialize, ToSchema)]
#[schema(as = Report)]
struct ReportBody<Item> {
    /// The first day.
    #[schema(format = Date, example = "2026-11-20")]
    from: String,
    /// The last day, included.
    #[schema(format = Date, example = "2026-11-20")]
    to: String,
    /// The time zone of the days.
    #[schema(example = "America/New_York")]
    tz: String,
    /// The sum of all items.
    total_seconds: Seconds,
    /// Apps and domains: most first. Hours and days: in order.
    items: Vec<Item>,
}

/// Counted time of an app.
#[derive(Serialize, ToSchema)]
struct AppSeconds {
    /// The app, by the name that its tracker gave it.
    #[schema(example = "Firefox")]
    app_name: String,
    /// Its counted time.
    seconds: Seconds,
}

/// Counted time of a domain.
#[derive(Serialize, ToSchema)]
struct DomainSeconds {
    /// The domain; null for what was no web page.
    #[schema(required, example = "github.com")]
    domain: Option<String>,
    /// Its counted time.
    seconds: Seconds,
}

/// Counted time of a local hour.
#[derive(Serialize, ToSchema)]
struct HourSeconds {
    /// When the hour begins, in local time.
    #[schema(format = DateTime, example = "2026-11-20T09:00:00-05:00")]
    start: String,
    /// Its counted time.
    seconds: Seconds,
}

/// Counted time of a local day.
#[derive(Serialize, ToSchema)]
struct DaySeconds {
    /// A day in the report's time zone.
    #[schema(format = Date, example = "2026-11-20")]
    date: String,
    /// Its counted time.
    seconds: Seconds,
}

/// The item that a row of a report becomes.
trait Item: From<Self::Row> + Serialize + ToSchema + 'static {
    /// What the domain has of it.
    type Row: Send + 'static;
    /// The names of its columns in a table.
    const COLUMNS: &str;
    /// What such a report shows, for the API document.
    const SUMMARY: &str;

    /// Counted milliseconds of a row.
    fn ms(row: &Self::Row) -> i64;

    /// Its counted time.
    fn seconds(&self) -> Seconds;

    /// Writes what the time belongs to.
    fn label(&self, csv: &mut Csv);
}

impl Item for AppSeconds {
    type Row = (AppName, i64);
    const COLUMNS: &str = "app_name,seconds";
    const SUMMARY: &str = "Seconds per app, most first.";

    fn ms((_, ms): &Self::Row) -> i64 {
        *ms
    }

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.text(&self.app_name);
    }
}

impl Item for DomainSeconds {
    type Row = (Option<Domain>, i64);
    const COLUMNS: &str = "domain,seconds";
    const SUMMARY: &str = "Seconds per domain, most first. What was no web page is an item of its own.";

    fn ms((_, ms): &Self::Row) -> i64 {
        *ms
    }

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.optional(self.domain.as_deref());
    }
}

impl Item for HourSeconds {
    type Row = HourSlot;
    const COLUMNS: &str = "start,seconds";
    const SUMMARY: &str = "Seconds per local hour, in order.";

    fn ms(slot: &HourSlot) -> i64 {
        slot.ms
    }

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.plain(&self.start);
    }
}

impl Item for DaySeconds {
    type Row = (LocalDate, i64);
    const COLUMNS: &str = "date,seconds";
    const SUMMARY: &str = "Seconds per local day, in order.";

    fn ms((_, ms): &Self::Row) -> i64 {
        *ms
    }

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.plain(&self.date);
    }
}

impl From<(AppName, i64)> for AppSeconds {
    fn from((app, ms): (AppName, i64)) -> Self {
        Self { app_name: app.as_str().to_owned(), seconds: Seconds(ms) }
    }
}

impl From<(Option<Domain>, i64)> for DomainSeconds {
    fn from((domain, ms): (Option<Domain>, i64)) -> Self {
        Self { domain: domain.map(|domain| domain.as_str().to_owned()), seconds: Seconds(ms) }
    }
}

impl From<HourSlot> for HourSeconds {
    fn from(slot: HourSlot) -> Self {
        Self { start: instant::with_offset(slot.start, slot.offset_s), seconds: Seconds(slot.ms) }
    }
}

impl From<(LocalDate, i64)> for DaySeconds {
    fn from((date, ms): (LocalDate, i64)) -> Self {
        Self { date: date.to_string(), seconds: Seconds(ms) }
    }
}

/// A report in a form that clients know, text by text.
pub(crate) struct Texts(Box<dyn Iterator<Item = Vec<u8>> + Send>);

impl Iterator for Texts {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.next()
    }
}

/// The report in a form that clients know.
pub(crate) fn show(report: Report, days: &LocalDays, format: Format) -> Texts {
    match report {
        Report::Apps(totals) => texts::<AppSeconds>(totals.most_first(), days, format),
        Report::Domains(totals) => texts::<DomainSeconds>(totals.most_first(), days, format),
        Report::Hours(slots) => texts::<HourSeconds>(slots, days, format),
        Report::Days(totals) => texts::<DaySeconds>(totals, days, format),
    }
}

fn texts<I: Item>(rows: Vec<I::Row>, days: &LocalDays, format: Format) -> Texts {
    match format {
        Format::Json => {
            let head = begin_list(&ReportBody::<I> {
                from: days.from.to_string(),
                to: days.to.to_string(),
                tz: days.zone.name().to_owned(),
                total_seconds: Seconds(rows.iter().map(I::ms).sum()),
                items: Vec::new(),
            });
            let items = rows.into_iter().enumerate().map(|(at, row)| {
                let mut text = if at == 0 { Vec::new() } else { vec![b','] };
                write_json(&I::from(row), &mut text);
                text
            });
            Texts(Box::new(once(head).chain(items).chain(once(b"]}".to_vec()))))
        }
        Format::Csv => {
            let rows = rows.into_iter().map(|row| {
                let (item, mut csv) = (I::from(row), Csv::more());
                item.label(&mut csv);
                csv.plain(&item.seconds().text()).end_row();
                csv.finish().into_bytes()
            });
            Texts(Box::new(once(Csv::new(I::COLUMNS).finish().into_bytes()).chain(rows)))
        }
    }
}

/// What the API document says of a grouping's report.
pub(crate) struct Description {
    /// One sentence, shown in lists of endpoints.
    pub(crate) summary: &'static str,
    /// The name under which its schema is referred to.
    pub(crate) schema: String,
    /// Its schema and those that it refers to, by name.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

/// Describes the report of a grouping.
pub(crate) fn describe(grouping: Grouping) -> Description {
    match grouping {
        Grouping::Apps => description::<AppSeconds>(),
        Grouping::Domains => description::<DomainSeconds>(),
        Grouping::Hours => description::<HourSeconds>(),
        Grouping::Days => description::<DaySeconds>(),
    }
}

fn description<I: Item>() -> Description {
    let schema = format!("{}_{}", ReportBody::<I>::name(), I::name());
    let mut schemas =
        vec![(schema.clone(), ReportBody::<I>::schema()), (I::name().into_owned(), I::schema())];
    ReportBody::<I>::schemas(&mut schemas);
    Description { summary: I::SUMMARY, schema, schemas }
}
