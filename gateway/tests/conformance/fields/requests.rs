//! The fields of a request on their way to the upstream.

use crate::case::{Case, case, ours};
use crate::product::Product;
use crate::site::relayed;
use crate::upstream::Request;
use crate::verdict::{Verdict, each, ensure};

pub(super) const CASES: &[Case] = &[
    case(
        "fields that a Connection names stay behind",
        "RFC 9110 §7.6.1",
        |on| {
            let seen = with(
                on,
                "connection: x-secret, X-Other\r\nx-secret: 1\r\nx-other: 2\r\nx-mine: 3",
            )?;
            seen.lacks("x-secret")?;
            seen.lacks("x-other")?;
            seen.has("x-mine", &[b"3"])
        },
    ),
    case(
        "fields that several Connections name stay behind",
        "RFC 9110 §7.6.1",
        |on| {
            let seen = with(
                on,
                "connection: x-secret\r\nconnection: x-other\r\nx-secret: 1\r\nx-other: 2",
            )?;
            seen.lacks("x-secret")?;
            seen.lacks("x-other")
        },
    ),
    case(
        "Connection, Keep-Alive and Proxy-Connection stay behind",
        "RFC 9110 §7.6.1",
        |on| {
            let seen = with(
                on,
                "connection: keep-alive\r\nkeep-alive: timeout=5\r\nproxy-connection: keep-alive",
            )?;
            let says = seen.head.text("connection").unwrap_or_default();
            ensure(
                matches!(says.as_str(), "" | "keep-alive" | "close"),
                "relayed `connection`",
                &seen,
            )?;
            each(["keep-alive", "proxy-connection"], |name| seen.lacks(name))
        },
    ),
    case("TE and Trailer stay behind", "RFC 9110 §10.1.4", |on| {
        let seen = with(
            on,
            "connection: te\r\nte: trailers, gzip\r\ntrailer: x-checksum",
        )?;
        each(["te", "trailer"], |name| seen.lacks(name))
    }),
    case("an Upgrade stays behind", "RFC 9110 §7.8", |on| {
        with(
            on,
            "connection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__",
        )?
        .lacks("upgrade")
    }),
    case(
        "an Upgrade that Connection does not name stays behind",
        "RFC 9110 §7.8",
        |on| with(on, "upgrade: h2c")?.lacks("upgrade"),
    ),
    case(
        "Proxy-Authorization stays behind",
        "RFC 9110 §11.7.2: meant for this proxy",
        |on| with(on, "proxy-authorization: Basic c2VjcmV0")?.lacks("proxy-authorization"),
    ),
    case(
        "a Connection that names them takes away neither length nor host",
        "RFC 9110 §7.6.1",
        |on| {
            let bytes = "POST /things HTTP/1.1\r\nhost: a.example\r\nconnection: content-length, host\r\n\
                     content-length: 5\r\n\r\nhello";
            let seen = relayed(on, bytes)?;
            ensure(seen.body == b"hello", "changed the body", &seen)?;
            ensure(
                seen.head.all("host").len() == 1,
                "sent another number of Hosts",
                &seen,
            )
        },
    ),
    case(
        "repeated fields arrive each, in their order",
        "RFC 9110 §5.3",
        |on| {
            let seen = with(on, "x-a: 1\r\nx-b: 0\r\nx-a: 2\r\nX-A: 3")?;
            let joined = seen.head.text("x-a");
            ensure(joined.as_deref() == Some("1, 2, 3"), "changed `x-a`", &seen)
        },
    ),
    case(
        "Authorization arrives byte for byte",
        "RFC 9110 §11.6.2",
        |on| {
            each(
                [
                    "Bearer eyJ.a-b_c.~+/=",
                    "Basic YTpi",
                    "Digest username=\"a, b\",  realm=\"\"",
                ],
                |value| {
                    with(on, &format!("authorization: {value}"))?
                        .has("authorization", &[value.as_bytes()])
                },
            )
        },
    ),
    case("Cookie arrives byte for byte", "RFC 6265 §4.2", |on| {
        with(on, "cookie: a=1; b=\"x, y\"; c=%20;d")?.has("cookie", &[b"a=1; b=\"x, y\"; c=%20;d"])
    }),
    case(
        "bytes beyond ASCII arrive in a value",
        "RFC 9110 §5.5",
        |on| {
            let bytes = b"GET /things HTTP/1.1\r\nhost: a.example\r\nx-a: caf\xe9 \xff\x80\r\n\r\n";
            relayed(on, bytes)?.has("x-a", &[b"caf\xe9 \xff\x80"])
        },
    ),
    case(
        "every byte that a value may have arrives",
        "RFC 9110 §5.5",
        |on| {
            let visible: Vec<u8> = (0x21..=0x7e).collect();
            let bytes = [
                b"GET /things HTTP/1.1\r\nhost: a.example\r\nx-a: ",
                &visible[..],
                b" \t \x21\r\n\r\n",
            ];
            relayed(on, bytes.concat())?.has("x-a", &[&[&visible[..], b" \t \x21"].concat()])
        },
    ),
    case("an empty field arrives empty", "RFC 9110 §5.5", |on| {
        with(on, "x-a:")?.has("x-a", &[b""])
    }),
    case(
        "whitespace around a value is no part of it",
        "RFC 9112 §5",
        |on| {
            each(["x-a:1", "x-a: \t 1", "x-a: 1 \t "], |field| {
                with(on, field)?.has("x-a", &[b"1"])
            })
        },
    ),
    case(
        "every character that a name may have arrives",
        "RFC 9110 §5.6.2",
        |on| with(on, "x!#$%&'*+-.^_`|~09aZ: 1")?.has("x!#$%&'*+-.^_`|~09aZ", &[b"1"]),
    ),
    case(
        "a name with an underscore arrives as it is",
        "RFC 9110 §5.1",
        |on| with(on, "api_key: 9")?.has("api_key", &[b"9"]),
    ),
    ours(
        "a name that a server could take for one of the gateway's own stays behind",
        "RFC 3875 §4.1.18: some servers fold names",
        |on| {
            let seen = with(on, "x_forwarded_for: 6.6.6.6\r\ncontent_length: 9")?;
            seen.lacks("x_forwarded_for")?;
            seen.lacks("content_length")
        },
    ),
    case("conditions and ranges arrive", "RFC 9110 §13.1", |on| {
        let seen = with(
            on,
            "if-none-match: W/\"a\", \"b\"\r\nrange: bytes=0-1\r\nif-range: \"b\"",
        )?;
        seen.has("if-none-match", &[b"W/\"a\", \"b\""])?;
        seen.has("range", &[b"bytes=0-1"])
    }),
    case(
        "Accept and Accept-Encoding arrive as they were sent",
        "RFC 9110 §12.5",
        |on| {
            let seen = with(
                on,
                "accept: text/html;q=0.5, */*\r\naccept-encoding: br;q=1.0, gzip",
            )?;
            seen.has("accept", &[b"text/html;q=0.5, */*"])?;
            seen.has("accept-encoding", &[b"br;q=1.0, gzip"])
        },
    ),
];

fn with(on: Product, fields: &str) -> Verdict<Request> {
    relayed(
        on,
        format!("GET /things HTTP/1.1\r\nhost: a.example\r\n{fields}\r\n\r\n"),
    )
}
