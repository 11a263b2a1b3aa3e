//! Answers that are malformed or ambiguous.

use crate::case::{Case, case};
use crate::product::Product;
use crate::site::{GET, INVALID_ANSWER, Site};
use crate::upstream::{Script, Step};
use crate::verdict::Verdict;

/// The answer to the only request.
macro_rules! answering {
    ($($bytes:expr),+) => {
        &[&[Step::Read, $(Step::Send($bytes),)+ Step::Hold]]
    };
}

pub(super) const CASES: &[Case] = &[
    case("what is not HTTP is a 502", "RFC 9110 §15.6.3", |on| {
        invalid(on, answering!(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))?;
        invalid(on, answering!(b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n"))
    }),
    case(
        "an answer of a version that is not spoken is a 502",
        "RFC 9110 §2.5",
        |on| {
            invalid(
                on,
                answering!(b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n"),
            )?;
            invalid(
                on,
                answering!(b"HTTP/0.9 200 OK\r\ncontent-length: 0\r\n\r\n"),
            )
        },
    ),
    case(
        "an answer without a status line is a 502",
        "RFC 9112 §4",
        |on| {
            invalid(on, answering!(b"content-type: text/html\r\n\r\nfine"))?;
            invalid(on, answering!(b"<html>fine</html>\r\n\r\n"))
        },
    ),
    case("a head without end is a 502", "RFC 9110 §15.6.3", |on| {
        let site = Site::scripted(
            on,
            &[&[
                Step::Read,
                Step::Send(b"HTTP/1.1 200 OK\r\nx-a: "),
                Step::Fill(4 << 20),
                Step::Hold,
            ]],
        );
        let answer = site.ask(GET).answer()?;
        site.is_refusal(&answer, INVALID_ANSWER)?;
        site.upstream.is_closed(0)
    }),
    case(
        "a field of an answer that is too large is a 502",
        "RFC 9110 §15.6.3",
        |on| {
            invalid(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\nx-a: "),
                    Step::Fill(200_000),
                    Step::Send(b"\r\ncontent-length: 0\r\n\r\n"),
                    Step::Hold,
                ]],
            )
        },
    ),
    case(
        "an answer with two different lengths is a 502",
        "RFC 9112 §6.3",
        |on| {
            invalid(
                on,
                answering!(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nfine!"
                ),
            )?;
            invalid(
                on,
                answering!(b"HTTP/1.1 200 OK\r\ncontent-length: 4, 5\r\n\r\nfine!"),
            )
        },
    ),
    case(
        "an answer whose length is no number is a 502",
        "RFC 9112 §6.3",
        |on| {
            invalid(
                on,
                answering!(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"),
            )?;
            invalid(
                on,
                answering!(b"HTTP/1.1 200 OK\r\ncontent-length: -4\r\n\r\nfine"),
            )?;
            invalid(
                on,
                answering!(b"HTTP/1.1 200 OK\r\ncontent-length: +4\r\n\r\nfine"),
            )?;
            invalid(
                on,
                answering!(b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551620\r\n\r\nfine"),
            )
        },
    ),
    case(
        "an answer with a length and chunks is read by its chunks, or a 502",
        "RFC 9112 §6.3",
        |on| {
            let site = Site::scripted(on, answering!(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n"));
            let answer = site.ask(GET).answer()?;
            if answer.status == 502 {
                return Ok(());
            }
            answer.is_ok_with(b"fine")
        },
    ),
    case(
        "an answer with another transfer coding is a 502",
        "RFC 9112 §6.1",
        |on| {
            invalid(on, answering!(b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n"))
        },
    ),
    case(
        "an answer with a folded line is a 502, or unfolded",
        "RFC 9112 §5.2",
        |on| {
            let site = Site::scripted(
                on,
                answering!(b"HTTP/1.1 200 OK\r\nx-a: 1\r\n 2\r\ncontent-length: 4\r\n\r\nfine"),
            );
            let answer = site.ask(GET).answer()?;
            if answer.status == 502 {
                return Ok(());
            }
            // The client is strict: it would not have taken a folded line.
            answer.is_ok_with(b"fine")
        },
    ),
    case(
        "an answer with whitespace before a colon is a 502, or without it",
        "RFC 9112 §5.1",
        |on| {
            let site = Site::scripted(
                on,
                answering!(b"HTTP/1.1 200 OK\r\nx-a : 1\r\ncontent-length: 4\r\n\r\nfine"),
            );
            let answer = site.ask(GET).answer()?;
            if answer.status == 502 {
                return Ok(());
            }
            answer.is_ok_with(b"fine")
        },
    ),
    case(
        "an answer with a NUL or a bare CR in a field is a 502, or cleaned",
        "RFC 9110 §5.5",
        |on| {
            let scripts: [&[Script]; 2] = [
                answering!(b"HTTP/1.1 200 OK\r\nx-a: 1\x002\r\ncontent-length: 4\r\n\r\nfine"),
                answering!(b"HTTP/1.1 200 OK\r\nx-a: 1\rx-b: 2\r\ncontent-length: 4\r\n\r\nfine"),
            ];
            for script in scripts {
                let site = Site::scripted(on, script);
                site.ask(GET).answer()?.is_one_of(&[200, 502])?;
            }
            Ok(())
        },
    ),
];

fn invalid(on: Product, scripts: &'static [Script]) -> Verdict {
    let site = Site::scripted(on, scripts);
    let answer = site.ask(GET).answer()?;
    site.is_refusal(&answer, INVALID_ANSWER)
}
