//! A certificate for the gateway's public port.

use std::path::PathBuf;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// The files of a certificate and its key.
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    /// Signed by itself. It has expired, which the gateway leaves to its clients to judge.
    pub(crate) fn expired() -> Self {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2020, 1, 1);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(files.path("cert.pem"), made.pem()).unwrap();
        std::fs::write(files.path("key.pem"), key.serialize_pem()).unwrap();
        files
    }

    /// The variables of a gateway that uses them.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let named = |name| self.path(name).to_str().unwrap().to_owned();
        [
            ("GATEWAY_TLS_CERT", named("cert.pem")),
            ("GATEWAY_TLS_KEY", named("key.pem")),
        ]
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
