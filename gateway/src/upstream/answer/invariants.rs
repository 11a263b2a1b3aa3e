//! For any bytes from an upstream: a head is read whole or not at all, no field of the connection
//! reaches the client, and the body is the same however its bytes are cut.

use bytes::BytesMut;

use super::{Answer, Expected, parse};
use crate::settings::limits::AnswerLimits;
use crate::upstream::answer::decoder::{Decoded, Decoder};
use crate::upstream::request::headers::invariants::HOP_BY_HOP;

/// `bytes` are all that an upstream sends.
pub(crate) fn hold(bytes: &[u8]) {
    let Ok(Some(parsed)) = parse(bytes, Expected::Body, AnswerLimits::DEFAULT) else {
        return;
    };
    let (head, body) = bytes.split_at(parsed.size);
    let beginning = head.split_last().map_or(head, |(_, beginning)| beginning);
    assert!(matches!(
        parse(beginning, Expected::Body, AnswerLimits::DEFAULT),
        Ok(None)
    ));
    is_for_the_client(&parsed.answer);
    let whole = decode(parsed.body.clone(), [body].into_iter());
    assert_eq!(whole, decode(parsed.body, body.chunks(1)));
    let to_head = parse(head, Expected::NoBody, AnswerLimits::DEFAULT)
        .map(|parsed| parsed.map(|parsed| parsed.body.is_over()));
    assert_eq!(to_head, Ok(Some(true)));
}

fn is_for_the_client(answer: &Answer) {
    for (name, _) in answer.response.headers() {
        let name = name.as_str();
        assert!(
            !HOP_BY_HOP.contains(&name) && name != "content-length",
            "{name}"
        );
    }
}

/// The content, whether it is complete, and the bytes left.
fn decode<'a>(
    mut decoder: Decoder,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<u8>, bool, Vec<u8>) {
    let (mut content, mut bytes) = (Vec::new(), BytesMut::new());
    let mut is_broken = false;
    for piece in pieces {
        bytes.extend_from_slice(piece);
        while !is_broken {
            match decoder.take(&mut bytes) {
                Decoded::Content(more) => content.extend_from_slice(&more),
                Decoded::More(_) | Decoded::End => break,
                Decoded::Broken => is_broken = true,
            }
        }
    }
    let is_whole = !is_broken && decoder.end();
    let left = if is_whole { bytes.to_vec() } else { Vec::new() };
    (content, is_whole, left)
}
