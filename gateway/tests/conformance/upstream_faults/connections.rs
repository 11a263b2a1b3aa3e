//! Connections to the upstream that cannot be opened, break, stay silent, or were closed meanwhile.

use crate::case::{Case, case};
use crate::product::Product;
use crate::site::{GET, OK, Refusal, Site, UNREACHABLE, UPSTREAM_TIMEOUT};
use crate::upstream::{Script, Step, Upstream};
use crate::verdict::{Verdict, ensure};

pub(super) const CASES: &[Case] = &[
    case("a refused connection is a 502", "RFC 9110 §15.6.3", |on| {
        fails(&Site::before(on, Upstream::nobody()), UNREACHABLE)
    }),
    case(
        "a connection that is never completed is a 504",
        "RFC 9110 §15.6.5",
        |on| fails(&Site::before(on, Upstream::black_hole()), UPSTREAM_TIMEOUT),
    ),
    case(
        "a connection that is closed at once is a 502",
        "RFC 9110 §15.6.3",
        |on| fails(&Site::scripted(on, &[&[]]), UNREACHABLE),
    ),
    case(
        "a connection that is closed instead of an answer is a 502",
        "RFC 9110 §15.6.3",
        |on| fails(&Site::scripted(on, &[&[Step::Read]]), UNREACHABLE),
    ),
    case(
        "a connection that is reset instead of an answer is a 502",
        "RFC 9110 §15.6.3",
        |on| {
            fails(
                &Site::scripted(on, &[&[Step::Read, Step::Reset]]),
                UNREACHABLE,
            )
        },
    ),
    case(
        "a connection that is closed within the head is a 502",
        "RFC 9112 §8",
        |on| {
            fails(
                &Site::scripted(
                    on,
                    &[&[Step::Read, Step::Send(b"HTTP/1.1 200 OK\r\ncontent-le")]],
                ),
                UNREACHABLE,
            )
        },
    ),
    case(
        "a connection that is reset within the head is a 502",
        "RFC 9112 §8",
        |on| {
            fails(
                &Site::scripted(
                    on,
                    &[&[Step::Read, Step::Send(b"HTTP/1.1 200 OK\r\n"), Step::Reset]],
                ),
                UNREACHABLE,
            )
        },
    ),
    case("silence is a 504", "RFC 9110 §15.6.5", |on| {
        let site = Site::scripted(on, &[&[Step::Read, Step::Hold]]);
        fails(&site, UPSTREAM_TIMEOUT)?;
        site.upstream.is_closed(0)
    }),
    case(
        "a head that trickles is a 504 within the deadline",
        "the upstream's `timeout`",
        |on| {
            fails(
                &Site::scripted(on, &[&[Step::Read, Step::Trickle(TRICKLE)]]),
                UPSTREAM_TIMEOUT,
            )
        },
    ),
    case(
        "an exchange that failed leaves its client's connection in step",
        "RFC 9112 §9.3",
        |on| {
            let site = Site::scripted(on, &[&[Step::Read], &[Step::Read], &[Step::Serve(OK)]]);
            let mut client = site.connect();
            let mut answers = Vec::new();
            for _ in 0..4 {
                answers.push(client.send(GET).answer()?.status);
            }
            ensure(
                answers.first() == Some(&502) && answers.last() == Some(&200),
                "did not recover",
                answers,
            )
        },
    ),
];

pub(super) const POOL: &[Case] = &[
    case(
        "a connection is kept for the next request",
        "RFC 9112 §9.3",
        |on| {
            let site = Site::serving(on);
            for _ in 0..3 {
                site.ask(GET).answer()?.is_ok_with(b"fine")?;
            }
            let connections = site.upstream.connections();
            ensure(connections == 1, "made a new one", connections)
        },
    ),
    case(
        "a connection whose answer says close is not used again",
        "RFC 9112 §9.6",
        |on| {
            let site = Site::scripted(on, &[
            &[Step::Read, Step::Send(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine"), Step::Hold],
            &[Step::Serve(OK)],
        ]);
            twice(&site, GET)?;
            ensure(
                site.upstream.requests()?[1].connection == 1,
                "used it again",
                site.upstream.requests(),
            )
        },
    ),
    case(
        "a kept connection that was closed while idle costs a GET nothing",
        "RFC 9112 §9.3.1",
        |on| around_a_close(on, GET),
    ),
    case(
        "a kept connection that was closed while idle costs a POST nothing",
        "RFC 9112 §9.3.1",
        |on| around_a_close(on, POST),
    ),
    case(
        "a GET on a kept connection that closes instead of an answer is sent once more",
        "RFC 9110 §9.2.2",
        |on| {
            let site = Site::scripted(on, CLOSING);
            twice(&site, GET)?;
            let connections: Vec<_> = site
                .upstream
                .requests()?
                .iter()
                .map(|request| request.connection)
                .collect();
            ensure(
                connections == [0, 0, 1],
                "sent it another number of times",
                connections,
            )
        },
    ),
    case(
        "a POST on a kept connection that closes instead of an answer is a 502 and sent once",
        "RFC 9110 §9.2.2",
        |on| {
            let site = Site::scripted(on, CLOSING);
            site.ask(POST).answer()?.is_ok_with(b"fine")?;
            let answer = site.ask(POST).answer()?;
            let sent = site.upstream.requests()?.len();
            ensure(sent == 2, "sent it twice", sent)?;
            site.is_refusal(&answer, UNREACHABLE)
        },
    ),
    case(
        "a POST on a new connection that closes instead of an answer is sent once",
        "RFC 9110 §9.2.2",
        |on| {
            let site = Site::scripted(on, &[&[Step::Read], &[Step::Serve(OK)]]);
            let answer = site.ask(POST).answer()?;
            let sent = site.upstream.requests()?.len();
            ensure(sent == 1, "sent it twice", sent)?;
            site.is_refusal(&answer, UNREACHABLE)
        },
    ),
];

/// The first request is answered; the second is read and not answered.
const CLOSING: &[Script] = &[
    &[Step::Read, Step::Send(OK), Step::Read],
    &[Step::Serve(OK)],
];

const POST: &[u8] = b"POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5\r\n\r\nhello";

const TRICKLE: &[u8] =
    b"HTTP/1.1 200 OK\r\nx-a: 0123456789\r\nx-b: 0123456789\r\ncontent-length: 0\r\n\r\n";

fn fails(site: &Site, refusal: Refusal) -> Verdict {
    let answer = site.ask(GET).answer()?;
    site.is_refusal(&answer, refusal)
}

/// Asks before and after the upstream has closed the kept connection.
fn around_a_close(on: Product, bytes: &[u8]) -> Verdict {
    let site = Site::scripted(on, &[&[Step::Read, Step::Send(OK)], &[Step::Serve(OK)]]);
    site.ask(bytes).answer()?.is_ok_with(b"fine")?;
    site.upstream.is_closed(0)?;
    site.ask(bytes).answer()?.is_ok_with(b"fine")
}

fn twice(site: &Site, bytes: &[u8]) -> Verdict {
    site.ask(bytes).answer()?.is_ok_with(b"fine")?;
    site.ask(bytes).answer()?.is_ok_with(b"fine")
}
