//! Maintenance: pings are taken and nothing else is written until it is over.

use std::time::Duration;

use dayline_domain::DAY_MS;
use dayline_sim::client::Refusal;
use rusqlite::Connection;

use super::installation;
use crate::support::account::{account, client, eventually, newcomer, ping, send, totals};
use crate::support::now;
use crate::support::readiness::readiness;
use crate::support::server::Installation;

const SOON: Duration = Duration::from_secs(20);

/// What no commit to the data leaves as it is.
struct Stillness<'a> {
    installation: &'a Installation,
    ledger: Option<Connection>,
}

impl<'a> Stillness<'a> {
    fn of(installation: &'a Installation) -> Self {
        let open = || Connection::open(installation.data().join("dayline.db")).unwrap();
        Self { installation, ledger: (!installation.is_cluster()).then(open) }
    }

    fn state(&self) -> String {
        let Some(ledger) = &self.ledger else { return self.installation.shared().database.content() };
        let commits: i64 = ledger.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap();
        commits.to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_maintenance_pings_are_taken_and_nothing_else_is_written_and_then_they_are_processed() {
    let installation = installation();
    let mut server = installation.start(&[]);
    let ada = newcomer(&installation, "ada").await;
    let start = now().plus(-2 * DAY_MS).day().start();
    let day = start.day().to_string();
    let told = async || totals(&ada, "apps", &day, "UTC").await.into_keys().collect::<Vec<_>>();
    send(&ada, ping("Before", start, 60_000)).await;
    eventually(vec!["Before".to_owned()], SOON, told).await;
    assert_eq!(server.stop().code(), Some(0));

    let still = Stillness::of(&installation);
    let before = still.state();
    let mut server = installation.start(&["--maintenance"]);
    for process in &server.processes {
        assert_eq!(readiness(process), (200, true, vec!["maintenance".to_owned()]));
    }
    send(&ada, ping("During", start.plus(60_000), 60_000)).await;
    let refused = client(&installation).login(&account("ada"), "phone").await;
    let Err(Refusal::Answered { status, problem, retry_after, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((status.as_u16(), retry_after), (503, Some(Duration::from_mins(1))), "{problem}");
    assert!(problem.starts_with("maintenance"), "{problem}");
    assert_eq!(told().await, ["Before"]);
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(still.state(), before);
    drop(still);

    let _server = installation.start(&[]);
    eventually(vec!["Before".to_owned(), "During".to_owned()], SOON, told).await;
}
