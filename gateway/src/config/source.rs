//! Where the configuration is read from, at the start and at each reload.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use service_kit::env::{ConfigError, Env};
use sha2::{Digest as _, Sha256};

use super::Config;
use crate::routing::route::{Outage, To};
use crate::settings::Description;
use crate::settings::fingerprint::fingerprint;

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

    /// Reads the configuration again. `running` is the present one.
    ///
    /// # Errors
    /// As of [`Self::load`], or a file cannot be read twice: a pipe would never end.
    pub(crate) fn load_again(&self, running: &Config) -> Result<Config, ConfigError> {
        for file in &running.origin.files {
            let name = || file.display().to_string();
            let metadata = fs::metadata(file).map_err(|error| ConfigError::new(name(), error))?;
            if !metadata.is_file() {
                return Err(ConfigError::new(name(), "is no regular file"));
            }
        }
        self.load()
    }
}

/// The most bytes of the file. The compiled-in one has 20 KiB.
const MOST: u64 = 4 * 1024 * 1024;

/// Reads the configuration file.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    let read = file.take(MOST + 1).read_to_string(&mut text);
    let length = read.map_err(|error| error.to_string())?;
    if length as u64 > MOST {
        return Err("is larger than 4MiB".to_owned());
    }
    Ok(text)
}

/// The text that a configuration was read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The file, for people.
    pub(crate) name: String,
    /// The fingerprint of the text.
    pub(crate) hash: String,
    /// The file, and the files that it names. Empty for the compiled-in one.
    pub(crate) files: Vec<PathBuf>,
    /// When the reading of the files began. `None` for the compiled-in one.
    pub(crate) began: Option<SystemTime>,
}

impl Origin {
    pub(super) fn of(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            hash: fingerprint(Sha256::new_with_prefix(text)),
            files: Vec::new(),
            began: None,
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
            Outage::Error | Outage::Stale(_) | Outage::Defer(_) => None,
        },
        To::Own(_) | To::Aggregate(..) => None,
    });
    let itself = std::iter::once(file.to_owned());
    itself.chain(fallbacks).chain(documents).collect()
}
