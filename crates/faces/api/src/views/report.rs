//! Reports as clients know them: JSON with an item a row, or a table.
//! Not here: the items (see [`super::report_items`]).

use dayline_http_kit::csv::{Csv, seconds};
use std::iter::once;

use dayline_app::reporting::devices::DeviceNames;
use dayline_domain::labels::roll_up;
use dayline_domain::report::{Grouping, LocalDays, Report};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::accept::Format;
use super::json::{begin_list, write_json};
use super::report_items::{
    AppSeconds, CategorySeconds, DaySeconds, DeviceSeconds, DomainSeconds, HourSeconds, Item,
    LanguageSeconds, MonthSeconds, NamedDevice, ProjectSeconds, WeekSeconds,
};
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
    /// Apps, domains, projects, languages, devices and categories: most first. Hours, days, weeks and months: in
    /// order.
    items: Vec<Item>,
}

/// A report in a form that clients know, text by text.
pub(crate) struct Texts(Box<dyn Iterator<Item = Vec<u8>> + Send>);

impl Iterator for Texts {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.next()
    }
}

/// The report in a form that clients know. Of a report per device `names` has what the devices are
/// called.
pub(crate) fn show(report: Report, names: &DeviceNames, days: &LocalDays, format: Format) -> Texts {
    match report {
        Report::Apps(totals) => texts::<AppSeconds>(totals.most_first(), days, format),
        Report::Domains(totals) => texts::<DomainSeconds>(totals.most_first(), days, format),
        Report::Projects(totals) => texts::<ProjectSeconds>(totals.most_first(), days, format),
        Report::Languages(totals) => texts::<LanguageSeconds>(totals.most_first(), days, format),
        Report::Devices(totals) => {
            let with_name =
                |(device, ms)| (NamedDevice { name: names.get(&device).cloned(), id: device }, ms);
            texts::<DeviceSeconds>(totals.most_first().into_iter().map(with_name).collect(), days, format)
        }
        Report::Categories(totals) => {
            let mut rows = Vec::new();
            for row in roll_up(totals.most_first()) {
                let own_ms = row.own_ms;
                rows.push((row, own_ms));
            }
            texts::<CategorySeconds>(rows, days, format)
        }
        Report::Hours(slots) => {
            let rows = slots.into_iter().map(|slot| (slot, slot.ms)).collect();
            texts::<HourSeconds>(rows, days, format)
        }
        Report::Days(rows) => texts::<DaySeconds>(rows, days, format),
        Report::Weeks(rows) => texts::<WeekSeconds>(rows, days, format),
        Report::Months(rows) => texts::<MonthSeconds>(rows, days, format),
    }
}

fn texts<I: Item>(rows: Vec<(I::Label, i64)>, days: &LocalDays, format: Format) -> Texts {
    match format {
        Format::Json => {
            let head = begin_list(&ReportBody::<I> {
                from: days.from.to_string(),
                to: days.to.to_string(),
                tz: days.zone.name().to_owned(),
                total_seconds: Seconds(rows.iter().map(|(_, ms)| ms).sum()),
                items: Vec::new(),
            });
            let items = rows.into_iter().enumerate().map(|(at, (label, ms))| {
                let mut text = if at == 0 { Vec::new() } else { vec![b','] };
                write_json(&I::new(label, Seconds(ms)), &mut text);
                text
            });
            Texts(Box::new(once(head).chain(items).chain(once(b"]}".to_vec()))))
        }
        Format::Csv => {
            let head = Csv::new(&format!("{},seconds", I::COLUMN)).finish();
            let rows = rows.into_iter().map(|(label, ms)| {
                let mut csv = Csv::more();
                I::cell(&label, &mut csv);
                csv.plain(&seconds(ms)).end_row();
                csv.finish().into_bytes()
            });
            Texts(Box::new(once(head.into_bytes()).chain(rows)))
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
        Grouping::Projects => description::<ProjectSeconds>(),
        Grouping::Languages => description::<LanguageSeconds>(),
        Grouping::Devices => description::<DeviceSeconds>(),
        Grouping::Categories => description::<CategorySeconds>(),
        Grouping::Hours => description::<HourSeconds>(),
        Grouping::Days => description::<DaySeconds>(),
        Grouping::Weeks => description::<WeekSeconds>(),
        Grouping::Months => description::<MonthSeconds>(),
    }
}

fn description<I: Item>() -> Description {
    let schema = format!("{}_{}", ReportBody::<I>::name(), I::name());
    let mut schemas =
        vec![(schema.clone(), ReportBody::<I>::schema()), (I::name().into_owned(), I::schema())];
    ReportBody::<I>::schemas(&mut schemas);
    Description { summary: I::SUMMARY, schema, schemas }
}
