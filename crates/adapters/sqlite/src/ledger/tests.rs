//! What the schema itself promises: reads search one range of a primary key, the triggers look at
//! neighbours only and refuse every overlap, and what belongs to a person goes with them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::{Connection, StatementStatus, params_from_iter};

use super::{commit, read};
use crate::migrations;

const INSERT: &str =
    "INSERT INTO app_usage (user_number, start_ms, end_ms, source_number) VALUES (?1, ?2, ?3, 1)";

/// A database in memory with the people 1 and 2.
fn prepared() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    migrations::apply(&mut connection, migrations::ALL).unwrap();
    for n in [1, 2] {
        let insert = "INSERT INTO users VALUES (?1, randomblob(16), '', ?1, '', '', '', 0, 0)";
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
fn reads_of_the_ledger_search_one_range_of_a_primary_key() {
    let connection = prepared();
    let range = "(user_number=? AND start_ms>? AND start_ms<?)";
    assert_eq!(plan(&connection, read::COUNTED), [format!("SEARCH app_usage USING PRIMARY KEY {range}")]);
    assert_eq!(
        plan(&connection, read::OUTRANKED),
        [format!("SEARCH outranked_usage USING PRIMARY KEY {range}")]
    );
    let days = "SEARCH ledger_days USING PRIMARY KEY (user_number=? AND day>? AND day<?)";
    for statement in [read::VERSIONS, read::SUMS] {
        assert_eq!(plan(&connection, statement), [days]);
    }
    for statement in [read::CHANGED_SINCE, read::EXTENT] {
        assert_eq!(plan(&connection, statement), ["SEARCH ledger_days USING PRIMARY KEY (user_number=?)"]);
    }
}

#[test]
fn changes_of_the_ledger_find_their_row_by_the_primary_key() {
    let connection = prepared();
    let statements = [commit::COUNTED, commit::OUTRANKED].into_iter().flat_map(|s| [s.remove, s.resize]);
    for statement in statements.chain([commit::NEXT_VERSION, commit::MOVE_POSITION]) {
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

/// A person and a start: what tells a counted piece from all others.
type PieceKey = (i64, i64);

/// What a step does, and the piece it leaves behind: its key and its end.
fn step_of(kind: u8, (user, start): PieceKey, end: i64) -> (&'static str, Option<(PieceKey, i64)>) {
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
        let mut kept = BTreeMap::<PieceKey, i64>::new();
        for (kind, user, start, length, other) in steps {
            let (statement, piece) = step_of(kind, (user, start), start + length);
            let mut expected = kept.clone();
            let finds_one = kind == 0 || expected.remove(&(user, other)).is_some();
            let clash = finds_one && piece.is_some_and(|(key, end)| clashes(&expected, key, end));
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

fn clashes(pieces: &BTreeMap<PieceKey, i64>, (user, start): PieceKey, end: i64) -> bool {
    pieces.iter().any(|(&(other, s), &e)| other == user && s < end && start < e)
}

fn stored(connection: &Connection) -> BTreeMap<PieceKey, i64> {
    let mut statement = connection.prepare("SELECT user_number, start_ms, end_ms FROM app_usage").unwrap();
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_table_is_strict() {
    let connection = prepared();
    let lax = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'";
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
        WHERE t.schema = 'main' AND t.name <> 'users' AND (c.name LIKE '%user%' OR c.name = 'approved_by')
          AND c.name <> 'user_code'";
    let mut statement = connection.prepare(naming).unwrap();
    let columns: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert!(columns.len() >= 9, "{columns:?}");
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
