//! Bodies of requests.

use crate::case::{Case, case, ours};
use crate::site::{BODY_TOO_LARGE, OK, Refusal, Site, begin_in_chunks, begin_sized, relayed};
use crate::upstream::{Script, Step};
use crate::verdict::ensure;
use crate::wire::find;

const LIMIT: usize = 256 * 1024;

pub(super) const CASES: &[Case] = &[
    case("every byte of a body arrives", "RFC 9110 §6.4", |on| {
        let body: Vec<u8> = (0..=255).cycle().take(40_000).collect();
        let seen = relayed(on, post(&body))?;
        ensure(seen.body == body, "changed the body", seen.body.len())
    }),
    case(
        "a body at the limit arrives",
        "`limits.request_body`",
        |on| {
            let body = vec![b'x'; LIMIT];
            let seen = relayed(on, post(&body))?;
            ensure(seen.body == body, "changed the body", seen.body.len())
        },
    ),
    case(
        "an announced body over the limit is refused and nothing of it relayed",
        "RFC 9110 §15.5.14",
        |on| {
            let site = Site::serving(on);
            let head = format!(
                "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: {}\r\n\r\n",
                LIMIT + 1
            );
            let answer = site.ask(head).answer();
            site.nothing_reached()?;
            let bytes = site.upstream.bytes();
            ensure(
                find(&bytes, b"POST").is_none(),
                "relayed a part of it",
                String::from_utf8_lossy(&bytes),
            )?;
            site.is_refusal(&answer?, BODY_TOO_LARGE)
        },
    ),
    case(
        "a body in chunks over the limit is refused and never ended",
        "RFC 9110 §15.5.14",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(
                "POST /things HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n",
            );
            for _ in 0..80 {
                client.send(format!("1000\r\n{}\r\n", "x".repeat(0x1000)));
            }
            client.send(b"0\r\n\r\n");
            let answer = client.answer();
            let reached = site.upstream.requests()?;
            ensure(reached.is_empty(), "relayed it", reached.len())?;
            site.is_refusal(&answer?, BODY_TOO_LARGE)?;
            client.closes()
        },
    ),
    case(
        "the first chunk arrives before the client sends the last",
        "streaming",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(begin_in_chunks("first"));
            site.upstream.receives(b"first")?;
            client
                .send(b"4\r\nlast\r\n0\r\n\r\n")
                .answer()?
                .is_ok_with(b"fine")
        },
    ),
    case(
        "the first bytes of a sized body arrive before the client sends the rest",
        "streaming",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(begin_sized("first", 4));
            site.upstream.receives(b"first")?;
            client.send(b"last").answer()?.is_ok_with(b"fine")
        },
    ),
    case(
        "an answer that comes before the body's end arrives",
        "RFC 9112 §9.3",
        |on| {
            let site = Site::scripted(on, EARLY);
            let mut client = site.ask(begin_sized("some", 50_000));
            let answer = client.answer()?;
            answer.is(403)?;
            ensure(answer.body == b"no", "changed the body", &answer)
        },
    ),
    case(
        "a body that nobody reads does not take the early answer away",
        "RFC 9112 §9.6",
        |on| {
            let site = Site::scripted(on, EARLY);
            let mut client = site.ask(post(&vec![b'x'; 60_000]));
            let answer = client.answer()?;
            answer.is(403)?;
            ensure(answer.body == b"no", "changed the body", &answer)
        },
    ),
    ours(
        "an Upgrade to WebSocket is refused by name",
        "RFC 9110 §7.8 lets a server ignore it; our clients should be told",
        |on| {
            let site = Site::serving(on);
            let answer = site.ask(
            "GET /things HTTP/1.1\r\nhost: a.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ).answer();
            site.nothing_reached()?;
            site.is_refusal(&answer?, UPGRADE)
        },
    ),
];

const UPGRADE: Refusal = Refusal::ours(501, "upgrade_not_supported");

const EARLY: &[Script] = &[
    &[
        Step::Head,
        Step::Send(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"),
        Step::Hold,
    ],
    &[Step::Serve(OK)],
];

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
