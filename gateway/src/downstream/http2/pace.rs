//! Whether a client takes its answer. hyper waits for as long as a client leaves it no room to send, and asks the body for
//! nothing meanwhile: no deadline of the body is looked at, and the upstream's connection is held. So it is the task that
//! looks, by what the body tells it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::downstream::patience::Patience;

/// When the body gave the piece that the client has yet to take. Shared by the body and the task that sends it.
#[derive(Clone, Default)]
pub(super) struct Pace(Rc<Cell<Option<Instant>>>);

/// Runs the exchanges of a worker on its own thread, and gives up those whose clients do not take their answers.
#[derive(Clone)]
pub(super) struct Exchanges {
    /// How long a client may leave no room.
    stall: Duration,
    /// Of the exchange that hyper spawns next: it does right after it has called the service.
    next: Rc<Cell<Option<Pace>>>,
}

pin_project! {
    /// One exchange. Ending it early resets its stream.
    struct Paced<F> {
        #[pin]
        exchange: F,
        pace: Pace,
        stall: Duration,
        patience: Patience,
    }
}

impl Pace {
    /// A piece was given to be sent.
    pub(super) fn given(&self) {
        self.0.set(Some(Instant::now()));
    }

    /// The next one is asked for: there was room for the last.
    pub(super) fn asked(&self) {
        self.0.set(None);
    }
}

impl Exchanges {
    pub(super) fn new(stall: Duration) -> Self {
        Self {
            stall,
            next: Rc::default(),
        }
    }

    /// The pace of the exchange that comes next.
    pub(super) fn begin(&self) -> Pace {
        let pace = Pace::default();
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
            pace: self.next.take().unwrap_or_default(),
            stall: self.stall,
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
        match this.pace.0.get() {
            Some(since) => this.patience.poll_until(since + *this.stall, context),
            None => Poll::Pending,
        }
    }
}
