//! HTTP/2 with a client: each request of a connection goes to the service that HTTP/1 is answered by, as one of its
//! own would.
//!
//! hyper's server, because actix-http's limits no streams and lets a request that its client has given up run on. All
//! of a connection stays on the thread of the worker that has accepted it. HTTP/2 is what a client and the gateway
//! settle on in the TLS handshake; in clear text it is not spoken.
//!
//! Interim answers are not sent. h2 can send them since 0.4.13 (`SendResponse::send_informational`), but hyper 1.12 keeps
//! that to itself: its server has no means to send one. A client that expects a `100 Continue` may go on with the body
//! without it (RFC 9110 §10.1.1), and `103 Early Hints` are hints (RFC 8297 §2).

mod activity;
mod answer;
mod convert;
mod outbound;
mod pace;
mod payload;
mod piece;
mod request;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_http::Request;
use actix_service::Service;
use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use service_kit::serve::Draining;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use self::activity::Activity;
use self::outbound::{Clock, Outbound};
use self::pace::Exchanges;
#[cfg(test)]
pub(super) use self::request::take_over;
use crate::config::limits::{Limits, MOST_FIELDS};
use crate::upstream::held::Held;

/// Requests of one client at a time: what RFC 9113 §6.5.2 recommends at least, and more than any page of a browser
/// asks for at once. A stream beyond it is refused, which tells the client that it may try again (§8.7).
const MAX_STREAMS: u32 = 100;

/// What a client may send of one body before the upstream takes any of it.
const STREAM_WINDOW: u32 = 128 * 1024;

/// The same of all bodies of a connection together, which bounds what it can make the gateway hold. Eight times the
/// above, so that a few uploads that are stuck do not stop the others.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// What is held of one answer for a client that does not take it: two of hyper's reads from an upstream.
const SEND_BUFFER: usize = 64 * 1024;

/// How many fields the size of a head is reckoned with. HPACK counts 32 bytes for each beside its name and value
/// (RFC 7541 §4.1), which the gateway's own limit does not. Four say what a request line does.
const FIELDS: u64 = MOST_FIELDS as u64 + 4;

/// When a silent client is asked whether it is still there, and how long it has to say so: a connection that is cut
/// without a word would otherwise keep its requests until they have timed out, and its answers for minutes.
const PING_AFTER: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client to which nothing was sent lately has to take its leave: a round trip around the world and a packet
/// lost on it.
const FAREWELL: Duration = Duration::from_secs(2);

/// How HTTP/2 is spoken. One for each worker.
pub(crate) struct Http2 {
    builder: http2::Builder<Exchanges>,
    exchanges: Exchanges,
    limits: Limits,
    draining: Draining,
}

impl Http2 {
    pub(crate) fn new(limits: Limits, draining: Draining) -> Self {
        let exchanges = Exchanges::new(limits);
        let mut builder = http2::Builder::new(exchanges.clone());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(header_list(&limits))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(PING_AFTER)
            .keep_alive_timeout(PING_TIMEOUT);
        Self {
            builder,
            exchanges,
            limits,
            draining,
        }
    }

    /// Serves one connection until the client ends it, has had nothing to ask for too long, or the gateway drains. What
    /// is in flight by then is finished first, and sent for as long as the client goes on taking it. Dropped, it takes
    /// the requests in flight with it.
    ///
    /// # Errors
    /// The connection broke, or the client does not keep to the protocol.
    pub(crate) async fn serve<IO, S, B>(
        &self,
        io: IO,
        service: Rc<S>,
        peer: Option<SocketAddr>,
    ) -> Result<(), hyper::Error>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
        S::Future: 'static,
        B: MessageBody + 'static,
    {
        let (activity, held) = (Activity::begin(), Held::of_a_connection());
        let clock = Clock::default();
        let io = Outbound::new(io, &self.limits, clock.clone());
        let handler = service_fn(|request: http::Request<hyper::body::Incoming>| {
            let in_flight = activity.enter();
            let pace = self.exchanges.begin(&clock);
            let is_head = request.method() == http::Method::HEAD;
            let request = request::for_actix(request, peer, &self.limits);
            request.extensions_mut().insert(held.clone());
            let answer = service.call(request);
            async move {
                let answer = answer.await.map_or_else(
                    |error| error.error_response(),
                    |answer| answer.into_parts().1.map_into_boxed_body(),
                );
                Ok::<_, Infallible>(answer::for_hyper(answer, is_head, pace, in_flight))
            }
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(io), handler));
        // As in HTTP/1, a new connection has as long for its first request as a head has.
        let (head, idle) = (self.limits.head_timeout, self.limits.idle_timeout);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = self.draining.begun() => {}
            () = activity.idle_for(head, idle) => {}
        }
        // Tells the client to ask no more on this connection, and which of its requests are still answered (GOAWAY,
        // RFC 9113 §6.8), so that none is lost. Once they are, and all is sent, the connection ends of itself.
        connection.as_mut().graceful_shutdown();
        // A client that does not answer to it has gone, or has not come to it yet behind what is on its way to it. That
        // some of an answer was sent lately speaks for the second.
        let given_up = async {
            sleep(FAREWELL).await;
            let stall = self.limits.stall_timeout;
            activity.idle_for(Duration::ZERO, stall).await;
        };
        tokio::select! {
            ended = connection => ended,
            () = given_up => Ok(()),
        }
    }
}

/// What the fields of a request may take by HPACK's reckoning. A little more than the gateway's own limits, whose
/// refusals say why; h2's is a bare 431.
fn header_list(limits: &Limits) -> u32 {
    let size = limits
        .head
        .saturating_add(limits.uri)
        .saturating_add(32 * FIELDS);
    u32::try_from(size).unwrap_or(u32::MAX)
}
