//! What a connection and the requests on it tell each other. Both live on one worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use bytes::Bytes;
use tokio::time::Instant;

use crate::http::lazy_timer::Patience;

/// How much of a body a connection reads ahead of whoever takes it. As much as actix-http holds back by itself, which it
/// looks at only between two reads of up to 128 KiB.
pub(crate) const BODY_AHEAD: usize = 32 * 1024;

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
    /// Since when nothing but the client's body is waited for.
    body_awaited_since: Cell<Option<Instant>>,
    has_stalled: Cell<bool>,
    /// The body that comes is for somebody who may take it.
    is_body_metered: Cell<bool>,
    /// Bytes of it that were passed on since all that had come was taken, its framing included.
    body_ahead: Cell<usize>,
    /// The connection, where it wants to know that the body is taken.
    room: RefCell<Option<Waker>>,
    /// Interim answers to the request that is under way, as they are written. They are few, and rare.
    interim: RefCell<Vec<Bytes>>,
    is_delimited_by_end: Cell<bool>,
    is_closing: Cell<bool>,
    has_no_end: Cell<bool>,
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
        self.body_awaited_since.set(None);
        self.has_no_end.set(false);
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

    /// Says that the upstream could take more of the body than has come. If nothing has come, it is time for a
    /// `100 Continue`.
    pub(crate) fn want_body(&self) {
        if self.body_awaited_since.get().is_none() {
            self.body_awaited_since.set(Some(Instant::now()));
        }
        self.make_room();
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

    /// Some of the body has been taken, or its end: the client is no longer waited for.
    pub(crate) fn take_body(&self) {
        self.body_awaited_since.set(None);
    }

    /// A body begins. No more of it is passed on than [`BODY_AHEAD`] before it is taken.
    pub(crate) fn meter_body(&self) {
        self.is_body_metered.set(true);
        self.body_ahead.set(0);
    }

    /// Nobody takes the rest of the body.
    pub(crate) fn leave_body(&self) {
        self.is_body_metered.set(false);
        self.make_room();
    }

    fn make_room(&self) {
        self.body_ahead.set(0);
        if let Some(connection) = self.room.take() {
            connection.wake();
        }
    }

    /// So many bytes of a body have been passed on.
    pub(crate) fn pass_body(&self, bytes: usize) {
        self.body_ahead.set(self.body_ahead.get() + bytes);
    }

    /// Whether as much has been passed on as may be.
    pub(crate) fn is_body_ahead(&self) -> bool {
        self.is_body_metered.get() && self.body_ahead.get() >= BODY_AHEAD
    }

    /// Has `connection` woken when more of a body may be passed on.
    pub(crate) fn wake_for_room(&self, connection: &Waker) {
        self.room.replace(Some(connection.clone()));
    }

    pub(crate) fn body_awaited_since(&self) -> Option<Instant> {
        self.body_awaited_since.get()
    }

    /// An interim answer is there to be written, before the answer to the request that is under way.
    pub(crate) fn add_interim(&self, answer: Bytes) {
        self.interim.borrow_mut().push(answer);
    }

    /// The interim answers that are to be written.
    pub(crate) fn take_interim(&self) -> Vec<Bytes> {
        self.interim.take()
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

    /// The answer goes on for as long as its client is there.
    pub(crate) fn answer_has_no_end(&self) {
        self.has_no_end.set(true);
    }

    pub(crate) fn has_no_end(&self) -> bool {
        self.has_no_end.get()
    }

    /// An answer says that it is the last one.
    pub(crate) fn close(&self) {
        self.is_closing.set(true);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}
