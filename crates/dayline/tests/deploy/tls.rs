//! nginx with TLS, as it is shipped: what scanners look for.

use std::fs;
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use dayline_testkit::{Process, certify, free_port, substitute, variable};
use reqwest::{Certificate, Client, redirect};
use tempfile::TempDir;

use crate::text;

/// With a key that is each session's own, and a cipher that nobody can change bytes of.
const GOOD: [&str; 3] =
    ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"];

struct Nginx {
    folder: TempDir,
    plain: u16,
    tls: u16,
    _process: Process,
}

impl Nginx {
    /// In front of nobody.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (certificate, key) = certify(&mut Command::new("openssl"), folder.path());
        let [plain, tls, inner, nobody] = [(); 4].map(|()| free_port());
        let settings = substitute(
            &text("deploy/nginx-tls.conf"),
            &[
                ("listen 80;", &format!("listen 127.0.0.1:{plain};")),
                ("listen 443 ", &format!("listen 127.0.0.1:{tls} ")),
                ("/etc/nginx/tls/fullchain.pem", &certificate.display().to_string()),
                ("/etc/nginx/tls/privkey.pem", &key.display().to_string()),
            ],
        );
        fs::write(path("tls.conf"), settings).unwrap();
        let nowhere = format!("127.0.0.1:{nobody}");
        let settings = substitute(
            &text("deploy/nginx.conf"),
            &[
                ("listen 8080", &format!("listen 127.0.0.1:{inner}")),
                ("/etc/nginx/tls.conf*", &path("tls.conf*")),
                ("api-1:8080", &nowhere),
                ("api-2:8080", &nowhere),
            ],
        );
        fs::write(path("nginx.conf"), settings).unwrap();
        let options = format!("daemon off; pid {}; error_log stderr;", path("nginx.pid"));
        let mut command = Command::new(variable("DAYLINE_TEST_NGINX"));
        command.arg("-p").arg(folder.path()).args(["-c", &path("nginx.conf"), "-g", &options]);
        let mut process = Process::start(&mut command, &folder.path().join("nginx.log"));
        process.until(|| TcpStream::connect(("127.0.0.1", tls)).is_ok());
        Self { folder, plain, tls, _process: process }
    }

    /// Whether a handshake comes about with a client that takes anything at all, but for what it is told.
    fn greets(&self, options: &[&str]) -> bool {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-connect", &format!("127.0.0.1:{}", self.tls)]).args(options);
        let Output { status, stdout, .. } = client.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&stdout);
        status.success() && !said.contains("Cipher is (NONE)")
    }
}

#[test]
fn only_protocols_and_ciphers_that_nobody_objects_to_are_spoken() {
    let nginx = Nginx::start();
    let any = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";
    for old in ["-tls1", "-tls1_1"] {
        assert!(!nginx.greets(&[old, "-cipher", any]), "{old}");
    }
    for new in ["-tls1_2", "-tls1_3"] {
        assert!(nginx.greets(&[new]), "{new}");
    }
    for cipher in GOOD {
        assert!(nginx.greets(&["-tls1_2", "-cipher", cipher]), "{cipher}");
    }
    assert!(nginx.greets(&["-tls1_2", "-cipher", any]));
    let others = format!("{any}:!{}", GOOD.join(":!"));
    assert!(!nginx.greets(&["-tls1_2", "-cipher", &others]), "another cipher");
}

#[tokio::test]
async fn browsers_are_sent_to_the_encrypted_address_and_told_to_stay_there() {
    let nginx = tokio::task::spawn_blocking(Nginx::start).await.unwrap();
    let certificate = fs::read(nginx.folder.path().join("server.crt")).unwrap();
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .add_root_certificate(Certificate::from_pem(&certificate).unwrap())
        .build()
        .unwrap();
    let plain =
        client.get(format!("http://127.0.0.1:{}/day?date=2026-11-20", nginx.plain)).send().await.unwrap();
    assert_eq!(plain.status(), 308);
    assert_eq!(plain.headers()["location"], "https://127.0.0.1/day?date=2026-11-20");
    for (path, status) in [("/", 502), ("/metrics", 404)] {
        let answer = client.get(format!("https://127.0.0.1:{}{path}", nginx.tls)).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let strict = answer.headers()["strict-transport-security"].to_str().unwrap();
        let seconds: u32 = strict.strip_prefix("max-age=").unwrap().parse().unwrap();
        assert!(seconds >= 365 * 86_400, "{strict}");
    }
}
