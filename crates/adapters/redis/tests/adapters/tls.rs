//! TLS: with a certificate that is trusted, and with our own where the server asks for it; not otherwise.

use std::process::Command;

use dayline_app::ports::{Partition, PingLog};
use dayline_redis::{Certificates, NotDurable, PingLogOptions, RedisConfig, RedisPingLog, check_durability};
use dayline_testkit::{certify, free_port};

use crate::test_redis::TestRedis;

#[tokio::test]
async fn a_server_with_a_trusted_certificate_is_reached_over_tls_by_who_shows_one_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certify(&mut Command::new("openssl"), folder.path());
    let port = free_port();
    let _redis = TestRedis::start_with(&[
        ("tls-port", &port.to_string()),
        ("tls-cert-file", certificate.to_str().unwrap()),
        ("tls-key-file", key.to_str().unwrap()),
        ("tls-ca-cert-file", certificate.to_str().unwrap()),
        ("tls-auth-clients", "yes"),
    ]);

    let suspicious = RedisConfig::new(&format!("rediss://127.0.0.1:{port}")).unwrap();
    // The server's stands for itself, so it can stand for us.
    let [roots, key] = [&certificate, &key].map(|file| std::fs::read(file).unwrap());
    let with = |roots: Option<&Vec<u8>>, own: Option<(Vec<u8>, Vec<u8>)>| {
        suspicious.clone().with_certificates(Certificates { roots: roots.cloned(), own }).unwrap()
    };
    let own = Some((roots.clone(), key));
    let known = with(Some(&roots), own.clone());
    assert_eq!(check_durability(&known, false).await.unwrap(), Vec::<String>::new());
    let log = RedisPingLog::open(&known, &PingLogOptions::default()).await.unwrap();
    log.append(Partition(0), vec![1]).await.unwrap();
    let plain = RedisConfig::new(&format!("redis://127.0.0.1:{port}")).unwrap();
    for refused in [with(Some(&roots), None), with(None, own), plain] {
        let outcome = check_durability(&refused, true).await;
        assert!(matches!(outcome, Err(NotDurable::Unreachable(_))), "{outcome:?}");
    }
}
