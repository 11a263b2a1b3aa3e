//! Carries an answer from the upstream to the client, with everything that is held for it.
//!
//! 1. While the client asks, it gets the upstream's bytes as they come. The deadline applies to the
//!    upstream.
//! 2. While the client does not ask, the client is waited for. The exchange then holds no permit,
//!    and the rest of a small answer is read, so that the connection is free before the client has
//!    taken it.
//! 3. Of a large answer, no more is read than the client has room for.

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use service_kit::program::chain;
use tokio::time::Instant;

use crate::resilience::guard::{Guard, Permit, Witness};
use crate::resilience::held::Held;
use crate::resilience::memory::Charge;
use crate::upstream::connection::sweep::Tended;
use crate::upstream::deadline::{Deadline, Passed};
use crate::upstream::exchange::sending::Unsent;
use crate::upstream::exchange::{Exchange, Failure};
use crate::upstream::pieces::Pieces;
use crate::upstream::request::upload::Progress;

/// The most that is read ahead of a client.
pub(in crate::upstream) const MOST_AHEAD: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub(in crate::upstream) enum Broken {
    #[error("the upstream's body did not end within the deadline")]
    Late,
    #[error("the upstream's body broke off")]
    Upstream(#[source] Failure),
}

pub(in crate::upstream) struct Transfer {
    /// Dropping it closes the connection, so it is closed when nobody wants the rest.
    exchange: Option<(Exchange, Permit)>,
    /// The charge for the held part of the body, until its client has taken the last byte.
    _charge: Option<Charge>,
    /// The pieces that were read ahead of the client.
    ahead: Pieces,
    /// The error that is reported after those pieces.
    broken: Option<Broken>,
    /// Whether the client has been given a piece, or the head, and has not asked for more.
    is_unasked: bool,
    deadline: Deadline,
    upload: Progress,
    /// The circuit that learns that the body broke off.
    guard: (Arc<Guard>, usize),
    held: Held,
}

impl Transfer {
    /// For a body that is not over; `ahead` is the part that has come.
    pub(in crate::upstream) fn new(
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

    /// Polls the next piece, for a client that has room for it.
    pub(in crate::upstream) fn poll_next(
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
        // The pieces that came before are sent first.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads the rest of a small answer as far as it has come. The upstream is waited for while
    /// there is room.
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
        let exchange = self.exchange.take();
        let is_clients = match &broken {
            Broken::Late => false,
            // The client's own body ended too early.
            Broken::Upstream(Failure::Unsent(Unsent::Body(_))) => true,
            Broken::Upstream(failure) => failure.is_break() && self.deadline.was_paused_long(),
        };
        if !is_clients {
            let (guard, circuit) = &self.guard;
            let witness = exchange.map_or(Witness::ALONE, |(exchange, _)| exchange.broke_off());
            guard.broke_off(*circuit, witness, &chain(&broken));
        }
        self.broken = Some(broken);
    }
}

impl Tended for Transfer {
    fn tend(&mut self, now: Instant) -> bool {
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
}
