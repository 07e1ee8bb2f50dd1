//! TLS: with a certificate that is trusted, and with our own where the server asks for it; not otherwise.

use dayline_app::ports::{LedgerWriter, PortError};
use dayline_postgres::{ClientCertificate, ConfigError, PgConfig, PgStore};
use dayline_testkit::{certify, unprivileged};

use crate::test_postgres::TestPostgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_a_trusted_certificate_is_reached_over_tls_by_who_shows_one_and_no_other() {
    let server = TestPostgres::start();
    server.migrated().await;
    // It names the user as well, and stands for itself.
    let (certificate, key) = certify(&mut unprivileged("openssl"), server.data());
    std::fs::write(server.data().join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 cert\n").unwrap();
    let client = server.client().await;
    client.batch_execute("ALTER SYSTEM SET ssl_ca_file = 'server.crt'").await.unwrap();
    client.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();

    let own = ClientCertificate { certificate: certificate.clone(), key };
    let with = |query: &str, roots: bool, own: Option<&ClientCertificate>| {
        let mut config = PgConfig::new(&format!("{}{query}", server.url())).unwrap();
        config.root_certificates = roots.then(|| certificate.clone());
        config.client_certificate = own.cloned();
        config
    };
    // The server takes its new configuration in a moment.
    let known = PgStore::open(&with("?sslmode=verify-full", true, Some(&own))).unwrap();
    while known.check().await.is_err() {}
    for undecided in ["", "?sslmode=prefer"] {
        PgStore::open(&with(undecided, true, Some(&own))).unwrap().check().await.unwrap();
    }
    let unknown = with("?sslmode=verify-full", true, None);
    let suspicious = with("", false, Some(&own));
    let plain = with("", false, None);
    for refused in [unknown, suspicious, plain] {
        let outcome = PgStore::open(&refused).unwrap().check().await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))), "{outcome:?}");
    }
    let contradiction = PgStore::open(&with("?sslmode=disable", true, None)).err();
    assert!(matches!(contradiction, Some(ConfigError::Contradiction)), "{contradiction:?}");
}

#[test]
fn files_without_certificate_or_key_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certify(&mut std::process::Command::new("openssl"), folder.path());
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let own = |certificate: &std::path::Path, key: &std::path::Path| {
        Some(ClientCertificate { certificate: certificate.to_owned(), key: key.to_owned() })
    };
    for (roots, own) in
        [(&empty, None), (&certificate, own(&empty, &key)), (&certificate, own(&certificate, &empty))]
    {
        let mut config = PgConfig::new("postgres://ada@db.example/dayline").unwrap();
        config.root_certificates = Some(roots.clone());
        config.client_certificate = own;
        let error = PgStore::open(&config).err().unwrap().to_string();
        assert!(error.contains("empty.pem"), "{error}");
    }
}
