//! The upstream behind a measured gateway: it answers a GET with a body, and reads the body of
//! anything else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::{Method, Request, Response};

use crate::filler::{Filler, Framing};
use crate::{Error, server};

/// The header field that says how many bytes of the body it has read.
pub(crate) const TAKEN: &str = "bench-taken";

#[derive(Clone, Copy)]
pub(crate) struct Upstream {
    /// The length of the body that it gives.
    pub(crate) length: u64,
    pub(crate) framing: Framing,
    /// How fast it reads a body.
    pub(crate) pace: Pace,
}

/// Bytes per second; without it, as fast as they come.
pub(crate) type Pace = Option<u64>;

impl Upstream {
    /// Listens until the program ends. Gives its address.
    pub(crate) async fn open(self) -> Result<SocketAddr, Error> {
        server::open(move |request| self.answer(request)).await
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Filler> {
        if request.method() == Method::GET {
            return Response::new(Filler::new(self.length, self.framing));
        }
        // The sender notices if its body broke off.
        let taken = take(request.into_body(), self.pace).await.unwrap_or(0);
        let mut answer = Response::new(Filler::none());
        answer.headers_mut().insert(TAKEN, taken.into());
        answer
    }
}

/// Reads a body at `pace` and gives its length.
pub(crate) async fn take(mut body: Incoming, pace: Pace) -> hyper::Result<u64> {
    let begun = Instant::now();
    let mut taken = 0;
    while let Some(frame) = body.frame().await {
        taken += frame?.data_ref().map_or(0, |data| data.len() as u64);
        if let Some(pace) = pace {
            let due = begun + Duration::from_secs_f64(taken as f64 / pace as f64);
            tokio::time::sleep_until(due.into()).await;
        }
    }
    Ok(taken)
}
