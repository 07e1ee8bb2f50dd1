//! Days of the first edition that a commit writes for the first time. What was kept of them, with
//! names in each row, becomes rows of today in the same transaction; what they outranked goes, since
//! the day has a state from then on.

use std::collections::{BTreeMap, HashSet};

use dayline_app::ports::{LedgerCommit, PortError};
use dayline_domain::UtcDay;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::part::{Part, Short, part};
use crate::db::{ConnectionPool, Param};
use crate::month_tables::sql::{FIRST_OUTRANKED, FIRST_PIECES, PIECES, Parent};
use crate::months::{Month, month_of};
use crate::names::{Name, NewNames, People, spelled_source};
use crate::values::{Day, Timestamp, bits, bits_column, column, nth, uuid};

/// What a commit finds to be otherwise than it expected.
pub(super) enum Found {
    /// A day has another version, or its person is gone.
    Stale,
    /// These days are of the first edition; perhaps none.
    First(Adopted),
}

/// Days that are adopted, and what was kept of them.
#[derive(Default)]
pub(super) struct Adopted {
    days: HashSet<(i64, UtcDay)>,
    months: BTreeMap<Month, AdoptedMonth>,
}

#[derive(Default)]
struct AdoptedMonth {
    people: Vec<i64>,
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    kept: Vec<Kept>,
    sources: SourceColumns,
}

/// A source of a day, and how many pieces it has there.
struct Kept {
    user: Uuid,
    day: UtcDay,
    name: Name,
    pieces: usize,
}

#[derive(Default)]
struct SourceColumns {
    people: Vec<i64>,
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    devices: Vec<String>,
    apps: Vec<String>,
    domains: Vec<Option<String>>,
    numbers: Vec<i32>,
    pieces: usize,
}

const DAYS: &str = "SELECT users.id, wanted.uuid, wanted.day, stored.version, stored.edition::int AS edition,
  wanted.from_version
FROM unnest($1, $2, $3) AS wanted (uuid, day, from_version)
LEFT JOIN users USING (uuid)
LEFT JOIN LATERAL (
  SELECT version, edition FROM ledger_days WHERE user_id = users.id AND day = wanted.day OFFSET 0
) AS stored ON true";

const SOURCES: &str =
    "SELECT wanted.uuid, wanted.day, count(*), piece.device_id, piece.app_name, piece.domain,
  NULL::text, NULL::text
FROM unnest($1, $2, $3) AS wanted (uuid, person, day)
CROSS JOIN LATERAL (
  SELECT device_id, app_name, domain FROM first_pieces
  WHERE user_id = wanted.person AND start_time >= wanted.day::timestamp AT TIME ZONE 'UTC'
    AND start_time < (wanted.day + 1)::timestamp AT TIME ZONE 'UTC'
  OFFSET 0
) AS piece
GROUP BY wanted.uuid, wanted.day, piece.device_id, piece.app_name, piece.domain";

/// Why days were not as a commit wants them.
pub(super) async fn find(pool: &ConnectionPool, commit: &LedgerCommit) -> Result<Found, PortError> {
    let users: Vec<Uuid> = commit.days.iter().map(|(user, _)| uuid(*user)).collect();
    let days: Vec<Day> = commit.days.iter().map(|(_, write)| Day(write.day)).collect();
    let from: Vec<i64> = commit.days.iter().map(|(_, write)| bits(write.from_version)).collect();
    let params: [Param<'_>; 3] =
        [(&users, Type::UUID_ARRAY), (&days, Type::DATE_ARRAY), (&from, Type::INT8_ARRAY)];
    let mut adopted = Adopted::default();
    let (mut users, mut people, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for row in pool.query(DAYS, &params).await? {
        let (person, version): (Option<i64>, Option<i64>) = (column(&row, "id")?, column(&row, "version")?);
        let is_as_wanted = version.map_or(0, i64::cast_unsigned) == bits_column(&row, "from_version")?;
        let Some(person) = person.filter(|_| is_as_wanted) else { return Ok(Found::Stale) };
        if column::<Option<i32>>(&row, "edition")? == Some(1) {
            let day: Day = column(&row, "day")?;
            adopted.add_day(person, day.0)?;
            users.push(column::<Uuid>(&row, "uuid")?);
            people.push(person);
            days.push(day);
        }
    }
    if !days.is_empty() {
        let params: [Param<'_>; 3] =
            [(&users, Type::UUID_ARRAY), (&people, Type::INT8_ARRAY), (&days, Type::DATE_ARRAY)];
        for row in pool.query(SOURCES, &params).await? {
            let Some(spelled) = spelled_source(&row, 3)? else { continue };
            let (day, pieces): (Day, i64) = (nth(&row, 1)?, nth(&row, 2)?);
            let name = Name::Source(spelled.to_source()?);
            let kept = Kept { user: nth(&row, 0)?, day: day.0, name, pieces: pieces as usize };
            adopted.months.entry(month_of(day.0)?).or_default().kept.push(kept);
        }
    }
    Ok(Found::First(adopted))
}

impl Adopted {
    pub(super) fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Whether a person's day is one of them.
    pub(super) fn has(&self, person: i64, day: UtcDay) -> bool {
        !self.is_empty() && self.days.contains(&(person, day))
    }

    fn add_day(&mut self, person: i64, day: UtcDay) -> Result<(), PortError> {
        let month = self.months.entry(month_of(day)?).or_default();
        month.people.push(person);
        month.starts.push(Timestamp(day.start()));
        month.ends.push(Timestamp(day.interval().end()));
        self.days.insert((person, day));
        Ok(())
    }

    /// Gives all sources their numbers.
    pub(super) fn number(&mut self, people: &mut People, names: &mut NewNames) {
        for month in self.months.values_mut() {
            month.sources = SourceColumns::default();
            for kept in &month.kept {
                let user = dayline_domain::UserId::from_bits(kept.user.as_u128());
                if let Some(person) = people.get_mut(&user) {
                    let number = names.number(person, kept.name.clone());
                    month.sources.push(person.id, kept, number);
                }
            }
        }
    }

    /// The statements that move what was kept. A day without pieces has nothing else either.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let months = self.months.iter().filter(|(_, columns)| columns.sources.pieces > 0);
        months.flat_map(|(month, columns)| {
            let days = || -> Vec<Param<'_>> {
                vec![
                    (&columns.people, Type::INT8_ARRAY),
                    (&columns.starts, Type::TIMESTAMPTZ_ARRAY),
                    (&columns.ends, Type::TIMESTAMPTZ_ARRAY),
                ]
            };
            let delete = |parent: Parent| {
                let table = month.table(parent.name);
                format!(
                    "DELETE FROM {table} AS stored USING unnest($1, $2, $3) AS day (person, start_time, end_time)
WHERE stored.user_id = ANY (ARRAY[day.person]) AND stored.start_time >= day.start_time
  AND stored.start_time < day.end_time"
                )
            };
            [
                columns.sources.copy(*month),
                part(delete(FIRST_PIECES), days(), columns.sources.pieces, Short::Days),
                part(delete(FIRST_OUTRANKED), days(), 0, Short::Fine),
            ]
        })
    }
}

impl SourceColumns {
    fn push(&mut self, person: i64, kept: &Kept, number: u32) {
        let spelled = kept.name.spelled();
        self.people.push(person);
        self.starts.push(Timestamp(kept.day.start()));
        self.ends.push(Timestamp(kept.day.interval().end()));
        self.devices.push(spelled.device.to_owned());
        self.apps.push(spelled.app.unwrap_or_default().to_owned());
        self.domains.push(spelled.domain.map(str::to_owned));
        self.numbers.push(number.cast_signed());
        self.pieces += kept.pieces;
    }

    fn copy(&self, month: Month) -> Part<'_> {
        let sql = format!(
            "INSERT INTO {} (user_id, start_time, end_time, source)
SELECT kept.user_id, kept.start_time, kept.end_time, source.number
FROM unnest($1, $2, $3, $4, $5, $6, $7)
  AS source (person, day_start, day_end, device_id, app_name, domain, number)
JOIN {} AS kept ON kept.user_id = ANY (ARRAY[source.person])
  AND kept.start_time >= source.day_start AND kept.start_time < source.day_end
  AND kept.device_id = source.device_id AND kept.app_name = source.app_name
  AND kept.domain IS NOT DISTINCT FROM source.domain",
            month.table(PIECES.name),
            month.table(FIRST_PIECES.name)
        );
        let params: Vec<Param<'_>> = vec![
            (&self.people, Type::INT8_ARRAY),
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.ends, Type::TIMESTAMPTZ_ARRAY),
            (&self.devices, Type::TEXT_ARRAY),
            (&self.apps, Type::TEXT_ARRAY),
            (&self.domains, Type::TEXT_ARRAY),
            (&self.numbers, Type::INT4_ARRAY),
        ];
        part(sql, params, self.pieces, Short::Days)
    }
}
