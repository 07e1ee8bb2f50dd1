//! What people find who query the database by SQL.

use dayline_app::ports::{Applied, LedgerReader, LedgerWriter};
use dayline_domain::{AppName, Domain, Language, Project, Seen};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::tracked::Tracked;
use crate::{DAY, commit, interval, observed, open, register, subject, used};

/// Seconds per name, as text and milliseconds.
fn rows(connection: &Connection, query: &str, user: &str) -> Vec<(Option<String>, f64)> {
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([user], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The zone is UTC+05:30 and [`DAY`] 2026-11-20, so that the local day begins at 18:30 UTC the day
/// before.
const PER_APP: &str = "
    SELECT app_name, sum(end_time - start_time) / 1000.0 AS seconds FROM usage
    WHERE user_id = ?1 AND date(start_time / 1000, 'unixepoch', '+05:30') = '2026-11-20'
    GROUP BY app_name ORDER BY seconds DESC";
const PER_DOMAIN: &str = "
    SELECT domain, sum(end_time - start_time) / 1000.0 AS seconds FROM usage
    WHERE user_id = ?1 AND date(start_time / 1000, 'unixepoch', '+05:30') = '2026-11-20'
    GROUP BY domain ORDER BY seconds DESC";

#[tokio::test]
async fn time_per_app_and_per_domain_of_a_local_day_are_plain_queries_tails_among_it() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let (user, other) = (register(&store, 1).await, register(&store, 2).await);
    let hour = 3_600_000;
    let (code, web) = (used("laptop", "Code", None), used("laptop", "Firefox", Some("example.org")));
    let mut day = Tracked::new();
    let early = day.record(&[observed(&code, hour, 2 * hour), observed(&web, 3 * hour, 4 * hour)]);
    // Past 18:30 UTC it is the next day there.
    let late =
        day.record(&[observed(&code, 18 * hour, 18 * hour + 500), observed(&code, 19 * hour, 20 * hour)]);
    let theirs = Tracked::new().record(&[observed(&web, 0, 9 * hour)]);
    let writes = [vec![(user, early)], vec![(user, late), (other, theirs)]];
    for (at, writes) in writes.into_iter().enumerate() {
        assert_eq!(store.apply(commit(at as u64, writes)).await, Ok(Applied::Done));
    }
    let connection = Connection::open(folder.path().join("dayline.db")).unwrap();
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(
        rows(&connection, PER_APP, &user.to_string()),
        [(some("Code"), 3_600.5), (some("Firefox"), 3_600.0)]
    );
    assert_eq!(
        rows(&connection, PER_DOMAIN, &user.to_string()),
        [(None, 3_600.5), (some("example.org"), 3_600.0)]
    );
    // Their only piece still grows.
    assert_eq!(rows(&connection, PER_APP, &other.to_string()), [(some("Firefox"), 32_400.0)]);
}

#[tokio::test]
async fn all_that_counts_is_spelled_out_and_nothing_else() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let named = subject(
        "laptop",
        Seen::Use {
            app: AppName::new("Code").unwrap(),
            domain: Some(Domain::new("example.org").unwrap()),
            project: Some(Project::new("dayline").unwrap()),
        },
    );
    let beat = Seen::Beat {
        app: AppName::new("vim").unwrap(),
        project: Some(Project::new("dayline").unwrap()),
        language: Some(Language::new("Rust").unwrap()),
    };
    let (beat, away) = (subject("desktop", beat), subject("laptop", Seen::Away));
    let mut day = Tracked::new();
    for (at, all) in [
        vec![
            observed(&named, 1_000, 2_000),
            observed(&beat, 60_000, 60_001),
            observed(&beat, 90_000, 90_001),
        ],
        vec![observed(&away, 100_000, 200_000), observed(&named, 300_000, 301_000)],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(store.apply(commit(at as u64, vec![(user, day.record(&all))])).await, Ok(Applied::Done));
    }
    let connection = Connection::open(folder.path().join("dayline.db")).unwrap();
    let mut statement = connection.prepare("SELECT * FROM usage ORDER BY start_time").unwrap();
    assert_eq!(
        statement.column_names().collect::<Vec<_>>(),
        ["user_id", "device_id", "app_name", "domain", "project", "language", "start_time", "end_time"]
    );
    let row = |row: &rusqlite::Row<'_>| -> rusqlite::Result<_> {
        let texts: [Option<String>; 6] = [0, 1, 2, 3, 4, 5].map(|at| row.get(at).unwrap());
        Ok((texts, row.get::<_, i64>(6)?, row.get::<_, i64>(7)?))
    };
    let found: Vec<_> = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
    let counted = store.read(user, DAY.interval()).await.unwrap().counted;
    assert_eq!(found.len(), 3);
    let spelled_out = counted.iter().map(|piece| {
        let activity = &piece.source.activity;
        let texts = [
            Some(user.to_string()),
            Some(piece.source.device.as_str().to_owned()),
            Some(activity.app.as_str().to_owned()),
            activity.domain.as_ref().map(|name| name.as_str().to_owned()),
            activity.project.as_ref().map(|name| name.as_str().to_owned()),
            activity.language.as_ref().map(|name| name.as_str().to_owned()),
        ];
        (texts, piece.interval.start().0, piece.interval.end().0)
    });
    assert!(found.iter().cloned().eq(spelled_out), "{found:?}");
    let languages: Vec<Option<&str>> = found.iter().map(|(texts, ..)| texts[5].as_deref()).collect();
    assert_eq!(languages, [None, Some("Rust"), None]);
    assert_eq!(found[0].1, interval(1_000, 2_000).start().0);
}

/// However much time others tracked, and however long ago one's own is.
#[test]
fn a_persons_stretch_of_time_is_found_by_the_key_of_pieces() {
    let folder = tempdir().unwrap();
    drop(open(folder.path()));
    let connection = Connection::open(folder.path().join("dayline.db")).unwrap();
    let query = "
        EXPLAIN QUERY PLAN
        SELECT app_name, sum(end_time - start_time) FROM usage
        WHERE user_id = '…' AND start_time >= unixepoch('2026-11-20', 'utc') * 1000
          AND start_time < unixepoch('2026-11-21', 'utc') * 1000
        GROUP BY app_name";
    let mut statement = connection.prepare(query).unwrap();
    let plan: Vec<String> =
        statement.query_map([], |row| row.get("detail")).unwrap().map(Result::unwrap).collect();
    let by_key = "SEARCH p USING PRIMARY KEY (user_number=? AND start_ms>? AND start_ms<?)";
    assert!(plan.iter().any(|step| step == by_key), "{plan:?}");
    assert!(!plan.iter().any(|step| step.starts_with("SCAN p") || step.starts_with("SCAN d")), "{plan:?}");
}
