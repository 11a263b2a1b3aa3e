//! How long a connection waits: for a client to send the rest of its head or body, or for a request
//! to be answered.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::Stream;
use crate::downstream::closing::LINGER;
use crate::downstream::screen::Screened;
use crate::fault::refusal::Refusal;

/// How often to check whether a client that is not read is gone altogether. No event reports it.
const LOOK: Duration = Duration::from_secs(1);

impl Stream {
    /// Records the result of a screening. `held_some` says whether a part of a head had come
    /// before.
    pub(super) fn note(&mut self, screened: Screened, held_some: bool) {
        let was_new = std::mem::take(&mut self.is_new);
        let has_passed = screened.pass > 0;
        let head_begins = self.inbound.is_within_head() && (has_passed || !held_some && !was_new);
        if screened.begins {
            self.sending = self.public.limits.allowance();
        }
        if self.inbound.is_within_body() {
            match screened.begins {
                true => self.connection.meter_body(),
                false => self.connection.pass_body(screened.pass),
            }
            self.note_body(screened);
        } else if head_begins {
            self.since = Instant::now();
        }
        if has_passed {
            self.awaits_continue = screened.awaits_continue;
        }
        if screened.awaits_continue {
            self.connection.forget_body();
        }
    }

    /// Records that a part of a body has come, but not all of it.
    fn note_body(&mut self, screened: Screened) {
        let now = Instant::now();
        if let Some(since) = self
            .connection
            .body_awaited_since()
            .filter(|_| !screened.begins)
        {
            self.sending.wait_since(since.max(self.since));
        }
        self.since = now;
        if !self.sending.moved(screened.pass as u64, now) {
            self.give_up_body();
        }
    }

    fn give_up_body(&mut self) {
        self.connection.stall();
        self.inbound.end();
    }

    /// Whether there are requests whose answers have not ended.
    pub(super) fn has_requests(&self) -> bool {
        self.inbound.begun() > self.connection.ended()
    }

    /// Handles a client that has closed its sending side. A body that ends so is incomplete; a
    /// complete request gets its answer. A stream of events has no end to wait for: a client that
    /// closes its side has left it, as browsers do. A tunnel passes the end on.
    pub(super) fn ended(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.has_ended = true;
        if self.inbound.is_tunnel() {
            return Poll::Ready(Ok(()));
        }
        if self.inbound.is_within_body() || self.connection.has_no_end() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if !self.has_requests() {
            return Poll::Ready(Ok(()));
        }
        self.connection.wake_at_end(context.waker());
        self.watch(context)
    }

    /// Waits, without reading, for the client to be gone altogether.
    pub(super) fn watch(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(error) = self.transport.take_error()? {
                return Poll::Ready(Err(error));
            }
            ready!(self.timer.poll_until(Instant::now() + LOOK, context));
        }
    }

    /// Ends a body that goes on long after its request was answered. It is read for a while first:
    /// many clients send all of it before they read, and then go on with the connection. No other
    /// limit counts it.
    pub(super) fn judge_unwanted(&mut self) {
        if self.has_requests() || !self.inbound.is_within_body() {
            self.unwanted_since = None;
            return;
        }
        let since = *self.unwanted_since.get_or_insert_with(Instant::now);
        if self.connection.is_closing() || since.elapsed() >= LINGER {
            self.inbound.end();
        }
    }

    /// Waits for bytes. A client that keeps the connection waiting for too long is cut off.
    pub(super) fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.inbound.is_held_back() {
            self.connection.wake_at_end(context.waker());
        }
        let is_within_head = self.inbound.is_within_head();
        if let Some(since) = self.unwanted_since {
            ready!(self.timer.poll_until(since + LINGER, context));
            self.inbound.end();
            return Poll::Ready(Ok(()));
        }
        if self.inbound.is_within_body() {
            return self.await_body(context);
        }
        let timeout = if is_within_head || self.is_new {
            self.public.limits.head_timeout
        } else {
            self.public.limits.idle_timeout
        };
        ready!(self.timer.poll_until(self.since + timeout, context));
        if is_within_head {
            self.inbound.refuse(Refusal::TooSlow);
        } else if self.has_requests() {
            // The connection waits for its request's answer.
            self.since = Instant::now();
            return self.wait(context);
        }
        Poll::Ready(Ok(()))
    }

    /// Waits for the rest of a body. The client is cut off only while nothing else is waited for.
    fn await_body(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let awaited = self.connection.body_awaited_since();
            let deadline = match awaited {
                Some(since) => self.sending.wait_since(since.max(self.since)),
                // Checked again by then.
                None => Instant::now() + self.public.limits.stall_timeout,
            };
            ready!(self.timer.poll_until(deadline, context));
            if awaited.is_some() {
                self.give_up_body();
                return Poll::Ready(Ok(()));
            }
        }
    }
}
