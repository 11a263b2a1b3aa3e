//! The announced length of a request's body.

use crate::case::{Case, case};
use crate::product::Product;
use crate::site::{BAD_CODING, BAD_REQUEST, each_refused, is_next, refused, refused_or, relayed};
use crate::verdict::{Verdict, each, ensure};

pub(super) const CASES: &[Case] = &[
    case(
        "a Content-Length beside a Transfer-Encoding is refused",
        "RFC 9112 §6.1",
        |on| {
            each(
                [
                    "content-length: 5\r\ntransfer-encoding: chunked\r\n",
                    "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
                ],
                |fields| {
                    refused_or(
                        on,
                        format!("{POST}{fields}\r\n5\r\nhello\r\n0\r\n\r\n"),
                        BAD_REQUEST,
                        |seen| !seen.head.has("content-length"),
                    )
                },
            )
        },
    ),
    case(
        "two Content-Length fields that differ are refused",
        "RFC 9112 §6.3",
        |on| lengths_refused(on, &["5\r\ncontent-length: 6", "6\r\ncontent-length: 5"]),
    ),
    case(
        "two Content-Length fields that are equal are refused or made one",
        "RFC 9112 §6.3",
        |on| {
            let bytes = with_length("5\r\ncontent-length: 5");
            refused_or(on, bytes, BAD_REQUEST, |seen| {
                seen.head.all("content-length") == [b"5"] || is_next(seen)
            })
        },
    ),
    case(
        "a Content-Length that is a list of different numbers is refused",
        "RFC 9112 §6.3",
        |on| lengths_refused(on, &["5, 6", "5,6", "5,"]),
    ),
    case(
        "a Content-Length that is a list of one number is refused or made one",
        "RFC 9112 §6.3",
        |on| {
            refused_or(on, with_length("5, 5"), BAD_REQUEST, |seen| {
                seen.head.all("content-length") == [b"5"] || is_next(seen)
            })
        },
    ),
    case(
        "a Content-Length with a sign is refused",
        "RFC 9110 §8.6",
        |on| lengths_refused(on, &["+5", "-5", "-0"]),
    ),
    case(
        "a Content-Length that is no decimal number is refused",
        "RFC 9110 §8.6",
        |on| {
            lengths_refused(
                on,
                &["0x5", "five", "5.0", "\"5\"", "5 5", "5_0", "5;", "٥"],
            )
        },
    ),
    case(
        "an empty Content-Length is refused",
        "RFC 9110 §8.6",
        |on| lengths_refused(on, &["", " "]),
    ),
    case(
        "a Content-Length beyond 64 bits is refused",
        "RFC 9110 §8.6",
        |on| {
            let [wraps, long] = ["18446744073709551621", "99999999999999999999999999"];
            each([wraps, long], |length| {
                let refusal = BAD_REQUEST.or_for_peers(&[413]);
                refused(on, with_length(length), refusal)
            })
        },
    ),
    case(
        "whitespace around a Content-Length is no part of it",
        "RFC 9112 §5",
        |on| {
            each(["5 ", "5\t", "  5", "0005"], |length| {
                let seen = relayed(on, with_length(length))?;
                ensure(seen.body == b"hello", "changed the body", &seen)
            })
        },
    ),
    case(
        "a Transfer-Encoding that does not end in chunked is refused",
        "RFC 9112 §6.3",
        |on| {
            codings_refused(
                on,
                &["gzip", "identity", "chunked, identity", "chunked, gzip"],
            )
        },
    ),
    case(
        "a Transfer-Encoding other than chunked is refused",
        "RFC 9112 §6.1",
        |on| codings_refused(on, &["gzip, chunked", "identity, chunked", "xchunked", "x"]),
    ),
    case("chunked said twice is refused", "RFC 9112 §6.1", |on| {
        let twice = ["chunked, chunked", "chunked\r\ntransfer-encoding: chunked"];
        codings_refused(on, &twice)
    }),
    case(
        "a Transfer-Encoding that only resembles chunked is refused",
        "RFC 9112 §7",
        |on| {
            let alike = [
                "\"chunked\"",
                "chunked;x",
                "chunked\u{b}",
                "chunk",
                "chunked,",
                "",
            ];
            codings_refused(on, &alike)
        },
    ),
    case(
        "a Transfer-Encoding in HTTP/1.0 is refused, or closes after the answer",
        "RFC 9112 §6.1",
        |on| {
            refused_or(
                on,
                "POST /things HTTP/1.0\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n\
                 5\r\nhello\r\n0\r\n\r\n",
                BAD_REQUEST,
                |seen| seen.target() == "/inner/things" && seen.body == b"hello",
            )
        },
    ),
    case("chunked is known whatever its case", "RFC 9112 §7", |on| {
        each(["Chunked", "CHUNKED", "chunked ", "\tchunked"], |coding| {
            let seen = relayed(on, with_coding(coding))?;
            ensure(seen.body == b"hello", "changed the body", &seen)
        })
    }),
];

const POST: &str = "POST /things HTTP/1.1\r\nhost: a.example\r\n";

fn with_length(length: &str) -> String {
    format!("{POST}content-length: {length}\r\n\r\nhello")
}

fn with_coding(coding: &str) -> String {
    format!("{POST}transfer-encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
}

fn lengths_refused(on: Product, lengths: &[&str]) -> Verdict {
    each_refused(on, lengths, BAD_REQUEST, with_length)
}

fn codings_refused(on: Product, codings: &[&str]) -> Verdict {
    each_refused(on, codings, BAD_CODING, with_coding)
}
