//! Messages that end with their head, and messages before the answer. A product that takes them for
//! more puts the next answer out of step.

use crate::case::{Case, case};
use crate::product::Product;
use crate::site::{GET, OK, Site, answered};
use crate::upstream::{Script, Step};
use crate::verdict::{Verdict, ensure};

pub(super) const INTERIM: &[Case] = &[
    case(
        "an unasked 100 does not put the answers out of step",
        "RFC 9110 §15.2",
        |on| {
            in_step(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 100 Continue\r\n\r\n"),
                    Step::Send(OK),
                    Step::Serve(OK),
                ]],
                200,
            )
        },
    ),
    case(
        "early hints do not put the answers out of step",
        "RFC 8297 §2",
        |on| {
            in_step(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n"),
                    Step::Send(OK),
                    Step::Serve(OK),
                ]],
                200,
            )
        },
    ),
    case(
        "several interim answers do not put the answers out of step",
        "RFC 9110 §15.2",
        |on| {
            in_step(on, &[&[
            Step::Read,
            Step::Send(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 Miscellaneous\r\n\r\n"),
            Step::Send(OK),
            Step::Serve(OK),
        ]], 200)
        },
    ),
];

pub(super) const FINAL: &[Case] = &[
    case("a 204 ends with its head", "RFC 9112 §6.3", |on| {
        in_step(
            on,
            &[&[
                Step::Read,
                Step::Send(b"HTTP/1.1 204 No Content\r\n\r\n"),
                Step::Serve(OK),
            ]],
            204,
        )
    }),
    case(
        "a 204 that lies about a length ends with its head",
        "RFC 9112 §6.3",
        |on| {
            in_step(
                on,
                &[
                    &[
                        Step::Read,
                        Step::Send(b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"),
                        Step::Serve(OK),
                    ],
                    &[Step::Serve(OK)],
                ],
                204,
            )
        },
    ),
    case("a 204 is relayed without a length", "RFC 9110 §8.6", |on| {
        let answer = answered(
            on,
            &[&[
                Step::Read,
                Step::Send(b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"),
                Step::Hold,
            ]],
        )?;
        answer.is(204)?;
        ensure(
            !answer.head.has("content-length") && !answer.head.has("transfer-encoding"),
            "said a length",
            &answer,
        )
    }),
    case(
        "a 204 that lies about chunks ends with its head",
        "RFC 9112 §6.3",
        |on| {
            in_step(on, &[
            &[Step::Read, Step::Send(b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), Step::Hold],
            &[Step::Serve(OK)],
        ], 204)
        },
    ),
    case(
        "a 304 ends with its head, whatever length it tells",
        "RFC 9112 §6.3",
        |on| {
            in_step(
                on,
                &[&[
                    Step::Read,
                    Step::Send(
                        b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\ncontent-length: 1234\r\n\r\n",
                    ),
                    Step::Serve(OK),
                ]],
                304,
            )
        },
    ),
    case(
        "a 304 without a length ends with its head",
        "RFC 9112 §6.3",
        |on| {
            in_step(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n"),
                    Step::Serve(OK),
                ]],
                304,
            )
        },
    ),
    case("a 304 keeps its ETag", "RFC 9110 §15.4.5", |on| {
        let answer = answered(
            on,
            &[&[
                Step::Read,
                Step::Send(b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n"),
                Step::Hold,
            ]],
        )?;
        answer.is(304)?;
        answer.has("etag", b"\"a\"")
    }),
    case("a 205 is framed as others are", "RFC 9112 §6.3", |on| {
        in_step(
            on,
            &[&[
                Step::Read,
                Step::Send(b"HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n"),
                Step::Serve(OK),
            ]],
            205,
        )
    }),
    case(
        "a 205 with a body does not put the answers out of step",
        "RFC 9110 §15.3.6",
        |on| {
            in_step(
                on,
                &[
                    &[
                        Step::Read,
                        Step::Send(b"HTTP/1.1 205 Reset Content\r\ncontent-length: 5\r\n\r\nhello"),
                        Step::Serve(OK),
                    ],
                    &[Step::Serve(OK)],
                ],
                205,
            )
        },
    ),
];

/// The answer has this status, and the next one on the same connection belongs to the next request.
fn in_step(on: Product, scripts: &'static [Script], status: u16) -> Verdict {
    let site = Site::scripted(on, scripts);
    let mut client = site.connect();
    client.send(GET).answer()?.is(status)?;
    client.send(GET).answer()?.is_ok_with(b"fine")
}
