//! The documents that upstreams publish of their own routes: the last good one of each.
//!
//! An upstream with `openapi = "/path"` is asked once it can be reached, and then from time to time.
//! While it is away, the last document that was read stays in use.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use http::header::ACCEPT;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use service_kit::serve::Draining;
use tokio::time::{Instant, sleep};

use super::described::Described;
use crate::answer::site::{Live, Site};
use crate::config::Config;
use crate::fault::Fault;
use crate::resilience::balance::Tried;
use crate::resilience::guard::Phase;
use crate::settings::{Description, UpstreamSettings};
use crate::upstream::{Pick, Pools, Upstream, ask_directly};

/// The time between two looks at what is due.
const EVERY: Duration = Duration::from_secs(1);

/// How long a document is taken to be up to date.
const FRESH: Duration = Duration::from_secs(60);

/// How long an upstream may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes of a document.
const MOST: usize = 2 * 1024 * 1024;

/// The documents that were read, by the upstream's name. The number changes with every new one.
#[derive(Default)]
pub(crate) struct Documents(RwLock<(u64, BTreeMap<String, Read>)>);

struct Read {
    /// Where it was read.
    url: String,
    document: Arc<Value>,
}

impl Documents {
    /// A number that changes with every new document.
    pub(crate) fn version(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).0
    }

    /// The documents of the upstreams of a configuration, in its order.
    pub(crate) fn of(&self, config: &Config) -> Vec<Described> {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let upstreams = config.upstreams.iter();
        let documents = upstreams.filter_map(|upstream| {
            let document = match upstream.openapi.as_ref()? {
                Description::File { document, .. } => Arc::clone(document),
                Description::At(path) => {
                    let read = read.1.get(&*upstream.name)?;
                    (read.url == url(upstream, path)).then(|| Arc::clone(&read.document))?
                }
            };
            Some(Described {
                name: upstream.name.to_string(),
                document,
            })
        });
        documents.collect()
    }

    fn learn(&self, upstream: &UpstreamSettings, path: &PathAndQuery, document: Value) {
        let read = Read {
            url: url(upstream, path),
            document: Arc::new(document),
        };
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = all.1.get(&*upstream.name);
        let is_same =
            known.is_some_and(|known| known.url == read.url && known.document == read.document);
        if !is_same {
            all.0 += 1;
            all.1.insert(upstream.name.to_string(), read);
        }
    }
}

fn url(upstream: &UpstreamSettings, path: &PathAndQuery) -> String {
    format!("{}{path}", upstream.url.origins())
}

/// Reads the documents of the site that answers now, until the gateway drains.
pub(crate) async fn run(mut live: Live, documents: Arc<Documents>, draining: Draining) {
    let all = async {
        let mut site = live.site();
        let mut pools = Pools::new(&site.limits, &site.tls);
        let mut due: BTreeMap<String, Instant> = BTreeMap::new();
        loop {
            if let Some(next) = live.replaced() {
                pools = pools.succeeding(&next.upstreams, &next.limits, &next.tls);
                site = next;
                due.clear();
            }
            look(&site, &pools, &documents, &mut due).await;
            sleep(EVERY).await;
        }
    };
    tokio::select! {
        () = all => {}
        () = draining.begun() => {}
    }
}

/// Reads the documents of all upstreams once. Returns the names of those without one.
pub(crate) async fn read(site: &Site, config: &Config, documents: &Documents) -> Vec<String> {
    let pools = Pools::new(&site.limits, &site.tls);
    look(site, &pools, documents, &mut BTreeMap::new()).await;
    let described = documents.of(config);
    let wanted = config.upstreams.iter().filter(|one| one.openapi.is_some());
    let missing = wanted.filter(|one| !described.iter().any(|known| known.name == *one.name));
    missing.map(|one| one.name.to_string()).collect()
}

async fn look(
    site: &Site,
    pools: &Pools,
    documents: &Documents,
    due: &mut BTreeMap<String, Instant>,
) {
    let now = Instant::now();
    let upstreams = site.upstreams.iter().filter_map(|upstream| {
        let Some(Description::At(path)) = &upstream.settings.openapi else {
            return None;
        };
        let is_due = due.get(&**upstream.name()).is_none_or(|due| *due <= now);
        let is_up = upstream.guard.phase() == Phase::Closed && upstream.is_closed_for().is_none();
        (is_due && is_up).then_some((upstream, path))
    });
    let asked = upstreams.map(async |(upstream, path)| {
        let name = upstream.name();
        let wait = match ask(upstream, path, pools).await {
            Ok(document) => {
                documents.learn(&upstream.settings, path, document);
                FRESH
            }
            Err(NotRead::Away(fault)) => {
                log::debug!(upstream = &**name; "its OpenAPI document cannot be read: {fault:?}");
                EVERY
            }
            Err(NotRead::Unfit(reason)) => {
                log::warn!(upstream = &**name; "its OpenAPI document cannot be used: {reason}");
                FRESH
            }
        };
        (name.to_string(), Instant::now() + wait)
    });
    due.extend(join_all(asked).await);
}

/// Why there is no document.
enum NotRead {
    /// The upstream gave no answer.
    Away(Fault),
    /// Its answer is no document.
    Unfit(String),
}

async fn ask(upstream: &Upstream, path: &PathAndQuery, pools: &Pools) -> Result<Value, NotRead> {
    let mut fields = HeaderMap::new();
    fields.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let from = (upstream, &Pick::of(&pools.of(upstream), Tried::default()));
    let answer = ask_directly(from, path, fields, (PATIENCE, MOST)).await;
    let answer = answer.map_err(NotRead::Away)?;
    let read = match answer.heard.status.as_u16() {
        200 => Description::parse(&answer.body),
        status => Err(format!("the upstream answered {status}")),
    };
    read.map_err(NotRead::Unfit)
}
