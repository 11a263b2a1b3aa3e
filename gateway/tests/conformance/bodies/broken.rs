//! Answers that break off: their beginning arrives, and they do not end as if complete.

use crate::case::{Case, case};
use crate::client::Ending;
use crate::product::Product;
use crate::site::{GET, Site};
use crate::upstream::{Script, Step};
use crate::verdict::{Verdict, ensure};

pub(super) const CASES: &[Case] = &[
    case(
        "an answer cut within a chunk is broken off",
        "RFC 9112 §8",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nhello"),
                ]],
            )
        },
    ),
    case(
        "an answer cut between chunks is broken off",
        "RFC 9112 §8",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(
                        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
                    ),
                ]],
            )
        },
    ),
    case(
        "an answer cut within its last chunk is broken off",
        "RFC 9112 §8",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(
                        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
                    ),
                ]],
            )
        },
    ),
    case(
        "an answer short of its length is broken off",
        "RFC 9112 §8",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"),
                ]],
            )
        },
    ),
    case(
        "a sized answer that is reset is broken off",
        "RFC 9112 §8",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"),
                    Step::Wait,
                    Step::Reset,
                ]],
            )
        },
    ),
    case(
        "an answer that the end delimits is broken off by a reset",
        "RFC 9112 §8",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\n\r\nhello"),
                    Step::Wait,
                    Step::Reset,
                ]],
            )
        },
    ),
    case(
        "an answer with a malformed chunk is broken off",
        "RFC 9112 §7.1",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(
                        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
                    ),
                    Step::Wait,
                    Step::Send(b"xyz\r\nhello\r\n0\r\n\r\n"),
                    Step::Hold,
                ]],
            )
        },
    ),
    case(
        "an answer whose chunk has no CRLF behind it is broken off",
        "RFC 9112 §7.1",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello"),
                    Step::Wait,
                    Step::Send(b"XX0\r\n\r\n"),
                    Step::Hold,
                ]],
            )
        },
    ),
    case(
        "an answer that stops in its middle is broken off in time",
        "the upstream's `timeout`",
        |on| {
            is_broken_off(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"),
                    Step::Hold,
                ]],
            )
        },
    ),
];

fn is_broken_off(on: Product, scripts: &'static [Script]) -> Verdict {
    let site = Site::scripted(on, scripts);
    let mut client = site.ask(GET);
    client.until(b"hello")?;
    site.upstream.go_on();
    let answer = client.answer()?;
    answer.is(200)?;
    ensure(
        answer.ending == Ending::Cut,
        "ended it as if it were whole",
        &answer,
    )
}
