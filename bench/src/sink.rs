//! A peer of the order service that is up and does nothing: it answers 204 to every POST.
//!
//! It runs on the load generator's thread, so that the receiver's cost of an event counts against
//! the row "up".

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};

use crate::{Error, server};

#[derive(Clone, Default)]
pub(crate) struct Received(Arc<AtomicU64>);

impl Received {
    /// How many requests all sinks that share this counter have taken.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Listens until the program ends. Gives its URL.
pub(crate) async fn open(received: &Received) -> Result<String, Error> {
    let received = received.clone();
    let addr = server::open(move |request| take(request, received.clone())).await?;
    Ok(format!("http://{addr}"))
}

async fn take(request: Request<Incoming>, received: Received) -> Response<Full<Bytes>> {
    // Reads the body to its end, so that the connection can be used again. A body that breaks off
    // is the sender's problem.
    let _ = request.into_body().collect().await;
    received.0.fetch_add(1, Ordering::Relaxed);
    let mut answer = Response::default();
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}
