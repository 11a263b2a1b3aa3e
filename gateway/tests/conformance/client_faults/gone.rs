//! Clients that go away, or go on sending although nobody reads any more.

use super::LARGE;
use crate::case::{Case, case, ours};
use crate::site::{BAD_REQUEST, GET, OK, Site, begin_in_chunks};
use crate::upstream::Step;
use crate::verdict::{each, ensure};

const GET_TEXT: &str = "GET /things HTTP/1.1\r\nhost: a.example\r\n\r\n";
const POST: &str = "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5\r\n\r\nhello";
const CHUNKED: &str = "POST /things HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

pub(super) const CASES: &[Case] = &[
    case(
        "a client that breaks its connection takes the upstream's with it",
        "an upstream that works for nobody",
        |on| {
            let site = Site::scripted(on, &[&[Step::Read, Step::Hold]]);
            let client = site.ask(GET);
            site.upstream.receives(b"\r\n\r\n")?;
            client.abort();
            site.upstream.is_closed(0)
        },
    ),
    case(
        "a client that goes away amid the answer takes the upstream's connection with it",
        "an upstream that works for nobody",
        |on| {
            let site = Site::scripted(on, &[LARGE]);
            let mut client = site.ask(GET);
            client.until(b"xxxx")?;
            drop(client);
            site.upstream.is_closed(0)
        },
    ),
    case(
        "a client that goes away amid its body ends nothing",
        "RFC 9112 §8",
        |on| {
            let site = Site::serving(on);
            let client = site.ask(begin_in_chunks("hello"));
            site.upstream.receives(b"hello")?;
            drop(client);
            site.upstream.is_closed(0)?;
            let reached = site.upstream.requests()?;
            ensure(reached.is_empty(), "ended it as if it were whole", reached)
        },
    ),
    case(
        "a body short of its length is never passed off as whole",
        "RFC 9112 §8",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(
                b"POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 10\r\n\r\nhello",
            );
            client.half_close();
            if let Ok(answer) = client.answer() {
                answer.is_one_of(&[400, 408])?;
            }
            let reached = site.upstream.requests()?;
            ensure(reached.is_empty(), "ended it as if it were whole", reached)
        },
    ),
    case(
        "a client that has closed its side does not hang",
        "RFC 9112 §9.6",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(GET);
            client.half_close();
            // It is answered or, by other products, taken for gone; both are an end.
            if let Err(deviation) = client.answer() {
                ensure(
                    deviation.did.starts_with("closed"),
                    "kept the connection open",
                    deviation,
                )?;
            }
            client.closes()
        },
    ),
    ours(
        "a client that closes its side after a whole request is answered",
        "RFC 9112 §9.6",
        |on| {
            each([GET_TEXT, POST, CHUNKED], |request| {
                let site = Site::serving(on);
                let mut client = site.ask(request);
                client.half_close();
                client.answer()?.is_ok_with(b"fine")?;
                client.closes()
            })
        },
    ),
    ours(
        "a client that closes its side while the upstream works is answered",
        "RFC 9112 §9.6",
        |on| {
            each([GET_TEXT, POST, CHUNKED], |request| {
                let site = Site::scripted(on, &[&[Step::Read, Step::Wait, Step::Send(OK)]]);
                let mut client = site.ask(request);
                site.upstream.receives(b"\r\n\r\n")?;
                client.half_close();
                site.upstream.go_on();
                client.answer()?.is_ok_with(b"fine")?;
                client.closes()
            })
        },
    ),
    ours(
        "every request before the end of what a client sends is answered",
        "RFC 9112 §9.3.2",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask([GET_TEXT, POST, GET_TEXT].concat());
            client.half_close();
            for _ in 0..3 {
                client.answer()?.is_ok_with(b"fine")?;
            }
            client.closes()
        },
    ),
    case(
        "a client that goes on sending a refused body gets its answer",
        "RFC 9112 §9.6",
        |on| {
            let site = Site::serving(on);
            let head =
                "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 8388608\r\n\r\n";
            let mut client = site.ask(head);
            for _ in 0..128 {
                client.send([b'x'; 64 * 1024]);
            }
            client.answer()?.is(413)
        },
    ),
    case(
        "a client that goes on after a malformed head gets its answer",
        "RFC 9112 §9.6",
        |on| {
            let site = Site::serving(on);
            let mut client =
                site.ask(b"POST /things HTTP/1.1\r\nhost: a.example\r\nx y: 1\r\n\r\n");
            for _ in 0..32 {
                client.send([b'x'; 64 * 1024]);
            }
            let answer = client.answer()?;
            site.is_refusal(&answer, BAD_REQUEST)
        },
    ),
];
