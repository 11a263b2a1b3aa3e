//! An upstream's configuration.

mod url;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use http::uri::PathAndQuery;
use serde_json::Value;
use service_kit::env::{ConfigError, Env};
use shared_types::text::Text;

use super::file::UpstreamTable;
use super::{resilience, spelling};
use crate::resilience::guard::{BreakerSettings, GateSettings, RouteName};
use crate::resilience::priority::Priority;
use url::check_plain;
pub use url::{Endpoint, UpstreamUrl};

#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamSettings {
    pub name: Arc<str>,
    /// Its name in error messages: "Le service des commandes".
    pub label: Text,
    pub url: UpstreamUrl,
    /// The limit for DNS, TCP and TLS together.
    pub connect_timeout: Duration,
    /// How long it may be waited for in one exchange, until the last byte of its answer.
    pub timeout: Duration,
    /// The path, prefix included, that the gateway's own probe asks for.
    pub(crate) probe: Option<PathAndQuery>,
    /// Where its own OpenAPI document is.
    pub(crate) openapi: Option<Description>,
    pub(crate) breaker: BreakerSettings,
    pub(crate) gate: GateSettings,
    /// How often a repeatable request is sent again.
    pub(crate) retries: u8,
    /// How long an idle connection to it is kept for the next request; 4 s by default.
    pub(crate) idle_timeout: Duration,
    /// Whether its routes honour an `Idempotency-Key`, unless a row says otherwise.
    pub(crate) idempotent: bool,
    /// The routes that lead to it, by the numbers of their circuits.
    pub(crate) circuits: Vec<RouteName>,
}

/// The OpenAPI document of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Description {
    /// The upstream has it at this path, prefix included.
    At(PathAndQuery),
    File {
        path: PathBuf,
        document: Arc<Value>,
    },
}

impl Description {
    /// Parses a document. It must describe paths.
    pub(crate) fn parse(text: &[u8]) -> Result<Value, String> {
        let document: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match document.get("paths") {
            Some(Value::Object(_)) => Ok(document),
            _ => Err("is no OpenAPI document: it has no paths".to_owned()),
        }
    }

    /// # Errors
    /// The file cannot be read, or is none.
    fn read(path: PathBuf) -> Result<Self, String> {
        let text = std::fs::read(&path).map_err(|error| error.to_string())?;
        let document = Arc::new(Self::parse(&text)?);
        Ok(Self::File { path, document })
    }
}

impl UpstreamSettings {
    /// The index of the upstream `name`.
    ///
    /// # Errors
    /// There is none. The error says which name was probably meant.
    pub(crate) fn position(all: &[Self], name: &str) -> Result<usize, String> {
        let found = all.iter().position(|one| *one.name == *name);
        found.ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|one| &*one.name).collect();
            format!(
                "no upstream is named {name}{}",
                spelling::known(name, &names)
            )
        })
    }

    /// The upstream `name`, with its index.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn named<'u>(
        all: &'u mut [Self],
        name: &str,
    ) -> Result<(usize, &'u mut Self), String> {
        let index = Self::position(all, name)?;
        let found = all.iter_mut().enumerate().nth(index);
        found.ok_or_else(|| format!("no upstream is named {name}"))
    }

    /// The files that the table names are in `folder`.
    pub(crate) fn new(
        name: String,
        table: UpstreamTable,
        folder: &Path,
        env: &Env,
    ) -> Result<Self, ConfigError> {
        let in_file = |key: &str| format!("upstreams.{name}.{key}");
        for (key, duration) in [
            ("connect_timeout", table.connect_timeout.0),
            ("timeout", table.timeout.0),
        ] {
            if duration.is_zero() {
                return Err(ConfigError::new(in_file(key), "must be longer than 0"));
            }
        }
        let variable = format!("{}_URL", name.to_uppercase().replace('-', "_"));
        let url = match env.parse(&variable)? {
            Some(url) => url,
            None => UpstreamUrl::from_str(&table.url.joined())
                .map_err(|reason| ConfigError::new(in_file("url"), reason))?,
        };
        let at = |key: &str, path: &str| {
            let refuse = |reason: String| ConfigError::new(in_file(key), reason);
            check_plain(path).map_err(|reason| refuse(reason.to_owned()))?;
            let target = format!("{}{path}", url.prefix);
            PathAndQuery::try_from(target).map_err(|error| refuse(error.to_string()))
        };
        let probe = match &table.probe {
            None => None,
            Some(path) if path.starts_with('/') => Some(at("probe", path)?),
            Some(_) => return Err(ConfigError::new(in_file("probe"), "must begin with /")),
        };
        let openapi = match &table.openapi {
            None => None,
            Some(path) if path.starts_with('/') => Some(Description::At(at("openapi", path)?)),
            Some(file) => {
                let refuse =
                    |reason| ConfigError::new(in_file("openapi"), format!("{file}: {reason}"));
                Some(Description::read(folder.join(file)).map_err(refuse)?)
            }
        };
        let breaker = resilience::breaker(&table, &in_file)?;
        let gate = resilience::gate(&table, &in_file)?;
        Ok(Self {
            label: table.label.of(&name),
            name: name.into(),
            url,
            connect_timeout: table.connect_timeout.0,
            timeout: table.timeout.0,
            probe,
            openapi,
            breaker,
            gate,
            retries: table.retries,
            idle_timeout: table.idle_timeout.0,
            idempotent: table.idempotent,
            circuits: Vec::new(),
        })
    }

    /// Gives the route a circuit of its own, and returns its number.
    pub(crate) fn add_circuit(
        &mut self,
        method: Method,
        path: Arc<str>,
        priority: Priority,
    ) -> usize {
        self.gate.priorities.add(priority);
        self.circuits.push(RouteName { method, path });
        self.circuits.len() - 1
    }
}
