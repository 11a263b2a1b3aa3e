//! Bytes beyond the requested answer. Bytes before any request are not here: on a new connection
//! nobody can tell them from the first answer.

use crate::case::{Case, case};
use crate::client::Ending;
use crate::product::Product;
use crate::site::{GET, OK, Site};
use crate::upstream::{Script, Step};
use crate::verdict::{Verdict, ensure};

/// The second connection is for the request that follows.
macro_rules! answering {
    ($($bytes:expr),+) => {
        &[&[Step::Read, $(Step::Send($bytes),)+ Step::Hold], &[Step::Serve(OK)]]
    };
}

pub(super) const CASES: &[Case] = &[
    case(
        "what is sent beyond the length is neither relayed nor taken for an answer",
        "RFC 9112 §6.3",
        |on| {
            // In one piece with the answer: later bytes could come after the next request.
            surplus(on, answering!(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfineHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"))
        },
    ),
    case(
        "what is sent beyond the last chunk is neither relayed nor taken for an answer",
        "RFC 9112 §7.1",
        |on| {
            surplus(on, answering!(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"))
        },
    ),
    case(
        "an answer on an idle connection is taken for none",
        "RFC 9112 §9.2",
        |on| {
            let site = Site::scripted(
                on,
                &[
                    &[
                        Step::Read,
                        Step::Send(OK),
                        Step::Wait,
                        Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nnever"),
                        Step::Hold,
                    ],
                    &[Step::Serve(OK)],
                ],
            );
            site.ask(GET).answer()?.is_ok_with(b"fine")?;
            site.upstream.go_on();
            // A product that watches its idle connections closes this one.
            let closed = site.upstream.is_closed(0);
            let answer = site.ask(GET).answer()?;
            ensure(
                answer.body != b"never",
                "took it for the next answer",
                &answer,
            )?;
            closed
        },
    ),
    case(
        "an answer is not begun anew once a part has been relayed",
        "RFC 9110 §15.6.3",
        |on| {
            let site = Site::scripted(
                on,
                &[
                    &[
                        Step::Read,
                        Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"),
                        Step::Wait,
                        Step::Reset,
                    ],
                    &[Step::Serve(OK)],
                ],
            );
            let mut client = site.ask(GET);
            client.until(b"hello")?;
            site.upstream.go_on();
            let answer = client.answer()?;
            ensure(
                answer.ending == Ending::Cut,
                "ended it as if it were whole",
                &answer,
            )?;
            client.closes()?;
            let sent = site.upstream.requests()?.len();
            ensure(sent == 1, "sent the request again", sent)
        },
    ),
];

fn surplus(on: Product, scripts: &'static [Script]) -> Verdict {
    let site = Site::scripted(on, scripts);
    let mut client = site.connect();
    client.send(GET).answer()?.is_ok_with(b"fine")?;
    client.send(GET).answer()?.is_ok_with(b"fine")?;
    let used = site
        .upstream
        .requests()?
        .last()
        .map(|request| request.connection);
    ensure(used == Some(1), "used the connection again", used)
}
