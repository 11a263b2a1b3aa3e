//! A client's connection as actix-http sees it: what is read has been screened, whoever is too slow is cut, and what
//! was refused is answered when the connection ends, after all answers to what came before it.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::closing::Closing;
use super::goodbye;
use super::link::Link;
use super::patience::Patience;
use super::refusal::Refusal;
use super::screen::{Rest, Screen, Screened};
use crate::limits::Limits;
use crate::transport::Transport;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What is read ahead of its turn: enough for a head as large as one may be, which `Limits` holds under 120 KiB.
const MOST_HELD: usize = 128 * 1024;

pub(crate) struct Stream {
    transport: Transport,
    limits: Limits,
    link: Rc<Link>,
    screen: Screen,
    /// What cannot be passed on: the beginning of a head, or one that was refused, after `ready` bytes that can.
    held: BytesMut,
    ready: usize,
    /// What is held is a whole head, which has to wait for the end of the answer before it.
    is_held_back: bool,
    /// Requests that have been passed on.
    begun: u64,
    refusal: Option<Refusal>,
    /// Nothing more is passed on: what came is no request, or the rest of a body that has not come in time or not
    /// whole.
    is_over: bool,
    /// A body waits for the `100 Continue`.
    awaits_continue: bool,
    /// What is left to write of it.
    interim: &'static [u8],
    patience: Patience,
    /// When the connection, a head, or the last piece of a body or of an answer came.
    since: Instant,
    /// No byte of a request has come.
    is_new: bool,
    /// When the client stopped taking bytes.
    blocked_since: Option<Instant>,
    closing: Option<Closing>,
}

impl Stream {
    pub(crate) fn new(transport: Transport, limits: Limits) -> Self {
        Self {
            transport,
            limits,
            link: Rc::default(),
            screen: Screen::new(limits),
            held: BytesMut::new(),
            ready: 0,
            is_held_back: false,
            begun: 0,
            refusal: None,
            is_over: false,
            awaits_continue: false,
            interim: &[],
            patience: Patience::default(),
            since: Instant::now(),
            is_new: true,
            blocked_since: None,
            closing: None,
        }
    }

    pub(crate) fn link(&self) -> Rc<Link> {
        Rc::clone(&self.link)
    }

    /// Passes on what has been found good already.
    fn take_ready(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.ready.min(buffer.remaining());
        buffer.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.advance(count);
        self.ready -= count;
        if self.held.is_empty() {
            // An idle connection is to hold no memory for it.
            self.held = BytesMut::new();
        }
    }

    /// Screens the bytes that `buffer` has had since `before`, and leaves in it what can be passed on.
    fn screen_in_place(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let has_requests = self.has_requests();
        let fresh = buffer.filled_mut().get_mut(before..).unwrap_or_default();
        let screened = self.screen.screen(fresh, !has_requests);
        if screened.rest.is_head() {
            self.held
                .extend_from_slice(fresh.get(screened.pass..).unwrap_or_default());
            if !self.held.is_empty() && !self.is_new {
                self.since = Instant::now();
            }
        }
        buffer.set_filled(before + screened.pass);
        self.conclude(screened);
    }

    /// The same for a head of which the beginning is held.
    fn screen_held(&mut self) {
        let has_requests = self.has_requests();
        let screened = self.screen.screen(&mut self.held, !has_requests);
        if !screened.rest.is_head() {
            self.held.truncate(screened.pass);
        } else if screened.pass > 0 {
            self.since = Instant::now();
        }
        self.ready = screened.pass;
        self.conclude(screened);
    }

    fn conclude(&mut self, screened: Screened) {
        self.is_new = false;
        self.is_held_back = screened.rest == Rest::HeldBack;
        if screened.begins {
            self.begun += 1;
        }
        if screened.pass > 0 {
            self.awaits_continue = screened.awaits_continue;
        }
        if screened.awaits_continue {
            self.link.forget_body();
        }
        if self.screen.is_within_body() {
            self.since = Instant::now();
        }
        match screened.rest {
            Rest::Refused(refusal) => self.refuse(refusal),
            Rest::Broken => self.is_over = true,
            Rest::Kept | Rest::HeldBack | Rest::None | Rest::Dropped => {}
        }
    }

    /// There are requests whose answers have not ended.
    fn has_requests(&self) -> bool {
        self.begun > self.link.ended()
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusal = Some(refusal);
        self.is_over = true;
    }

    /// The client has closed its side. With requests in flight it counts as gone, as most proxies take it, so that
    /// their upstreams can stop working for it.
    fn ended(&self) -> Poll<io::Result<()>> {
        Poll::Ready(if self.has_requests() || self.screen.is_within_body() {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        })
    }

    /// Nothing has come. Whoever is waited for in vain is cut.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_within_head = !self.held.is_empty() && !self.is_held_back;
        if self.is_held_back {
            self.link.wake_at_end(context.waker());
        }
        let patience = if is_within_head || self.is_new {
            self.limits.head_timeout
        } else if self.screen.is_within_body() {
            self.limits.stall_timeout
        } else {
            self.limits.idle_timeout
        };
        ready!(self.patience.poll_until(self.since + patience, context));
        if is_within_head {
            self.refuse(Refusal::TooSlow);
        } else if self.screen.is_within_body() {
            self.link.stall();
            self.is_over = true;
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
                .poll_until(since + self.limits.stall_timeout, context)
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

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        loop {
            if this.ready > 0 {
                this.take_ready(buffer);
                return Poll::Ready(Ok(()));
            }
            if this.is_over {
                return Poll::Ready(Ok(()));
            }
            if this.is_held_back && !this.has_requests() {
                this.screen_held();
            } else if this.held.len() >= MOST_HELD {
                return this.wait(context);
            } else if this.held.is_empty() {
                let read = Pin::new(&mut this.transport).poll_read(context, buffer);
                if read.is_pending() {
                    return this.wait(context);
                }
                ready!(read)?;
                if buffer.filled().len() == before {
                    return this.ended();
                }
                this.screen_in_place(buffer, before);
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
                this.held.extend_from_slice(more.filled());
                this.screen_held();
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
        // The answer comes without the body.
        self.awaits_continue = false;
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
                let refusal = this.refusal.filter(|_| !this.link.is_closing());
                let goodbye = refusal.map(|refusal| goodbye::render(refusal, &this.held));
                let may_still_send =
                    this.is_over || this.screen.is_within_body() || this.link.is_closing();
                Closing::new(goodbye.unwrap_or_default(), may_still_send)
            }
        };
        let closed = closing.poll(&mut this.transport, context);
        this.closing = Some(closing);
        // A client that takes nothing is not waited for either.
        this.taken(closed, context)
    }
}
