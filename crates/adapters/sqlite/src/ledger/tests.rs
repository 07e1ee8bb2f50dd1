//! What the schema itself promises: reads search one range of a primary key, the triggers look at
//! neighbours only and refuse every overlap, and what belongs to a person goes with them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::{Connection, StatementStatus, params_from_iter};

use super::{commit, corrections, first_edition, load, pieces, read, state};
use crate::migrations;

const INSERT: &str =
    "INSERT INTO app_usage (user_number, start_ms, end_ms, source_number) VALUES (?1, ?2, ?3, 1)";

/// A database in memory with the people 1 and 2.
fn prepared() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    migrations::apply(&mut connection, migrations::ALL).unwrap();
    for n in [1, 2] {
        let insert = "
            INSERT INTO users (number, id, email, email_key, password_hash, full_name, timezone, created_ms, updated_ms)
            VALUES (?1, randomblob(16), '', ?1, '', '', '', 0, 0)";
        connection.execute(insert, [n]).unwrap();
    }
    connection
}

fn plan(connection: &Connection, statement: &str) -> Vec<String> {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let nothing = vec![rusqlite::types::Null; explain.parameter_count()];
    let rows = explain.query_map(params_from_iter(nothing), |row| row.get("detail")).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn reads_of_the_ledger_search_one_range_of_a_key() {
    let connection = prepared();
    let range = "USING PRIMARY KEY (user_number=? AND start_ms>? AND start_ms<?)";
    for (statement, expected) in [
        (pieces::TOUCHING, format!("SEARCH app_usage {range}")),
        (first_edition::OUTRANKED, format!("SEARCH first_outranked {range}")),
        (load::DAY, "SEARCH ledger_days USING PRIMARY KEY (day=? AND user_number=?)".to_owned()),
        (state::HOURS, "SEARCH observations USING PRIMARY KEY (user_number=? AND day=?)".to_owned()),
        (
            corrections::WITHIN,
            "SEARCH corrections USING INDEX corrections_by_time (user_number=? AND start_ms<?)".to_owned(),
        ),
    ] {
        assert_eq!(plan(&connection, statement), [expected]);
    }
    for statement in [read::DAYS, read::DAYS_AND_SUMS, read::CHANGED_SINCE, read::EXTENT, read::SETTLING] {
        let plan = plan(&connection, statement);
        let searches = plan.iter().filter(|step| step.starts_with("SEARCH"));
        assert!(searches.clone().count() >= 2, "{plan:?}");
        assert!(searches.clone().all(|step| step.contains("(user_number=?")), "{plan:?}");
        let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("subquery"));
        assert_eq!(scans.collect::<Vec<_>>(), [""; 0], "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
    }
}

#[test]
fn changes_of_the_ledger_find_their_row_by_the_primary_key() {
    let connection = prepared();
    let statements = [
        commit::REMOVE,
        commit::RESIZE,
        commit::VERSION,
        commit::NEXT_VERSION,
        commit::MOVE_POSITION,
        first_edition::VERSION,
        first_edition::REMOVE,
        first_edition::REMOVE_OUTRANKED,
    ];
    for statement in statements {
        let plan = plan(&connection, statement);
        let is_key = |step: &String| step.contains("PRIMARY KEY (") || step.contains("INTEGER PRIMARY KEY");
        assert!(plan.len() == 1 && plan.iter().all(is_key), "{plan:?} for {statement}");
    }
}

#[test]
fn adding_or_growing_a_piece_costs_the_same_however_many_there_are() {
    let connection = prepared();
    let steps = |connection: &Connection, statement: &str, row: [i64; 3]| {
        let mut statement = connection.prepare(statement).unwrap();
        statement.execute(row).unwrap();
        assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0);
        statement.get_status(StatementStatus::VmStep)
    };
    let grow = "UPDATE app_usage SET end_ms = ?3 WHERE user_number = ?1 AND start_ms = ?2";
    let at = 20_000_000;
    let few = steps(&connection, INSERT, [1, at, at + 1]) + steps(&connection, grow, [1, at, at + 5]);
    connection.execute("DELETE FROM app_usage", []).unwrap();
    let fill = "
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
        INSERT INTO app_usage SELECT u, i * 4000, i * 4000 + 3000, 1 FROM n, (SELECT 1 AS u UNION SELECT 2)";
    connection.execute(fill, []).unwrap();
    let at = at + 3_000;
    let many = steps(&connection, INSERT, [1, at, at + 1]) + steps(&connection, grow, [1, at, at + 5]);
    assert!(many < few + 50, "{few} steps among no others, {many} among 20,000");
}

#[test]
fn a_tail_that_is_not_the_last_piece_of_its_day_or_leaves_it_is_refused() {
    let connection = prepared();
    let midnight = 20_000 * 86_400_000_i64;
    connection.execute(INSERT, [1, midnight + 100, midnight + 200]).unwrap();
    connection.execute(INSERT, [1, midnight + 300, midnight + 400]).unwrap();
    connection.execute(INSERT, [1, midnight - 100, midnight]).unwrap();
    connection.execute(INSERT, [1, midnight + 86_400_000, midnight + 86_400_100]).unwrap();
    connection.execute(INSERT, [2, midnight, midnight + 86_400_000]).unwrap();
    let insert = "
        INSERT INTO ledger_days (day, user_number, version, mark, changed_ms, beat_hold_minutes, audible_counts,
                                 tail_source, tail_start_ms, tail_end_ms)
        VALUES (20000, 1, 1, 0, 0, 15, 1, 1, ?1, ?2)";
    let update = "UPDATE ledger_days SET tail_start_ms = ?1, tail_end_ms = ?2 WHERE user_number = 1";
    let write = |statement: &str, start: i64, end: i64| {
        connection.execute(statement, [midnight + start, midnight + end]).is_ok()
    };
    let taken = [(0, 101), (150, 160), (200, 300), (250, 301), (399, 500), (0, 1_000), (300, 400), (0, 100)];
    let outside = [(-1, 50), (86_399_000, 86_400_001), (-10, -5), (86_400_000, 86_400_001), (700, 700)];
    for (start, end) in taken.into_iter().chain(outside) {
        assert!(!write(insert, start, end), "{start} to {end}");
    }
    assert!(write(insert, 400, 500));
    for (start, end) in taken.into_iter().chain(outside) {
        assert!(!write(update, start, end), "{start} to {end}");
    }
    for (start, end) in [(400, 401), (5_000, 6_000), (400, 86_400_000)] {
        assert!(write(update, start, end), "{start} to {end}");
    }
    let half = "UPDATE ledger_days SET tail_end_ms = NULL WHERE user_number = 1";
    assert!(connection.execute(half, []).is_err());
}

/// A person and a start: what tells a counted piece from all others.
type Place = (i64, i64);

/// What a step does, and the piece it leaves behind: its place and its end.
fn step_of(kind: u8, (user, start): Place, end: i64) -> (&'static str, Option<(Place, i64)>) {
    let moved = "UPDATE app_usage SET start_ms = ?2, end_ms = ?3 WHERE user_number = ?1 AND start_ms = ?4";
    let given_away = "
        UPDATE app_usage SET user_number = 3 - ?1, start_ms = ?2, end_ms = ?3
        WHERE user_number = ?1 AND start_ms = ?4";
    let deleted = "DELETE FROM app_usage WHERE user_number = ?1 AND start_ms = ?4 AND ?2 < ?3";
    match kind {
        0 => (INSERT, Some(((user, start), end))),
        1 => (moved, Some(((user, start), end))),
        2 => (given_away, Some(((3 - user, start), end))),
        _ => (deleted, None),
    }
}

proptest! {
    /// The triggers against a map that is looked through: random inserts, moves and deletions.
    #[test]
    fn the_triggers_refuse_overlaps_and_nothing_else(
        steps in prop::collection::vec((0..4u8, 1..=2i64, 0..40i64, 1..12i64, 0..40i64), 1..60)
    ) {
        let connection = prepared();
        let mut kept = BTreeMap::<Place, i64>::new();
        for (kind, user, start, length, other) in steps {
            let (statement, piece) = step_of(kind, (user, start), start + length);
            let mut expected = kept.clone();
            let finds_one = kind == 0 || expected.remove(&(user, other)).is_some();
            let clash = finds_one && piece.is_some_and(|(place, end)| clashes(&expected, place, end));
            let mut statement = connection.prepare(statement).unwrap();
            let row = [user, start, start + length, other];
            let outcome = statement.execute(params_from_iter(&row[..statement.parameter_count()]));
            prop_assert_eq!(outcome.ok(), (!clash).then_some(usize::from(finds_one)));
            if finds_one && !clash {
                expected.extend(piece);
                kept = expected;
            }
        }
        prop_assert_eq!(stored(&connection), kept);
    }
}

fn clashes(pieces: &BTreeMap<Place, i64>, (user, start): Place, end: i64) -> bool {
    pieces.iter().any(|(&(other, s), &e)| other == user && s < end && start < e)
}

fn stored(connection: &Connection) -> BTreeMap<Place, i64> {
    let mut statement = connection.prepare("SELECT user_number, start_ms, end_ms FROM app_usage").unwrap();
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_table_is_strict() {
    let connection = prepared();
    let lax = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(lax).unwrap();
    let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(names, [""; 0]);
}

/// A new table that forgets this would keep what a person asked to be erased, or make erasing it
/// slow.
#[test]
fn every_table_that_names_a_person_is_deleted_with_them_by_an_index() {
    let connection = prepared();
    let naming = "
        SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
        WHERE t.schema = 'main' AND t.type = 'table' AND t.name <> 'users' AND (c.name LIKE '%user%' OR c.name = 'approved_by')
          AND c.name <> 'user_code'";
    let mut statement = connection.prepare(naming).unwrap();
    let columns: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert!(columns.len() >= 15, "{columns:?}");
    for (table, column) in columns {
        let cascade: i64 = connection
            .query_row(
                "SELECT count(*) FROM pragma_foreign_key_list(?1)
                 WHERE \"from\" = ?2 AND \"table\" = 'users' AND on_delete = 'CASCADE'",
                [&table, &column],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(cascade, 1, "{table}.{column}");
        let plan = plan(&connection, &format!("DELETE FROM {table} WHERE {column} = ?1"));
        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{table}.{column}: {plan:?}");
    }
}
