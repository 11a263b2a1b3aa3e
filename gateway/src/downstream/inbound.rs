//! Passes a client's bytes through the screen: forwarded, kept until more come, or held back. Does
//! no I/O.

use bytes::{Buf as _, BytesMut};
use tokio::io::ReadBuf;

use super::screen::{Rest, Screen, Screened};
use crate::fault::refusal::Refusal;
use crate::settings::limits::Limits;

/// The most bytes that are read ahead of their turn: enough for the largest head, which `Limits`
/// keeps under 120 KiB.
const MOST_HELD: usize = 128 * 1024;

/// The same while a whole head is held back. Its followers are most likely bodies, which would be
/// held for nothing.
const MOST_HELD_BACK: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Inbound {
    screen: Screen,
    /// The first `ready` bytes can be passed on. The others cannot: the beginning of a head, or a
    /// refused head.
    held: BytesMut,
    ready: usize,
    /// Whether the held bytes are a whole head that waits for the answer before it to end.
    is_held_back: bool,
    /// The number of requests that have been passed on.
    begun: u64,
    refusal: Option<Refusal>,
    /// Nothing more is passed on: what came is no request, or the rest of a body came late or
    /// incomplete.
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

    /// Screens the bytes that `buffer` has had since `before`, and leaves in it what can be passed
    /// on. Call it only when nothing is held.
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

    /// The same for a head whose beginning is held.
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

    /// Passes on bytes that are ready. Returns whether there were any.
    pub(super) fn pass_ready(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        if self.ready == 0 {
            return false;
        }
        let count = self.ready.min(buffer.remaining());
        buffer.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.advance(count);
        self.ready -= count;
        if self.held.is_empty() {
            // An idle connection must not hold memory for this.
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

    /// Whether the client owes the rest of a head.
    pub(super) fn is_within_head(&self) -> bool {
        !self.held.is_empty() && !self.is_held_back
    }

    /// Whether the client owes the rest of a body.
    pub(super) fn is_within_body(&self) -> bool {
        self.screen.is_within_body()
    }

    /// Whether the client has asked for a WebSocket, so that all further bytes are the tunnel's.
    pub(super) fn is_tunnel(&self) -> bool {
        self.screen.is_tunnel()
    }

    pub(super) fn holds_nothing(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether to read no more until the held bytes have had their turn.
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
