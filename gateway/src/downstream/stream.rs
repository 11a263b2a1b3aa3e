//! A client's connection as actix-http sees it: what is read has been screened, whoever is too slow is cut, and what
//! was refused is answered when the connection ends, after all answers to what came before it.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::closing::{Closing, LINGER};
use super::goodbye;
use super::inbound::Inbound;
use super::screen::Screened;
use crate::link::Link;
use crate::patience::Patience;
use crate::refusal::Refusal;
use crate::state::State;
use crate::transport::Transport;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

pub(crate) struct Stream {
    transport: Transport,
    state: Arc<State>,
    link: Rc<Link>,
    inbound: Inbound,
    /// A body waits for the `100 Continue`.
    awaits_continue: bool,
    /// What is left to write of it.
    interim: &'static [u8],
    patience: Patience,
    /// When the connection, a head, or the last piece of a body or of an answer came.
    since: Instant,
    /// No byte of a request has come.
    is_new: bool,
    /// When it was found that the client still sends the body of a request that has been answered.
    unwanted_since: Option<Instant>,
    /// When the client stopped taking bytes.
    blocked_since: Option<Instant>,
    closing: Option<Closing>,
}

impl Stream {
    pub(crate) fn new(transport: Transport, state: Arc<State>) -> Self {
        Self {
            inbound: Inbound::new(state.config.limits),
            transport,
            state,
            link: Rc::default(),
            awaits_continue: false,
            interim: &[],
            patience: Patience::default(),
            since: Instant::now(),
            is_new: true,
            unwanted_since: None,
            blocked_since: None,
            closing: None,
        }
    }

    pub(crate) fn link(&self) -> Rc<Link> {
        Rc::clone(&self.link)
    }

    /// What was read has been screened; `held_some` of a head had come before.
    fn note(&mut self, screened: Screened, held_some: bool) {
        let was_new = std::mem::take(&mut self.is_new);
        let has_passed = screened.pass > 0;
        let head_begins = self.inbound.is_within_head() && (has_passed || !held_some && !was_new);
        if head_begins || self.inbound.is_within_body() {
            self.since = Instant::now();
        }
        if has_passed {
            self.awaits_continue = screened.awaits_continue;
        }
        if screened.awaits_continue {
            self.link.forget_body();
        }
    }

    /// There are requests whose answers have not ended.
    fn has_requests(&self) -> bool {
        self.inbound.begun() > self.link.ended()
    }

    /// The client has closed its side. With requests in flight it counts as gone, as most proxies take it, so that
    /// their upstreams can stop working for it.
    fn ended(&self) -> Poll<io::Result<()>> {
        Poll::Ready(if self.has_requests() || self.inbound.is_within_body() {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        })
    }

    /// A body that still comes although its request has been answered is read for a while, since many a client sends the
    /// whole of it before it reads, and then goes on with the connection. It counts against no other limit.
    fn judge_unwanted(&mut self) {
        if self.has_requests() || !self.inbound.is_within_body() {
            self.unwanted_since = None;
            return;
        }
        let since = *self.unwanted_since.get_or_insert_with(Instant::now);
        if self.link.is_closing() || since.elapsed() >= LINGER {
            self.inbound.end();
        }
    }

    /// Nothing has come. Whoever is waited for in vain is cut.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.inbound.is_held_back() {
            self.link.wake_at_end(context.waker());
        }
        let is_within_head = self.inbound.is_within_head();
        if let Some(since) = self.unwanted_since {
            ready!(self.patience.poll_until(since + LINGER, context));
            self.inbound.end();
            return Poll::Ready(Ok(()));
        }
        let patience = if is_within_head || self.is_new {
            self.state.config.limits.head_timeout
        } else if self.inbound.is_within_body() {
            self.state.config.limits.stall_timeout
        } else {
            self.state.config.limits.idle_timeout
        };
        ready!(self.patience.poll_until(self.since + patience, context));
        if is_within_head {
            self.inbound.refuse(Refusal::TooSlow);
        } else if self.inbound.is_within_body() {
            self.link.stall();
            self.inbound.end();
        } else if self.has_requests() {
            // It waits for its answer.
            self.since = Instant::now();
            return self.wait(context);
        }
        Poll::Ready(Ok(()))
    }

    /// Notes whether the client takes what it is sent, and gives it up where it has not for too long.
    fn taken<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.blocked_since = None;
            return written;
        }
        let since = *self.blocked_since.get_or_insert_with(Instant::now);
        ready!(
            self.patience
                .poll_until(since + self.state.config.limits.stall_timeout, context)
        );
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            let written = Pin::new(&mut self.transport).poll_write(context, self.interim);
            let count = ready!(self.taken(written, context))?;
            self.interim = self.interim.get(count..).unwrap_or_default();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let has_ended = self.closing.as_ref().is_some_and(Closing::has_ended);
        if self.link.is_delimited_by_end() && !has_ended {
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
            } else if this.inbound.is_full() {
                return this.wait(context);
            } else if this.inbound.holds_nothing() {
                let read = Pin::new(&mut this.transport).poll_read(context, buffer);
                if read.is_pending() {
                    return this.wait(context);
                }
                ready!(read)?;
                if buffer.filled().len() == before {
                    return this.ended();
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
                    return this.ended();
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
        ready!(self.poll_interim(context))?;
        // The answer comes without the body. What is written may also be the end of the one before it.
        if self.link.answered() >= self.inbound.begun() {
            self.awaits_continue = false;
        }
        let written = Pin::new(&mut self.transport).poll_write(context, bytes);
        let count = ready!(self.taken(written, context))?;
        self.since = Instant::now();
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.awaits_continue && self.link.is_body_wanted(context.waker()) {
            self.awaits_continue = false;
            self.interim = CONTINUE;
        }
        ready!(self.poll_interim(context))?;
        let flushed = Pin::new(&mut self.transport).poll_flush(context);
        self.taken(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut closing = match this.closing.take() {
            Some(closing) => closing,
            None => {
                // After an answer that was announced as the last one nothing is said.
                let is_closing = this.link.is_closing();
                let refused = this.inbound.refused().filter(|_| !is_closing);
                let goodbye =
                    refused.map(|(refusal, head)| goodbye::render(refusal, head, &this.state));
                let may_still_send =
                    is_closing || this.inbound.is_over() || this.inbound.is_within_body();
                Closing::new(goodbye.unwrap_or_default(), may_still_send)
            }
        };
        let closed = closing.poll(&mut this.transport, context);
        this.closing = Some(closing);
        // A client that takes nothing is not waited for either.
        this.taken(closed, context)
    }
}
