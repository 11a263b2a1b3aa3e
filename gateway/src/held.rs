//! The bytes that the gateway holds for one connection of HTTP/2: small answers that their client has not taken yet, and
//! small bodies that have not come whole.
//!
//! Such a connection has up to a hundred requests at once, and what is held for them takes neither a permit nor a
//! connection to an upstream. So it needs a bound of its own. Beyond it nothing more is held: bodies stream, and whoever
//! is faster waits. A connection of HTTP/1 has one request at a time, which is bound enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Sixteen bodies of the largest size that is taken whole.
const MOST: usize = 1024 * 1024;

/// A piece of up to this size is copied: it may stand in a buffer of 8 KiB, all of which would be held with it.
const COPIED: usize = 4 * 1024;

/// What is held for one connection. None for one of HTTP/1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Option<Arc<AtomicUsize>>);

/// Bytes that count until the last reference to them is dropped.
struct Counted {
    bytes: Bytes,
    held: Arc<AtomicUsize>,
}

impl Held {
    pub(crate) fn of_a_connection() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether one more piece may be held. Pieces have 64 KiB at most, so that the bound is passed by as much at most.
    pub(crate) fn has_room(&self) -> bool {
        let held = self.0.as_ref();
        held.is_none_or(|held| held.load(Ordering::Relaxed) < MOST)
    }

    /// Counts these bytes, wherever they go, until they are dropped.
    pub(crate) fn hold(&self, bytes: Bytes) -> Bytes {
        let Some(held) = &self.0 else {
            return bytes;
        };
        held.fetch_add(bytes.len(), Ordering::Relaxed);
        let bytes = match bytes.len() {
            ..=COPIED => Bytes::copy_from_slice(&bytes),
            _ => bytes,
        };
        Bytes::from_owner(Counted {
            bytes,
            held: Arc::clone(held),
        })
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{COPIED, Held, MOST};

    #[test]
    fn so_much_is_held_and_room_comes_back_with_the_last_reference() {
        let held = Held::of_a_connection();
        let piece = Bytes::from(vec![b'x'; MOST / 4]);
        let mut all: Vec<_> = (0..4).map(|_| held.hold(piece.clone())).collect();
        assert!(!held.has_room());
        let last = all.pop().unwrap();
        let (beginning, rest) = (last.slice(..9), last.slice(9..));
        drop(last);
        drop(rest);
        assert!(!held.has_room());
        drop(beginning);
        assert!(held.has_room());
    }

    #[test]
    fn a_small_piece_does_not_hold_the_buffer_that_it_stands_in() {
        let buffer = Bytes::from(vec![b'x'; 2 * COPIED]);
        let piece = Held::of_a_connection().hold(buffer.slice(..COPIED));
        assert_eq!(piece, buffer.slice(..COPIED));
        assert_ne!(piece.as_ptr(), buffer.as_ptr());
    }

    #[test]
    fn a_connection_of_http_1_has_no_such_bound() {
        let held = Held::default();
        let piece = held.hold(Bytes::from(vec![b'x'; 2 * MOST]));
        assert!(held.has_room());
        assert_eq!(piece.len(), 2 * MOST);
    }
}
