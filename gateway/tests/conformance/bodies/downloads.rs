//! Bodies of answers: complete, unchanged, without delay.

use crate::case::{Case, case};
use crate::client::Ending;
use crate::product::Product;
use crate::site::{GET, OK, Site, answered};
use crate::upstream::{Script, Step};
use crate::verdict::{Verdict, ensure};

const MIB: usize = 1 << 20;

pub(super) const CASES: &[Case] = &[
    case(
        "a long answer with its length is whole",
        "RFC 9112 §6.3",
        |on| {
            is_whole(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1048576\r\n\r\n"),
                    Step::Fill(MIB),
                    Step::Hold,
                ]],
            )
        },
    ),
    case(
        "a long answer in one chunk is whole",
        "RFC 9112 §7.1",
        |on| {
            is_whole(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n100000\r\n"),
                    Step::Fill(MIB),
                    Step::Send(b"\r\n0\r\n\r\n"),
                    Step::Hold,
                ]],
            )
        },
    ),
    case(
        "a long answer that the end delimits is whole",
        "RFC 9112 §6.3",
        |on| {
            is_whole(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\n\r\n"),
                    Step::Fill(MIB),
                ]],
            )
        },
    ),
    case("an answer without a body is whole", "RFC 9112 §7.1", |on| {
        for script in [
            &[&[Step::Serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")] as Script]
                as &[Script],
            &[&[Step::Serve(
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            )]],
            &[&[Step::Read, Step::Send(b"HTTP/1.1 200 OK\r\n\r\n")]],
        ] {
            let site = Site::scripted(on, script);
            site.ask(GET).answer()?.is_ok_with(b"")?;
        }
        Ok(())
    }),
    case(
        "an answer that comes byte by byte is whole",
        "RFC 9112 §7.1",
        |on| {
            answered(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
                    Step::Send(b"1"),
                    Step::Send(b"\r"),
                    Step::Send(b"\n"),
                    Step::Send(b"x"),
                    Step::Send(b"\r"),
                    Step::Send(b"\n"),
                    Step::Send(b"0"),
                    Step::Send(b"\r"),
                    Step::Send(b"\n"),
                    Step::Send(b"\r"),
                    Step::Send(b"\n"),
                    Step::Hold,
                ]],
            )?
            .is_ok_with(b"x")
        },
    ),
    case(
        "extensions and trailers of an answer do not put it out of step",
        "RFC 9112 §7.1.2",
        |on| {
            let site = Site::scripted(on, &[&[
            Step::Read,
            Step::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;x=\"y\"\r\nfine\r\n0;z\r\nx-a: 1\r\n\r\n"),
            Step::Serve(OK),
        ]]);
            let mut client = site.connect();
            client.send(GET).answer()?.is_ok_with(b"fine")?;
            client.send(GET).answer()?.is_ok_with(b"fine")
        },
    ),
    case("a body in a coding is not touched", "RFC 9110 §8.4", |on| {
        let answer = answered(on, &[&[Step::Serve(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 6\r\n\r\n\x1f\x8b\x08\x00\xff\x00")]])?;
        answer.is_ok_with(b"\x1f\x8b\x08\x00\xff\x00")?;
        answer.has("content-encoding", b"gzip")
    }),
    case(
        "an event arrives while the upstream holds the next",
        "WHATWG HTML §9.2: server-sent events",
        |on| {
            let site = Site::scripted(on, &[&[
            Step::Read,
            Step::Send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nd\r\ndata: first\n\n\r\n"),
            Step::Wait,
            Step::Send(b"c\r\ndata: last\n\n\r\n0\r\n\r\n"),
            Step::Hold,
        ]]);
            let mut client = site.ask(GET);
            client.until(b"data: first\n\n")?;
            site.upstream.go_on();
            client
                .answer()?
                .is_ok_with(b"data: first\n\ndata: last\n\n")
        },
    ),
    case(
        "the first bytes of a sized answer arrive while the upstream holds the rest",
        "streaming",
        |on| {
            let site = Site::scripted(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst"),
                    Step::Wait,
                    Step::Send(b"last"),
                    Step::Hold,
                ]],
            );
            let mut client = site.ask(GET);
            client.until(b"first")?;
            site.upstream.go_on();
            client.answer()?.is_ok_with(b"firstlast")
        },
    ),
    case(
        "the first bytes of an answer that the end delimits arrive while the upstream holds the rest",
        "streaming",
        |on| {
            let site = Site::scripted(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.0 200 OK\r\n\r\nfirst"),
                    Step::Wait,
                    Step::Send(b"last"),
                ]],
            );
            let mut client = site.ask(GET);
            client.until(b"first")?;
            site.upstream.go_on();
            client.answer()?.is_ok_with(b"firstlast")
        },
    ),
];

fn is_whole(on: Product, scripts: &'static [Script]) -> Verdict {
    let answer = answered(on, scripts)?;
    answer.is(200)?;
    let is_whole = answer.ending != Ending::Cut && answer.body == vec![b'x'; MIB];
    ensure(
        is_whole,
        "broke its answer off",
        (answer.ending, answer.body.len()),
    )
}
