//! Days as the release before left them.

use dayline_app::ports::DayKey;
use dayline_domain::{Domain, Piece};
use dayline_postgres::Month;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::database::Database;

/// Tables of a month as the release before made them, in a database that has been migrated since.
async fn first_month(client: &Client, month: Month) {
    let name = month.to_string().replace('-', "_");
    let next = month.next().unwrap();
    for table in ["ledger_days", "first_pieces", "first_outranked"] {
        let clock = if table == "ledger_days" { "" } else { " 00:00:00+00" };
        let (part, from, to) =
            (format!("{table}_{name}"), format!("{month}-01{clock}"), format!("{next}-01{clock}"));
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {part} PARTITION OF {table} FOR VALUES FROM ('{from}') TO ('{to}')"
        );
        client.batch_execute(&sql).await.unwrap();
    }
}

/// Stores a day as the release before did.
pub(crate) async fn plant(database: &Database, key: DayKey, counted: &[Piece], outranked: &[Piece]) {
    let client = database.client().await;
    first_month(&client, Month::of(key.day).unwrap()).await;
    let person: i64 = client
        .query_one("SELECT id FROM users WHERE uuid = $1", &[&Uuid::from_u128(key.user.bits())])
        .await
        .unwrap()
        .get(0);
    // All days that a migration found have one mark.
    let day = format!(
        "INSERT INTO ledger_days (user_id, day, version, changed_at, sums_version, mark, edition)
         VALUES ({person}, '{}', 7, now(), 7, 4711, 1)",
        key.day
    );
    client.batch_execute(&day).await.unwrap();
    for (table, pieces) in [("first_pieces", counted), ("first_outranked", outranked)] {
        for piece in pieces {
            let activity = &piece.source.activity;
            let sql = format!(
                "INSERT INTO {table} VALUES ({person}, to_timestamp({}::numeric / 1000), to_timestamp({}::numeric / 1000), $1, $2, $3)",
                piece.interval.start().0,
                piece.interval.end().0
            );
            let domain = activity.domain.as_ref().map(Domain::as_str);
            let names: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&piece.source.device.as_str(), &activity.app.as_str(), &domain];
            assert_eq!(client.execute(&sql, &names).await.unwrap(), 1);
        }
    }
}
