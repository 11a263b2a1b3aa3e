//! Properties of the screen for any bytes, however they come:
//!
//! - Wherever the bytes are cut, the same ones are passed on, and the others are treated alike.
//! - actix-http refuses nothing that is passed on. It reads as many requests from it as the screen,
//!   and never more than heads end there. Where the screen sees no request begun, actix-http has
//!   nothing left.

use std::mem::discriminant;

use actix_http::ServiceConfig;
use actix_http::error::ParseError;
use actix_http::h1::{Codec, Message};
use actix_web::rt::System;
use bytes::BytesMut;
use tokio_util::codec::Decoder as _;

use super::{Rest, Screen};
use crate::settings::limits::Limits;

/// The first of `bytes` says how many of the next ones are places to cut the rest at.
pub(crate) fn hold(bytes: &[u8]) {
    let Some((count, bytes)) = bytes.split_first() else {
        return;
    };
    let (cuts, bytes) = bytes.split_at(usize::from(count % 8).min(bytes.len()));
    let whole = pass([bytes]);
    for pieces in [pass(cut(bytes, cuts)), pass(bytes.chunks(1))] {
        assert_eq!(pieces.bytes, whole.bytes);
        assert_eq!(pieces.requests, whole.requests);
        // The exact error may be found earlier.
        let (rest, expected) = (pieces.rest, whole.rest);
        assert_eq!(discriminant(&rest), discriminant(&expected), "{rest:?}");
    }
    match parse(&whole.bytes) {
        Ok(parsed) => {
            assert_eq!(parsed.requests, whole.requests);
            assert!(parsed.requests <= heads_in(&whole.bytes));
            assert!(whole.rest != Rest::Kept || parsed.left == 0);
        }
        Err(error) => panic!("{error}"),
    }
}

/// The bytes that are passed on of an input.
pub(super) struct Passed {
    pub(super) bytes: Vec<u8>,
    requests: usize,
    /// The decision on the other bytes.
    pub(super) rest: Rest,
}

/// Screens bytes that come in pieces. A head that may wait for the last answer does so once.
pub(super) fn pass<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Passed {
    let (mut screen, mut kept) = (Screen::new(Limits::SMALL), Vec::new());
    let mut passed = Passed {
        bytes: Vec::new(),
        requests: 0,
        rest: Rest::Kept,
    };
    for piece in pieces {
        kept.extend_from_slice(piece);
        let mut is_free = false;
        loop {
            let screened = screen.screen(&mut kept, is_free);
            passed.bytes.extend(kept.drain(..screened.pass));
            passed.requests += usize::from(screened.begins);
            passed.rest = screened.rest;
            if screened.rest != Rest::HeldBack {
                break;
            }
            is_free = true;
        }
        match passed.rest {
            Rest::Kept | Rest::HeldBack => {}
            Rest::None => assert!(kept.is_empty()),
            Rest::Dropped => kept.clear(),
            Rest::Refused(_) | Rest::Broken => break,
        }
    }
    passed
}

/// Cuts at places given as parts of the whole, in 255ths.
fn cut<'a>(bytes: &'a [u8], places: &[u8]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places
        .iter()
        .map(|place| usize::from(*place) * bytes.len() / 255)
        .collect();
    places.sort_unstable();
    let (mut pieces, mut begin) = (Vec::new(), 0);
    for end in places.into_iter().chain([bytes.len()]) {
        pieces.extend(bytes.get(begin..end));
        begin = end;
    }
    pieces
}

fn heads_in(bytes: &[u8]) -> usize {
    bytes
        .windows(4)
        .filter(|window| window == b"\r\n\r\n")
        .count()
}

/// actix-http's reading of some bytes.
pub(super) struct Parsed {
    requests: usize,
    /// The number of bytes that wait for more.
    left: usize,
}

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, ParseError> {
    thread_local! {
        /// Its clock starts once, which takes a runtime.
        static CONFIG: ServiceConfig = System::new().block_on(async { ServiceConfig::default() });
    }
    let mut codec = Codec::new(CONFIG.with(Clone::clone));
    let mut bytes = BytesMut::from(bytes);
    let mut requests = 0;
    while let Some(message) = codec.decode(&mut bytes)? {
        requests += usize::from(matches!(message, Message::Item(_)));
    }
    Ok(Parsed {
        requests,
        left: bytes.len(),
    })
}
