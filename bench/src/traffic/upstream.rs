//! The HTTP server that plays the part of a measured program's upstreams and peers, on the load
//! generator's thread. What it answers is up to the measurement.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::filler::{Filler, Framing};
use crate::Error;
use crate::machine::any;

/// Stops listening and closes its connections when it is dropped.
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    listening: JoinHandle<()>,
}

impl Upstream {
    /// Listens on any port.
    pub(crate) async fn open<A, F, B>(answer: A) -> Result<Self, Error>
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        Self::open_at(any(), answer).await
    }

    /// Listens on `addr` and answers with `answer`.
    pub(crate) async fn open_at<A, F, B>(addr: SocketAddr, answer: A) -> Result<Self, Error>
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let listening = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _peer)) = listener.accept().await {
                let answer = answer.clone();
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async { Ok::<_, Infallible>(answer.await) }
                });
                let stream = TokioIo::new(stream);
                connections.spawn(http1::Builder::new().serve_connection(stream, service));
                // Forgets connections that have ended.
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { addr, listening })
    }

    /// Stops listening, and returns when the port is free again.
    pub(crate) async fn close(&mut self) {
        self.listening.abort();
        // The error only says that the task was aborted.
        let _ = (&mut self.listening).await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// The header field that says how many bytes of a request's body the upstream has read.
pub(crate) const TAKEN: &str = "bench-taken";

/// Bytes per second; without it, as fast as they come.
pub(crate) type Speed = Option<u64>;

/// Answers a GET with a body of one length, and reads the body of anything else.
#[derive(Clone, Copy)]
pub(crate) struct Plain {
    pub(crate) length: u64,
    pub(crate) framing: Framing,
    /// How fast it reads a body.
    pub(crate) speed: Speed,
}

impl Plain {
    pub(crate) async fn answer(self, request: Request<Incoming>) -> Response<Filler> {
        if request.method() == Method::GET {
            return Response::new(Filler::new(self.length, self.framing));
        }
        // The sender notices if its body broke off.
        let taken = take(request.into_body(), self.speed).await.unwrap_or(0);
        let mut answer = Response::new(Filler::none());
        answer.headers_mut().insert(TAKEN, taken.into());
        answer
    }
}

/// Reads a body and gives its length.
pub(crate) async fn take(mut body: Incoming, speed: Speed) -> hyper::Result<u64> {
    let begun = Instant::now();
    let mut taken = 0;
    while let Some(frame) = body.frame().await {
        taken += frame?.data_ref().map_or(0, |data| data.len() as u64);
        if let Some(speed) = speed {
            sleep_until(begun + Duration::from_secs_f64(taken as f64 / speed as f64)).await;
        }
    }
    Ok(taken)
}
