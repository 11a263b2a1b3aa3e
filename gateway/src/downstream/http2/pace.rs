//! Whether a client takes its answer. hyper waits for as long as a client leaves it no room to send, and asks the body for
//! nothing meanwhile: no deadline of the body is looked at, and the upstream's connection is held. So it is the task that
//! looks, by what the body and its pieces tell it.
//!
//! A client leaves no room in two ways. It does not open the answer's own window (RFC 9113 §5.2): that is judged here.
//! Or it takes nothing of the whole connection: that is judged in `outbound.rs`, and time in which it lasts does not
//! count here, since many answers may share a slow connection.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::outbound::Clock;
use crate::config::limits::Limits;
use crate::http::lazy_timer::Patience;
use crate::resilience::min_rate::Allowance;

/// How often an answer is looked at while its connection takes nothing.
const LOOK: Duration = Duration::from_secs(1);

/// How a client takes what waits for it. Shared by the body, its pieces and the task that sends them.
#[derive(Clone)]
pub(super) struct Pace(Rc<State>);

struct State {
    /// In the clock's time.
    allowance: Cell<Allowance>,
    clock: Clock,
}

/// Runs the exchanges of a worker on its own thread, and gives up those whose clients do not take their answers.
#[derive(Clone)]
pub(super) struct Exchanges {
    limits: Limits,
    /// Of the exchange that hyper spawns next: it does right after it has called the service.
    next: Rc<Cell<Option<Pace>>>,
}

pin_project! {
    /// One exchange. Ending it early resets its stream.
    struct Paced<F> {
        #[pin]
        exchange: F,
        pace: Option<Pace>,
        patience: Patience,
    }
}

impl Pace {
    fn new(limits: &Limits, clock: Clock) -> Self {
        Self(Rc::new(State {
            allowance: Cell::new(Allowance::new(limits)),
            clock,
        }))
    }

    fn note(&self, note: impl FnOnce(&mut Allowance, Instant)) {
        let mut allowance = self.0.allowance.get();
        note(&mut allowance, self.0.clock.at(Instant::now()));
        self.0.allowance.set(allowance);
    }

    /// A piece was given to be sent.
    pub(super) fn given(&self) {
        self.note(|allowance, now| {
            allowance.wait(now);
        });
    }

    /// So much was sent. It does not matter while the body is asked: then it is not the client that is waited for.
    pub(super) fn taken(&self, count: usize) {
        self.note(|allowance, now| {
            if allowance.deadline().is_some() {
                allowance.moved(count as u64, now);
                allowance.wait(now);
            }
        });
    }

    /// The next one is asked for: there was room for the last.
    pub(super) fn asked(&self) {
        self.note(Allowance::rest);
    }

    /// Ready once the client has taken too little for too long.
    fn poll_late(&self, timer: &mut Patience, context: &mut Context<'_>) -> Poll<()> {
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

    /// The pace of the exchange that comes next, on the connection of `clock`.
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
            patience: Patience::default(),
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
            Some(pace) => pace.poll_late(this.patience, context),
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
