//! Heads as upstreams send them, good and bad.

use std::time::Duration;

use super::{Chunks, Decoder, Expected, Parsed, Unsound, parse};
use crate::settings::limits::AnswerLimits;

fn answer(head: &str) -> Result<Parsed, Unsound> {
    parse_for(head, Expected::Body)
}

fn parse_for(head: &str, expected: Expected) -> Result<Parsed, Unsound> {
    let bytes = format!("{head}\r\n\r\nrest");
    let parsed = parse(bytes.as_bytes(), expected, AnswerLimits::DEFAULT)?.unwrap();
    assert_eq!(&bytes[parsed.size..], "rest");
    Ok(parsed)
}

#[test]
fn an_incomplete_head_is_not_read_yet() {
    assert!(
        parse(
            b"HTTP/1.1 200 OK\r\nfoo: bar\r\n",
            Expected::Body,
            AnswerLimits::DEFAULT
        )
        .unwrap()
        .is_none()
    );
}

#[test]
fn a_status_outside_the_five_classes_is_refused() {
    for (code, fine) in [
        (200, true),
        (599, true),
        (600, false),
        (999, false),
        (99, false),
    ] {
        let answer = answer(&format!("HTTP/1.1 {code:03} x"));
        assert_eq!(answer.is_ok(), fine, "{code}");
    }
}

#[test]
fn an_answer_has_one_framing() {
    for (fields, body) in [
        ("", Ok(Decoder::UntilEnd)),
        ("content-length: 1", Ok(Decoder::Exactly(1))),
        (
            "transfer-encoding: chunked",
            Ok(Decoder::Chunked(Chunks::new())),
        ),
        (
            "Transfer-Encoding: Chunked",
            Ok(Decoder::Chunked(Chunks::new())),
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: 1",
            Err(Unsound::TwoFramings),
        ),
        ("transfer-encoding: gzip", Err(Unsound::Coding)),
        ("transfer-encoding: gzip, chunked", Err(Unsound::Coding)),
        ("transfer-encoding: identity", Err(Unsound::Coding)),
        (
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            Err(Unsound::Coding),
        ),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nserver: x\r\n{fields}");
        assert_eq!(
            answer(head.trim_end()).map(|answer| answer.body),
            body,
            "{fields}"
        );
    }
    let old = answer("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked");
    assert_eq!(old.map(|answer| answer.body), Err(Unsound::Coding));
}

#[test]
fn equal_lengths_count_once() {
    for (lengths, told) in [
        (&[][..], Ok(None)),
        (&["5"], Ok(Some(5))),
        (&["5", "5"], Ok(Some(5))),
        (&["5, 5"], Ok(Some(5))),
        (&["5", "6"], Err(Unsound::Length)),
        (&["5, 6"], Err(Unsound::Length)),
        (&["+5"], Err(Unsound::Length)),
        (&["5,"], Err(Unsound::Length)),
        (&["five"], Err(Unsound::Length)),
    ] {
        let fields: String = lengths
            .iter()
            .map(|length| format!("\r\ncontent-length: {length}"))
            .collect();
        let answer = answer(&format!("HTTP/1.1 200 OK{fields}"));
        assert_eq!(
            answer.map(|parsed| parsed.answer.length),
            told,
            "{lengths:?}"
        );
    }
}

#[test]
fn an_answer_to_head_and_one_whose_status_forbids_it_has_no_body() {
    for (status, expected, body) in [
        ("200", Expected::NoBody, Decoder::Exactly(0)),
        ("304", Expected::Body, Decoder::Exactly(0)),
        ("204", Expected::Body, Decoder::Exactly(0)),
        ("103", Expected::Body, Decoder::Exactly(0)),
        ("200", Expected::Body, Decoder::Exactly(5)),
    ] {
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 5");
        let answer = parse_for(&head, expected).unwrap();
        assert_eq!(
            (answer.body, answer.answer.length),
            (body, Some(5)),
            "{status}"
        );
    }
}

#[test]
fn a_switch_is_an_answer_only_to_a_handshake_and_only_to_its_protocol() {
    let switch = "HTTP/1.1 101 x\r\nconnection: x, Upgrade\r\nupgrade: WebSocket";
    let parsed = parse_for(switch, Expected::WebSocket).unwrap();
    assert!(parsed.is_last && parsed.answer.is_switch());
    assert_eq!(parsed.body, Decoder::UntilEnd);
    for (head, expected) in [
        (switch.to_owned(), Expected::Body),
        (switch.to_owned(), Expected::NoBody),
        (switch.replace("WebSocket", "h2c"), Expected::WebSocket),
        (switch.replace(", Upgrade", ""), Expected::WebSocket),
        (format!("{switch}\r\nupgrade: x"), Expected::WebSocket),
    ] {
        let parsed = parse_for(&head, expected);
        assert!(matches!(parsed, Err(Unsound::Switch)), "{head}");
    }
}

#[test]
fn the_connection_is_reused_unless_the_answer_forbids_it() {
    for (head, is_last) in [
        ("HTTP/1.1 200 OK", false),
        ("HTTP/1.1 200 OK\r\nconnection: keep-alive", false),
        ("HTTP/1.1 200 OK\r\nconnection: x, Close", true),
        ("HTTP/1.0 200 OK\r\nconnection: keep-alive", true),
        ("HTTP/1.1 204 x", false),
        ("HTTP/1.1 204 x\r\ncontent-length: 0", false),
        ("HTTP/1.1 204 x\r\ncontent-length: 5", true),
        ("HTTP/1.1 204 x\r\ntransfer-encoding: chunked", true),
        // The length of the answer to a GET without a condition.
        ("HTTP/1.1 304 x\r\ncontent-length: 5", false),
    ] {
        assert_eq!(answer(head).unwrap().is_last, is_last, "{head}");
    }
}

#[test]
fn fields_of_the_connection_and_of_cors_are_dropped() {
    let head = "HTTP/1.1 200 OK\r\nServer: x\r\nconnection: x-mine\r\nX-Mine: 1\r\nkeep-alive: 5\r\n\
        access-control-allow-origin: *\r\ncontent-length: 0\r\nset-cookie: a\r\nset-cookie: b";
    let answer = answer(head).unwrap();
    let fields = answer.answer.response.headers();
    assert_eq!(fields.len(), 3, "{fields:?}");
    assert_eq!(fields.get_all("set-cookie").count(), 2);
    assert_eq!(fields.get("server").unwrap(), "x");
}

#[test]
fn malformed_or_ambiguous_answers_are_refused() {
    for head in [
        "SSH-2.0-OpenSSH_9.2",
        "HTTP/2 200 OK",
        "HTTP/1.1 200 OK\r\nfoo : bar",
        "HTTP/1.1 200 OK\r\nfoo: bar\r\n folded",
        "HTTP/1.1 200 OK\r\nfoo: b\0r",
        "HTTP/1.1 20 OK",
    ] {
        let refused = answer(head).unwrap_err();
        assert!(matches!(refused, Unsound::NotHttp(_)), "{head}: {refused}");
    }
    let many = "\r\nx: y".repeat(101);
    let refused = answer(&format!("HTTP/1.1 200 OK{many}")).unwrap_err();
    assert_eq!(refused, Unsound::TooManyFields);
}

#[test]
fn the_upstreams_keep_alive_timeout_is_used_with_a_margin() {
    let millis = |millis| Some(Duration::from_millis(millis));
    for (fields, idle) in [
        ("", None),
        ("keep-alive: timeout=5", millis(4000)),
        ("Keep-Alive: max=100, Timeout = \"5\"", millis(4000)),
        ("keep-alive: timeout=2", millis(1000)),
        ("keep-alive: timeout=1", millis(500)),
        ("keep-alive: timeout=0", millis(0)),
        (
            "keep-alive: timeout=60\r\nkeep-alive: timeout=3",
            millis(2000),
        ),
        ("keep-alive: timeout=9, timeout=3", millis(2000)),
        ("keep-alive: max=5", None),
        ("keep-alive: timeout=soon", None),
        ("keep-alive: timeout", None),
        ("keep-alive: timeout=-1", None),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}");
        let parsed = answer(head.trim_end()).unwrap();
        assert_eq!(parsed.idle, idle, "{fields}");
    }
}

#[test]
fn an_answer_may_have_as_many_fields_as_the_limit() {
    for most in [1, 50, 100, 101, 300] {
        let limits = AnswerLimits {
            fields: most,
            ..AnswerLimits::DEFAULT
        };
        for (count, fits) in [(most, true), (most + 1, false)] {
            let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: 1\r\n".repeat(count));
            let parsed =
                parse(head.as_bytes(), Expected::Body, limits).map(|parsed| parsed.is_some());
            let expected = if fits {
                Ok(true)
            } else {
                Err(Unsound::TooManyFields)
            };
            assert_eq!(parsed, expected, "{count} of {most}");
        }
    }
}

#[test]
fn an_answers_head_may_be_as_large_as_the_limit() {
    for most in [1024, 64 * 1024, 200 * 1024] {
        let limits = AnswerLimits {
            head: most,
            ..AnswerLimits::DEFAULT
        };
        for (size, fits) in [(most, true), (most + 1, false)] {
            let around = "HTTP/1.1 200 OK\r\nx: \r\n\r\n".len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nx: {}\r\n\r\n",
                "v".repeat(size - around)
            );
            let parsed =
                parse(head.as_bytes(), Expected::Body, limits).map(|parsed| parsed.is_some());
            let expected = if fits {
                Ok(true)
            } else {
                Err(Unsound::TooLarge)
            };
            assert_eq!(parsed, expected, "{size} of {most}");
        }
    }
}
