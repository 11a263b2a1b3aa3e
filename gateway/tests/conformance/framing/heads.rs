//! The lines of a request's head.

use crate::case::{Case, case};
use crate::product::Product;
use crate::site::{
    BAD_REQUEST, BAD_VERSION, GET, Refusal, Site, each_refused, is_next, refused_or, relayed,
};
use crate::upstream::Request;
use crate::verdict::{Verdict, each, ensure};

pub(super) const LINES: &[Case] = &[
    case(
        "a line that ends in LF alone is refused, or relayed with CRLF",
        "RFC 9112 §2.2",
        |on| {
            each(
                [
                    "GET /things HTTP/1.1\nhost: a.example\r\n\r\n",
                    "GET /things HTTP/1.1\r\nhost: a.example\n\r\n",
                    "GET /things HTTP/1.1\r\nhost: a.example\r\n\n",
                    "GET /things HTTP/1.1\nhost: a.example\n\n",
                ],
                |request| refused_or(on, request, BAD_REQUEST, is_plain),
            )
        },
    ),
    case("a bare CR is refused", "RFC 9112 §2.2", |on| {
        each(
            [
                "GET /thi\rngs HTTP/1.1\r\nhost: a.example\r\n\r\n",
                "GET /things HTTP/1.1\rhost: a.example\r\n\r\n",
                "GET /things HTTP/1.1\r\nhost: a.example\r\nx-a: 1\rx-b: 2\r\n\r\n",
                "GET /things HTTP/1.1\r\nhost: a.example\r\nx\ra: 1\r\n\r\n",
            ],
            |request| {
                refused_or(on, request, BAD_REQUEST, |seen| {
                    seen.head.text("x-a").as_deref() == Some("1 x-b: 2") || is_next(seen)
                })
            },
        )
    }),
    case(
        "an empty line before a request is not a part of it",
        "RFC 9112 §2.2",
        |on| relayed(on, [b"\r\n", GET].concat()).map(drop),
    ),
    case(
        "a request line without a version is refused",
        "RFC 9112 §3",
        |on| {
            let lines = ["GET /things", "GET /things ", "GET"];
            each_refused(on, &lines, BAD_REQUEST, with_line)
        },
    ),
    case("a malformed version is refused", "RFC 9112 §2.3", |on| {
        let versions = [
            "http/1.1",
            "HTTP/1",
            "HTTP/1.",
            "HTTP/11",
            "HTTP/1.1x",
            "HTTPS/1.1",
            "HTTP /1.1",
        ];
        each(versions, |version| {
            refused_or(
                on,
                with_line(&format!("GET /things {version}")),
                BAD_VERSION_FORM,
                |_| false,
            )
        })
    }),
    case(
        "a major version that is not spoken is refused by name",
        "RFC 9110 §15.6.6",
        |on| {
            let versions = ["HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/9.9"];
            each_refused(on, &versions, BAD_VERSION, |version| {
                with_line(&format!("GET /things {version}"))
            })
        },
    ),
    case(
        "HTTP/1.2 is taken as HTTP/1.1 or refused",
        "RFC 9110 §2.5",
        |on| {
            let site = Site::serving(on);
            let answer = site.ask(with_line("GET /things HTTP/1.2")).answer()?;
            answer.is_one_of(&[200, 505])
        },
    ),
    case(
        "a request line with other whitespace is refused, or relayed with single spaces",
        "RFC 9112 §3",
        |on| {
            let lines = [
                "GET  /things HTTP/1.1",
                "GET /things  HTTP/1.1",
                "GET\t/things\tHTTP/1.1",
                " GET /things HTTP/1.1",
                "GET /things HTTP/1.1 ",
            ];
            each(lines, |line| {
                refused_or(on, with_line(line), BAD_REQUEST, is_plain)
            })
        },
    ),
    case(
        "a method that is no token is refused",
        "RFC 9110 §9.1",
        |on| {
            let lines = [
                "G@T /things HTTP/1.1",
                "GET\0 /things HTTP/1.1",
                "GÉT /things HTTP/1.1",
                "(GET) /things HTTP/1.1",
            ];
            each_refused(on, &lines, BAD_REQUEST, with_line)
        },
    ),
    case("what is not HTTP is refused", "RFC 9112 §3", |on| {
        let site = Site::serving(on);
        let mut client = site.ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
        let answer = client.answer()?;
        site.is_refusal(&answer, BAD_REQUEST)?;
        client.closes()?;
        site.nothing_reached()
    }),
    case(
        "a head that arrives byte by byte is one",
        "RFC 9112 §2.2",
        |on| {
            let site = Site::serving(on);
            site.connect()
                .send_bytewise(GET)
                .answer()?
                .is_ok_with(b"fine")
        },
    ),
    case(
        "requests before a malformed one are answered, in order",
        "RFC 9112 §9.3.2",
        |on| {
            let site = Site::serving(on);
            let bad = b"GET /things HTTP/1.1\r\nhost: a.example\r\nx y: 1\r\n\r\n";
            let mut client = site.ask([GET, GET, bad, GET].concat());
            client.answer()?.is_ok_with(b"fine")?;
            client.answer()?.is_ok_with(b"fine")?;
            let answer = client.answer()?;
            site.is_refusal(&answer, BAD_REQUEST)?;
            client.closes()?;
            let reached = site.reached()?.len();
            ensure(reached == 2, "relayed another number of requests", reached)
        },
    ),
];

pub(super) const FIELDS: &[Case] = &[
    case(
        "whitespace before a field's colon is refused",
        "RFC 9112 §5.1",
        |on| fields_refused(on, &["x-a : 1", "x-a\t: 1", "content-length : 0"]),
    ),
    case(
        "a field's name that is no token is refused",
        "RFC 9110 §5.1",
        |on| {
            fields_refused(
                on,
                &[
                    "x a: 1",
                    "x(a): 1",
                    "x\"a\": 1",
                    "x@a: 1",
                    "x/a: 1",
                    "xé: 1",
                    "x\0a: 1",
                    "x\u{7f}: 1",
                ],
            )
        },
    ),
    case("a field without a name is refused", "RFC 9110 §5.1", |on| {
        fields_refused(on, &[": 1", ":"])
    }),
    case("a line without a colon is refused", "RFC 9112 §5", |on| {
        fields_refused(on, &["x-a", "transfer-encoding chunked"])
    }),
    case(
        "whitespace before the first field is refused, or the line ignored",
        "RFC 9112 §2.2",
        |on| {
            each([" x-a: 1", "\tx-a: 1", " host: b.example"], |line| {
                let bytes = format!("GET /things HTTP/1.1\r\n{line}\r\nhost: a.example\r\n\r\n");
                refused_or(on, bytes, BAD_REQUEST, is_plain)
            })
        },
    ),
    case(
        "a folded line is refused, or unfolded",
        "RFC 9112 §5.2",
        |on| {
            each(["x-a: 1\r\n 2", "x-a: 1\r\n\t2", "x-a:\r\n 1"], |line| {
                refused_or(on, with_field(line), BAD_REQUEST, |seen| {
                    // The upstream's strict reader would not have taken a folded field.
                    seen.head.has("x-a") || is_next(seen)
                })
            })
        },
    ),
    case("a NUL in a value is refused", "RFC 9110 §5.5", |on| {
        fields_refused(on, &["x-a: 1\x002", "x-a: \0", "x-a: 1\0"])
    }),
    case(
        "other controls in a value are refused",
        "RFC 9110 §5.5",
        |on| {
            fields_refused(
                on,
                &[
                    "x-a: \x01",
                    "x-a: 1\x0b2",
                    "x-a: \x0c",
                    "x-a: 1\x1b[0m",
                    "x-a: \x7f",
                    "x-a: \x08",
                ],
            )
        },
    ),
];

/// A server may also answer that it does not know such a version.
const BAD_VERSION_FORM: Refusal = BAD_REQUEST.or_for_peers(&[505]);

fn with_line(line: &str) -> String {
    format!("{line}\r\nhost: a.example\r\n\r\n")
}

fn with_field(field: &str) -> String {
    format!("GET /things HTTP/1.1\r\nhost: a.example\r\n{field}\r\n\r\n")
}

fn fields_refused(on: Product, fields: &[&str]) -> Verdict {
    each_refused(on, fields, BAD_REQUEST, with_field)
}

/// The rest of it is an ordinary request, or the one that came after.
fn is_plain(seen: &Request) -> bool {
    !seen.head.has("x-a") && (seen.target() == "/inner/things" || is_next(seen))
}
