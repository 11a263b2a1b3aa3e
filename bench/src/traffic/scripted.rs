//! An upstream whose behaviour can be switched while it runs, and that counts its requests.

use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, HeaderValue};
use hyper::{Request, Response, StatusCode};
use tokio::sync::watch;

use super::upstream::Upstream;
use crate::Error;
use crate::machine::any;

/// The path that the gateway probes.
pub(crate) const PROBE: &str = "/ready";

/// How requests that come now are answered. A request that hangs is never answered, whatever is
/// switched to later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Answers,
    AnswersAfter(Duration),
    Hangs,
    Fails,
    /// Answers 503 to this percentage of the requests, by chance; never to a probe.
    FailsPart(u64),
}

pub(crate) struct Scripted {
    mode: watch::Sender<Mode>,
    seen: Arc<Seen>,
    server: Upstream,
}

/// The requests that the upstream has seen.
#[derive(Default)]
struct Seen {
    requests: Gauge,
    probes: Gauge,
}

#[derive(Default)]
struct Gauge {
    all: AtomicU64,
    now: AtomicU64,
    most: AtomicU64,
}

/// A request in progress. It is dropped when the request is answered or the client has gone.
struct Present<'g>(&'g Gauge);

impl Scripted {
    pub(crate) async fn open() -> Result<Self, Error> {
        let (mode, modes) = watch::channel(Mode::Answers);
        let seen = Arc::default();
        Ok(Self {
            server: listen(any(), modes, Arc::clone(&seen)).await?,
            mode,
            seen,
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    pub(crate) fn switch(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Closes all connections and refuses new ones.
    pub(crate) async fn close(&mut self) {
        self.server.close().await;
    }

    /// Listens on the same address again.
    pub(crate) async fn reopen(&mut self) -> Result<(), Error> {
        let (modes, seen) = (self.mode.subscribe(), Arc::clone(&self.seen));
        self.server = listen(self.addr(), modes, seen).await?;
        Ok(())
    }

    /// The number of requests so far, without probes.
    pub(crate) fn requests(&self) -> u64 {
        self.seen.requests.all.load(Ordering::Relaxed)
    }

    /// The most probes at once since the last call of this.
    pub(crate) fn most_probes(&self) -> u64 {
        let probes = &self.seen.probes;
        let now = probes.now.load(Ordering::Relaxed);
        probes.most.swap(now, Ordering::Relaxed)
    }
}

async fn listen(
    addr: SocketAddr,
    modes: watch::Receiver<Mode>,
    seen: Arc<Seen>,
) -> Result<Upstream, Error> {
    Upstream::open_at(addr, move |request| {
        let (mode, seen) = (*modes.borrow(), Arc::clone(&seen));
        async move { answer(mode, &seen, &request).await }
    })
    .await
}

async fn answer(mode: Mode, seen: &Seen, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let is_probe = request.uri().path() == PROBE;
    let gauge = if is_probe {
        &seen.probes
    } else {
        &seen.requests
    };
    let (_present, number) = Present::join(gauge);
    let is_well = match mode {
        Mode::Answers => true,
        Mode::AnswersAfter(pause) => {
            tokio::time::sleep(pause).await;
            true
        }
        Mode::Hangs => std::future::pending().await,
        Mode::Fails => false,
        Mode::FailsPart(percent) => is_probe || !is_chosen(percent, number),
    };
    let mut answer = Response::new(Full::from("[]"));
    if is_well {
        let public = HeaderValue::from_static("public");
        answer.headers_mut().insert(CACHE_CONTROL, public);
    } else {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    answer
}

/// Chooses by chance: if exactly every tenth request failed, no three failures would follow each
/// other.
fn is_chosen(percent: u64, number: u64) -> bool {
    RandomState::new().hash_one(number) % 100 < percent
}

impl<'g> Present<'g> {
    /// Counts a new request and gives its number.
    fn join(gauge: &'g Gauge) -> (Self, u64) {
        let now = gauge.now.fetch_add(1, Ordering::Relaxed) + 1;
        gauge.most.fetch_max(now, Ordering::Relaxed);
        (Self(gauge), gauge.all.fetch_add(1, Ordering::Relaxed))
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::is_chosen;

    #[test]
    fn about_the_given_percentage_is_chosen() {
        let tenth = (0..10_000).filter(|number| is_chosen(10, *number)).count();
        assert!((800..1200).contains(&tenth), "{tenth}");
        assert!((0..100).all(|number| is_chosen(100, number) && !is_chosen(0, number)));
    }
}
