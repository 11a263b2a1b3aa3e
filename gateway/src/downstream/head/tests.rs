//! Which heads of requests are refused, and with what.

use super::{Framing, Head, Refusal, judge};
use crate::settings::limits::Limits;

fn head(lines: &str) -> Result<Head, Refusal> {
    judge(
        format!("{}\r\n\r\n", lines.replace('\n', "\r\n")).as_bytes(),
        &Limits::SMALL,
    )
}

#[track_caller]
fn malformed(lines: &str) {
    let judged = head(lines);
    assert!(
        matches!(judged, Err(Refusal::Malformed(_))),
        "{lines:?}: {judged:?}"
    );
}

#[test]
fn the_body_is_delimited_by_its_length_or_by_chunks() {
    for (field, framing) in [
        ("x: y", Framing::Length(0)),
        ("Content-Length: 0", Framing::Length(0)),
        ("content-length:  12 ", Framing::Length(12)),
        (
            "content-length: 18446744073709551615",
            Framing::Length(u64::MAX),
        ),
        ("TRANSFER-ENCODING: Chunked", Framing::Chunked),
    ] {
        let judged = head(&format!("POST / HTTP/1.1\nhost: x\n{field}"));
        assert_eq!(judged.map(|head| head.framing), Ok(framing), "{field}");
    }
}

#[test]
fn an_ambiguous_length_is_refused() {
    for fields in [
        "content-length: +5",
        "content-length: -5",
        "content-length: 0x5",
        "content-length: 5, 5",
        "content-length: 5 5",
        "content-length:",
        "content-length: 5.0",
        "content-length: 18446744073709551616",
        "content-length: 5\ncontent-length: 5",
        "content-length: 5\nContent-Length: 6",
        "content-length: 5\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\ncontent-length: 5",
        "transfer-encoding: identity",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: xchunked",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding: chunked;q=1",
        "transfer-encoding:",
        "transfer-encoding: chunked\ntransfer-encoding: chunked",
        "transfer-encoding: \x0bchunked",
        "transfer-encoding : chunked",
        "content-length : 5",
    ] {
        malformed(&format!("POST / HTTP/1.1\nhost: x\n{fields}"));
    }
    malformed("POST / HTTP/1.0\ntransfer-encoding: chunked");
    malformed("POST / HTTP/1.0\nhost: x");
}

#[test]
fn one_valid_host_is_needed() {
    for fields in [
        "x: y",
        "host: a\nhost: a",
        "host:",
        "host: a b",
        "host: a, b",
        "host: a/b",
        "host: u@a",
    ] {
        malformed(&format!("GET / HTTP/1.1\n{fields}"));
    }
    assert!(head("GET / HTTP/1.0").is_ok());
    malformed("GET / HTTP/1.0\nhost: a\nhost: b");
}

#[test]
fn a_malformed_request_line_or_field_is_refused() {
    for lines in [
        "GET  / HTTP/1.1\nhost: x",
        "GET / HTTP/1.1 \nhost: x",
        "GET /\nhost: x",
        "/ HTTP/1.1\nhost: x",
        "G@T / HTTP/1.1\nhost: x",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\nhost: x",
        "GET / HTTP/1.1\nhost: x\nconnection: close, é",
        "GET / http/1.1\nhost: x",
        "GET / HTTP/1\nhost: x",
        "GET / HTTP/11\nhost: x",
        "GET / HTTP/1.1\n host: x",
        "GET / HTTP/1.1\nhost: x\n folded",
        "GET / HTTP/1.1\nhost: x\n\tfolded",
        "GET / HTTP/1.1\nhost: x\nno colon",
        "GET / HTTP/1.1\nhost: x\n: y",
        "GET / HTTP/1.1\nhost: x\na b: y",
        "GET / HTTP/1.1\nhost: x\nx: \0",
        "GET / HTTP/1.1\nhost: x\nx: a\rb",
        "GET / HTTP/1.1\nhost: x\nx: \x7f",
        "GET / HTTP/1.1\r\nhost: x\nx: y\r",
    ] {
        malformed(lines);
    }
}

#[test]
fn another_http_version_is_told_from_a_missing_one() {
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.0"] {
        let judged = head(&format!("GET / {version}\nhost: x"));
        assert_eq!(judged, Err(Refusal::Version), "{version}");
    }
}

#[test]
fn a_connection_persists_by_its_version_and_options() {
    for (lines, is_last) in [
        ("GET / HTTP/1.1\nhost: x", false),
        ("GET / HTTP/1.1\nhost: x\nconnection: x, Close", true),
        (
            "GET / HTTP/1.1\nhost: x\nconnection: keep-alive\nconnection: close",
            true,
        ),
        ("GET / HTTP/1.0", true),
        ("GET / HTTP/1.0\nconnection: Keep-Alive", false),
        (
            "GET / HTTP/1.1\nhost: x\nconnection: upgrade\nupgrade: h2c",
            false,
        ),
    ] {
        assert_eq!(head(lines).map(|head| head.is_last), Ok(is_last), "{lines}");
    }
}

#[test]
fn only_100_continue_is_accepted_and_only_in_http_1_1() {
    let lines = "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-Continue\r\n\r\n";
    let place = judge(lines.as_bytes(), &Limits::SMALL)
        .unwrap()
        .expectation
        .unwrap();
    assert_eq!(&lines[place], "100-Continue");
    for field in [
        "expect: 200-ok",
        "expect: 100-continue, x",
        "expect:",
        "expect: 100-continue\nexpect: 100-continue",
    ] {
        let judged = head(&format!("POST / HTTP/1.1\nhost: x\n{field}"));
        assert_eq!(judged, Err(Refusal::Expectation), "{field}");
    }
    let old = head("POST / HTTP/1.0\ncontent-length: 1\nexpect: 100-continue");
    assert_eq!(old.map(|head| head.expectation), Ok(None));
}

#[test]
fn all_that_follows_a_handshake_is_the_tunnels() {
    let asked = "GET / HTTP/1.1\nhost: x\nupgrade: WebSocket";
    for connection in ["Upgrade", "keep-alive, upgrade", "x\nconnection: upgrade"] {
        let judged = head(&format!("{asked}\nconnection: {connection}")).unwrap();
        let is_tunnel = (judged.framing, judged.is_last) == (Framing::Endless, true);
        assert!(is_tunnel, "{connection}");
    }
}

#[test]
fn a_websocket_that_is_asked_for_in_another_way_is_refused() {
    let handshake = "GET / HTTP/1.1\nhost: x\nconnection: upgrade\nupgrade: websocket";
    for lines in [
        handshake.replace("GET", "POST"),
        handshake.replace("1.1", "1.0"),
        handshake.replace("\nconnection: upgrade", ""),
        handshake.replace("connection: upgrade", "connection: upgrade, close"),
        format!("{handshake}\ncontent-length: 0"),
        format!("{handshake}\ntransfer-encoding: chunked"),
        format!("{handshake}\nexpect: 100-continue"),
    ] {
        assert_eq!(head(&lines), Err(Refusal::Upgrade), "{lines}");
    }
}

#[test]
fn nothing_follows_a_tunnel_to_another_server() {
    let tunnel = head("CONNECT x:443 HTTP/1.1\nhost: x\ncontent-length: 5").unwrap();
    assert_eq!((tunnel.framing, tunnel.is_last), (Framing::Length(0), true));
}

#[test]
fn too_many_fields_are_refused() {
    let fields = "x: \n".repeat(96);
    assert_eq!(
        head(&format!("GET / HTTP/1.1\n{fields}host: x")),
        Err(Refusal::HeadTooLarge)
    );
}
