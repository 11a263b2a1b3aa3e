//! The server certificate, and its replacement while the gateway serves.
//!
//! The files are checked every two seconds. The alternatives were a signal, which a certificate
//! renewal would have to send, and the system's file events, which miss a mount that is swapped. If
//! a new file is broken, the old certificate stays in use: an outage would help nobody.

mod expiry;
mod pem;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus::{Gauge, Registry};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use service_kit::env::ConfigError;
use service_kit::serve::Draining;

use crate::metrics::register;
use crate::settings::TlsFiles;
use crate::settings::stamp::{Changes, Stamps};
use crate::settings::tls::{CERT, KEY};

/// How often the files are checked. It takes two system calls, and a new file takes effect soon
/// enough.
const LOOK: Duration = Duration::from_secs(2);

/// The protocols that a client may choose from (RFC 7301), the gateway's preference first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A clone shares the certificate.
#[derive(Clone)]
pub(crate) struct Certificates {
    files: Arc<TlsFiles>,
    /// The state of the files when they were first read.
    loaded: Stamps,
    current: Arc<Current>,
    /// When the current certificate expires, for the operator.
    expiry: Option<Gauge>,
    provider: Arc<CryptoProvider>,
}

/// The certificate of the next handshake. A handshake holds the lock while it copies a pointer;
/// only a replacement takes it otherwise.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// One of the files cannot be used. The error names its variable.
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, ConfigError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Taken before the files are read, so that a change in between is noticed.
        let loaded = Stamps::of(files.paths());
        let first = read(files, &provider)?;
        Ok(Self {
            files: Arc::new(files.clone()),
            loaded,
            current: Arc::new(Current(RwLock::new(Arc::new(first)))),
            expiry: None,
            provider,
        })
    }

    /// Tells when the certificate expires, and when its replacement does.
    ///
    /// # Errors
    /// Another metric has the name.
    pub(crate) fn measured_by(self, registry: &Registry) -> prometheus::Result<Self> {
        let gauge = Gauge::new(
            "gateway_certificate_expiry_timestamp_seconds",
            "When the certificate for clients expires, in Unix time.",
        );
        let measured = Self {
            expiry: Some(register(registry, gauge)?),
            ..self
        };
        measured.measure();
        Ok(measured)
    }

    fn measure(&self) {
        let Some(gauge) = &self.expiry else { return };
        let current = self.current.get();
        let time = current.cert.first().and_then(expiry::of);
        // No comparison with NaN is true, so no alert begins.
        gauge.set(time.map_or(f64::NAN, |time| time as f64));
    }

    /// The configuration by which all workers accept TLS. It follows the certificate.
    ///
    /// # Errors
    /// The provider lacks something that TLS needs.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let resolver = Arc::clone(&self.current);
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Arc::new(config))
    }

    /// Follows the files until the gateway drains.
    pub(crate) async fn watch(self, draining: Draining) {
        let mut changes = Changes::since(self.loaded.clone());
        let mut begun = pin!(draining.begun());
        loop {
            tokio::select! {
                () = &mut begun => return,
                () = tokio::time::sleep(LOOK) => self.look(&mut changes),
            }
        }
    }

    fn look(&self, changes: &mut Changes) {
        if !changes.are_due(Stamps::of(self.files.paths())) {
            return;
        }
        match read(&self.files, &self.provider) {
            Ok(next) => {
                self.current.replace(next);
                self.measure();
                log::info!("the certificate for clients has been replaced");
            }
            Err(error) => {
                log::error!("the certificate for clients stays the old one: {error}");
            }
        }
    }
}

impl Current {
    fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, next: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}

impl ResolvesServerCert for Current {
    /// The same certificate for every name: there is one restaurant.
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, ConfigError> {
    let content = |name, path: &Path| {
        fs::read(path).map_err(|error| ConfigError::new(name, format!("cannot be read: {error}")))
    };
    pem::certified_key(
        &content(CERT, &files.cert)?,
        &content(KEY, &files.key)?,
        provider,
    )
}
