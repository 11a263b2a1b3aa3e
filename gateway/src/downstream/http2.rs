//! Serves a client by HTTP/2: each request goes to the same service as a request of HTTP/1.
//!
//! It uses hyper's server. actix-http's was rejected: it does not limit streams, and a request goes
//! on after its client has given it up. A connection stays on the thread of the worker that
//! accepted it. Client and gateway agree on HTTP/2 in the TLS handshake; it is not spoken in clear
//! text.
//!
//! Interim answers are not sent. h2 can send them since 0.4.13
//! (`SendResponse::send_informational`), but hyper 1.12 keeps that to itself: its server cannot
//! send one. A client that expects a `100 Continue` may send the body without it (RFC 9110
//! §10.1.1), and `103 Early Hints` are only hints (RFC 8297 §2).

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
use crate::resilience::held::Held;
use crate::settings::limits::{Limits, MOST_FIELDS};

/// Concurrent requests of one client: the least that RFC 9113 §6.5.2 recommends, and more than any
/// browser page asks for at once. A further stream is refused, which tells the client that it may
/// retry (§8.7).
const MAX_STREAMS: u32 = 100;

/// The bytes of one body that a client may send before the upstream takes any.
const STREAM_WINDOW: u32 = 128 * 1024;

/// The same for all bodies of a connection together, which bounds what the gateway has to hold.
/// Eight times [`STREAM_WINDOW`], so that a few stuck uploads do not stop the others.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// The bytes that are held of one answer while its client does not take it.
const SEND_BUFFER: usize = 64 * 1024;

/// The number of fields that the size of a head allows for. HPACK counts 32 bytes for each field
/// beside its name and value (RFC 7541 §4.1), which the gateway's own limit does not. Four
/// pseudo-fields stand for the request line.
const FIELDS: u64 = MOST_FIELDS as u64 + 4;

/// When a silent client is asked whether it is still there, and how long it has to answer. A
/// connection that is cut without notice would otherwise keep its requests until they time out, and
/// its answers for minutes.
const PING_AFTER: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client to which nothing was sent lately has to end the connection: a round trip
/// around the world and one lost packet.
const FAREWELL: Duration = Duration::from_secs(2);

/// The settings of HTTP/2. One for each worker.
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

    /// Serves one connection until the client ends it, has been idle for too long, or the gateway
    /// drains. Requests in flight are finished first, and their answers sent for as long as the
    /// client goes on taking them. Dropping this future drops the requests in flight too.
    ///
    /// # Errors
    /// The connection broke, or the client violated the protocol.
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
        // As in HTTP/1, a new connection may take as long for its first request as a head may.
        let (head, idle) = (self.limits.head_timeout, self.limits.idle_timeout);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = self.draining.begun() => {}
            () = activity.idle_for(head, idle) => {}
        }
        // Tells the client to send no more requests, and which of its requests will still be
        // answered (GOAWAY, RFC 9113 §6.8), so that none is lost. The connection ends by itself
        // once these are answered and sent.
        connection.as_mut().graceful_shutdown();
        // A client that does not react has gone, or has not yet read that far through the bytes in
        // transit. An answer that was sent to it lately speaks for the second.
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

/// The size of a request's fields by HPACK's count. It allows a little more than the gateway's own
/// limits, whose refusals give a reason; h2's is a bare 431.
fn header_list(limits: &Limits) -> u32 {
    let size = limits
        .head
        .saturating_add(limits.uri)
        .saturating_add(32 * FIELDS);
    u32::try_from(size).unwrap_or(u32::MAX)
}
