//! TLS: with a certificate that is trusted, and not otherwise.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use dayline_app::ports::{Partition, PingLog};
use dayline_redis::{NotDurable, PingLogOptions, RedisPingLog, RedisServer, check_durability};

use crate::server::TestRedis;

/// Makes a certificate that confirms itself, and its key.
fn certify(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=dayline", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "server.key", "-out", "server.crt"])
        .current_dir(folder)
        .output()
        .expect("openssl must be installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn a_server_with_a_trusted_certificate_is_reached_over_tls_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let file = |name| folder.path().join(name).display().to_string();
    // Free now, and who takes it meanwhile has another certificate.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let _redis = TestRedis::start_with(&[
        ("tls-port", &port.to_string()),
        ("tls-cert-file", &file("server.crt")),
        ("tls-key-file", &file("server.key")),
        ("tls-ca-cert-file", &file("server.crt")),
        ("tls-auth-clients", "no"),
    ])
    .await;

    let suspicious = RedisServer::new(&format!("rediss://127.0.0.1:{port}")).unwrap();
    let trusting =
        suspicious.clone().with_root_certificates(&std::fs::read(file("server.crt")).unwrap()).unwrap();
    assert_eq!(check_durability(&trusting, false).await.unwrap(), Vec::<String>::new());
    let log = RedisPingLog::open(&trusting, &PingLogOptions::default()).await.unwrap();
    log.append(Partition(0), vec![1]).await.unwrap();
    let plain = RedisServer::new(&format!("redis://127.0.0.1:{port}")).unwrap();
    for refused in [suspicious, plain] {
        let outcome = check_durability(&refused, true).await;
        assert!(matches!(outcome, Err(NotDurable::Unreachable(_))), "{outcome:?}");
    }
}
