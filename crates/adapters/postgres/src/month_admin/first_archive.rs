//! Archives of the release before, version 1. Their rows lie in sections, each in any order:
//!
//! ```text
//! {"dayline_archive":1,"month":"2026-03"}
//! {"days":{"user":"…","day":"2026-03-01","version":12,"changed_at":"…"}}
//! {"counted":{"user":"…","start_time":"…","end_time":"…","device_id":"…","app_name":"…","domain":null}}
//! {"outranked":{…}}
//! {"end":{"days":1,"counted":1,"outranked":1}}
//! ```
//!
//! Such a file is read several times, each time for some of the people, so that memory is bounded.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use dayline_domain::{LocalDate, Piece, Source, UserId, UtcDay, UtcMs};
use serde::Deserialize;

use super::archive_file::{ArchiveSummary, damaged, in_month, open};
use super::archived::{ArchivedDay, Kept, not_overlapping, parse_day, parse_user, piece_of};

/// About so many rows are in memory at once.
const ROWS_AT_ONCE: u64 = 500_000;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Days(DayRow),
    Counted(PieceRow),
    Outranked(PieceRow),
    End(ArchiveSummary),
}

#[derive(Deserialize)]
struct DayRow {
    user: String,
    day: String,
    version: u64,
}

#[derive(Deserialize)]
struct PieceRow {
    user: String,
    start_time: String,
    end_time: String,
    device_id: String,
    app_name: String,
    domain: Option<String>,
}

/// Gives each day to `take`, until that says no; whether it never did. The whole file is checked to
/// be whole before the first.
pub(super) fn read(path: &Path, mut take: impl FnMut(ArchivedDay) -> bool) -> io::Result<bool> {
    let rows = check(path)?;
    let shares = rows.div_ceil(ROWS_AT_ONCE).max(1);
    for share in 0..shares {
        for day in days(path, |user| user.bits() % u128::from(shares) == u128::from(share))? {
            if !take(day) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Counts the rows of a whole archive.
fn check(path: &Path) -> io::Result<u64> {
    let (mut seen, mut ended) = (ArchiveSummary::default(), false);
    let (_, _, lines) = open(path)?;
    for line in lines {
        if ended {
            return Err(damaged("something follows the archive's end"));
        }
        match serde_json::from_str(&line?)? {
            Line::Days(_) => seen.days += 1,
            Line::Counted(_) => seen.counted += 1,
            Line::Outranked(_) => seen.outranked += 1,
            Line::End(summary) if summary == seen => ended = true,
            Line::End(summary) => {
                return Err(damaged(format!("the archive should hold {summary:?}, but has {seen:?}")));
            }
        }
    }
    if ended { Ok(seen.counted + seen.outranked) } else { Err(damaged("the archive is cut off")) }
}

type Days = BTreeMap<(UserId, UtcDay), (u64, Vec<Piece>, Vec<Piece>)>;

/// The days of some people.
fn days(path: &Path, wanted: impl Fn(UserId) -> bool) -> io::Result<Vec<ArchivedDay>> {
    let (_, month, lines) = open(path)?;
    let mut days = Days::new();
    for line in lines {
        match serde_json::from_str(&line?)? {
            Line::Days(row) => {
                let user = parse_user(&row.user).map_err(damaged)?;
                if wanted(user) {
                    let day = parse_day(&row.day).map_err(damaged)?;
                    days.entry((user, day)).or_default().0 = row.version;
                }
            }
            Line::Counted(row) => row.add(&mut days, &wanted, |(_, counted, _)| counted).map_err(damaged)?,
            Line::Outranked(row) => {
                row.add(&mut days, &wanted, |(.., outranked)| outranked).map_err(damaged)?;
            }
            Line::End(_) => {}
        }
    }
    let day = |((user, day), (version, counted, outranked))| {
        let counted = not_overlapping(counted).map_err(damaged)?;
        let day = ArchivedDay { user, day, version, kept: Kept::First { counted, outranked } };
        in_month(month, &day).map(|()| day)
    };
    days.into_iter().map(day).collect()
}

impl PieceRow {
    fn add(
        &self,
        days: &mut Days,
        wanted: impl Fn(UserId) -> bool,
        list: impl Fn(&mut (u64, Vec<Piece>, Vec<Piece>)) -> &mut Vec<Piece>,
    ) -> Result<(), String> {
        let user = parse_user(&self.user)?;
        if !wanted(user) {
            return Ok(());
        }
        let source = Source::new(&self.device_id, &self.app_name, self.domain.as_deref());
        let source = source.map_err(|error| format!("names of a piece: {error}"))?;
        let (start, end) = (instant(&self.start_time)?, instant(&self.end_time)?);
        let piece = piece_of(start.day(), start, end, source)?;
        list(days.entry((user, start.day())).or_default()).push(piece);
        Ok(())
    }
}

/// An instant as `2026-03-01T12:34:56.789000Z`.
fn instant(text: &str) -> Result<UtcMs, String> {
    let parsed = || {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let date: LocalDate = date.parse().ok()?;
        let (clock, micros) = time.split_once('.')?;
        let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
        let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
        let ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + micros.parse::<i64>().ok()? / 1_000;
        Some(UtcDay(date.0).start().plus(ms))
    };
    parsed().ok_or_else(|| format!("an instant that is none: {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_were_written() {
        let start = UtcDay(LocalDate::from_ymd(2026, 3, 1).unwrap().0).start();
        assert_eq!(instant("2026-03-01T00:00:00.000000Z"), Ok(start));
        assert_eq!(instant("2026-03-01T23:59:59.999000Z"), Ok(start.plus(86_399_999)));
        for broken in ["", "2026-03-01", "2026-03-01T00:00:00Z", "2026-13-01T00:00:00.0Z", "2026-03-01T00.0Z"]
        {
            assert!(instant(broken).is_err(), "{broken}");
        }
    }
}
