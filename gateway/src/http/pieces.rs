//! An answer's body in small pieces.
//!
//! actix-http copies each piece of a body, however large, into the connection's write buffer. A
//! page of 1.5 MB that the gateway holds once would be held again for each slow client. A piece is
//! a slice of the shared bytes, and the next one is given only when the client has taken most of
//! the earlier ones.

use bytes::Bytes;

/// The largest piece, and the most that HTTP/1 gathers before it writes: a connection's write
/// buffer then stays below 32 KiB. Larger pieces save few system calls and multiply by the number
/// of slow clients.
pub(crate) const PIECE: usize = 16 * 1024;

/// The rest of a body that is larger than one piece.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    rest: Bytes,
}

impl Pieces {
    /// The next piece of the rest, if any.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        (!self.rest.is_empty()).then(|| self.rest.split_to(PIECE.min(self.rest.len())))
    }

    /// Returns the beginning of `whole`; [`Self::next`] gives the rest. Call it only when no rest
    /// is left.
    pub(crate) fn cut(&mut self, mut whole: Bytes) -> Bytes {
        if whole.len() <= PIECE {
            return whole;
        }
        let first = whole.split_to(PIECE);
        self.rest = whole;
        first
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::{PIECE, Pieces};

    fn cut(whole: &Bytes) -> Vec<Bytes> {
        let mut pieces = Pieces::default();
        let first = pieces.cut(whole.clone());
        std::iter::once(first)
            .chain(std::iter::from_fn(|| pieces.next()))
            .collect()
    }

    #[test]
    fn an_empty_body_is_one_empty_piece() {
        assert_eq!(cut(&Bytes::new()), [Bytes::new()]);
    }

    #[test]
    fn pieces_share_the_memory_of_the_whole() {
        let whole = Bytes::from(vec![b'x'; 3 * PIECE]);
        for (number, piece) in cut(&whole).iter().enumerate() {
            assert_eq!(piece.as_ptr(), whole[number * PIECE..].as_ptr());
        }
    }

    proptest! {
        #[test]
        fn pieces_are_small_and_together_the_whole(length in 0..6 * PIECE) {
            let whole: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let whole = Bytes::from(whole);
            let pieces = cut(&whole);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
            prop_assert_eq!(pieces.concat(), whole);
        }
    }
}
