//! What the screen passes on and what it refuses.

use proptest::prelude::*;

use super::invariants::{parse, pass};
use super::{Refusal, Rest, Screen};
use crate::settings::limits::Limits;

const GET: &str = "GET /a HTTP/1.1\r\nhost: x\r\n\r\n";
const POST: &str = "POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
const CHUNKED: &str =
    "POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
const LAST: &str = "GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

const CASES: u32 = 4096;

fn pass_whole(text: &str) -> (String, Rest) {
    let passed = pass([text.as_bytes()]);
    (String::from_utf8(passed.bytes).unwrap(), passed.rest)
}

#[test]
fn whole_requests_are_passed_on_and_the_beginning_of_one_is_kept() {
    let all = [GET, POST, CHUNKED, "\r\n", GET].concat();
    assert_eq!(pass_whole(&all), (all.clone(), Rest::Kept));
    let more = format!("{all}GET /a HT");
    assert_eq!(pass_whole(&more), (all, Rest::Kept));
}

#[test]
fn a_request_waits_for_the_answer_before_it() {
    let mut bytes = [POST, GET].concat().into_bytes();
    let mut screen = Screen::new(Limits::SMALL);
    let mut show = |bytes: &mut Vec<u8>, is_free| {
        let screened = screen.screen(bytes, is_free);
        bytes.drain(..screened.pass);
        (screened.pass, screened.rest)
    };
    assert_eq!(show(&mut bytes, true), (POST.len(), Rest::HeldBack));
    assert_eq!(show(&mut bytes, false), (0, Rest::HeldBack));
    assert_eq!(show(&mut bytes, true), (GET.len(), Rest::Kept));
}

#[test]
fn a_part_of_a_body_is_passed_on() {
    let part = &POST[..POST.len() - 2];
    assert_eq!(pass_whole(part), (part.to_owned(), Rest::None));
}

#[test]
fn bytes_after_a_handshake_are_passed_on_whatever_they_are() {
    let head = "GET /a HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let all = format!("{head}\u{1}\n\n{GET}junk : \n");
    assert_eq!(pass_whole(&all), (all.clone(), Rest::None));
}

#[test]
fn bytes_after_the_last_request_are_dropped() {
    assert_eq!(
        pass_whole(&[LAST, GET].concat()),
        (LAST.to_owned(), Rest::Dropped)
    );
}

#[test]
fn only_bytes_before_a_bad_request_are_passed_on() {
    let bad = "GET /a HTTP/1.1\r\nhost : x\r\n\r\n";
    let (passed, rest) = pass_whole(&[GET, bad, GET].concat());
    assert_eq!(passed, GET);
    assert!(matches!(rest, Rest::Refused(Refusal::Malformed(_))));
}

#[test]
fn a_request_within_a_body_is_a_body() {
    let inner = GET.len();
    let outer = format!("POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: {inner}\r\n\r\n");
    let (_, rest) = pass_whole(&format!("{outer}{GET}"));
    assert_eq!(rest, Rest::Kept);
    let (passed, rest) = pass_whole(&format!("{outer}{GET}junk\n"));
    assert_eq!(passed, format!("{outer}{GET}"));
    assert!(matches!(rest, Rest::Refused(_)));
}

#[test]
fn a_body_is_passed_on_up_to_where_it_breaks() {
    let broken = CHUNKED.replace("0\r\n\r\n", "zero");
    let end = broken.find("zero").unwrap();
    assert_eq!(
        pass_whole(&broken),
        (broken[..end].to_owned(), Rest::Broken)
    );
}

#[test]
fn an_expectation_is_hidden_from_the_parser_and_reported_while_no_body_has_come() {
    let head = "POST /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    for (body, awaits) in [("", true), ("h", false)] {
        let mut bytes = format!("{head}{body}").into_bytes();
        let screened = Screen::new(Limits::SMALL).screen(&mut bytes, true);
        assert_eq!(screened.awaits_continue, awaits);
        assert!(
            String::from_utf8(bytes)
                .unwrap()
                .contains("expect: 100-deferred\r\n")
        );
    }
    let mut empty = head.replace("length: 5", "length: 0").into_bytes();
    assert!(
        !Screen::new(Limits::SMALL)
            .screen(&mut empty, true)
            .awaits_continue
    );
}

/// Some requests, with a few bytes changed, removed or inserted.
fn nearly_requests() -> impl Strategy<Value = Vec<u8>> {
    let requests =
        prop::collection::vec(prop::sample::select(vec![GET, POST, CHUNKED, LAST]), 1..4);
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\r\n :,;05/x\t\0".to_vec())
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), byte, 0..3_u8), 0..3);
    (requests, edits).prop_map(|(requests, edits)| {
        let mut bytes = requests.concat().into_bytes();
        for (place, byte, edit) in edits {
            let at = place.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn bytes_are_screened_alike_however_they_are_cut(
        bytes in nearly_requests(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        let (whole, in_pieces) = (pass([&bytes[..]]), pass(pieces));
        prop_assert_eq!(whole.bytes, in_pieces.bytes);
        // The exact error may be found earlier.
        let code = |rest| match rest {
            Rest::Refused(refusal) => Err(refusal.code()),
            rest => Ok(rest),
        };
        prop_assert_eq!(code(whole.rest), code(in_pieces.rest));
    }

    #[test]
    fn the_parser_behind_refuses_nothing_that_is_passed_on(bytes in nearly_requests()) {
        let passed = pass([&bytes[..]]);
        let refusal = parse(&passed.bytes).err();
        prop_assert!(refusal.is_none(), "{refusal:?}: {}", bytes.escape_ascii());
    }
}
