//! How a database comes to today's schema, and which ones are refused.

use std::fs;
use std::thread;

use tempfile::{TempDir, tempdir};

use super::*;
use crate::{FolderLock, SqliteStore};

const FIRST: Migration = Migration { number: 1, name: "first", sql: "CREATE TABLE a (x INTEGER) STRICT;\n" };
const SECOND: Migration = Migration { number: 2, name: "second", sql: "INSERT INTO a VALUES (1);\n" };
const FAILING: Migration = Migration {
    number: 3,
    name: "failing",
    sql: "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1);",
};

fn new_file() -> (TempDir, Connection) {
    let folder = tempdir().unwrap();
    let connection = Connection::open(folder.path().join("some.db")).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    (folder, connection)
}

fn applied(states: &[MigrationState]) -> Vec<(u32, bool)> {
    states.iter().map(|state| (state.number, state.applied)).collect()
}

fn rows(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_fresh_file_takes_all_steps_and_none_twice() {
    let (_folder, mut connection) = new_file();
    assert_eq!(applied(&states(&connection, &[FIRST, SECOND]).unwrap()), [(1, false), (2, false)]);
    for _ in 0..3 {
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
        assert_eq!(rows(&connection), 1);
    }
    assert_eq!(applied(&states(&connection, &[FIRST, SECOND]).unwrap()), [(1, true), (2, true)]);
}

#[test]
fn an_older_database_takes_the_steps_it_lacks() {
    let (_folder, mut connection) = new_file();
    apply(&mut connection, &[FIRST]).unwrap();
    assert_eq!(applied(&states(&connection, &[FIRST, SECOND]).unwrap()), [(1, true), (2, false)]);
    apply(&mut connection, &[FIRST, SECOND]).unwrap();
    assert_eq!(rows(&connection), 1);
}

#[test]
fn a_database_that_took_another_step_is_refused() {
    let (_folder, mut connection) = new_file();
    apply(&mut connection, &[FIRST, SECOND]).unwrap();
    let edited = Migration { sql: "CREATE TABLE a (x INTEGER);\n", ..FIRST };
    for outcome in
        [apply(&mut connection, &[edited, SECOND]), states(&connection, &[edited, SECOND]).map(drop)]
    {
        let Err(OpenError::Differs { number: 1, name }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(name, "first");
    }
}

#[test]
fn how_lines_end_makes_no_other_step() {
    let (_folder, mut connection) = new_file();
    apply(&mut connection, &[FIRST]).unwrap();
    apply(&mut connection, &[Migration { sql: "CREATE TABLE a (x INTEGER) STRICT;\r\n", ..FIRST }]).unwrap();
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let (_folder, mut connection) = new_file();
    apply(&mut connection, &[FIRST, SECOND]).unwrap();
    let outcome = apply(&mut connection, &[FIRST]);
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("migration 2 (second)") && text.contains("knows only 1"), "{text}");
    apply(&mut connection, &[FIRST, SECOND]).unwrap();
}

#[test]
fn a_failing_step_leaves_nothing_of_itself() {
    let (_folder, mut connection) = new_file();
    let outcome = apply(&mut connection, &[FIRST, SECOND, FAILING]);
    assert!(matches!(outcome, Err(OpenError::Migration { number: 3, .. })), "{outcome:?}");
    assert_eq!(rows(&connection), 1);
    let states = states(&connection, &[FIRST, SECOND, FAILING]).unwrap();
    assert_eq!(applied(&states), [(1, true), (2, true), (3, false)]);
}

#[test]
fn two_programs_that_start_at_once_take_each_step_once() {
    for _ in 0..5 {
        let (folder, connection) = new_file();
        let apply_all = || {
            let mut connection = Connection::open(folder.path().join("some.db")).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
            apply(&mut connection, &[FIRST, SECOND]).unwrap();
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(apply_all);
            }
        });
        assert_eq!(rows(&connection), 1);
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("dayline.db");
    let foreign = Connection::open(&file).unwrap();
    foreign.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    drop(foreign);
    let before = fs::read(&file).unwrap();
    let open = || SqliteStore::open(FolderLock::acquire(folder.path()).unwrap());
    assert!(matches!(open(), Err(OpenError::NotDayline { found: 0, .. })));
    assert!(matches!(
        SqliteStore::open_alongside(folder.path()),
        Err(OpenError::NotDayline { found: 0, .. })
    ));
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::write(&file, "no database at all, but long enough to be taken for the header of one, who knows")
        .unwrap();
    assert!(matches!(open(), Err(OpenError::Unusable { .. })));
}

#[test]
fn an_operator_beside_a_server_migrates_nothing() {
    let folder = tempdir().unwrap();
    assert!(matches!(SqliteStore::open_alongside(folder.path()), Err(OpenError::Missing { .. })));
    let states = crate::migration_states(folder.path()).unwrap();
    assert!(!states.is_empty() && states.iter().all(|state| !state.applied));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a question made a file");

    let mut connection = Connection::open(folder.path().join("dayline.db")).unwrap();
    apply(&mut connection, &[]).unwrap();
    drop(connection);
    let outcome = SqliteStore::open_alongside(folder.path());
    assert!(matches!(outcome, Err(OpenError::Pending { first: 1, .. })), "{outcome:?}");

    let server = SqliteStore::open(FolderLock::acquire(folder.path()).unwrap()).unwrap();
    let alongside = SqliteStore::open_alongside(folder.path()).unwrap();
    assert!(crate::migration_states(folder.path()).unwrap().iter().all(|state| state.applied));
    drop((server, alongside));
}
