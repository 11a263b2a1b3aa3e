//! The connections to the upstreams: one pool per upstream and worker.
//!
//! awc's own limit on connections is per pool, so that with one pool for all, an upstream that hangs would take
//! every connection from the others.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

use crate::config::Upstream;

/// How long an idle connection is kept. Shorter than the keep-alive of the services (30 s), so that the gateway is
/// the side that closes and no request meets a closing connection.
const IDLE: Duration = Duration::from_secs(15);

/// How old a connection may become, so that a changed DNS record is noticed.
const LIFETIME: Duration = Duration::from_secs(75);

/// What https upstreams are verified with, shared by all workers; nothing where no upstream is https.
pub(crate) type TlsConfig = Option<Arc<ClientConfig>>;

/// The clients of one worker, in the order of the upstreams.
pub(crate) struct Clients(Vec<awc::Client>);

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

impl Clients {
    pub(crate) fn new(upstreams: &[Upstream], tls: &TlsConfig) -> Self {
        Self(
            upstreams
                .iter()
                .map(|upstream| client(upstream, tls))
                .collect(),
        )
    }

    pub(crate) fn of(&self, upstream: usize) -> Option<&awc::Client> {
        self.0.get(upstream)
    }
}

fn client(upstream: &Upstream, tls: &TlsConfig) -> awc::Client {
    let mut connector = awc::Connector::new()
        .timeout(upstream.connect_timeout)
        .handshake_timeout(upstream.connect_timeout)
        .conn_keep_alive(IDLE)
        .conn_lifetime(LIFETIME)
        .limit(0);
    if let Some(tls) = tls {
        connector = connector.rustls_0_23(Arc::clone(tls));
    }
    awc::Client::builder()
        .connector(connector)
        .no_default_headers()
        .disable_redirects()
        // The deadline of the whole exchange is kept by the proxy.
        .disable_timeout()
        .finish()
}
