//! A piece of an answer on its way through h2, which takes it in one go and sends it as the client gives room for it.
//!
//! How fast that goes is seen nowhere else: hyper asks the body for more only once a piece is sent almost whole, and for
//! nothing after the last one. So the piece itself tells of every byte that goes.

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

    /// h2 does so when the connection has taken these bytes.
    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.pace.taken(count);
        self.activity.note();
    }
}
