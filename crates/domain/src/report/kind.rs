//! What reports there are, one row for each: a kind is added here, with its sum in
//! [`Report`](super::Report). Not here: how a report is shown.

use super::{Cut, Period};

/// By what a report groups counted time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// Time per app.
    Apps,
    /// Time per domain.
    Domains,
    /// Time per project.
    Projects,
    /// Time per language.
    Languages,
    /// Time per device.
    Devices,
    /// Time per category.
    Categories,
    /// Time per hour of the clock.
    Hours,
    /// Time per local day.
    Days,
    /// Time per week.
    Weeks,
    /// Time per month.
    Months,
}

/// What a job makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportKind {
    /// Sums of counted time.
    Sums(Grouping),
    /// What counted when.
    Timeline,
    /// Everything about the person.
    Export,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// One JSON object, as the report's endpoint answers.
    Json,
    /// A table with a header, one row a line.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Grouping {
    /// Every grouping.
    pub const ALL: [Self; 10] = [
        Self::Apps,
        Self::Domains,
        Self::Projects,
        Self::Languages,
        Self::Devices,
        Self::Categories,
        Self::Hours,
        Self::Days,
        Self::Weeks,
        Self::Months,
    ];

    const fn row(self) -> (&'static str, Cut) {
        match self {
            Self::Apps => ("apps", Cut::Whole),
            Self::Domains => ("domains", Cut::Whole),
            Self::Projects => ("projects", Cut::Whole),
            Self::Languages => ("languages", Cut::Whole),
            Self::Devices => ("devices", Cut::Whole),
            Self::Categories => ("categories", Cut::Whole),
            Self::Hours => ("hours", Cut::Hours),
            Self::Days => ("days", Cut::Periods(Period::Day)),
            Self::Weeks => ("weeks", Cut::Periods(Period::Week)),
            Self::Months => ("months", Cut::Periods(Period::Month)),
        }
    }

    /// A stable name, for the store and for clients.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Into what such a report cuts its local days.
    pub fn cut(self) -> Cut {
        self.row().1
    }
}

impl ReportKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        Grouping::ALL.into_iter().map(Self::Sums).chain([Self::Timeline, Self::Export])
    }

    /// A stable name, for the store and for clients.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sums(grouping) => grouping.name(),
            Self::Timeline => "timeline",
            Self::Export => "export",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// The forms its result may have; the first is the one it has if nobody says.
    pub fn formats(self) -> &'static [ReportFormat] {
        match self {
            Self::Sums(_) | Self::Timeline => &[ReportFormat::Json, ReportFormat::Csv],
            Self::Export => &[ReportFormat::Ndjson],
        }
    }
}

impl ReportFormat {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Ndjson];

    /// A stable name, for the store, for clients and for the ends of file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The form with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_what_it_was_written_for() {
        for kind in ReportKind::all() {
            assert_eq!(ReportKind::from_name(kind.name()), Some(kind));
            assert!(!kind.formats().is_empty());
        }
        for format in ReportFormat::ALL {
            assert_eq!(ReportFormat::from_name(format.name()), Some(format));
        }
        assert_eq!(ReportKind::from_name("Apps"), None);
    }
}
