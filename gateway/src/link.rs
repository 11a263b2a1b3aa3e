//! What a connection and the requests on it tell each other. Both live on one worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use crate::patience::Patience;

/// Shared by a client's connection and its requests.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Requests whose answers have begun.
    answered: Cell<u64>,
    /// Requests whose answers have ended.
    ended: Cell<u64>,
    /// The connection, where it wants to know that another one has.
    next: RefCell<Option<Waker>>,
    is_body_wanted: Cell<bool>,
    /// The connection, where it wants to know that the body is.
    waiting: RefCell<Option<Waker>>,
    has_stalled: Cell<bool>,
    is_delimited_by_end: Cell<bool>,
    is_closing: Cell<bool>,
    /// What the requests are held to, which come one after another.
    exchange: Rc<RefCell<Patience>>,
}

impl Link {
    /// The timer of the request that is under way.
    pub(crate) fn exchange(&self) -> Rc<RefCell<Patience>> {
        Rc::clone(&self.exchange)
    }

    /// The answer to a request is there to be written.
    pub(crate) fn answer_begins(&self) {
        self.answered.set(self.answered.get() + 1);
    }

    pub(crate) fn answered(&self) -> u64 {
        self.answered.get()
    }

    /// The answer to a request has ended, and has been written as far as it goes.
    pub(crate) fn request_ends(&self) {
        self.ended.set(self.ended.get() + 1);
        if let Some(connection) = self.next.take() {
            connection.wake();
        }
    }

    pub(crate) fn ended(&self) -> u64 {
        self.ended.get()
    }

    /// Has `connection` woken when the next answer ends.
    pub(crate) fn wake_at_end(&self, connection: &Waker) {
        self.next.replace(Some(connection.clone()));
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
    pub(crate) fn is_body_wanted(&self, connection: &Waker) -> bool {
        let wanted = self.is_body_wanted.get();
        if !wanted {
            self.waiting.replace(Some(connection.clone()));
        }
        wanted
    }

    /// Another request waits for its `100 Continue`.
    pub(crate) fn forget_body(&self) {
        self.is_body_wanted.set(false);
    }

    /// The client has kept the rest of its body back for too long.
    pub(crate) fn stall(&self) {
        self.has_stalled.set(true);
    }

    pub(crate) fn has_stalled(&self) -> bool {
        self.has_stalled.get()
    }

    /// Only the connection's end delimits the answer: unless that is clean, the answer is not whole.
    pub(crate) fn delimit_by_end(&self) {
        self.is_delimited_by_end.set(true);
    }

    pub(crate) fn is_delimited_by_end(&self) -> bool {
        self.is_delimited_by_end.get()
    }

    /// An answer says that it is the last one.
    pub(crate) fn close(&self) {
        self.is_closing.set(true);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}
