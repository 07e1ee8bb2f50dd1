//! TLS: with a certificate that is trusted, and not otherwise.

use dayline_app::ports::{LedgerWriter, PortError};
use dayline_postgres::{PgConfig, PgStore};
use dayline_testkit::{certify, unprivileged};

use crate::test_postgres::TestPostgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_a_trusted_certificate_is_reached_over_tls_and_no_other() {
    let server = TestPostgres::start();
    server.migrated().await;
    let (certificate, _) = certify(&mut unprivileged("openssl"), server.data());
    std::fs::write(server.data().join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
    let client = server.client().await;
    client.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();

    let mut trusting = PgConfig::new(&format!("{}?sslmode=verify-full", server.url())).unwrap();
    let suspicious = PgStore::open(&trusting).unwrap();
    trusting.root_certificates = Some(certificate);
    let trusting = PgStore::open(&trusting).unwrap();
    // The server takes its new configuration in a moment.
    while trusting.check().await.is_err() {}
    for refused in [suspicious, PgStore::open(&server.config()).unwrap()] {
        let outcome = refused.check().await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))), "{outcome:?}");
    }
}
