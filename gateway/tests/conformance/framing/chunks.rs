//! A request's body in chunks (RFC 9112 §7.1).

use crate::case::{Case, case};
use crate::product::Product;
use crate::site::{BAD_REQUEST, HEAD_TOO_LARGE, OK, Refusal, Site, relayed};
use crate::upstream::Step;
use crate::verdict::{Verdict, each, ensure};
use crate::wire::find;

pub(super) const TAKEN: &[Case] = &[
    case("a body in chunks arrives whole", "RFC 9112 §7.1", |on| {
        arrives(on, "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", b"hello")
    }),
    case(
        "a chunk's size may have either case",
        "RFC 9112 §7.1",
        |on| {
            each(["a", "A"], |size| {
                arrives(
                    on,
                    &format!("{size}\r\n0123456789\r\n0\r\n\r\n"),
                    b"0123456789",
                )
            })
        },
    ),
    case(
        "a chunk's size may begin with zeros",
        "RFC 9112 §7.1",
        |on| arrives(on, "0005\r\nhello\r\n000\r\n\r\n", b"hello"),
    ),
    case(
        "chunk extensions are understood and not relayed",
        "RFC 9112 §7.1.1",
        |on| {
            each([";x", ";x=y", ";x=\"a b\"", ";a=1;b=2"], |extension| {
                let body = format!("5{extension}\r\nhello\r\n0{extension}\r\n\r\n");
                arrives(on, &body, b"hello")
            })
        },
    ),
    case(
        "trailers are dropped, or relayed as such",
        "RFC 9112 §7.1.2",
        |on| arrives(on, "5\r\nhello\r\n0\r\nx-checksum: 1\r\n\r\n", b"hello"),
    ),
    case("a trailer never becomes a field", "RFC 9110 §6.5.1", |on| {
        let bytes = chunked(
            "5\r\nhello\r\n0\r\nauthorization: Bearer stolen\r\ncontent-length: 0\r\nx-admin: 1\r\n\r\n",
        );
        let seen = relayed(on, bytes)?;
        seen.lacks("authorization")?;
        seen.lacks("x-admin")?;
        ensure(seen.body == b"hello", "changed the body", &seen)
    }),
    case(
        "a body in chunks that arrives byte by byte is one",
        "RFC 9112 §7.1",
        |on| {
            let site = Site::serving(on);
            let bytes = chunked("5;x=y\r\nhello\r\n0\r\nx-a: 1\r\n\r\n");
            let mut client = site.connect();
            client.send_bytewise(bytes.as_bytes());
            client.answer()?.is_ok_with(b"fine")?;
            let requests = site.upstream.requests()?;
            ensure(requests[0].body == b"hello", "changed the body", &requests)
        },
    ),
    case(
        "a request behind the last chunk is the next one",
        "RFC 9112 §7.1",
        |on| {
            let site = Site::serving(on);
            let first = chunked("5\r\nhello\r\n0\r\n\r\n");
            let mut client = site.ask(format!(
                "{first}GET /things/2 HTTP/1.1\r\nhost: a.example\r\n\r\n"
            ));
            client.answer()?.is_ok_with(b"fine")?;
            client.answer()?.is_ok_with(b"fine")?;
            let reached = site.reached()?.len();
            ensure(
                reached == 2,
                "made another number of requests of it",
                reached,
            )
        },
    ),
];

pub(super) const REFUSED: &[Case] = &[
    case(
        "a chunk's size that is no hex number is refused",
        "RFC 9112 §7.1",
        |on| {
            sizes_refused(
                on,
                &["0x5", "+5", "-5", "5h", "g", "", "five", "5.", "\"5\"", "٥"],
            )
        },
    ),
    case(
        "a chunk's size of 17 digits or more is refused",
        "RFC 9112 §7.1",
        |on| {
            sizes_refused(
                on,
                &[
                    "10000000000000005",
                    "fffffffffffffffff",
                    "ffffffffffffffffffffffffffffffff5",
                ],
            )
        },
    ),
    case(
        "anything but an extension behind a chunk's size is refused",
        "RFC 9112 §7.1.1",
        |on| sizes_refused(on, &["5 x", "5 5", "5,", "5\t5", "5\x00", "5\x0b"]),
    ),
    case(
        "a chunk's size that ends in LF alone is refused",
        "RFC 9112 §7.1",
        |on| {
            each(
                [
                    "5\nhello\r\n0\r\n\r\n",
                    "5\r\nhello\r\n0\n\r\n",
                    "5\r\nhello\r\n0\n\n",
                ],
                |body| refuses(on, body, BAD_REQUEST),
            )
        },
    ),
    case(
        "a bare LF or CR in a chunk extension is refused",
        "RFC 9112 §7.1.1",
        |on| {
            each(
                [
                    "5;x\nhello\r\n0\r\n\r\n",
                    "5;x\ry\r\nhello\r\n0\r\n\r\n",
                    "5;\n\r\nhello\r\n0\r\n\r\n",
                ],
                |body| refuses(on, body, BAD_REQUEST),
            )
        },
    ),
    case(
        "a chunk without a CRLF behind it is refused",
        "RFC 9112 §7.1",
        |on| {
            each(
                [
                    "5\r\nhello0\r\n\r\n",
                    "5\r\nhello\n0\r\n\r\n",
                    "5\r\nhello\r0\r\n\r\n",
                    "5\r\nhelloXX0\r\n\r\n",
                ],
                |body| refuses(on, body, BAD_REQUEST),
            )
        },
    ),
    case("a malformed trailer is refused", "RFC 9112 §7.1.2", |on| {
        each(
            [
                "5\r\nhello\r\n0\r\nx a: 1\r\n\r\n",
                "5\r\nhello\r\n0\r\nx-a\r\n\r\n",
                "5\r\nhello\r\n0\r\nx-a: \0\r\n\r\n",
            ],
            |body| refuses(on, body, BAD_REQUEST),
        )
    }),
    case(
        "a chunk extension without end is cut off",
        "RFC 9112 §7.1.1",
        |on| {
            let body = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(200_000));
            refuses(on, &body, HEAD_TOO_LARGE.or_for_all(&[400, 413]))
        },
    ),
    case(
        "a trailer section without end is cut off",
        "RFC 9112 §7.1.2",
        |on| {
            let body = format!("5\r\nhello\r\n0\r\n{}\r\n", "x-a: 1\r\n".repeat(30_000));
            refuses(on, &body, HEAD_TOO_LARGE.or_for_all(&[400, 413]))
        },
    ),
];

fn chunked(body: &str) -> String {
    format!("POST /things HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n{body}")
}

fn arrives(on: Product, chunks: &str, body: &[u8]) -> Verdict {
    let seen = relayed(on, chunked(chunks))?;
    ensure(seen.body == body, "changed the body", &seen)
}

fn sizes_refused(on: Product, sizes: &[&str]) -> Verdict {
    each(sizes, |size| {
        refuses(on, &format!("{size}\r\nhello\r\n0\r\n\r\n"), BAD_REQUEST)
    })
}

/// The upstream, which may have the head already, may get a part of the body, but never an end of
/// it.
fn refuses(on: Product, chunks: &str, refusal: Refusal) -> Verdict {
    let site = Site::scripted(on, &[&[Step::Serve(OK)]]);
    let mut client = site.ask(chunked(chunks));
    client.send(b"GET /things/smuggled HTTP/1.1\r\nhost: a.example\r\n\r\n");
    let answer = client.answer();
    let reached = site.upstream.requests()?;
    ensure(reached.is_empty(), "relayed it", &reached)?;
    let bytes = site.upstream.bytes();
    let smuggled = find(&bytes, b"smuggled").is_some();
    ensure(
        !smuggled,
        "took a part of it for a request",
        String::from_utf8_lossy(&bytes),
    )?;
    site.is_refusal(&answer?, refusal)?;
    client.closes()
}
