//! Certificates for servers on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// Makes a certificate for `127.0.0.1` that confirms itself, and its key, as files of this folder; gives the certificate's
/// file and the key's. `openssl` is the program, as the user whose files they shall be.
pub fn certify(openssl: &mut Command, folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("server.crt"), folder.join("server.key"));
    run(openssl
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
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate));
    (certificate, key)
}
