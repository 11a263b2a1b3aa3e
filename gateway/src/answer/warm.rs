//! Keeps an answer stored for each row with `warm = true`, so that there is one in an outage even
//! if no client has asked.
//!
//! 1. Once a second it checks each row. If there is no stored answer, or an old one ([`pace`]), the
//!    gateway asks for it. Its own request takes a client's way through the gateway, without a
//!    connection, credentials or anything else that a client would send.
//! 2. It asks only while the upstream's circuit is closed and no announced closure is under way, for one row of an upstream after the
//!    other. Clients that ask for the same answer meanwhile wait for the same one.
//! 3. After a failure it pauses, longer each time. A circuit that closes ends the pause.
//!
//! It runs once for all workers, beside them. Its requests are logged under this module's name and
//! have their own metric; they are not counted as clients' requests.

mod pace;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_http::Request;
use actix_service::{Service, ServiceFactory as _, map_config};
use actix_web::App;
use actix_web::body::{MessageBody, to_bytes_limited};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderValue};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use service_kit::request_id;
use service_kit::serve::Draining;
use tokio::time::sleep;

use crate::answer::destination::Destination;
use crate::answer::dispatch::{Asker, Following};
use crate::answer::handler;
use crate::answer::site::{Live, Site};
use crate::fault::degraded::is_marked;
use crate::metrics::WarmMetrics;
use crate::resilience::guard::Phase;
use crate::routing::route::{CachePolicy, Outage};
use crate::upstream::Upstream;

use pace::Pace;

/// The time between two checks: a changed menu, or a service that is available again, is asked for
/// within this time. It is also the shortest time between two requests for one row.
const EVERY: Duration = Duration::from_secs(1);

/// One row that is kept warm.
struct Row {
    path: Arc<str>,
    target: Uri,
    upstream: Arc<Upstream>,
    policy: Arc<CachePolicy>,
    /// The number of its circuit.
    circuit: usize,
    metrics: WarmMetrics,
}

/// The outcome of one request.
enum WarmOutcome {
    Stored,
    /// A good answer that may not be stored. The cache has logged the reason.
    NotStored,
    /// No good answer; this is its status.
    Failed(u16),
}

/// Keeps the rows of the site that answers now warm, until the gateway drains.
pub(crate) async fn run(mut live: Live, draining: Draining) {
    // The requests of a replaced site end while those of the next begin.
    let mut sites = FuturesUnordered::new();
    loop {
        let is_over = Rc::new(Cell::new(false));
        sites.push(keep_warm(
            live.site(),
            Rc::clone(&is_over),
            draining.clone(),
        ));
        loop {
            tokio::select! {
                () = live.wait() => break,
                Some(()) = sites.next() => {}
                () = draining.begun() => return,
            }
        }
        is_over.set(true);
    }
}

/// Keeps the rows of one site warm, until it is over.
async fn keep_warm(site: Arc<Site>, is_over: Rc<Cell<bool>>, draining: Draining) {
    let (site, is_over) = (&site, &*is_over);
    let rows = site.upstreams.iter().map(|upstream| rows(site, upstream));
    let rows: Vec<_> = rows.filter(|rows| !rows.is_empty()).collect();
    if rows.is_empty() {
        return;
    }
    let worker = Following::new(Live::always(Arc::clone(site)), draining, Asker::Gateway);
    let app = App::new().default_service(handler::service(worker));
    let service = map_config(app, |()| AppConfig::default()).new_service(());
    let Ok(service) = service.await else {
        log::error!("no answer is kept warm: the requests for them cannot be set up");
        return;
    };
    let watched = rows.iter();
    join_all(watched.map(|rows| watch(site, &service, rows, is_over))).await;
}

/// The rows of the upstream with `warm = true`. The configuration has checked that their paths are
/// valid targets.
fn rows(site: &Site, upstream: &Arc<Upstream>) -> Vec<Row> {
    let rows = site.routes.routes().filter_map(|route| {
        let Destination::Upstream(relayed) = &route.to else {
            return None;
        };
        let Outage::Stale(policy) = &relayed.to.outage else {
            return None;
        };
        let is_its = Arc::ptr_eq(&relayed.upstream, upstream);
        (is_its && policy.is_warm).then(|| {
            Some(Row {
                path: Arc::clone(&route.path),
                target: route.path.parse().ok()?,
                upstream: Arc::clone(upstream),
                policy: Arc::clone(policy),
                circuit: relayed.to.circuit,
                metrics: site.metrics.warm.of(&route.path),
            })
        })?
    });
    rows.collect()
}

/// Keeps the rows of one upstream warm.
async fn watch<S, B>(site: &Site, service: &S, rows: &[Row], is_over: &Cell<bool>)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let mut paces: Vec<_> = rows.iter().map(|_| Pace::default()).collect();
    while !is_over.get() {
        for (row, pace) in rows.iter().zip(&mut paces) {
            let stored = site.cache.stored(&row.policy, &row.path);
            if !is_over.get() && pace.is_due(Instant::now(), row.is_askable(), stored) {
                let outcome = row.ask(site, service).await;
                row.note(&outcome, pace);
            }
        }
        sleep(EVERY).await;
    }
}

/// Whether the upstream's circuit is closed, or due for a trial without a probe of the gateway's
/// own. An upstream that no client asks would otherwise never be found available again.
fn is_available(upstream: &Upstream) -> bool {
    match upstream.guard.phase() {
        Phase::Closed => true,
        Phase::Open { retry_after } => retry_after.is_zero() && upstream.settings.probe.is_none(),
        Phase::HalfOpen { .. } => false,
    }
}

impl Row {
    /// Whether a request for it would be sent.
    fn is_askable(&self) -> bool {
        is_available(&self.upstream) && self.upstream.closed(self.circuit).is_none()
    }

    async fn ask<S, B>(&self, site: &Site, service: &S) -> WarmOutcome
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        let began = Instant::now();
        let mut request = Request::new();
        let head = request.head_mut();
        head.uri = self.target.clone();
        head.headers
            .insert(HOST, HeaderValue::from_static("passe-plat"));
        let Ok(answer) = service.call(request).await else {
            return WarmOutcome::Failed(500);
        };
        let (answer, body) = answer.into_parts().1.into_parts();
        let status = answer.status();
        let id = answer.headers().get(request_id::HEADER);
        log::debug!(
            upstream = &**self.upstream.name(),
            route = &*self.path,
            status = status.as_u16(),
            request_id = id.and_then(|id| id.to_str().ok()).unwrap_or("-");
            "the gateway has asked for a warm answer"
        );
        // An answer that is not stored is still streaming; this ends it.
        let _ = to_bytes_limited(body, 0).await;
        let stored = site.cache.stored(&self.policy, &self.path);
        if stored.is_some_and(|stored| stored.held <= began.elapsed()) {
            WarmOutcome::Stored
        } else if status.is_success() && !is_marked(answer.headers()) {
            WarmOutcome::NotStored
        } else {
            WarmOutcome::Failed(status.as_u16())
        }
    }

    /// Counts the outcome, and logs the first of a run of failures.
    fn note(&self, outcome: &WarmOutcome, pace: &mut Pace) {
        let (upstream, route) = (&**self.upstream.name(), &*self.path);
        match outcome {
            WarmOutcome::Stored => {
                self.metrics.stored.inc();
                pace.succeeded();
            }
            WarmOutcome::NotStored => {
                self.metrics.not_stored.inc();
                if pace.failed(Instant::now()) {
                    log::warn!(upstream = upstream, route = route; "a warm answer may not be stored");
                }
            }
            WarmOutcome::Failed(status) => {
                self.metrics.failed.inc();
                if pace.failed(Instant::now()) {
                    log::info!(upstream = upstream, route = route; "no warm answer yet: {status}");
                }
            }
        }
    }
}
