//! A peer of the order service that is up and does nothing: it answers 204 to whatever it is posted.
//!
//! It runs on the generator's thread, so that what an event costs the receiver counts against the row "up".

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Error;

#[derive(Clone, Default)]
pub(crate) struct Received(Arc<AtomicU64>);

impl Received {
    /// How many requests all sinks that share it have taken.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Listens until the program ends; answers its URL.
pub(crate) async fn open(received: &Received) -> Result<String, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let received = received.clone();
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            let received = received.clone();
            let answer = service_fn(move |request| take(request, received.clone()));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    Ok(url)
}

async fn take(
    request: Request<Incoming>,
    received: Received,
) -> Result<Response<String>, Infallible> {
    // Read to its end, so that the connection can be used again. One that broke off is the sender's matter.
    let _ = request.into_body().collect().await;
    received.0.fetch_add(1, Ordering::Relaxed);
    let mut answer = Response::new(String::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    Ok(answer)
}
