//! The TLS settings of a client.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the system has no trusted certificates to verify https servers with")]
    NoRoots,
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
}

/// Trusts the system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` change them), and speaks
/// HTTP/1.1.
///
/// # Errors
/// The system has no trusted certificates, or TLS cannot be set up.
pub fn client_config() -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        log::warn!("a trusted certificate cannot be read: {error}");
    }
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
