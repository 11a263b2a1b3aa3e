//! A client's connection as actix-http sees it: the bytes read are screened, a client that is too
//! slow is cut off, and a refusal is written when the connection ends, after the answers to all
//! earlier requests.
//!
//! A client may close its sending side once it has sent its requests (RFC 9112 §9.6). All of them
//! are answered: they are complete, and may have been carried out already. actix-http learns of the
//! end only after the last answer. A client that has gone altogether shows by a reset, or in TLS by
//! an end without `close_notify`.

mod waiting;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::closing::Closing;
use super::hearing::Hearing;
use super::inbound::Inbound;
use super::taking;
use super::{Goodbye, Listener};
use crate::http::client_connection::ClientConnection;
use crate::http::lazy_timer::LazyTimer;
use crate::http::pieces::PIECE;
use crate::http::transport::Transport;
use crate::resilience::min_rate::Allowance;

const CONTINUE: Bytes = Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n");

pub(crate) struct Stream {
    transport: Transport,
    public: Arc<Listener>,
    goodbye: Goodbye,
    connection: Rc<ClientConnection>,
    inbound: Inbound,
    /// Whether a body waits for the `100 Continue`.
    awaits_continue: bool,
    /// The interim answers that are still to be written.
    interim: VecDeque<Bytes>,
    /// How many requests had begun when everything to write had been written.
    written_up_to: u64,
    timer: LazyTimer,
    /// When the connection, a head, or the last piece of a body or of an answer came.
    since: Instant,
    /// Whether no byte of a request has come.
    is_new: bool,
    /// When the client was found to be still sending the body of an answered request.
    unwanted_since: Option<Instant>,
    /// The client's allowance for sending a body that is waited for.
    sending: Allowance,
    /// The client's allowance for taking what is written.
    taking: Allowance,
    /// Whether the client will send no more.
    has_ended: bool,
    closing: Option<Closing>,
    /// The rest of a head that was refused before it was complete. Boxed, since few are.
    hearing: Option<Box<Hearing>>,
}

impl Stream {
    pub(crate) fn new(transport: Transport, public: Arc<Listener>, goodbye: Goodbye) -> Self {
        Self {
            inbound: Inbound::new(public.limits),
            transport,
            connection: Rc::default(),
            awaits_continue: false,
            interim: VecDeque::new(),
            written_up_to: 0,
            timer: LazyTimer::default(),
            since: Instant::now(),
            is_new: true,
            unwanted_since: None,
            sending: public.limits.allowance(),
            taking: public.limits.allowance(),
            has_ended: false,
            closing: None,
            hearing: None,
            public,
            goodbye,
        }
    }

    pub(crate) fn connection(&self) -> Rc<ClientConnection> {
        Rc::clone(&self.connection)
    }

    /// Records whether the client takes its bytes, and gives it up if it is too slow.
    fn taken(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        taking::judge(written, &mut self.taking, &mut self.timer, context)
    }

    /// Reads from the transport. A tunnel gets small pieces, since each is held until the upstream
    /// has taken it.
    fn poll_transport(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.inbound.is_tunnel() {
            return self.poll_piece(context, buffer);
        }
        Pin::new(&mut self.transport).poll_read(context, buffer)
    }

    /// Apart, since other connections need not make room for the piece.
    #[inline(never)]
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE];
        let most = buffer.remaining().min(PIECE);
        let mut piece = ReadBuf::new(piece.get_mut(..most).unwrap_or_default());
        ready!(Pin::new(&mut self.transport).poll_read(context, &mut piece))?;
        buffer.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }

    /// Whether the request has enough of its body for now. Meanwhile the client sends only what the
    /// system buffers.
    fn is_body_ahead(&self) -> bool {
        self.inbound.is_within_body() && self.connection.is_body_ahead() && self.has_requests()
    }

    /// Queues the interim answers that have come. There are few, so the usual write takes none.
    fn queue_interim(&mut self) {
        if !self.connection.has_interim() {
            return;
        }
        let interim = self.connection.take_interim();
        // An interim answer must not come in the middle of the answer before. In that case it is
        // dropped.
        if self.written_up_to == self.inbound.begun() {
            self.interim.extend(interim);
        }
    }

    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(answer) = self.interim.front() {
            let written = Pin::new(&mut self.transport).poll_write(context, answer);
            let count = ready!(self.taken(written, context))?;
            if let Some(answer) = self.interim.front_mut() {
                answer.advance(count.min(answer.len()));
            }
            self.interim.pop_front_if(|answer| answer.is_empty());
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let has_ended = self.closing.as_ref().is_some_and(Closing::has_ended);
        if self.connection.is_delimited_by_end() && !has_ended {
            self.transport.reset();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        loop {
            if this.inbound.pass_ready(buffer) {
                return Poll::Ready(Ok(()));
            }
            this.judge_unwanted();
            if this.inbound.is_over() {
                return Poll::Ready(Ok(()));
            }
            let is_free = !this.has_requests();
            if is_free && this.inbound.is_held_back() {
                let screened = this.inbound.screen_held(&[], is_free);
                this.note(screened, true);
            } else if this.has_ended {
                return this.ended(context);
            } else if this.inbound.is_full() {
                return this.wait(context);
            } else if this.is_body_ahead() {
                this.connection.wake_for_room(context.waker());
                return match this.inbound.is_tunnel() {
                    true => this.watch(context),
                    false => this.wait(context),
                };
            } else if this.inbound.holds_nothing() {
                let read = this.poll_transport(context, buffer);
                if read.is_pending() {
                    return this.wait(context);
                }
                ready!(read)?;
                if buffer.filled().len() == before {
                    return this.ended(context);
                }
                let screened = this.inbound.screen_in_place(buffer, before, is_free);
                this.note(screened, false);
                if buffer.filled().len() > before {
                    return Poll::Ready(Ok(()));
                }
            } else {
                let mut more = [0; 4096];
                let mut more = ReadBuf::new(&mut more);
                let read = Pin::new(&mut this.transport).poll_read(context, &mut more);
                if read.is_pending() {
                    return this.wait(context);
                }
                ready!(read)?;
                if more.filled().is_empty() {
                    return this.ended(context);
                }
                let screened = this.inbound.screen_held(more.filled(), is_free);
                this.note(screened, true);
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.queue_interim();
        ready!(self.poll_interim(context))?;
        // The answer comes without waiting for the body. The bytes may also be the end of the
        // answer before.
        if self.connection.answered() >= self.inbound.begun() {
            self.awaits_continue = false;
        }
        let written = Pin::new(&mut self.transport).poll_write(context, bytes);
        let count = ready!(self.taken(written, context))?;
        self.since = Instant::now();
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.awaits_continue && self.connection.is_body_wanted(context.waker()) {
            self.awaits_continue = false;
            self.interim.push_back(CONTINUE);
        }
        // actix-http flushes once it has written all that it had.
        self.written_up_to = self.inbound.begun();
        self.queue_interim();
        ready!(self.poll_interim(context))?;
        let flushed = Pin::new(&mut self.transport).poll_flush(context);
        self.taken(flushed.map_ok(|()| 0), context).map_ok(drop)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut closing = match this.closing.take() {
            Some(closing) => closing,
            None => {
                // Nothing is written after an answer that was announced as the last.
                let is_closing = this.connection.is_closing();
                let refused = this.inbound.refused().filter(|_| !is_closing);
                if let Some((refusal, head)) = refused
                    && refusal.comes_before_the_end()
                {
                    let begin = || Hearing::after(head, Instant::now());
                    let hearing = this.hearing.get_or_insert_with(|| Box::new(begin()));
                    ready!(hearing.poll(&mut this.transport, context));
                }
                let late = this
                    .hearing
                    .as_ref()
                    .map_or(&[][..], |hearing| hearing.heard());
                let goodbye = refused.map(|(refusal, head)| (this.goodbye)(refusal, head, late));
                let may_still_send =
                    is_closing || this.inbound.is_over() || this.inbound.is_within_body();
                Closing::new(goodbye.unwrap_or_default(), may_still_send)
            }
        };
        let closed = closing.poll(&mut this.transport, context);
        this.closing = Some(closing);
        // A client that takes nothing is not waited for here either.
        this.taken(closed.map_ok(|()| 0), context).map_ok(drop)
    }
}
