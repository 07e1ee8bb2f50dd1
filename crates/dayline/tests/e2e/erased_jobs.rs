//! Report jobs of people who are gone, found in the data itself.

use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::json;

use super::installation;
use super::report_jobs::Person;
use crate::support::account::account;

#[tokio::test]
async fn with_the_account_its_jobs_and_results_are_gone() {
    let installation = installation();
    // Nobody makes reports here, so that the job still waits when the account goes.
    let mut server = installation.start(&["--role", "api,worker"]);
    let ada = Person::with_rows(&installation, "ada", 1_000).await;
    let job = ada.ask("apps", "json").await;
    assert_eq!(ada.status_of(&job).await, "queued");
    let password = json!({"password": account("ada").password.expose_secret()});
    let (status, _) = ada.send(Method::DELETE, "/api/v1/users/me", "*/*", Some(&password)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(ada.get(&job, "*/*").await.0, StatusCode::UNAUTHORIZED);
    assert!(server.stop().success());
    let data = rusqlite::Connection::open(installation.data().join("dayline.db")).unwrap();
    let left: i64 = data.query_row("SELECT count(*) FROM report_jobs", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}
