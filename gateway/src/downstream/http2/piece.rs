//! A piece of an answer. h2 takes it at once and sends it as the client gives room.
//!
//! This is the only place that sees how fast that goes. hyper asks the body for more only when a
//! piece is almost sent, and for nothing after the last one. So the piece itself reports every byte
//! that is sent.

use actix_web::web::Bytes;
use bytes::Buf;

use super::activity::Activity;
use super::pace::Pace;

pub(super) struct Piece {
    pub(super) bytes: Bytes,
    pub(super) pace: Pace,
    pub(super) activity: Activity,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    /// h2 calls this when the connection has taken these bytes.
    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.pace.taken(count);
        self.activity.note();
    }
}
