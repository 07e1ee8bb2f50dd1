//! The schema: made once however many start at once, read by older programs, refused where it must
//! be.

use dayline_app::ports::{Accounts, LedgerWriter, Partition, PortError, Position};
use dayline_postgres::PgStore;

use crate::database::{Database, Via};
use crate::world::{Dice, World, assert_by_the_rule, day, register};

async fn assert_refused(store: &PgStore, why: &str) {
    let refused = store.position(Partition(0)).await;
    assert!(matches!(&refused, Err(error) if error.to_string().contains(why)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_migrate_an_empty_database_at_once() {
    let database = Database::blank();
    assert_refused(&database.store(Via::Direct), "run `dayline migrate`").await;
    let migrating = (0..8).map(|n| {
        let store = database.store(if n % 2 == 0 { Via::Direct } else { Via::PgBouncer });
        tokio::spawn(async move { store.migrate().await })
    });
    let mut applied = Vec::new();
    for migrated in migrating.collect::<Vec<_>>() {
        applied.extend(migrated.await.unwrap().unwrap().applied);
    }
    let mut applied: Vec<_> = applied.iter().map(|step| step.name).collect();
    applied.sort_unstable();
    assert_eq!(
        applied,
        [
            "approving_session",
            "buckets",
            "covered_reports",
            "day_sums",
            "device_names",
            "filtered_reports",
            "foundation",
            "labels",
            "merges",
            "people_let_in",
            "raw_events",
            "report_jobs",
            "retention",
            "rule_edition",
            "what_was_observed"
        ]
    );
    assert_eq!(database.store(Via::PgBouncer).position(Partition(0)).await, Ok(Position::START));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_this_version_go_on_while_and_after_a_newer_one_migrates() {
    let database = Database::migrated().await;
    let store = database.store(Via::PgBouncer);
    let (user, first) = (register(&store, 1).await, day(2026, 10, 31));
    let pings = Dice(21).pings(600, first, 2);
    let world = World::over(store.clone());
    world.track(user, &pings[..300], 10).await;
    let mut worker = world.worker(2_000);
    worker.step().await.unwrap();

    // What a later version may do: it only adds.
    let client = database.client().await;
    let later = "ALTER TABLE users ADD COLUMN locale text;
                 ALTER TABLE pieces ADD COLUMN note text;
                 ALTER TABLE ledger_days ADD COLUMN checked boolean NOT NULL DEFAULT false;
                 CREATE TABLE notes (id uuid PRIMARY KEY);
                 INSERT INTO schema_migrations VALUES (100, 'later', 'unknown', 1)";
    client.batch_execute(later).await.unwrap();

    world.track(user, &pings[300..], 10).await;
    while worker.step().await.unwrap().entries > 0 {}
    // Also one that starts only now.
    let started_later = database.store(Via::Direct);
    assert_by_the_rule(&started_later, user, first, 3, &pings).await;
    assert!(started_later.find(user).await.unwrap().is_some());
    started_later.prepare_months(first.start()).await.unwrap();
    assert_eq!(started_later.migrate().await.unwrap().applied, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_this_program_must_not_write_is_refused() {
    let database = Database::migrated().await;
    let later = "INSERT INTO schema_migrations VALUES (100, 'breaking', 'unknown', 100)";
    database.client().await.batch_execute(later).await.unwrap();
    let store = database.store(Via::Direct);
    assert_refused(&store, "use a newer program").await;
    assert!(store.migrate().await.is_err());
    assert!(store.prepare_months(day(2026, 11, 20).start()).await.is_err());
    assert!(store.month_admin().list().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_made_by_other_migrations_is_refused_as_damaged() {
    let database = Database::migrated().await;
    database.client().await.batch_execute("UPDATE schema_migrations SET checksum = 'another'").await.unwrap();
    let refused = database.store(Via::Direct).check().await;
    assert!(matches!(refused, Err(PortError::Corrupt(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_acknowledges_before_it_is_durable_is_refused() {
    let database = Database::migrated().await;
    let set = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
    database.client().await.batch_execute(set).await.unwrap();
    assert_refused(&database.store(Via::Direct), "synchronous_commit is off").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_beside_a_later_edition_of_the_rule_commits_nothing_and_says_why() {
    let database = Database::migrated().await;
    let store = database.store(Via::PgBouncer);
    let (user, first) = (register(&store, 1).await, day(2026, 10, 31));
    let pings = Dice(22).pings(600, first, 2);
    let world = World::over(store.clone());
    world.track(user, &pings[..300], 10).await;
    let mut worker = world.worker(2_000);
    while worker.step().await.unwrap().entries > 0 {}
    let before = store.position(world.partition).await.unwrap();

    // What `dayline migrate` of a later program does.
    let client = database.client().await;
    client.batch_execute("UPDATE rule_edition SET edition = 3").await.unwrap();
    world.track(user, &pings[300..], 10).await;
    let why = "settled by edition 3 of the timeline rule, this program has edition 2: use a newer program";
    for _ in 0..3 {
        let refused = worker.step().await;
        assert!(matches!(&refused, Err(error) if error.to_string().contains(why)), "{refused:?}");
    }
    for unready in [store.clone(), database.store(Via::Direct)] {
        assert_refused(&unready, why).await;
        let unfit = unready.unfitness().await.unwrap().unwrap();
        assert!(unfit.to_string().contains(why), "{unfit}");
        assert_eq!(unready.check().await, Err(unfit));
        assert!(unready.migrate().await.is_err());
    }

    // Nothing was lost, and nothing was written.
    client.batch_execute("UPDATE rule_edition SET edition = 2").await.unwrap();
    assert_eq!(store.position(world.partition).await.unwrap(), before);
    while worker.step().await.unwrap().entries > 0 {}
    assert_by_the_rule(&store, user, first, 3, &pings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrating_raises_the_edition_of_the_rule_when_commits_under_way_have_ended() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let [mut committing, client] = [database.client().await, database.client().await];
    client.batch_execute("UPDATE rule_edition SET edition = 1").await.unwrap();
    assert_refused(&store, "this program has edition 2: run `dayline migrate`").await;

    let commit = committing.transaction().await.unwrap();
    commit.batch_execute("UPDATE log_positions SET major = 1").await.unwrap();
    let migrating = tokio::spawn({
        let store = store.clone();
        async move { store.migrate().await }
    });
    let waits = "SELECT FROM pg_locks WHERE relation = 'log_positions'::regclass AND NOT granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while client.query(waits, &[]).await.unwrap().is_empty() {}
    let edition =
        async || -> i16 { client.query_one("SELECT edition FROM rule_edition", &[]).await.unwrap().get(0) };
    assert_eq!(edition().await, 1);
    commit.commit().await.unwrap();
    assert_eq!(migrating.await.unwrap().unwrap().applied, []);
    assert_eq!((edition().await, store.unfitness().await), (2, Ok(None)));
}

/// Keys, and references to other tables, that do not have the person among their columns.
const WITHOUT_PERSON: &str = "
SELECT kind || ' ' || relation::regclass::text || ' (' || string_agg(attname, ', ' ORDER BY place) || ')'
FROM (
  SELECT 'key' AS kind, indexrelid AS id, indrelid AS relation, attnum, place
  FROM pg_index, unnest(indkey::smallint[]) WITH ORDINALITY AS columns (attnum, place)
  WHERE (indisunique OR indisexclusion) AND place <= indnkeyatts
  UNION ALL
  SELECT 'reference', oid, conrelid, attnum, place
  FROM pg_constraint, unnest(conkey) WITH ORDINALITY AS columns (attnum, place)
  WHERE contype = 'f'
) AS known
JOIN pg_class ON pg_class.oid = relation AND relnamespace = 'public'::regnamespace
JOIN pg_attribute ON attrelid = relation AND pg_attribute.attnum = known.attnum
GROUP BY kind, id, relation HAVING NOT bool_or(attname = 'user_id') ORDER BY 1";

/// A table of the ledger could be distributed by its people, as docs/scale.md says, which has this list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_without_the_person_are_those_that_the_page_about_scale_names() {
    let database = Database::migrated().await;
    database.store(Via::Direct).prepare_months(day(2026, 11, 20).start()).await.unwrap();
    let client = database.client().await;
    let rows = client.query(WITHOUT_PERSON, &[]).await.unwrap();
    let without: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        without,
        [
            "key api_keys (hash)",
            "key api_keys (id)",
            "key audit_events (id)",
            "key dead_pings (id)",
            "key device_logins (device_code)",
            "key device_logins (user_code)",
            "key ended_sessions (id)",
            "key log_positions (partition)",
            "key month_archives (month)",
            "key report_chunks (job_id, attempt, number)",
            "key report_jobs (id)",
            "key reset_links (hash)",
            "key retention_nodes (node)",
            "key rule_edition (is_only_row)",
            "key schema_migrations (version)",
            "key sessions (id)",
            "key users (email_key)",
            "key users (id)",
            "key users (uuid)",
            "reference device_logins (approved_by)",
            "reference device_logins (approved_in)",
        ]
    );
    let references = "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'
                        AND conrelid::regclass::text ~ '^(ledger_days|pieces|observations|names|corrections|first_)'";
    assert_eq!(client.query(references, &[]).await.unwrap().len(), 0);
}
