//! Whether a client takes its answer. hyper waits for as long as a client leaves it no room to send, and asks the body for
//! nothing meanwhile: no deadline of the body is looked at, and the upstream's connection is held. So it is the task that
//! looks, by what the body and its pieces tell it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::patience::Patience;

/// Bytes that a client must take of what waits for it within `limits.stall_timeout`: with the default of 30 s, 34 a
/// second. With a byte now and then, which HTTP/2 lets a client ask for, it could keep an upstream's connection for days.
const LEAST: usize = 1024;

/// How a client takes what waits for it. Shared by the body, its pieces and the task that sends them.
#[derive(Clone, Default)]
pub(super) struct Pace(Rc<Cell<Option<Wait>>>);

/// The body has given a piece, and is not asked for the next one.
#[derive(Clone, Copy)]
struct Wait {
    /// When the piece was given, or the client had taken [`LEAST`] once more.
    since: Instant,
    /// Bytes since then.
    taken: usize,
}

/// Runs the exchanges of a worker on its own thread, and gives up those whose clients do not take their answers.
#[derive(Clone)]
pub(super) struct Exchanges {
    /// How long a client may take for [`LEAST`].
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
        self.0.set(Some(Wait {
            since: Instant::now(),
            taken: 0,
        }));
    }

    /// So much was sent. It does not matter while the body is asked: then it is not the client that is waited for.
    pub(super) fn taken(&self, count: usize) {
        let Some(wait) = self.0.get() else {
            return;
        };
        let taken = wait.taken.saturating_add(count);
        if taken >= LEAST {
            self.given();
        } else {
            self.0.set(Some(Wait { taken, ..wait }));
        }
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
            Some(wait) => this.patience.poll_until(wait.since + *this.stall, context),
            None => Poll::Pending,
        }
    }
}
