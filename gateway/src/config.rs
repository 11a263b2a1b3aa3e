//! What the gateway is told: one file, overridden by the environment, refused as a whole where any of it cannot
//! be used.

mod file;
pub(crate) mod limits;
mod resilience;
pub(crate) mod tls;
mod upstream;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use service_kit::env::{ConfigError, Env};

use crate::config::limits::Limits;
use crate::operator::Names;
use crate::resilience::guard::RouteNames;
use crate::resilience::rate::{Rate, RateLimit};
use crate::restaurant::features::Features;
use crate::restaurant::tracking::Sources;
use crate::routing::client_address::{Scheme, TrustedProxies};
use crate::routing::cors::Origins;
use crate::routing::route::{Own, RouteTable};

pub(crate) use file::{FeatureTable, LimitsTable, PartTable, RouteRow, TrackingTable};
pub use tls::TlsFiles;
pub use upstream::{Upstream, UpstreamUrl};

/// The file that is compiled in.
const DEFAULT_FILE: &str = include_str!("../gateway.toml");

#[derive(Debug)]
pub struct Config {
    /// `GATEWAY_BIND`: where the public listens; `0.0.0.0:8000` by default.
    pub bind: SocketAddr,
    /// `GATEWAY_ADMIN_BIND`: where the operator listens; `127.0.0.1:9000` by default.
    pub admin_bind: SocketAddr,
    /// `GATEWAY_ADMIN_HOSTS`: by which names the operator's port may be asked, beside those that nobody else can have.
    pub(crate) admin_hosts: Names,
    /// `GATEWAY_WORKERS`: threads that serve requests; one per core by default.
    pub workers: usize,
    /// `GATEWAY_CORS_ORIGINS`: the origins whose pages may call; any of localhost by default.
    pub origins: Origins,
    /// `GATEWAY_TLS_CERT` and `GATEWAY_TLS_KEY`: what clients are served with by TLS; clear text by default.
    pub tls: Option<TlsFiles>,
    /// `GATEWAY_TRUSTED_PROXIES`: the addresses and ranges whose word about the client counts; none by default.
    pub trusted_proxies: TrustedProxies,
    pub limits: Limits,
    /// `GATEWAY_RATE_LIMIT`, or `limits.rate` of the file: each client's quota for all requests together. With none,
    /// those of the routes do not count either.
    pub(crate) rate_limit: Option<RateLimit>,
    pub upstreams: Vec<Upstream>,
    pub routes: RouteTable,
    /// The routes that lead to each upstream, by the numbers that their circuits have.
    pub(crate) route_names: RouteNames,
    /// `GATEWAY_DRILLS`: whether the operator may rehearse failures; off by default.
    pub(crate) drills: bool,
    pub(crate) features: Features,
    /// Where the parts of an order come from, where orders are tracked.
    pub(crate) tracking: Option<Arc<Sources>>,
    /// `limits.cache`: bytes of answers that are kept, all together; 16 MiB by default.
    pub(crate) cache: u64,
}

impl Config {
    /// What the public is served over.
    pub(crate) fn scheme(&self) -> Scheme {
        match self.tls {
            Some(_) => Scheme::Https,
            None => Scheme::Http,
        }
    }

    /// Reads `file`, or the file that is compiled in.
    ///
    /// # Errors
    /// The file or a variable that cannot be used, by its name.
    pub fn load(file: Option<&Path>, env: &Env) -> Result<Self, ConfigError> {
        let Some(path) = file else {
            return Self::parse("gateway.toml", DEFAULT_FILE, env);
        };
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::new(&name, error))?;
        Self::parse(&name, &text, env)
    }

    /// `name` is what an error calls the file whose content is `text`; what it refers to is beside it.
    ///
    /// # Errors
    /// The file or a variable that cannot be used, by its name.
    pub fn parse(name: &str, text: &str, env: &Env) -> Result<Self, ConfigError> {
        let file = file::File::parse(name, text)?;
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = env.parse_with("GATEWAY_WORKERS", |text| match text.parse() {
            Ok(workers @ 1..=1024) => Ok(workers),
            _ => Err("expected a number between 1 and 1024".to_owned()),
        })?;
        let rate = env.parse_with("GATEWAY_RATE_LIMIT", Rate::parse_or_off)?;
        let rate = rate.unwrap_or(file.limits.rate);
        let upstreams = file
            .upstreams
            .into_iter()
            .map(|(name, upstream)| Upstream::new(name, upstream, env))
            .collect::<Result<Vec<_>, _>>()?;
        let limits = Limits::new(&file.limits)?;
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        let mut route_names = RouteNames::default();
        let tracking = file
            .tracking
            .map(|table| Sources::new(table, &upstreams, &mut route_names));
        let tracking = tracking.transpose()?.map(Arc::new);
        let own = Own {
            tracks: tracking.is_some(),
            documents: env.parse_with("GATEWAY_DOCS", on_or_off)?.unwrap_or(true),
        };
        let places = (&*upstreams, &mut route_names);
        let routes = RouteTable::build(&file.routes, places, &limits, folder, own)?;
        Ok(Self {
            bind: env.parse_or(
                "GATEWAY_BIND",
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8000)),
            )?,
            admin_bind: env.parse_or(
                "GATEWAY_ADMIN_BIND",
                SocketAddr::from((Ipv4Addr::LOCALHOST, 9000)),
            )?,
            admin_hosts: env.parse_or("GATEWAY_ADMIN_HOSTS", Names::default())?,
            workers: workers.unwrap_or(cores),
            origins: env.parse_or("GATEWAY_CORS_ORIGINS", Origins::localhost())?,
            tls: TlsFiles::from_env(env)?,
            rate_limit: rate.map(|rate| RateLimit::new("default", rate)),
            trusted_proxies: env.parse_or("GATEWAY_TRUSTED_PROXIES", TrustedProxies::default())?,
            drills: env
                .parse_with("GATEWAY_DRILLS", on_or_off)?
                .unwrap_or(false),
            features: Features::new(&file.features, &upstreams, (&routes, tracking.as_deref()))?,
            cache: file.limits.cache.as_u64(),
            tracking,
            route_names,
            routes,
            limits,
            upstreams,
        })
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

#[cfg(test)]
mod tests;
