//! An answer on its way from the upstream to the client, with all that is held for it.
//!
//! 1. While the client asks, it gets what the upstream sends, as it comes. The deadline is the upstream's.
//! 2. While the client does not ask, it is the one who is waited for. The exchange then holds no permit, and what is left
//!    of a small answer is read, so that the connection goes back before the client has taken it.
//! 3. Of a large answer nothing more is read than the client has room for.

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use service_kit::program::chain;
use tokio::time::Instant;

use super::deadline::{Deadline, Passed};
use super::exchange::{Exchange, Failure};
use super::pieces::Pieces;
use super::sending::Unsent;
use super::upload::Progress;
use crate::resilience::guard::{Guard, Permit};
use crate::resilience::memory::Charge;
use crate::upstream::held::Held;

/// The most that is read ahead of a client.
pub(super) const MOST_AHEAD: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the upstream's body did not end within the deadline")]
    Late,
    #[error("the upstream's body broke off")]
    Upstream(#[source] Failure),
}

pub(super) struct Transfer {
    /// Dropping it closes the connection, so that it is closed when nobody wants the rest.
    exchange: Option<(Exchange, Permit)>,
    /// For what is held of a body, until its client has taken the last of it.
    _charge: Option<Charge>,
    /// What was read ahead of the client.
    ahead: Pieces,
    /// What is told after that.
    broken: Option<Broken>,
    /// The client has been given something, or the head, and has not asked for more.
    is_unasked: bool,
    deadline: Deadline,
    upload: Progress,
    /// Whose circuit is told when the body breaks off.
    guard: (Arc<Guard>, usize),
    held: Held,
}

impl Transfer {
    /// Of a body that is not over; `ahead` is what has come of it.
    pub(super) fn new(
        (exchange, permit, charge): (Exchange, Permit, Option<Charge>),
        ahead: Pieces,
        deadline: Deadline,
        upload: Progress,
        guard: (Arc<Guard>, usize),
        held: Held,
    ) -> Self {
        deadline.pause();
        Self {
            exchange: Some((exchange, permit)),
            _charge: charge,
            ahead,
            broken: None,
            is_unasked: true,
            deadline,
            upload,
            guard,
            held,
        }
    }

    /// The next piece, for a client that has room for it.
    pub(super) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        if let Some(piece) = self.ahead.pop() {
            return Poll::Ready(Some(Ok(piece)));
        }
        let Some((exchange, _)) = &mut self.exchange else {
            return Poll::Ready(self.broken.take().map(Err));
        };
        self.is_unasked = false;
        self.deadline.resume();
        match exchange.poll_content(context) {
            Poll::Pending => {
                let Passed = ready!(self.deadline.poll(&self.upload, context));
                self.break_off(Broken::Late);
            }
            Poll::Ready(Some(Ok(piece))) => {
                if exchange.is_over() {
                    self.end();
                } else {
                    self.is_unasked = true;
                    self.deadline.pause();
                }
                return Poll::Ready(Some(Ok(piece)));
            }
            Poll::Ready(Some(Err(failure))) => self.break_off(Broken::Upstream(failure)),
            Poll::Ready(None) => {
                self.end();
                return Poll::Ready(None);
            }
        }
        // What has come before is to be sent first.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Looks after an answer that its client may not be asking for. Whether it is to be looked at again.
    pub(super) fn tend(&mut self, now: Instant) -> bool {
        if self.is_unasked {
            if let Some((_, permit)) = &mut self.exchange {
                permit.become_transfer();
            }
            self.read_ahead();
            if self.exchange.is_some() && self.deadline.has_passed(now) {
                self.break_off(Broken::Late);
            }
        }
        self.exchange.is_some()
    }

    /// Reads what the upstream has ready of an answer that is small. The upstream is waited for while there is room.
    fn read_ahead(&mut self) {
        let mut nobody = Context::from_waker(Waker::noop());
        while let Some((exchange, _)) = &mut self.exchange {
            let room = MOST_AHEAD.saturating_sub(self.ahead.size());
            let fits = exchange.left().is_none_or(|left| left <= room as u64);
            if room == 0 || !fits || !self.held.has_room() {
                self.deadline.pause();
                return;
            }
            self.deadline.resume();
            match exchange.poll_content(&mut nobody) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(piece))) => {
                    self.ahead.push(self.held.hold(piece));
                    if exchange.is_over() {
                        self.end();
                    }
                }
                Poll::Ready(Some(Err(failure))) => self.break_off(Broken::Upstream(failure)),
                Poll::Ready(None) => self.end(),
            }
        }
    }

    fn end(&mut self) {
        if let Some((exchange, _permit)) = self.exchange.take() {
            exchange.end();
        }
    }

    fn break_off(&mut self, broken: Broken) {
        self.exchange = None;
        let is_clients = match &broken {
            Broken::Late => false,
            // The client's own body ended too early.
            Broken::Upstream(Failure::Unsent(Unsent::Body(_))) => true,
            Broken::Upstream(failure) => failure.is_break() && self.deadline.was_paused_long(),
        };
        if !is_clients {
            let (guard, circuit) = &self.guard;
            guard.broke_off(*circuit, &chain(&broken));
        }
        self.broken = Some(broken);
    }
}
