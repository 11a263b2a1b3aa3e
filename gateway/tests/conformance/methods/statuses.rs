//! Statuses, and their status lines.

use crate::case::{Case, case};
use crate::client::Answer;
use crate::product::Product;
use crate::site::{GET, INVALID_ANSWER, Site, answered};
use crate::upstream::{Script, Step};
use crate::verdict::{Verdict, ensure};

pub(super) const CASES: &[Case] = &[
    case(
        "a 101 that nobody asked for is a 502",
        "RFC 9110 §15.2.2",
        |on| {
            invalid(on, &[&[Step::Read, Step::Send(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), Step::Hold]])
        },
    ),
    case(
        "redirections are relayed, not followed",
        "RFC 9110 §15.4",
        |on| {
            let answer = answered(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n",
                )]],
            )?;
            answer.is(307)?;
            answer.has("location", b"/b")
        },
    ),
    case(
        "an upstream's error is relayed with its body",
        "RFC 9110 §15.6",
        |on| {
            let answer = answered(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy",
                )]],
            )?;
            answer.is(503)?;
            answer.has("retry-after", b"7")?;
            ensure(answer.body == b"busy", "changed the body", &answer)
        },
    ),
    case(
        "a status that nobody knows is relayed",
        "RFC 9110 §15",
        |on| {
            relayed_status(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 299 Miscellaneous\r\ncontent-length: 4\r\n\r\nfine",
                )]],
                299,
            )?;
            relayed_status(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 418 I'm a teapot\r\ncontent-length: 4\r\n\r\nfine",
                )]],
                418,
            )?;
            relayed_status(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 599 x\r\ncontent-length: 4\r\n\r\nfine",
                )]],
                599,
            )
        },
    ),
    case(
        "a reason that nobody knows, and none, are taken",
        "RFC 9112 §4",
        |on| {
            relayed_status(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 200 Everything is \xe9\xff fine\r\ncontent-length: 4\r\n\r\nfine",
                )]],
                200,
            )?;
            relayed_status(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 200 \r\ncontent-length: 4\r\n\r\nfine",
                )]],
                200,
            )
        },
    ),
    case(
        "an answer in HTTP/1.0 that the end delimits is whole",
        "RFC 9112 §6.3",
        |on| {
            let answer = answered(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nfine"),
                ]],
            )?;
            answer.is_ok_with(b"fine")
        },
    ),
    case(
        "an answer in HTTP/1.0 is relayed as HTTP/1.1",
        "RFC 9110 §6.2",
        |on| {
            let answer = answered(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine"),
                    Step::Hold,
                ]],
            )?;
            ensure(
                answer.head.first_line.starts_with("HTTP/1.1 200"),
                "relayed the version",
                &answer,
            )
        },
    ),
    case("a status beyond 599 is a 502", "RFC 9110 §15", |on| {
        invalid(
            on,
            &[&[Step::Serve(
                b"HTTP/1.1 999 Beyond\r\ncontent-length: 0\r\n\r\n",
            )]],
        )
    }),
    case("a status below 100 is a 502", "RFC 9110 §15", |on| {
        invalid(
            on,
            &[&[Step::Serve(
                b"HTTP/1.1 099 Below\r\ncontent-length: 0\r\n\r\n",
            )]],
        )
    }),
    case(
        "a status of two or four digits is a 502",
        "RFC 9112 §4",
        |on| {
            invalid(
                on,
                &[&[Step::Serve(b"HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n")]],
            )?;
            invalid(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n",
                )]],
            )
        },
    ),
    case("a status that is no number is a 502", "RFC 9112 §4", |on| {
        invalid(
            on,
            &[&[Step::Serve(b"HTTP/1.1 abc OK\r\ncontent-length: 0\r\n\r\n")]],
        )?;
        invalid(
            on,
            &[&[Step::Serve(b"HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n")]],
        )
    }),
];

fn relayed_status(on: Product, scripts: &'static [Script], status: u16) -> Verdict {
    let answer: Answer = answered(on, scripts)?;
    answer.is(status)?;
    ensure(answer.body == b"fine", "changed the body", &answer)
}

fn invalid(on: Product, scripts: &'static [Script]) -> Verdict {
    let site = Site::scripted(on, scripts);
    let answer = site.ask(GET).answer()?;
    site.is_refusal(&answer, INVALID_ANSWER)
}
