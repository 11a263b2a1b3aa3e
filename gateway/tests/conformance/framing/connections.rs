//! The lifetime of a client's connection, and the order of its answers.

use crate::case::{Case, case};
use crate::site::{GET, Site, answered, relayed};
use crate::upstream::Step;
use crate::verdict::ensure;

pub(super) const CASES: &[Case] = &[
    case(
        "a connection is kept for the next request",
        "RFC 9112 §9.3",
        |on| {
            let site = Site::serving(on);
            let mut client = site.connect();
            for _ in 0..3 {
                client.send(GET).answer()?.is_ok_with(b"fine")?;
            }
            Ok(())
        },
    ),
    case(
        "pipelined requests are answered in order",
        "RFC 9112 §9.3.2",
        |on| {
            let site = Site::scripted(on, NUMBERED);
            let mut client = site.ask([GET, GET, GET].concat());
            for body in [b"1", b"2", b"3"] {
                client.answer()?.is_ok_with(body)?;
            }
            Ok(())
        },
    ),
    case(
        "pipelined requests with bodies stay apart",
        "RFC 9112 §9.3.2",
        |on| {
            let site = Site::serving(on);
            let one = "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 3\r\n\r\none";
            let two = "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 3\r\n\r\ntwo";
            let mut client = site.ask(format!("{one}{two}"));
            client.answer()?.is_ok_with(b"fine")?;
            client.answer()?.is_ok_with(b"fine")?;
            let bodies: Vec<_> = site
                .upstream
                .requests()?
                .into_iter()
                .map(|request| request.body)
                .collect();
            ensure(bodies == [b"one", b"two"], "changed the bodies", bodies)
        },
    ),
    case(
        "a request in a body is never taken for one",
        "RFC 9112 §6.3",
        |on| {
            let inner = "GET /things/smuggled HTTP/1.1\r\nhost: a.example\r\n\r\n";
            let length = inner.len();
            let seen = relayed(
                on,
                format!(
                    "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: {length}\r\n\r\n{inner}"
                ),
            )?;
            ensure(seen.body == inner.as_bytes(), "changed the body", seen)
        },
    ),
    case(
        "after a request that says close nothing is read",
        "RFC 9112 §9.6",
        |on| {
            let site = Site::serving(on);
            let last = b"GET /things HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n";
            let mut client = site.ask([last, GET].concat());
            let answer = client.answer()?;
            answer.is_ok_with(b"fine")?;
            ensure(
                answer
                    .head
                    .text("connection")
                    .is_some_and(|text| text.eq_ignore_ascii_case("close")),
                "did not say that it closes",
                &answer,
            )?;
            client.closes()?;
            let reached = site.reached()?.len();
            ensure(reached == 1, "relayed what came after", reached)
        },
    ),
    case(
        "close is found in a list and whatever its case",
        "RFC 9110 §7.6.1",
        |on| {
            let site = Site::serving(on);
            for options in ["Close", "x-a, close", "keep-alive\r\nconnection: CLOSE"] {
                let mut client = site.ask(format!(
                    "GET /things HTTP/1.1\r\nhost: a.example\r\nconnection: {options}\r\n\r\n"
                ));
                client.answer()?.is_ok_with(b"fine")?;
                client.closes()?;
            }
            Ok(())
        },
    ),
    case(
        "HTTP/1.0 needs no Host and is closed after the answer",
        "RFC 9112 §9.3",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(b"GET /things HTTP/1.0\r\n\r\n");
            client.answer()?.is_ok_with(b"fine")?;
            client.closes()
        },
    ),
    case(
        "HTTP/1.0 is kept where it asks for it",
        "RFC 9112 §9.3",
        |on| {
            let site = Site::serving(on);
            let mut client = site.connect();
            for _ in 0..2 {
                client.send(b"GET /things HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
                let answer = client.answer()?;
                answer.is_ok_with(b"fine")?;
                let says = answer.head.text("connection").unwrap_or_default();
                ensure(
                    says.eq_ignore_ascii_case("keep-alive"),
                    "did not say that it keeps it",
                    &answer,
                )?;
            }
            Ok(())
        },
    ),
    case(
        "HTTP/1.0 is never answered in chunks",
        "RFC 9112 §6.1",
        |on| {
            let site = Site::scripted(on, CHUNKED);
            for connection in ["", "connection: keep-alive\r\n"] {
                let mut client = site.ask(format!(
                    "GET /things HTTP/1.0\r\nhost: a.example\r\n{connection}\r\n"
                ));
                let answer = client.answer()?;
                answer.is_ok_with(b"hello")?;
                ensure(
                    !answer.head.has("transfer-encoding"),
                    "answered in chunks",
                    &answer,
                )?;
            }
            Ok(())
        },
    ),
    case(
        "an answer in chunks to HTTP/1.1 is framed by chunks or length",
        "RFC 9112 §6.3",
        |on| answered(on, CHUNKED)?.is_ok_with(b"hello"),
    ),
];

const CHUNKED: &[&[Step]] = &[&[Step::Serve(
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
)]];

const NUMBERED: &[&[Step]] = &[&[
    Step::Read,
    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1"),
    Step::Read,
    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n2"),
    Step::Read,
    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n3"),
    Step::Hold,
]];
