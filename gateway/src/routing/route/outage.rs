//! A route's outage policy: the answer when its upstream gives none. Every row declares it, since
//! an outage is no time to find out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::HeaderName;
use actix_web::web::Bytes;
use service_kit::env::ConfigError;

use crate::settings::{Policy, RouteRow, UpstreamSettings, spelling};

#[derive(Clone, Debug)]
pub enum Outage {
    /// A problem that names the upstream.
    Error,
    /// The last good answer.
    Stale(Arc<CachePolicy>),
    /// An answer that was written in advance.
    Fallback(Arc<Fallback>),
    /// The promise of another upstream, which keeps the request and delivers it later.
    Defer(Keeper),
}

/// The upstream that keeps a row's requests while the row's own gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeper {
    /// Its index in [`Config::upstreams`](crate::config::Config::upstreams).
    pub(crate) upstream: usize,
    /// The number of the row's circuit among those of this upstream.
    pub(crate) circuit: usize,
}

/// How the answers of one path are cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// The path's index among the cached ones.
    pub(crate) index: usize,
    /// The route's path, for people.
    pub(crate) path: Arc<str>,
    /// `fresh`: how long an answer is served without asking; by default as long as the upstream
    /// says.
    pub(crate) fresh: Option<Duration>,
    /// `stale_if_error`: how long after that it may replace a missing answer (RFC 5861 §4).
    pub(crate) stale_if_error: Duration,
    /// `stale_after`: how long to wait for a better answer if there is a stale one.
    pub(crate) stale_after: Duration,
    /// `shared`: the answer is the same for everyone, whoever the request says is asking.
    pub(crate) is_shared: bool,
    /// `vary`: the request fields that distinguish answers, and that the upstream gets.
    pub(crate) vary: Vec<HeaderName>,
    /// `query`: the query parameters that distinguish answers; by default the whole query does.
    pub(crate) query: Option<Vec<String>>,
    /// `compress`: whether the answer is compressed for clients that accept it.
    pub(crate) compress: bool,
    /// Whether there are many targets, distinguished by the path.
    pub(crate) has_parameters: bool,
    /// Whether the path ends with `{*rest}`.
    pub(crate) is_prefix: bool,
    /// `warm`: the gateway asks for the answer by itself, so that there is one in an outage even if
    /// no client has asked.
    pub(crate) is_warm: bool,
}

impl CachePolicy {
    /// How long a stored answer may replace a missing one, once it is no longer fresh.
    #[must_use]
    pub fn stale_if_error(&self) -> Duration {
        self.stale_if_error
    }

    /// Whether the answers are cached in the same way, wherever the path stands in the file.
    /// Compression changes only how they are sent.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let moved = Self {
            index: other.index,
            compress: other.compress,
            ..self.clone()
        };
        moved == *other
    }
}

#[derive(Debug)]
pub struct Fallback {
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// The file as configured, for people.
    pub(crate) file: String,
}

impl Outage {
    /// The name in the configuration file.
    pub(crate) fn as_str(&self) -> &'static str {
        let policy = match self {
            Self::Error => Policy::Error,
            Self::Stale(_) => Policy::Stale,
            Self::Fallback(_) => Policy::Fallback,
            Self::Defer(_) => Policy::Defer,
        };
        policy.as_str()
    }
}

/// Those of all rows, by their paths.
pub(super) type CachePolicies = BTreeMap<String, Arc<CachePolicy>>;

pub(super) fn cache_policies(
    rows: &BTreeMap<String, Vec<RouteRow>>,
) -> Result<CachePolicies, ConfigError> {
    let mut policies = CachePolicies::new();
    let rows = rows.values().flatten();
    for row in rows.filter(|row| row.outage == Some(Policy::Stale)) {
        let policy = policy(row, policies.len()).map_err(|reason| row.refused(reason))?;
        if policies
            .insert(row.path.clone(), Arc::new(policy))
            .is_some()
        {
            return Err(row.refused(format!("path: GET {} stands twice", row.path)));
        }
    }
    Ok(policies)
}

fn policy(row: &RouteRow, index: usize) -> Result<CachePolicy, String> {
    if row.methods != ["GET"] {
        return Err(
            "outage: only GET can be served stale: give it a row of its own, with methods = [\"GET\"]"
                .to_owned(),
        );
    }
    let stale_if_error = row.stale_if_error.map(|duration| duration.0);
    let stale_if_error = stale_if_error
        .filter(|duration| !duration.is_zero())
        .ok_or(
            "stale_if_error: required and longer than 0: how long a stale answer may be served",
        )?;
    Ok(CachePolicy {
        index,
        path: row.path.as_str().into(),
        fresh: row.fresh.map(|fresh| fresh.0),
        stale_if_error,
        stale_after: row.stale_after.map_or(Duration::MAX, |wait| wait.0),
        is_shared: row.shared.unwrap_or(false),
        vary: vary(row.vary.as_deref().unwrap_or_default())?,
        query: row.query.clone().map(query).transpose()?,
        compress: row.compress.unwrap_or(false),
        has_parameters: row.path.contains('{'),
        is_prefix: row.path.contains("{*"),
        is_warm: is_warm(row)?,
    })
}

fn vary(names: &[String]) -> Result<Vec<HeaderName>, String> {
    let mut known = Vec::new();
    for name in names {
        let parsed: HeaderName = name.parse().map_err(|_invalid| format!("vary: {name}"))?;
        if known.contains(&parsed) {
            return Err(format!("vary: {name} stands twice"));
        }
        known.push(parsed);
    }
    Ok(known)
}

fn query(names: Vec<String>) -> Result<Vec<String>, String> {
    for (place, name) in names.iter().enumerate() {
        if !is_plain_name(name) {
            return Err(format!("query: {name} must be letters, digits and -_.~[]"));
        }
        if names.iter().take(place).any(|other| other == name) {
            return Err(format!("query: {name} stands twice"));
        }
    }
    Ok(names)
}

/// Whether a query needs no escapes to hold this name.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~[]".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Whether the row is warm. A warm row must have one answer, to a request without anything of a
/// client's.
fn is_warm(row: &RouteRow) -> Result<bool, String> {
    if row.warm != Some(true) {
        return Ok(false);
    }
    if row.path.contains('{') {
        return Err("warm: a path with a parameter has many answers".to_owned());
    }
    if row.query.as_ref().is_none_or(|names| !names.is_empty()) {
        return Err("warm: query = [] is needed, so that no query makes another answer".to_owned());
    }
    if row.vary.as_ref().is_some_and(|names| !names.is_empty()) {
        return Err("warm: a row with vary has many answers".to_owned());
    }
    Ok(true)
}

/// The policy that the row of the upstream `own` declares. Its files are in `folder`.
pub(super) fn of(
    row: &RouteRow,
    own: &str,
    policies: &CachePolicies,
    folder: &Path,
    upstreams: &mut [UpstreamSettings],
) -> Result<Outage, String> {
    let declared = row.outage;
    let belongs = |to: Policy, keys: &[(&str, bool)]| {
        let strange = keys.iter().find(|(_, given)| *given);
        match strange {
            Some((key, _)) if declared != Some(to) => {
                Err(format!("{key}: is only for outage = \"{}\"", to.as_str()))
            }
            _ => Ok(()),
        }
    };
    belongs(
        Policy::Stale,
        &[
            ("fresh", row.fresh.is_some()),
            ("stale_if_error", row.stale_if_error.is_some()),
            ("stale_after", row.stale_after.is_some()),
            ("shared", row.shared.is_some()),
            ("vary", row.vary.is_some()),
            ("query", row.query.is_some()),
            ("warm", row.warm.is_some()),
        ],
    )?;
    belongs(Policy::Fallback, &[("fallback", row.fallback.is_some())])?;
    belongs(Policy::Defer, &[("defer", row.defer.is_some())])?;
    match declared {
        Some(Policy::Error) => Ok(Outage::Error),
        Some(Policy::Stale) => policies
            .get(&row.path)
            .map(|policy| Outage::Stale(Arc::clone(policy)))
            .ok_or_else(|| "outage: no answers are cached for this path".to_owned()),
        Some(Policy::Fallback) => {
            let file = row.fallback.as_ref().ok_or("fallback: a file is needed")?;
            Fallback::read(&folder.join(file))
                .map(|fallback| Outage::Fallback(Arc::new(fallback)))
                .map_err(|reason| format!("fallback: {}: {reason}", file.display()))
        }
        Some(Policy::Defer) => keeper(row, own, upstreams).map(Outage::Defer),
        None => Err(
            "outage: required, for when the upstream is down: error, stale, fallback or defer"
                .to_owned(),
        ),
    }
}

/// The upstream that keeps the requests of a row of the upstream `own`.
fn keeper(row: &RouteRow, own: &str, upstreams: &mut [UpstreamSettings]) -> Result<Keeper, String> {
    let name = row.defer.as_deref();
    let name = name.ok_or("defer: the upstream that keeps the requests is needed")?;
    if name == own {
        return Err("defer: must be another upstream than the row's own".to_owned());
    }
    let changes = |method: &String| !matches!(method.as_str(), "GET" | "HEAD");
    if !row.methods.iter().all(changes) {
        return Err(
            "outage: a GET or HEAD has nothing to deliver later: give it a row of its own"
                .to_owned(),
        );
    }
    let found = UpstreamSettings::named(upstreams, name);
    let (upstream, keeper) = found.map_err(|reason| format!("defer: {reason}"))?;
    let method = row.methods.first().and_then(|method| method.parse().ok());
    Ok(Keeper {
        upstream,
        circuit: keeper.add_circuit(
            method.unwrap_or(Method::POST),
            row.path.as_str().into(),
            row.priority,
        ),
    })
}

impl Fallback {
    fn read(file: &Path) -> Result<Self, String> {
        let content_type = match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => "application/json",
            Some("html") => "text/html; charset=utf-8",
            Some("txt") => "text/plain; charset=utf-8",
            _ => return Err("must be a .json, .html or .txt file".to_owned()),
        };
        let body = std::fs::read(file).map_err(|error| error.to_string())?;
        Ok(Self {
            content_type,
            body: body.into(),
            file: file.display().to_string(),
        })
    }
}

/// The cached paths that a row makes out of date.
pub(super) fn invalidated(
    row: &RouteRow,
    policies: &CachePolicies,
) -> Result<Vec<Arc<CachePolicy>>, String> {
    let paths = row.invalidates.iter();
    paths
        .map(|path| {
            let found = policies.get(path).map(Arc::clone);
            found.ok_or_else(|| {
                let paths: Vec<_> = policies.keys().map(String::as_str).collect();
                let known = spelling::known(path, &paths);
                format!("invalidates: no row for {path} is served stale{known}")
            })
        })
        .collect()
}
