//! What https upstreams are verified with.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::config::Upstream;

/// Shared by all workers; nothing where no upstream is https.
pub(crate) type TlsConfig = Option<Arc<ClientConfig>>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("the system has no trusted certificates, which https upstreams are verified with")]
    NoRoots,
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
}

/// Trusts what the system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` change it).
pub(crate) fn tls_config(upstreams: &[Upstream]) -> Result<TlsConfig, TlsError> {
    if !upstreams.iter().any(|upstream| upstream.url.is_https()) {
        return Ok(None);
    }
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
    Ok(Some(Arc::new(config)))
}
