//! Liveness and readiness: the answers of `/live` and `/ready`, and the request that asks for them.
//!
//! `/live` says that the process answers, `/ready` that it can do its work and is not stopping. `…
//! health` asks `/ready`, so that an image needs no curl.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use shared_types::gateway::{Health, HealthAnswer};

use crate::trace::otlp;

type Check = dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

/// Whether a service can do its work right now.
#[derive(Clone)]
pub struct Readiness(Arc<Check>);

impl Readiness {
    /// Always ready.
    #[must_use]
    pub fn always() -> Self {
        Self::when(|| async { true })
    }

    pub fn when<F, R>(check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = bool> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(check())))
    }

    pub(crate) async fn is_ready(&self) -> bool {
        (self.0)().await
    }
}

/// The log level of a request to `route`: probes, the other services' questions for ended sessions and
/// for the length of a queue, and their spans, come so often that they would hide all other lines.
#[must_use]
pub fn log_level(route: Option<&str>) -> log::Level {
    match route {
        Some("/live" | "/ready" | "/auth/revocations/{cursor}" | "/deferred" | otlp::PATH) => {
            log::Level::Debug
        }
        _ => log::Level::Info,
    }
}

#[must_use]
pub fn live_answer() -> HttpResponse {
    answer(StatusCode::OK, Health::Live)
}

#[must_use]
pub fn ready_answer(ready: bool) -> HttpResponse {
    match ready {
        true => answer(StatusCode::OK, Health::Ready),
        false => answer(StatusCode::SERVICE_UNAVAILABLE, Health::NotReady),
    }
}

/// It is true now only, so no cache may keep it.
fn answer(code: StatusCode, status: Health) -> HttpResponse {
    HttpResponse::build(code)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(HealthAnswer { status })
}

/// Asks `/ready` of the server that listens on `bind`.
///
/// # Errors
/// The reason why it is not ready, for the health log.
pub async fn ask(bind: SocketAddr) -> Result<(), String> {
    let url = format!("http://{}/ready", reachable(bind));
    let client = awc::Client::builder()
        .timeout(Duration::from_secs(2))
        .finish();
    let answer = client.get(&url).send().await;
    match answer.map_err(|error| format!("{url}: {error}"))?.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("{url}: {status}")),
    }
}

/// The address that reaches a server on `bind` from this machine: loopback when it is bound to all
/// addresses.
#[must_use]
pub fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}
