//! The gateway's configuration: one file, overridden by the environment. If any part is invalid,
//! all of it is refused.

pub(crate) mod against;
pub(crate) mod closures;
mod journey;
mod source;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use service_kit::env::{ConfigError, Env};
use service_kit::trace;
use shared_types::gateway::ClosureTarget;

use crate::aggregates::settings::{self as aggregates, AggregateSettings};
use crate::answer::features::{Features, RouteAt};
use crate::resilience::closures::Closure;
use crate::resilience::rate::Rate;
use crate::resilience::shared_store::StoreSettings;
use crate::routing::client_address::{Scheme, TrustedProxies};
use crate::routing::cors::Origins;
use crate::routing::route::{Own, RouteTable, To};
use crate::settings::admin_token::AdminToken;
use crate::settings::limits::Limits;
use crate::settings::names::Names;
use crate::settings::place;
use crate::settings::tls::HttpsOnly;
use crate::settings::{CacheTable, ConsoleTable, File, RouteRow, TlsFiles, UpstreamSettings};
use crate::upstream::may_be_asked_with;

pub(crate) use source::Origin;
pub use source::Source;

/// The compiled-in file.
const DEFAULT_FILE: &str = include_str!("../gateway.toml");

#[derive(Debug)]
pub struct Config {
    /// `GATEWAY_BIND`: the public address; `0.0.0.0:8000` by default.
    pub bind: SocketAddr,
    /// `GATEWAY_ADMIN_BIND`: the operator's address; `127.0.0.1:9000` by default.
    pub admin_bind: SocketAddr,
    /// `GATEWAY_ADMIN_HOSTS`: further host names of the operator's port, beside those that nobody
    /// else can have.
    pub(crate) admin_hosts: Names,
    /// `GATEWAY_ADMIN_TOKEN`: the password of the operator's port; none by default.
    pub(crate) admin_token: Option<AdminToken>,
    /// `GATEWAY_WORKERS`: threads that serve requests; one per core by default.
    pub workers: usize,
    /// `GATEWAY_CORS_ORIGINS`: the origins whose pages may call; any of localhost by default.
    pub origins: Origins,
    /// `GATEWAY_TLS_CERT` and `GATEWAY_TLS_KEY`: the certificate for clients; clear text by
    /// default.
    pub tls: Option<TlsFiles>,
    /// `GATEWAY_HTTP_REDIRECT_BIND` and `GATEWAY_HSTS`: what keeps clients from clear text; none by
    /// default.
    pub(crate) https_only: HttpsOnly,
    /// `GATEWAY_TRUSTED_PROXIES`: the addresses and ranges of proxies that are believed; none by
    /// default.
    pub trusted_proxies: TrustedProxies,
    pub limits: Limits,
    /// `GATEWAY_RATE_LIMIT`, or `limits.rate` of the file: each client's quota for all requests
    /// together. Without it, the routes' own quotas do not apply either.
    pub(crate) rate_limit: Option<Rate>,
    pub upstreams: Vec<UpstreamSettings>,
    pub routes: RouteTable,
    /// `GATEWAY_DRILLS`: whether the operator may run failure drills; off by default.
    pub(crate) drills: bool,
    pub(crate) features: Features,
    /// The announced closures of the file.
    pub(crate) closures: Vec<(ClosureTarget, Closure)>,
    /// The journey of the console, if it has one.
    pub(crate) console: Option<Arc<ConsoleTable>>,
    /// The answers that are made of several upstreams' answers.
    pub(crate) aggregates: Vec<AggregateSettings>,
    /// `limits.cache`: the bytes of all cached answers together; 16 MiB by default.
    pub(crate) cache: u64,
    /// `cache.file`: the file that also keeps the last good answers; none by default.
    pub(crate) last_good: Option<PathBuf>,
    /// The text that it was read from.
    pub(crate) origin: Origin,
    /// `GATEWAY_REDIS_URL` and `GATEWAY_REDIS_TIMEOUT`: the store that several gateways share; none by
    /// default.
    pub(crate) shared_store: Option<StoreSettings>,
    /// `GATEWAY_LAME_DUCK`: how long requests are still taken after a stop was requested; 0 s by
    /// default.
    pub(crate) lame_duck: Duration,
    /// The collector of spans, by the variables of OpenTelemetry; none by default.
    pub(crate) tracing: Option<trace::Settings>,
    /// What is recorded if traces are kept here instead; `None` with `OTEL_SDK_DISABLED`.
    pub(crate) recording: Option<trace::Recording>,
    /// `GATEWAY_TRACES`: whether the operator's port takes spans, and keeps the last traces for the
    /// console; off by default.
    pub(crate) keeps_traces: bool,
    /// `GATEWAY_CONFIG_WATCH`: whether a change of the file is a reload; off by default.
    pub(crate) is_watched: bool,
}

impl Config {
    /// The scheme that the public is served by.
    pub(crate) fn scheme(&self) -> Scheme {
        match self.tls {
            Some(_) => Scheme::Https,
            None => Scheme::Http,
        }
    }

    /// Reads `file`, or that of `GATEWAY_CONFIG`, or the compiled-in file.
    ///
    /// # Errors
    /// The file or a variable is invalid. The error names it.
    pub fn load(file: Option<&Path>, env: &Env) -> Result<Self, ConfigError> {
        let named = env.get("GATEWAY_CONFIG");
        let Some(path) = file.or(named.as_deref().map(Path::new)) else {
            let config = Self::parse("gateway.toml", DEFAULT_FILE, env)?;
            if config.is_watched {
                let reason = "there is no file to watch: name one by --config or GATEWAY_CONFIG";
                return Err(ConfigError::new("GATEWAY_CONFIG_WATCH", reason));
            }
            return Ok(config);
        };
        let name = path.display().to_string();
        let began = SystemTime::now();
        let text = source::read(path).map_err(|reason| ConfigError::new(&name, reason))?;
        let mut config = Self::parse(&name, &text, env)?;
        config.origin.files = source::files(path, &config);
        config.origin.began = Some(began);
        Ok(config)
    }

    /// Reads `text`, the content of the file `name`. The files that it names are beside it.
    ///
    /// # Errors
    /// The file or a variable is invalid. The error names it.
    pub fn parse(name: &str, text: &str, env: &Env) -> Result<Self, ConfigError> {
        let file = File::parse(name, text)?;
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        let config = Self::build(file, folder, env);
        let config = config.and_then(|config| {
            // It would be overwritten.
            let is_itself = config.last_good.as_deref() == Some(Path::new(name));
            let refused = || ConfigError::new("cache.file", "is the configuration itself");
            (!is_itself).then_some(config).ok_or_else(refused)
        });
        let mut config = config.map_err(|error| place::with_line(error, name, text))?;
        config.origin = Origin::of(name, text);
        if config
            .routes
            .routes()
            .all(|route| matches!(route.to, To::Own(_)))
        {
            let reason = "no route is configured, so every request would be a 404: add one, \
                          such as routes.stock = [{ path = \"/stock\" }]";
            return Err(ConfigError::new(name, reason));
        }
        #[cfg(test)]
        tests::schema::hold(text);
        Ok(config)
    }

    fn build(file: File, folder: &Path, env: &Env) -> Result<Self, ConfigError> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = env.parse_with("GATEWAY_WORKERS", |text| match text.parse() {
            Ok(workers @ 1..=1024) => Ok(workers),
            _ => Err("expected a number between 1 and 1024".to_owned()),
        })?;
        let rate = env.parse_with("GATEWAY_RATE_LIMIT", Rate::parse_or_off)?;
        let rate = rate.unwrap_or(file.limits.rate.0);
        let mut upstreams = file
            .upstreams
            .into_iter()
            .map(|(name, upstream)| UpstreamSettings::new(name, upstream, folder, env))
            .collect::<Result<Vec<_>, _>>()?;
        let limits = Limits::new(&file.limits)?;
        let aggregates = aggregates::all(file.aggregates, &mut upstreams)?;
        let own = Own {
            aggregates: aggregates::paths(&aggregates),
            documents: env.parse_with("GATEWAY_DOCS", on_or_off)?.unwrap_or(true),
            demo: env.parse_with("GATEWAY_DEMO", on_or_off)?.unwrap_or(false),
        };
        check_vary(&file.routes)?;
        let routes = RouteTable::build(&file.routes, &mut upstreams, &limits, folder, &own)?;
        let main = aggregates.iter().map(|aggregate| {
            let part = aggregate.main_part()?;
            Some(RouteAt {
                upstream: part.upstream,
                circuit: part.circuit,
            })
        });
        let main: Vec<_> = main.collect();
        if let Some(console) = &file.console {
            journey::check(console, &routes)?;
        }
        let features = Features::new(&file.features, &upstreams, (&routes, &main))?;
        let closures = closures::all(&file.closures, &upstreams, &features)?;
        let tls = TlsFiles::from_env(env)?;
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
            admin_token: env.parse("GATEWAY_ADMIN_TOKEN")?,
            workers: workers.unwrap_or(cores),
            origins: env.parse_or("GATEWAY_CORS_ORIGINS", Origins::localhost())?,
            https_only: HttpsOnly::from_env(env, tls.as_ref())?,
            tls,
            rate_limit: rate,
            trusted_proxies: env.parse_or("GATEWAY_TRUSTED_PROXIES", TrustedProxies::default())?,
            drills: env
                .parse_with("GATEWAY_DRILLS", on_or_off)?
                .unwrap_or(false),
            features,
            closures,
            console: file.console.map(Arc::new),
            cache: file.limits.cache.0.as_u64(),
            last_good: last_good(file.cache, folder)?,
            aggregates,
            routes,
            limits,
            upstreams,
            origin: Origin::default(),
            shared_store: StoreSettings::from_env(env)?,
            lame_duck: env.duration_or("GATEWAY_LAME_DUCK", Duration::ZERO)?,
            tracing: trace::Settings::from_env(env, "gateway")?,
            recording: trace::Recording::from_env(env, "gateway")?,
            keeps_traces: env
                .parse_with("GATEWAY_TRACES", on_or_off)?
                .unwrap_or(false),
            is_watched: env
                .parse_with("GATEWAY_CONFIG_WATCH", on_or_off)?
                .unwrap_or(false),
        })
    }
}

/// Refuses a row whose `vary` names a field that a request for a cached answer never has.
fn check_vary(rows: &BTreeMap<String, Vec<RouteRow>>) -> Result<(), ConfigError> {
    for row in rows.values().flatten() {
        let mut names = row.vary.iter().flatten();
        if let Some(name) = names.find(|name| !may_be_asked_with(&name.to_ascii_lowercase())) {
            let reason = format!("vary: {name} is never sent for a cached answer");
            return Err(row.refused(reason));
        }
    }
    Ok(())
}

/// The file of `[cache]`, beside the configuration unless its path is absolute.
fn last_good(table: CacheTable, folder: &Path) -> Result<Option<PathBuf>, ConfigError> {
    let Some(file) = table.file else {
        return Ok(None);
    };
    let path = folder.join(&file);
    let is_folder = file.as_os_str().is_empty() || path.file_name().is_none() || path.is_dir();
    if is_folder {
        let reason = "must name a file, not a folder";
        return Err(ConfigError::new("cache.file", reason));
    }
    Ok(Some(path))
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
