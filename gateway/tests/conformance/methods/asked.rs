//! Methods.

use crate::case::{Case, case, ours};
use crate::product::Product;
use crate::site::{GET, Site, relayed};
use crate::upstream::{Script, Step};
use crate::verdict::{Verdict, each, ensure};

pub(super) const CASES: &[Case] = &[
    case(
        "HEAD is answered with the length that GET would have, and no body",
        "RFC 9110 §9.3.2",
        |on| {
            let script: &[Script] = &[&[Step::Serve(
                b"HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n",
            )]];
            let site = Site::scripted(on, script);
            let mut client = site.connect();
            for _ in 0..2 {
                let answer = client.send(HEAD).answer_to("HEAD")?;
                answer.is(200)?;
                answer.has("content-length", b"1234")?;
            }
            Ok(())
        },
    ),
    case(
        "HEAD pipelined before GET stays in step",
        "RFC 9110 §9.3.2",
        |on| {
            let site = Site::scripted(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"),
                    Step::Read,
                    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine"),
                    Step::Hold,
                ]],
            );
            let mut client = site.ask([HEAD, GET].concat());
            client.answer_to("HEAD")?.is(200)?;
            client.answer()?.is_ok_with(b"fine")
        },
    ),
    case(
        "HEAD whose answer would be in chunks has no body",
        "RFC 9112 §6.3",
        |on| {
            let site = Site::scripted(
                on,
                &[&[Step::Serve(
                    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                )]],
            );
            let mut client = site.connect();
            client.send(HEAD).answer_to("HEAD")?.is(200)?;
            client.send(HEAD).answer_to("HEAD")?.is(200)
        },
    ),
    case(
        "a body that an upstream sends to HEAD is taken for nothing else",
        "RFC 9112 §6.3",
        |on| {
            let site = Site::scripted(on, &[
            &[Step::Read, Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 38\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"), Step::Hold],
            &[Step::Serve(crate::site::OK)],
        ]);
            let mut client = site.connect();
            client.send(HEAD).answer_to("HEAD")?.is(200)?;
            client.send(GET).answer()?.is_ok_with(b"fine")
        },
    ),
    case(
        "an unknown method on a known path is a 405 that tells the others",
        "RFC 9110 §15.5.6",
        |on| not_allowed(on, &["BREW /things", "PROPFIND /things"]),
    ),
    case(
        "a method is not known whatever its case",
        "RFC 9110 §9.1",
        |on| {
            each(["get", "Get", "post"], |method| {
                let site = Site::serving(on);
                let answer = site
                    .ask(format!(
                        "{method} /things HTTP/1.1\r\nhost: a.example\r\n\r\n"
                    ))
                    .answer();
                site.nothing_reached()?;
                answer?.is_one_of(&[400, 405, 501])
            })
        },
    ),
    case(
        "another path's method is a 405 that tells this one's",
        "RFC 9110 §15.5.6",
        |on| not_allowed(on, &["DELETE /things", "POST /things/1"]),
    ),
    case(
        "TRACE is not answered with the request",
        "RFC 9110 §9.3.8",
        |on| {
            let site = Site::serving(on);
            let answer = site
                .ask("TRACE /things HTTP/1.1\r\nhost: a.example\r\ncookie: secret\r\n\r\n")
                .answer();
            site.nothing_reached()?;
            answer?.is_one_of(&[405, 501])
        },
    ),
    ours(
        "OPTIONS is answered with 204 and Allow",
        "RFC 9110 §9.3.7",
        |on| {
            let site = Site::serving(on);
            let answer = site
                .ask("OPTIONS /things HTTP/1.1\r\nhost: a.example\r\n\r\n")
                .answer()?;
            answer.is(204)?;
            let allow = answer.head.text("allow").unwrap_or_default();
            ensure(
                allow.contains("GET") && allow.contains("POST"),
                "told other methods",
                &answer,
            )
        },
    ),
    case(
        "each method arrives as it is, with its body",
        "RFC 9110 §9.1",
        |on| {
            each(["PUT", "PATCH", "DELETE"], |method| {
                let bytes = format!(
                    "{method} /things/1 HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5\r\n\r\nhello"
                );
                let seen = relayed(on, bytes)?;
                let is_kept = seen.head.first_line.starts_with(method) && seen.body == b"hello";
                ensure(is_kept, "changed it", &seen)
            })
        },
    ),
    case(
        "a GET with a body arrives with it",
        "RFC 9110 §9.3.1",
        |on| {
            each(
                [
                    "content-length: 5\r\n\r\nhello",
                    "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                ],
                |rest| {
                    let seen = relayed(
                        on,
                        format!("GET /things HTTP/1.1\r\nhost: a.example\r\n{rest}"),
                    )?;
                    ensure(seen.body == b"hello", "changed the body", &seen)
                },
            )
        },
    ),
    case(
        "a GET without a body arrives without one",
        "RFC 9110 §8.6",
        |on| {
            let seen = relayed(on, GET)?;
            seen.lacks("content-length")?;
            seen.lacks("transfer-encoding")
        },
    ),
    case(
        "an empty POST arrives as an empty one",
        "RFC 9110 §8.6",
        |on| {
            let seen = relayed(
                on,
                "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 0\r\n\r\n",
            )?;
            ensure(
                seen.head.all("content-length") == [b"0"],
                "changed `content-length`",
                &seen,
            )
        },
    ),
];

const HEAD: &[u8] = b"HEAD /things HTTP/1.1\r\nhost: a.example\r\n\r\n";

fn not_allowed(on: Product, requests: &[&str]) -> Verdict {
    each(requests, |request| {
        let site = Site::serving(on);
        let answer = site
            .ask(format!("{request} HTTP/1.1\r\nhost: a.example\r\n\r\n"))
            .answer();
        site.nothing_reached()?;
        let answer = answer?;
        answer.is(405)?;
        let allow = answer.head.text("allow").unwrap_or_default();
        ensure(allow.contains("GET"), "told no method", &answer)
    })
}
