//! What https upstreams are verified with.

use std::sync::Arc;

use rustls::ClientConfig;
use service_kit::tls::{self, TlsError};

use crate::config::Upstream;

/// Shared by all workers; nothing where no upstream is https.
pub(crate) type TlsConfig = Option<Arc<ClientConfig>>;

pub(crate) fn tls_config(upstreams: &[Upstream]) -> Result<TlsConfig, TlsError> {
    if upstreams.iter().any(|upstream| upstream.url.is_https()) {
        tls::client_config().map(Some)
    } else {
        Ok(None)
    }
}
