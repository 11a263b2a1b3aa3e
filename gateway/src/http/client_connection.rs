//! State that a client's connection shares with the requests on it. Both live on one worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use bytes::Bytes;
use tokio::time::Instant;

use crate::http::lazy_timer::LazyTimer;

/// How far a connection reads a body ahead of the request that takes it. actix-http itself holds
/// back as much, but checks only between two reads of up to 128 KiB.
pub(crate) const BODY_AHEAD: usize = 32 * 1024;

#[derive(Debug, Default)]
pub(crate) struct ClientConnection {
    /// Requests whose answers have begun.
    answered: Cell<u64>,
    /// Requests whose answers have ended.
    ended: Cell<u64>,
    /// Wakes the connection when another answer has ended.
    next: RefCell<Option<Waker>>,
    is_body_wanted: Cell<bool>,
    /// Wakes the connection when the body is wanted.
    waiting: RefCell<Option<Waker>>,
    /// Since when only the client's body is waited for.
    body_awaited_since: Cell<Option<Instant>>,
    has_stalled: Cell<bool>,
    /// Whether [`BODY_AHEAD`] limits the body, because a request may still take it.
    is_body_metered: Cell<bool>,
    /// Bytes of the body, with its framing, passed on since the request took all that had come.
    body_ahead: Cell<usize>,
    /// Wakes the connection when the body has been taken.
    room: RefCell<Option<Waker>>,
    /// Interim answers to the current request, as they are written. They are few, and rare.
    interim: RefCell<Vec<Bytes>>,
    is_delimited_by_end: Cell<bool>,
    is_closing: Cell<bool>,
    has_no_end: Cell<bool>,
    /// The timer of the current request: requests come one after another.
    exchange: Rc<RefCell<LazyTimer>>,
}

impl ClientConnection {
    /// The timer of the current request.
    pub(crate) fn exchange(&self) -> Rc<RefCell<LazyTimer>> {
        Rc::clone(&self.exchange)
    }

    /// Notes that the answer to a request is ready to be written.
    pub(crate) fn answer_begins(&self) {
        self.answered.set(self.answered.get() + 1);
    }

    pub(crate) fn answered(&self) -> u64 {
        self.answered.get()
    }

    /// Notes that the answer to a request has ended, and is written as far as it goes.
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

    /// Wakes `connection` when the next answer ends.
    pub(crate) fn wake_at_end(&self, connection: &Waker) {
        self.next.replace(Some(connection.clone()));
    }

    /// Notes that the upstream can take more of the body than has come. If nothing has come, it is
    /// time for a `100 Continue`.
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

    /// Whether the body is wanted. If not, `connection` is woken once it is.
    pub(crate) fn is_body_wanted(&self, connection: &Waker) -> bool {
        let wanted = self.is_body_wanted.get();
        if !wanted {
            self.waiting.replace(Some(connection.clone()));
        }
        wanted
    }

    /// Begins again for the next request that waits for its `100 Continue`.
    pub(crate) fn forget_body(&self) {
        self.is_body_wanted.set(false);
    }

    /// Notes that a part of the body, or its end, was taken: the client is no longer waited for.
    pub(crate) fn take_body(&self) {
        self.body_awaited_since.set(None);
    }

    /// Begins a body: at most [`BODY_AHEAD`] of it is passed on before it is taken.
    pub(crate) fn meter_body(&self) {
        self.is_body_metered.set(true);
        self.body_ahead.set(0);
    }

    /// Notes that nobody takes the rest of the body.
    pub(crate) fn leave_body(&self) {
        self.is_body_metered.set(false);
        self.make_room();
    }

    /// Notes that all of the body that has come was taken.
    pub(crate) fn make_room(&self) {
        self.body_ahead.set(0);
        if let Some(connection) = self.room.take() {
            connection.wake();
        }
    }

    /// Counts bytes of a body that were passed on.
    pub(crate) fn pass_body(&self, bytes: usize) {
        self.body_ahead.set(self.body_ahead.get() + bytes);
    }

    /// Whether no more of the body may be passed on for now.
    pub(crate) fn is_body_ahead(&self) -> bool {
        self.is_body_metered.get() && self.body_ahead.get() >= BODY_AHEAD
    }

    /// Wakes `connection` when more of a body may be passed on.
    pub(crate) fn wake_for_room(&self, connection: &Waker) {
        self.room.replace(Some(connection.clone()));
    }

    pub(crate) fn body_awaited_since(&self) -> Option<Instant> {
        self.body_awaited_since.get()
    }

    /// Adds an interim answer, to be written before the answer to the current request.
    pub(crate) fn add_interim(&self, answer: Bytes) {
        self.interim.borrow_mut().push(answer);
    }

    pub(crate) fn has_interim(&self) -> bool {
        !self.interim.borrow().is_empty()
    }

    pub(crate) fn take_interim(&self) -> Vec<Bytes> {
        self.interim.take()
    }

    /// Notes that the client has held back the rest of its body for too long.
    pub(crate) fn stall(&self) {
        self.has_stalled.set(true);
    }

    pub(crate) fn has_stalled(&self) -> bool {
        self.has_stalled.get()
    }

    /// Notes that only the connection's end delimits the answer: without a clean end, it is
    /// incomplete.
    pub(crate) fn delimit_by_end(&self) {
        self.is_delimited_by_end.set(true);
    }

    pub(crate) fn is_delimited_by_end(&self) -> bool {
        self.is_delimited_by_end.get()
    }

    /// Notes that the answer goes on for as long as its client is connected.
    pub(crate) fn answer_has_no_end(&self) {
        self.has_no_end.set(true);
    }

    pub(crate) fn has_no_end(&self) -> bool {
        self.has_no_end.get()
    }

    /// Notes that an answer has announced that it is the last one.
    pub(crate) fn close(&self) {
        self.is_closing.set(true);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}
