//! Measures whether a client takes its answer. hyper waits as long as a client leaves it no room to
//! send, and does not poll the body meanwhile: the body's deadlines are not checked, and the
//! upstream's connection is held. So the exchange's task checks, by what the body and its pieces
//! report.
//!
//! A client can leave no room in two ways. It does not open the answer's own window (RFC 9113
//! §5.2), which is judged here. Or it takes nothing of the whole connection, which is judged in
//! `outbound.rs`; that time does not count here, because many answers may share a slow connection.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::outbound::Clock;
use crate::http::lazy_timer::LazyTimer;
use crate::resilience::min_rate::Allowance;
use crate::settings::limits::Limits;

/// How often an answer is checked while its connection takes nothing.
const LOOK: Duration = Duration::from_secs(1);

/// How fast a client takes its answer. The body, its pieces and the task that sends them share it.
#[derive(Clone)]
pub(super) struct Pace(Rc<State>);

struct State {
    /// In the time of `clock`.
    allowance: Cell<Allowance>,
    clock: Clock,
}

/// Runs a worker's exchanges on its own thread, and gives up those whose clients do not take their
/// answers.
#[derive(Clone)]
pub(super) struct Exchanges {
    limits: Limits,
    /// The pace of the exchange that hyper spawns next, right after it has called the service.
    next: Rc<Cell<Option<Pace>>>,
}

pin_project! {
    /// One exchange. Ending it early resets its stream.
    struct Paced<F> {
        #[pin]
        exchange: F,
        pace: Option<Pace>,
        timer: LazyTimer,
    }
}

impl Pace {
    fn new(limits: &Limits, clock: Clock) -> Self {
        Self(Rc::new(State {
            allowance: Cell::new(limits.allowance()),
            clock,
        }))
    }

    fn note(&self, note: impl FnOnce(&mut Allowance, Instant)) {
        let mut allowance = self.0.allowance.get();
        note(&mut allowance, self.0.clock.at(Instant::now()));
        self.0.allowance.set(allowance);
    }

    /// Notes that a piece was handed over to be sent.
    pub(super) fn given(&self) {
        self.note(|allowance, now| {
            allowance.wait(now);
        });
    }

    /// Notes that `count` bytes were sent. This has no effect while the body is being polled: then
    /// nothing waits for the client.
    pub(super) fn taken(&self, count: usize) {
        self.note(|allowance, now| {
            if allowance.deadline().is_some() {
                allowance.moved(count as u64, now);
                allowance.wait(now);
            }
        });
    }

    /// Notes that the next piece is asked for: there was room for the last.
    pub(super) fn asked(&self) {
        self.note(Allowance::rest);
    }

    /// Ready once the client has taken too little for too long.
    fn poll_late(&self, timer: &mut LazyTimer, context: &mut Context<'_>) -> Poll<()> {
        let clock = &self.0.clock;
        while let Some(deadline) = self.0.allowance.get().deadline() {
            let now = Instant::now();
            let mut at = deadline + clock.stopped(now);
            if clock.stands_still() {
                at = at.max(now + LOOK);
            }
            ready!(timer.poll_until(at, context));
            if clock.at(Instant::now()) >= deadline {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Exchanges {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            next: Rc::default(),
        }
    }

    /// The pace of the next exchange, on the connection of `clock`.
    pub(super) fn begin(&self, clock: &Clock) -> Pace {
        let pace = Pace::new(&self.limits, clock.clone());
        self.next.set(Some(pace.clone()));
        pace
    }
}

impl<F> hyper::rt::Executor<F> for Exchanges
where
    F: Future<Output = ()> + 'static,
{
    fn execute(&self, exchange: F) {
        actix_web::rt::spawn(Paced {
            exchange,
            pace: self.next.take(),
            timer: LazyTimer::default(),
        });
    }
}

impl<F: Future<Output = ()>> Future for Paced<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.exchange.poll(context).is_ready() {
            return Poll::Ready(());
        }
        match this.pace {
            Some(pace) => pace.poll_late(this.timer, context),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
impl Default for Pace {
    fn default() -> Self {
        Self::new(&super::tests::LIMITS, Clock::default())
    }
}
