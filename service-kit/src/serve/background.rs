//! Background work of a server.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// It ends by itself when the server drains.
pub(super) type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Work that may be dropped anywhere. sqlx returns a connection by spawning a task, which panics
/// outside of a runtime, for example when an actix `System` is dropped with unfinished tasks.
pub(super) struct Background {
    runtime: Handle,
    work: Option<Work>,
}

impl Background {
    pub(super) fn new(work: impl Future<Output = ()> + 'static) -> Self {
        Self {
            runtime: Handle::current(),
            work: Some(Box::pin(work)),
        }
    }
}

impl Future for Background {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.work {
            Some(work) => work.as_mut().poll(context),
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        drop(self.work.take());
    }
}
