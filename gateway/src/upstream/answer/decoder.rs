//! Decodes an answer's body: finds its end, and separates content from framing. Does no I/O.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::http::chunks::{Chunks, Run};

/// How much to read at once if the rest is of unknown length.
const USUAL: usize = 32 * 1024;

/// The most that is read at once, and held of a body at any time.
const MOST: u64 = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Decoder {
    /// This many bytes are to come.
    Exactly(u64),
    Chunked(Chunks),
    /// Only the connection's end ends the body (RFC 9112 §6.3).
    UntilEnd,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Decoded {
    Content(Bytes),
    /// Nothing is left to take. This many bytes are worth reading.
    More(usize),
    End,
    /// The chunks are malformed.
    Broken,
}

impl Decoder {
    pub(in crate::upstream) fn take(&mut self, bytes: &mut BytesMut) -> Decoded {
        match self {
            Self::Exactly(0) => Decoded::End,
            Self::Exactly(left) if bytes.is_empty() => {
                Decoded::More(usize::try_from(MOST.min(*left)).unwrap_or(USUAL))
            }
            Self::Exactly(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let content = bytes.split_to(most.min(bytes.len())).freeze();
                *left -= content.len() as u64;
                Decoded::Content(content)
            }
            Self::UntilEnd if bytes.is_empty() => Decoded::More(USUAL),
            Self::UntilEnd => Decoded::Content(bytes.split().freeze()),
            Self::Chunked(chunks) => {
                while !bytes.is_empty() {
                    match chunks.next(bytes) {
                        Run::Frame(count) => bytes.advance(count),
                        Run::Data(count) => {
                            return Decoded::Content(bytes.split_to(count).freeze());
                        }
                        Run::End(count) => {
                            bytes.advance(count);
                            *self = Self::Exactly(0);
                            return Decoded::End;
                        }
                        Run::Broken(_) => return Decoded::Broken,
                    }
                }
                Decoded::More(USUAL)
            }
        }
    }

    /// Whether all of it has been taken, as far as is known.
    pub(in crate::upstream) fn is_over(&self) -> bool {
        *self == Self::Exactly(0)
    }

    /// Handles the connection's end. Returns whether the body is complete.
    pub(in crate::upstream) fn end(&mut self) -> bool {
        if *self == Self::UntilEnd {
            *self = Self::Exactly(0);
        }
        self.is_over()
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::{Chunks, Decoded, Decoder};

    /// The content of these pieces, and the bytes left after its end.
    fn decode(mut decoder: Decoder, pieces: &[&[u8]]) -> Result<(Vec<u8>, BytesMut), &'static str> {
        let (mut content, mut bytes) = (Vec::new(), BytesMut::new());
        for piece in pieces {
            bytes.extend_from_slice(piece);
            loop {
                match decoder.take(&mut bytes) {
                    Decoded::Content(more) => content.extend_from_slice(&more),
                    Decoded::More(count) => {
                        assert!(count > 0);
                        break;
                    }
                    Decoded::End => break,
                    Decoded::Broken => return Err("broken"),
                }
            }
        }
        match decoder.end() {
            true => Ok((content, bytes)),
            false => Err("cut"),
        }
    }

    #[test]
    fn a_body_ends_after_its_length_and_the_rest_is_left() {
        let (content, left) = decode(Decoder::Exactly(4), &[b"bo", b"dyHTTP"]).unwrap();
        assert_eq!((&content[..], &left[..]), (&b"body"[..], &b"HTTP"[..]));
        assert_eq!(decode(Decoder::Exactly(4), &[b"bod"]), Err("cut"));
        assert!(Decoder::Exactly(0).is_over());
    }

    #[test]
    fn a_body_without_framing_is_complete_at_the_end() {
        let (content, left) = decode(Decoder::UntilEnd, &[b"bo", b"dy"]).unwrap();
        assert_eq!((&content[..], &left[..]), (&b"body"[..], &b""[..]));
    }

    #[test]
    fn chunks_are_joined_and_their_trailers_dropped() {
        let body = b"2;x=y\r\nbo\r\n2\r\ndy\r\n0\r\ndigest: no\r\n\r\nHTTP";
        let (content, left) = decode(Decoder::Chunked(Chunks::new()), &[body]).unwrap();
        assert_eq!((&content[..], &left[..]), (&b"body"[..], &b"HTTP"[..]));
        for (body, fault) in [
            (&b"2\r\nbo"[..], "cut"),
            (b"2\r\nbody", "broken"),
            (b"x\r\n", "broken"),
        ] {
            assert_eq!(decode(Decoder::Chunked(Chunks::new()), &[body]), Err(fault));
        }
    }

    proptest! {
        #[test]
        fn a_body_is_the_same_however_its_bytes_are_cut(
            chunks in prop::collection::vec("[a-z\r\n]{1,40}", 0..6),
            size in 1..50_usize,
        ) {
            let mut body: String =
                chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
            body.push_str("0\r\n\r\n");
            let pieces: Vec<_> = body.as_bytes().chunks(size).collect();
            let (content, left) = decode(Decoder::Chunked(Chunks::new()), &pieces).unwrap();
            prop_assert_eq!(content, chunks.concat().into_bytes());
            prop_assert!(left.is_empty());
        }
    }
}
