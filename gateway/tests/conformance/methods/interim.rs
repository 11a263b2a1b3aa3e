//! Interim answers of an upstream: who gets them, and which of their parts.

use crate::case::{Case, case, ours};
use crate::client::Answer;
use crate::product::Product;
use crate::site::{GET, OK, Site};
use crate::upstream::{Script, Step};
use crate::verdict::{Verdict, ensure};

const HINTS: &[u8] = b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n";

pub(super) const CASES: &[Case] = &[
    case(
        "early hints reach a client of HTTP/1.1",
        "RFC 8297 §2",
        |on| {
            let answer = answered(
                on,
                &[&[Step::Read, Step::Send(HINTS), Step::Send(OK), Step::Hold]],
                GET,
            )?;
            ensure(answer.interim == [103], "kept them to itself", &answer)
        },
    ),
    case(
        "early hints do not wait for the answer",
        "RFC 8297 §2",
        |on| {
            let site = Site::scripted(
                on,
                &[&[Step::Read, Step::Send(HINTS), Step::Wait, Step::Send(OK)]],
            );
            let mut client = site.ask(GET);
            client.until(b"103 Early Hints")?;
            site.upstream.go_on();
            client.answer()?.is_ok_with(b"fine")
        },
    ),
    case(
        "a field that the connection of an interim answer names stays behind",
        "RFC 9110 §7.6.1",
        |on| {
            let site = Site::scripted(
                on,
                &[&[
                    Step::Read,
                    Step::Send(b"HTTP/1.1 103 Early Hints\r\nconnection: x-mine\r\nx-mine: 1\r\nlink: </a.css>\r\n\r\n"),
                    Step::Send(OK),
                    Step::Hold,
                ]],
            );
            let mut client = site.ask(GET);
            let (_, head) = client.head()?;
            ensure(head.all("x-mine").is_empty(), "relayed it", &head)
        },
    ),
    case(
        "a client of HTTP/1.0 gets no interim answer",
        "RFC 9110 §15.2",
        |on| {
            let answer = answered(
                on,
                &[&[Step::Read, Step::Send(HINTS), Step::Send(OK), Step::Hold]],
                b"GET /things HTTP/1.0\r\nhost: a.example\r\n\r\n",
            )?;
            ensure(answer.interim.is_empty(), "sent it one", &answer)
        },
    ),
    case("an unasked 100 goes no further", "RFC 9110 §15.2", |on| {
        let answer = answered(
            on,
            &[&[
                Step::Read,
                Step::Send(b"HTTP/1.1 100 Continue\r\n\r\n"),
                Step::Send(OK),
                Step::Hold,
            ]],
            GET,
        )?;
        ensure(answer.interim.is_empty(), "relayed it", &answer)
    }),
    ours(
        "only 8 interim answers are relayed of an endless number",
        "a bound on them",
        |on| {
            let answer = answered(
                on,
                &[&[
                    Step::Read,
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(HINTS),
                    Step::Send(OK),
                    Step::Hold,
                ]],
                GET,
            )?;
            ensure(
                answer.interim == [103; 8],
                "relayed another number",
                &answer,
            )
        },
    ),
];

fn answered(on: Product, scripts: &'static [Script], request: &[u8]) -> Verdict<Answer> {
    let answer = Site::scripted(on, scripts).ask(request).answer()?;
    answer.is_ok_with(b"fine")?;
    Ok(answer)
}
