//! Counts the bytes that the gateway holds for one HTTP/2 connection: small answers that the client
//! has not taken yet, and small bodies that have not arrived whole.
//!
//! Such a connection has up to a hundred requests at once, and what is held for them takes neither
//! a permit nor a connection to an upstream. So it needs a bound of its own. Beyond the bound
//! nothing more is held: bodies stream, and the faster side waits. A connection of HTTP/1 has one
//! request at a time, which is bound enough.
//!
//! Answers beyond the size of an HTTP/1 connection's buffers are charged to the common budget
//! (`gateway/src/resilience/memory.rs`). Request bodies are charged where they are gathered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use crate::resilience::memory::{Charge, Memory};

/// Sixteen bodies of the largest size that is held whole.
const MOST: usize = 1024 * 1024;

/// Answers up to this many bytes are not charged to the common budget: an HTTP/1 connection has
/// written about as much for a client that reads slowly.
const FREE: usize = 32 * 1024;

/// A piece up to this size is copied: it may be part of a buffer of 8 KiB, which would be held
/// whole.
const COPIED: usize = 4 * 1024;

/// The bytes held for one connection. `None` for HTTP/1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Option<Arc<AtomicUsize>>);

/// Bytes that are counted until the last reference to them is dropped.
struct Counted {
    bytes: Bytes,
    held: Arc<AtomicUsize>,
    _charge: Option<Charge>,
}

impl Held {
    pub(crate) fn of_a_connection() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether one more piece may be held. Pieces have at most 64 KiB, so the bound is exceeded by
    /// at most that.
    pub(crate) fn has_room(&self) -> bool {
        let held = self.0.as_ref();
        held.is_none_or(|held| held.load(Ordering::Relaxed) < MOST)
    }

    /// Whether one more piece of an answer may be held, by the common budget as well.
    pub(crate) fn has_room_in(&self, memory: &Memory) -> bool {
        self.has_room() && (!self.is_charged(0) || memory.has_room())
    }

    /// Whether the held answers, with `more` bytes, are charged to the common budget.
    fn is_charged(&self, more: usize) -> bool {
        let held = self.0.as_ref();
        held.is_some_and(|held| held.load(Ordering::Relaxed) + more > FREE)
    }

    /// Counts these bytes, wherever they go, until they are dropped.
    pub(crate) fn hold(&self, bytes: Bytes) -> Bytes {
        self.hold_charged(bytes, None)
    }

    /// The same for an answer, with a charge if much is held already.
    pub(crate) fn hold_answer(&self, bytes: Bytes, charge: impl FnOnce() -> Charge) -> Bytes {
        if !self.is_charged(bytes.len()) {
            return self.hold(bytes);
        }
        let mut charge = charge();
        // The bytes are already in memory. Without room they are held all the same, but the next
        // ones are not.
        let _ = charge.take(bytes.len());
        self.hold_charged(bytes, Some(charge))
    }

    fn hold_charged(&self, bytes: Bytes, charge: Option<Charge>) -> Bytes {
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
            _charge: charge,
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

    use super::{COPIED, FREE, Held, MOST};
    use crate::resilience::memory::Memory;
    use crate::resilience::memory::MemoryLimits;

    #[test]
    fn answers_beyond_a_few_are_charged_to_the_common_budget() {
        let memory = Memory::new(MemoryLimits {
            most: 2 * FREE,
            per_client: 2 * FREE,
        });
        let held = Held::of_a_connection();
        let hold = |size| {
            let answer = Bytes::from(vec![b'x'; size]);
            held.hold_answer(answer, || memory.charge(None))
        };
        let _first = hold(FREE);
        assert_eq!(memory.held(), 0);
        let second = hold(FREE);
        assert_eq!(memory.held(), FREE);
        assert!(held.has_room_in(&memory));
        let third = hold(FREE);
        assert!(!held.has_room_in(&memory));
        drop((second, third));
        assert_eq!(memory.held(), 0);
        assert!(held.has_room_in(&memory));
    }

    #[test]
    fn the_bound_holds_and_room_returns_with_the_last_reference() {
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
    fn a_small_piece_does_not_hold_its_buffer() {
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
