//! TLS to the server, with rustls; certificates are always checked.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::ConfigError;

/// A connector that trusts the certificates of a file, or the system's.
pub(super) fn connector(trusted: Option<&Path>) -> Result<MakeRustlsConnect, ConfigError> {
    let refused = |error: String| ConfigError::Certificates(error);
    let mut roots = RootCertStore::empty();
    match trusted {
        Some(file) => {
            let certificates =
                CertificateDer::pem_file_iter(file).map_err(|error| refused(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| refused(error.to_string()))?;
                roots.add(certificate).map_err(|error| refused(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(refused("there are none to trust".into()));
    }
    // Named, not the process's default: nobody else has to have chosen one before.
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
