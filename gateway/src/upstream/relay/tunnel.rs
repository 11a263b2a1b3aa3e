//! A WebSocket between a client and an upstream (RFC 6455): after the handshake, bytes both ways as
//! they come.
//!
//! 1. The client's bytes go to the upstream in a task of their own, so that a client that does not
//!    read can still send.
//! 2. The upstream's bytes are the body of the answer: the server asks for them when the client has
//!    room.
//! 3. The gateway follows the frames and changes none. When it stops, or when neither side has sent
//!    anything for too long, it sends each side a close frame with 1001, between two frames.
//! 4. A tunnel that one side has left, or that was told to end, has a moment more for the last
//!    bytes of the other side.

mod outbound;

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::ConnectionType;
use actix_web::http::header::{CONNECTION, HeaderValue, UPGRADE};
use actix_web::{HttpRequest, HttpResponse, rt};
use bytes::{Bytes, BytesMut};
use prometheus::IntGauge;
use service_kit::serve::Draining;
use tokio::io::{ReadHalf, split};
use tokio::time::Instant;
use tokio_util::io::poll_read_buf;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::fault::{ClientFault, Fault, UpstreamFault};
use crate::http::lazy_timer::LazyTimer;
use crate::http::transport::Transport;
use crate::http::websocket::{Accept, Frames, WEBSOCKET, expected_accept, goodbye_to_client};
use crate::resilience::guard::{Permit, TunnelPermit};
use crate::upstream::Outgoing;
use crate::upstream::answer::Answer;
use crate::upstream::connection::pool::InUse;
use crate::upstream::exchange::{Exchange, READ};
use crate::upstream::request::headers::ConnectionOptions;
use outbound::Outbound;

/// How long a tunnel lasts after one side has left, or the upstream has sent a close frame: a
/// server then closes the connection (§7.1.1).
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// The upstream's connection broke.
#[derive(Debug, thiserror::Error)]
#[error("the WebSocket's upstream broke off")]
struct Broken(#[source] io::Error);

/// A client's request for a WebSocket.
pub(crate) struct Handshake {
    accept: Accept,
    /// What goes into the tunnel, once it is open.
    tunnel: Cell<Option<(Payload, TunnelPermit)>>,
    timeout: Duration,
    draining: Draining,
}

impl Handshake {
    /// `payload` is all that follows the request. The tunnel ends when both sides have been silent
    /// for `timeout`.
    ///
    /// # Errors
    /// The handshake has no valid key.
    pub(crate) fn of(
        request: &HttpRequest,
        payload: Payload,
        permit: TunnelPermit,
        timeout: Duration,
        draining: Draining,
    ) -> Result<Self, Fault> {
        let fields = request.headers();
        // A key that is named here would not reach the upstream, whose answer would then look wrong.
        let connection = ConnectionOptions::new(fields.get_all(CONNECTION).map(AsRef::as_ref));
        let accept = expected_accept(fields).filter(|_| !connection.names("sec-websocket-key"));
        let accept = accept.ok_or(Fault::Client(ClientFault::Malformed))?;
        Ok(Self {
            accept,
            tunnel: Cell::new(Some((payload, permit))),
            timeout,
            draining,
        })
    }

    /// Checks that a tunnel is opened in answer to this handshake.
    pub(in crate::upstream) fn check(&self, answer: &Answer) -> Result<(), Fault> {
        if !answer.is_switch() || self.accept.is_in(answer.response.headers()) {
            return Ok(());
        }
        Err(Fault::upstream(
            UpstreamFault::InvalidResponse,
            "the upstream opens a WebSocket that is not the client's",
        ))
    }
}

/// Opens the tunnel. `response` is the upstream's 101.
///
/// # Errors
/// The tunnel of this handshake was opened before.
pub(in crate::upstream) fn open(
    mut response: HttpResponse,
    (exchange, permit): (Exchange, Permit),
    handshake: &Handshake,
    outgoing: &Outgoing<'_>,
) -> Result<HttpResponse, Fault> {
    let tunnel = handshake.tunnel.take();
    let twice = || Fault::Internal("a handshake that was answered twice".to_owned());
    let (payload, counted) = tunnel.ok_or_else(twice)?;
    // A tunnel may last for hours: it must not hold a permit that other requests need.
    drop(permit);
    let (connection, in_use) = exchange.into_tunnel();
    let (reader, writer) = split(connection.transport);
    let metrics = &outgoing.upstream.metrics;
    let common = Rc::new(Common::default());
    let outbound = Outbound {
        payload,
        writer,
        client: outgoing.client_connection.cloned(),
        received: metrics.received.clone(),
        common: Rc::clone(&common),
    };
    let draining = handshake.draining.clone();
    let inbound = Inbound {
        reader,
        buffer: connection.buffer,
        frames: Frames::default(),
        outbound: Some(AbortOnDropHandle::new(rt::spawn(outbound.run()))),
        _in_use: in_use,
        common,
        stop: Box::pin(async move { draining.begun().await }),
        timeout: handshake.timeout,
        timer: LazyTimer::default(),
        has_said_goodbye: false,
        ends_at: None,
        _open: Open::count(&metrics.websockets),
        _permit: counted,
    };
    response
        .headers_mut()
        .insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
    response
        .head_mut()
        .set_connection_type(ConnectionType::Upgrade);
    Ok(response.set_body(BoxBody::new(inbound)))
}

/// What both directions know.
struct Common {
    /// When the last bytes came, from either side.
    moved: Cell<Instant>,
    /// Whether the gateway ends the tunnel.
    ending: CancellationToken,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            moved: Cell::new(Instant::now()),
            ending: CancellationToken::new(),
        }
    }
}

impl Common {
    fn note_move(&self) {
        self.moved.set(Instant::now());
    }

    fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Follows `bytes` up to where a close frame fits if the tunnel is ending, or else all of them.
    /// Returns how many.
    fn follow(&self, frames: &mut Frames, bytes: &[u8]) -> usize {
        if self.is_ending() {
            return frames.take(bytes);
        }
        frames.take_all(bytes);
        bytes.len()
    }
}

/// Whether a close frame of the gateway fits here.
fn may_say_goodbye(frames: &Frames) -> bool {
    frames.is_between() && !frames.has_closed()
}

/// The direction from the upstream to the client. Dropping it closes the tunnel.
struct Inbound {
    reader: ReadHalf<Transport>,
    buffer: BytesMut,
    frames: Frames,
    /// The other direction. `None` once it is over: its side has ended, or was told to.
    outbound: Option<AbortOnDropHandle<()>>,
    common: Rc<Common>,
    /// Completes when the gateway stops.
    stop: Pin<Box<dyn Future<Output = ()>>>,
    timeout: Duration,
    timer: LazyTimer,
    has_said_goodbye: bool,
    /// When the tunnel ends, whatever is still to come.
    ends_at: Option<Instant>,
    _open: Open,
    _permit: TunnelPermit,
    /// Counts it at the replica.
    _in_use: InUse,
}

impl Inbound {
    /// Ready once the tunnel has ended, whatever is still to come.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_ending = self.common.is_ending();
        if !is_ending && self.stop.as_mut().poll(context).is_ready() {
            self.common.ending.cancel();
        }
        if self.frames.has_closed() {
            self.end_soon();
        }
        if let Some(outbound) = &mut self.outbound
            && Pin::new(outbound).poll(context).is_ready()
        {
            self.outbound = None;
            self.end_soon();
        }
        match self.ends_at {
            Some(ends_at) => self.timer.poll_until(ends_at, context),
            None => Poll::Pending,
        }
    }

    /// Notes that the upstream has nothing for the client now. Ready if both sides have been silent
    /// for too long. A side that is slow to take its bytes is not silent.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.ends_at.is_some() {
            return Poll::Pending;
        }
        let silent_at = self.common.moved.get() + self.timeout;
        ready!(self.timer.poll_until(silent_at, context));
        self.common.ending.cancel();
        self.end_soon();
        Poll::Ready(())
    }

    fn end_soon(&mut self) {
        self.ends_at
            .get_or_insert_with(|| Instant::now() + LAST_MOMENT);
    }
}

impl MessageBody for Inbound {
    type Error = Broken;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        let this = &mut *self;
        loop {
            if this.poll_over(context).is_ready() {
                return Poll::Ready(None);
            }
            if this.common.is_ending() && !this.has_said_goodbye && may_say_goodbye(&this.frames) {
                this.has_said_goodbye = true;
                this.end_soon();
                return Poll::Ready(Some(Ok(goodbye_to_client())));
            }
            if !this.buffer.is_empty() {
                let count = this.common.follow(&mut this.frames, &this.buffer);
                let piece = this.buffer.split_to(count).freeze();
                // Nothing comes after a close frame (§5.5.1).
                if !this.has_said_goodbye {
                    return Poll::Ready(Some(Ok(piece)));
                }
                continue;
            }
            this.buffer.reserve(READ);
            let reader = Pin::new(&mut this.reader);
            match poll_read_buf(reader, context, &mut this.buffer) {
                Poll::Pending => ready!(this.poll_silence(context)),
                Poll::Ready(Ok(0)) => return Poll::Ready(None),
                Poll::Ready(Ok(_)) => this.common.note_move(),
                Poll::Ready(Err(error)) => {
                    // After a close frame, any end will do.
                    let broken = (!this.frames.has_closed()).then(|| Err(Broken(error)));
                    return Poll::Ready(broken);
                }
            }
        }
    }
}

/// Counts an open tunnel until it is dropped.
struct Open(IntGauge);

impl Open {
    fn count(open: &IntGauge) -> Self {
        open.inc();
        Self(open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
