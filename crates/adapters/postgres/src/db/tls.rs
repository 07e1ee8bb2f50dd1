//! TLS to the server, with rustls; certificates are always checked.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{ConfigError, PgConfig};

/// A connector that trusts the certificates of a file, or the system's, and shows its own if it has one.
pub(super) fn connector(config: &PgConfig) -> Result<MakeRustlsConnect, ConfigError> {
    let roots = trusted(config.root_certificates.as_deref())?;
    // Named, not the process's default: nobody else has to have chosen one before.
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Certificates(error.to_string()))?
        .with_root_certificates(roots);
    let Some(own) = &config.client_certificate else {
        return Ok(MakeRustlsConnect::new(client.with_no_client_auth()));
    };
    let chain = certificates(&own.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&own.key).map_err(|error| of_file(&own.key, &error))?;
    let client =
        client.with_client_auth_cert(chain, key).map_err(|error| of_file(&own.certificate, &error))?;
    Ok(MakeRustlsConnect::new(client))
}

fn trusted(file: Option<&Path>) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let none = || ConfigError::Certificates("the system has none to trust".to_owned());
        return if roots.is_empty() { Err(none()) } else { Ok(roots) };
    };
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| of_file(file, &error))?;
    }
    Ok(roots)
}

/// The certificates of a file, at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match all.map_err(|error| of_file(file, &error))? {
        none if none.is_empty() => Err(of_file(file, &"there is none")),
        all => Ok(all),
    }
}

fn of_file(file: &Path, why: &dyn Display) -> ConfigError {
    ConfigError::Certificates(format!("{}: {why}", file.display()))
}
