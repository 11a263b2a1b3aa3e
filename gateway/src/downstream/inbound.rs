//! What a client has sent, on its way through the screen: passed on, kept for more to come, or held back. Does no I/O.

use bytes::{Buf as _, BytesMut};
use tokio::io::ReadBuf;

use super::screen::{Rest, Screen, Screened};
use crate::config::limits::Limits;
use crate::fault::refusal::Refusal;

/// What is read ahead of its turn: enough for a head as large as one may be, which `Limits` holds under 120 KiB.
const MOST_HELD: usize = 128 * 1024;

/// The same while a whole head is held back. What follows it is bodies, most likely, and would be held for nothing.
const MOST_HELD_BACK: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Inbound {
    screen: Screen,
    /// What cannot be passed on: the beginning of a head, or one that was refused, after `ready` bytes that can.
    held: BytesMut,
    ready: usize,
    /// What is held is a whole head, which has to wait for the end of the answer before it.
    is_held_back: bool,
    /// Requests that have been passed on.
    begun: u64,
    refusal: Option<Refusal>,
    /// Nothing more is passed on: what came is no request, or the rest of a body that has not come in time or not
    /// whole.
    is_over: bool,
}

impl Inbound {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            screen: Screen::new(limits),
            held: BytesMut::new(),
            ready: 0,
            is_held_back: false,
            begun: 0,
            refusal: None,
            is_over: false,
        }
    }

    /// Screens the bytes that `buffer` has had since `before`, and leaves in it what can be passed on. Only where
    /// nothing is held.
    pub(super) fn screen_in_place(
        &mut self,
        buffer: &mut ReadBuf<'_>,
        before: usize,
        is_free: bool,
    ) -> Screened {
        let fresh = buffer.filled_mut().get_mut(before..).unwrap_or_default();
        let screened = self.screen.screen(fresh, is_free);
        if screened.rest.is_head() {
            let rest = fresh.get(screened.pass..).unwrap_or_default();
            self.held.extend_from_slice(rest);
        }
        buffer.set_filled(before + screened.pass);
        self.conclude(screened)
    }

    /// The same for a head of which the beginning is held.
    pub(super) fn screen_held(&mut self, more: &[u8], is_free: bool) -> Screened {
        self.held.extend_from_slice(more);
        let screened = self.screen.screen(&mut self.held, is_free);
        if !screened.rest.is_head() {
            self.held.truncate(screened.pass);
        }
        self.ready = screened.pass;
        self.conclude(screened)
    }

    fn conclude(&mut self, screened: Screened) -> Screened {
        self.is_held_back = screened.rest == Rest::HeldBack;
        self.begun += u64::from(screened.begins);
        match screened.rest {
            Rest::Refused(refusal) => self.refuse(refusal),
            Rest::Broken => self.end(),
            Rest::Kept | Rest::HeldBack | Rest::None | Rest::Dropped => {}
        }
        screened
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refusal = Some(refusal);
        self.end();
    }

    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    /// Passes on what has been found good already. Gives whether there was any.
    pub(super) fn pass_ready(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        if self.ready == 0 {
            return false;
        }
        let count = self.ready.min(buffer.remaining());
        buffer.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.advance(count);
        self.ready -= count;
        if self.held.is_empty() {
            // An idle connection is to hold no memory for it.
            self.held = BytesMut::new();
        }
        true
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn is_held_back(&self) -> bool {
        self.is_held_back
    }

    /// The client owes the rest of a head.
    pub(super) fn is_within_head(&self) -> bool {
        !self.held.is_empty() && !self.is_held_back
    }

    /// The client owes the rest of a body.
    pub(super) fn is_within_body(&self) -> bool {
        self.screen.is_within_body()
    }

    pub(super) fn holds_nothing(&self) -> bool {
        self.held.is_empty()
    }

    /// Nothing more is read before what is held has had its turn.
    pub(super) fn is_full(&self) -> bool {
        let most = match self.is_held_back {
            true => MOST_HELD_BACK,
            false => MOST_HELD,
        };
        self.held.len() >= most
    }

    /// Why the client's last bytes were refused, and these bytes.
    pub(super) fn refused(&self) -> Option<(Refusal, &[u8])> {
        Some((self.refusal?, &self.held))
    }
}
