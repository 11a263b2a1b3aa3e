//! `/live`: the process answers. `/ready`: it can do its work and is not about to stop. And the question itself,
//! which `… health` asks so that an image needs no curl.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use shared_types::gateway::{Health, HealthAnswer};

type Check = dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

/// Whether a service can do its work right now.
#[derive(Clone)]
pub struct Readiness(Arc<Check>);

impl Readiness {
    /// Ready as long as it runs.
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

/// At which level a request to `route` is logged: whoever watches over a process asks every few seconds, and would
/// bury everything else.
#[must_use]
pub fn log_level(route: Option<&str>) -> log::Level {
    match route {
        Some("/live" | "/ready") => log::Level::Debug,
        _ => log::Level::Info,
    }
}

#[must_use]
pub fn live_answer() -> HttpResponse {
    HttpResponse::Ok().json(HealthAnswer {
        status: Health::Live,
    })
}

#[must_use]
pub fn ready_answer(ready: bool) -> HttpResponse {
    if ready {
        HttpResponse::Ok().json(HealthAnswer {
            status: Health::Ready,
        })
    } else {
        HttpResponse::ServiceUnavailable().json(HealthAnswer {
            status: Health::NotReady,
        })
    }
}

/// Asks `/ready` of the server that listens on `bind`.
///
/// # Errors
/// Why it is not ready, for the one who reads the health log.
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

/// Where this machine reaches a server that listens on `bind`: one bound to every address is asked on loopback.
#[must_use]
pub fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}
