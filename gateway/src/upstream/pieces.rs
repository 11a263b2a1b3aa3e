//! Pieces of a body that have been read and not yet taken. Most bodies have one, which needs no
//! allocation.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

#[derive(Debug, Default)]
pub(super) struct Pieces {
    first: Option<Bytes>,
    #[expect(
        clippy::box_collection,
        reason = "it is seldom there, and moved with every request"
    )]
    rest: Option<Box<VecDeque<Bytes>>>,
    size: usize,
}

impl Pieces {
    pub(super) fn push(&mut self, piece: Bytes) {
        self.size += piece.len();
        if self.is_empty() {
            self.first = Some(piece);
        } else {
            self.rest.get_or_insert_default().push_back(piece);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let piece = self.first.take();
        let piece = piece.or_else(|| self.rest.as_mut()?.pop_front())?;
        self.size -= piece.len();
        Some(piece)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.is_first_all()
    }

    fn is_first_all(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.is_empty())
    }

    /// The size in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Joins the pieces into one.
    pub(super) fn join(mut self) -> Bytes {
        if self.is_first_all() {
            return self.first.unwrap_or_default();
        }
        let mut whole = BytesMut::with_capacity(self.size);
        while let Some(piece) = self.pop() {
            whole.extend_from_slice(&piece);
        }
        whole.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Pieces};

    fn of(texts: &[&'static str]) -> Pieces {
        let mut pieces = Pieces::default();
        texts
            .iter()
            .for_each(|text| pieces.push(Bytes::from_static(text.as_bytes())));
        pieces
    }

    #[test]
    fn pieces_come_out_in_order() {
        let mut pieces = of(&["a", "bc"]);
        assert_eq!((pieces.size(), pieces.pop().unwrap()), (3, "a".into()));
        pieces.push("d".into());
        assert_eq!(pieces.size(), 3);
        assert_eq!(pieces.pop().unwrap(), "bc");
        assert_eq!(pieces.pop().unwrap(), "d");
        assert!(pieces.is_empty() && pieces.pop().is_none());
    }

    #[test]
    fn joined_they_are_the_whole() {
        for (texts, whole) in [(&[][..], ""), (&["a"], "a"), (&["a", "", "bc"], "abc")] {
            assert_eq!(of(texts).join(), whole);
        }
    }
}
