//! The TLS configuration for https upstreams.

use std::sync::Arc;

use rustls::ClientConfig;
use service_kit::tls::{self, TlsError};

use crate::settings::UpstreamSettings;

/// Shared by all workers; `None` without an https upstream.
pub(crate) type TlsConfig = Option<Arc<ClientConfig>>;

pub(crate) fn tls_config(upstreams: &[UpstreamSettings]) -> Result<TlsConfig, TlsError> {
    if upstreams.iter().any(|upstream| upstream.url.is_https()) {
        tls::client_config().map(Some)
    } else {
        Ok(None)
    }
}
