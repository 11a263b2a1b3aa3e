//! What a connection and the requests on it tell each other. Both live on one worker.

use std::cell::{Cell, RefCell};
use std::task::Waker;

/// Shared by a client's connection and its requests.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Requests whose answers have not ended.
    in_flight: Cell<u32>,
    is_body_wanted: Cell<bool>,
    /// The connection, where it wants to know that the body is.
    waiting: RefCell<Option<Waker>>,
    has_stalled: Cell<bool>,
    is_closing: Cell<bool>,
}

impl Link {
    pub(crate) fn request_begins(&self) {
        self.in_flight.set(self.in_flight.get() + 1);
    }

    pub(crate) fn request_ends(&self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
    }

    pub(super) fn has_requests(&self) -> bool {
        self.in_flight.get() > 0
    }

    /// Says that the upstream takes a body of which nothing has come: time for a `100 Continue`.
    pub(crate) fn want_body(&self) {
        if !self.is_body_wanted.replace(true)
            && let Some(connection) = self.waiting.take()
        {
            connection.wake();
        }
    }

    /// Whether the body is wanted. Wakes the connection once it is.
    pub(super) fn is_body_wanted(&self, connection: &Waker) -> bool {
        let wanted = self.is_body_wanted.get();
        if !wanted {
            self.waiting.replace(Some(connection.clone()));
        }
        wanted
    }

    /// Another request waits for its `100 Continue`.
    pub(super) fn forget_body(&self) {
        self.is_body_wanted.set(false);
    }

    /// The client has kept the rest of its body back for too long.
    pub(super) fn stall(&self) {
        self.has_stalled.set(true);
    }

    pub(crate) fn has_stalled(&self) -> bool {
        self.has_stalled.get()
    }

    /// An answer says that it is the last one.
    pub(crate) fn close(&self) {
        self.is_closing.set(true);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}
