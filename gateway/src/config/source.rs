//! Where the configuration is read from, at the start and at each reload.

use std::path::{Path, PathBuf};

use service_kit::env::{ConfigError, Env};
use sha2::{Digest as _, Sha256};

use super::Config;
use crate::routing::route::{Outage, To};
use crate::settings::Description;

/// How many bytes of the hash are shown: enough to tell two files apart.
const SHOWN: usize = 8;

/// A file or the compiled-in one, and the environment.
#[derive(Clone)]
pub struct Source {
    file: Option<PathBuf>,
    env: Env,
}

impl Source {
    /// `file` is that of `--config`. Without it, that of `GATEWAY_CONFIG` is read, or the
    /// compiled-in one.
    #[must_use]
    pub fn new(file: Option<PathBuf>, env: &Env) -> Self {
        Self {
            file,
            env: env.clone(),
        }
    }

    /// # Errors
    /// The file or a variable is invalid. The error names it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.file.as_deref(), &self.env)
    }
}

/// The text that a configuration was read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The file, for people.
    pub(crate) name: String,
    /// The first digits of the text's SHA-256.
    pub(crate) hash: String,
    /// The file, and the files that it names. Empty for the compiled-in one.
    pub(crate) files: Vec<PathBuf>,
}

impl Origin {
    pub(super) fn of(name: &str, text: &str) -> Self {
        let digest = Sha256::digest(text);
        let digits = digest.iter().take(SHOWN);
        Self {
            name: name.to_owned(),
            hash: digits.map(|byte| format!("{byte:02x}")).collect(),
            files: Vec::new(),
        }
    }
}

/// The configuration file, and the files that it names.
pub(super) fn files(file: &Path, config: &Config) -> Vec<PathBuf> {
    let documents = config.upstreams.iter();
    let documents = documents.filter_map(|upstream| match upstream.openapi.as_ref()? {
        Description::File { path, .. } => Some(path.clone()),
        Description::At(_) => None,
    });
    let fallbacks = config.routes.routes().filter_map(|route| match &route.to {
        To::Upstream(to) => match &to.outage {
            Outage::Fallback(fallback) => Some(PathBuf::from(&fallback.file)),
            Outage::Error | Outage::Stale(_) => None,
        },
        To::Own(_) | To::Aggregate(..) => None,
    });
    let itself = std::iter::once(file.to_owned());
    itself.chain(fallbacks).chain(documents).collect()
}
