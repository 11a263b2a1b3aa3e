//! The WebSocket Protocol (RFC 6455), as far as a proxy speaks it: the handshake, and where one
//! frame ends and the next begins. Does no I/O.

use actix_http::RequestHead;
use actix_http::ws::hash_key;
use actix_web::http::header::{
    HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE,
};
use bytes::Bytes;

/// The name of the protocol in `Upgrade`.
pub(crate) const WEBSOCKET: &str = "websocket";

/// The characters of a key before its padding.
const KEY: usize = 22;

/// The first byte of a close frame: the last frame of its message, opcode 8 (§5.5.1).
const CLOSE: u8 = 0x88;

/// The second byte of a client's frame says that its payload is masked (§5.2).
const MASKED: u8 = 0x80;

/// The status code of an end that goes away (§7.4.1).
const GOING_AWAY: [u8; 2] = 1001_u16.to_be_bytes();

/// Whether the request asks for a WebSocket. A head that does in any other way than by a handshake
/// (§4.1) was refused before.
pub(crate) fn is_handshake(request: &RequestHead) -> bool {
    let is_websocket =
        |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(WEBSOCKET.as_bytes());
    // The first part is false for nearly all requests, and costs nothing.
    request.upgrade() && request.headers().get_all(UPGRADE).any(is_websocket)
}

/// The value by which the server's answer shows that it has read this handshake (§4.2.2). `None` if
/// the handshake has not exactly one key: 16 bytes in Base64 (§4.1).
pub(crate) fn expected_accept(handshake: &HeaderMap) -> Option<Accept> {
    let key = only(handshake, SEC_WEBSOCKET_KEY)?.as_bytes();
    let (text, padding) = key.split_at_checked(KEY)?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    (text.iter().all(is_base64) && padding == b"==").then(|| Accept(hash_key(key)))
}

/// A `Sec-WebSocket-Accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accept([u8; 28]);

impl Accept {
    pub(crate) fn is_in(&self, answer: &HeaderMap) -> bool {
        only(answer, SEC_WEBSOCKET_ACCEPT).is_some_and(|accept| *accept.as_bytes() == self.0)
    }
}

fn only(fields: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = fields.get_all(name);
    values.next().filter(|_| values.next().is_none())
}

/// A server's close frame: it is going away.
pub(crate) fn goodbye_to_client() -> Bytes {
    let [high, low] = GOING_AWAY;
    Bytes::copy_from_slice(&[CLOSE, 2, high, low])
}

/// A client's close frame: it is going away. Nobody can foresee `mask` (§5.3).
pub(crate) fn goodbye_to_server(mask: [u8; 4]) -> Bytes {
    let [high, low] = GOING_AWAY;
    let [first, second, third, fourth] = mask;
    let frame = [
        CLOSE,
        MASKED | 2,
        first,
        second,
        third,
        fourth,
        high ^ first,
        low ^ second,
    ];
    Bytes::copy_from_slice(&frame)
}

/// Follows the frames that go in one direction (§5.2), so that the gateway can put one of its own
/// between two of them.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    state: State,
    has_closed: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// This many bytes of a frame's header have come.
    Header { bytes: [u8; LONGEST], come: usize },
    /// This many bytes of a frame's payload are to come.
    Payload(u64),
}

/// The longest part of a header that tells the length of the payload and the mask's presence.
const LONGEST: usize = 10;

impl Default for State {
    fn default() -> Self {
        Self::Header {
            bytes: [0; LONGEST],
            come: 0,
        }
    }
}

impl Frames {
    /// Whether the last frame is complete and no other one has begun.
    pub(crate) fn is_between(&self) -> bool {
        matches!(self.state, State::Header { come: 0, .. })
    }

    /// Whether a close frame has begun: its sender sends nothing after it (§5.5.1).
    pub(crate) fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// Takes all `bytes`.
    pub(crate) fn take_all(&mut self, bytes: &[u8]) {
        let mut taken = 0;
        while let Some(rest @ [_, ..]) = bytes.get(taken..) {
            taken += self.take(rest);
        }
    }

    /// Takes bytes up to the end of the current frame, or all of them. Returns how many.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let Some((byte, rest)) = bytes.get(taken..).and_then(<[u8]>::split_first) {
            match &mut self.state {
                State::Header {
                    bytes: header,
                    come,
                } => {
                    if let Some(place) = header.get_mut(*come) {
                        *place = *byte;
                    }
                    *come += 1;
                    taken += 1;
                    let (header, come) = (*header, *come);
                    if let Some(length) = length_of(&header, come) {
                        self.has_closed |= header.first() == Some(&CLOSE);
                        self.state = State::Payload(length);
                    }
                }
                State::Payload(left) => {
                    let here = 1 + rest.len();
                    let count = usize::try_from(*left).map_or(here, |left| left.min(here));
                    *left -= count as u64;
                    taken += count;
                }
            }
            if matches!(self.state, State::Payload(0)) {
                self.state = State::default();
                break;
            }
        }
        taken
    }
}

/// The bytes that follow the header of which `come` bytes are here: the mask and the payload.
/// `None` if more of the header must come first.
fn length_of(header: &[u8; LONGEST], come: usize) -> Option<u64> {
    let [_, second, third, fourth, rest @ ..] = *header;
    let mask = if second & MASKED == 0 { 0 } else { 4 };
    let [fifth, sixth, seventh, eighth, ninth, tenth] = rest;
    let payload = match (second & !MASKED, come) {
        (length @ 0..=125, 2) => u64::from(length),
        (126, 4) => u64::from(u16::from_be_bytes([third, fourth])),
        (127, LONGEST) => {
            u64::from_be_bytes([third, fourth, fifth, sixth, seventh, eighth, ninth, tenth])
        }
        _ => return None,
    };
    Some(payload.saturating_add(mask))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::{Frames, expected_accept, goodbye_to_client, goodbye_to_server};

    /// A binary frame with this payload.
    fn frame(length: usize, mask: Option<[u8; 4]>) -> Vec<u8> {
        let masked = if mask.is_some() { 0x80 } else { 0 };
        let mut frame = vec![0x82];
        match length {
            0..=125 => frame.push(masked | u8::try_from(length).unwrap()),
            126..=0xffff => {
                frame.push(masked | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(masked | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(mask.unwrap_or_default().iter().filter(|_| mask.is_some()));
        frame.extend(vec![0x88; length]);
        frame
    }

    /// The places at which frames end, if the bytes come in pieces of this size.
    fn ends(bytes: &[u8], piece: usize) -> Vec<usize> {
        let (mut frames, mut ends, mut at) = (Frames::default(), Vec::new(), 0);
        for piece in bytes.chunks(piece) {
            let mut rest = piece;
            while !rest.is_empty() {
                let taken = frames.take(rest);
                assert!(taken > 0);
                at += taken;
                rest = &rest[taken..];
                if frames.is_between() {
                    ends.push(at);
                }
            }
        }
        ends
    }

    proptest! {
        #[test]
        fn frames_end_at_the_same_places_however_their_bytes_are_cut(
            lengths in prop::collection::vec(
                prop_oneof![0..3_usize, 124..129_usize, 65_534..65_539_usize],
                1..5,
            ),
            mask in any::<Option<[u8; 4]>>(),
            piece in 1..70_000_usize,
        ) {
            let all: Vec<_> = lengths.iter().map(|length| frame(*length, mask)).collect();
            let mut at = 0;
            let expected: Vec<_> = all.iter().map(|frame| {
                at += frame.len();
                at
            }).collect();
            let bytes = all.concat();
            prop_assert_eq!(ends(&bytes, piece), &expected[..]);
            prop_assert_eq!(ends(&bytes, 1), expected);
        }
    }

    #[test]
    fn a_length_beyond_any_frame_never_ends() {
        let mut frames = Frames::default();
        let header = [[0x82, 0xff].as_slice(), &[0xff; 8]].concat();
        assert_eq!(frames.take(&header), header.len());
        assert_eq!(frames.take(&[0; 100]), 100);
        assert!(!frames.is_between());
    }

    #[test]
    fn a_goodbye_is_a_whole_close_frame_with_1001() {
        let mask = [0x12, 0x34, 0x56, 0x78];
        for (frame, mask) in [
            (goodbye_to_client(), [0; 4]),
            (goodbye_to_server(mask), mask),
        ] {
            let mut frames = Frames::default();
            assert_eq!(frames.take(&frame), frame.len());
            assert!(frames.is_between() && frames.has_closed());
            let code = [
                frame[frame.len() - 2] ^ mask[0],
                frame[frame.len() - 1] ^ mask[1],
            ];
            assert_eq!(u16::from_be_bytes(code), 1001);
        }
        let mut data = Frames::default();
        data.take(&frame(5, None));
        assert!(!data.has_closed());
    }

    #[test]
    fn an_answer_belongs_to_the_key_that_asked() {
        let fields = |name: &'static str, values: &[&'static str]| {
            let mut fields = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_static(value);
                fields.append(HeaderName::from_static(name), value);
            }
            fields
        };
        let (key, accept) = ("sec-websocket-key", "sec-websocket-accept");
        // The example of RFC 6455 §1.3.
        let (asked, told) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let expected = expected_accept(&fields(key, &[asked])).unwrap();
        assert!(expected.is_in(&fields(accept, &[told])));
        for answered in [&[][..], &[told, told], &["s3pPLMBiTxaQ9kYGzzhZRbK+xOp="]] {
            assert!(!expected.is_in(&fields(accept, answered)), "{answered:?}");
        }
        for keys in [
            &[][..],
            &[asked, asked],
            &[""],
            &["dGhlIHNhbXBsZSBub25jZQ"],
            &["dGhlIHNhbXBsZSBub25jZQ==="],
            &["dGhlIHNhbXBsZSBub25j ZQ="],
        ] {
            assert_eq!(expected_accept(&fields(key, keys)), None, "{keys:?}");
        }
    }
}
