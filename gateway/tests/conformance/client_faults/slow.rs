//! Clients that keep others waiting.

use super::LARGE;
use crate::case::{Case, case, ours};
use crate::client::Ending;
use crate::site::{GET, Site, begin_in_chunks, begin_sized, ended_late};
use crate::verdict::ensure;

pub(super) const CASES: &[Case] = &[
    case(
        "a head that stops coming is ended by 408 or by closing",
        "RFC 9110 §15.5.9",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(b"GET /things HTTP/1.1\r\nhost: a.ex");
            ended_late(&site, &mut client)?;
            site.nothing_reached()
        },
    ),
    case(
        "a head that trickles is ended within the deadline by 408 or by closing",
        "RFC 9110 §15.5.9",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(b"GET /things HTTP/1.1\r\n");
            // Longer than the deadline for the whole head, but never idle for that long.
            for _ in 0..12 {
                std::thread::sleep(std::time::Duration::from_millis(100));
                client.send(b"x-a: 1\r\n");
            }
            ended_late(&site, &mut client)?;
            site.nothing_reached()
        },
    ),
    case(
        "a connection on which nothing is asked is closed",
        "`limits.head_timeout`",
        |on| {
            let site = Site::serving(on);
            let mut client = site.connect();
            match client.answer() {
                Ok(answer) => answer.is(408),
                Err(deviation) => ensure(
                    deviation.did.starts_with("closed"),
                    "kept the connection open",
                    deviation,
                ),
            }
        },
    ),
    case(
        "an idle connection is closed without an answer",
        "RFC 9112 §9.5",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(GET);
            client.answer()?.is_ok_with(b"fine")?;
            client.closes()
        },
    ),
    case(
        "a body that stops coming is ended by 408 or by closing",
        "RFC 9110 §15.5.9",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(begin_sized("hello", 5));
            ended_late(&site, &mut client)?;
            site.upstream.is_closed(0)
        },
    ),
    case(
        "a body in chunks that stops coming is ended by 408 or by closing",
        "RFC 9110 §15.5.9",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask(begin_in_chunks("hello"));
            ended_late(&site, &mut client)?;
            site.upstream.is_closed(0)
        },
    ),
    ours(
        "a body that trickles is ended by 408",
        "`limits.min_rate`",
        |on| {
            let site = Site::serving(on);
            let mut client = site
                .ask(b"POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: 60000\r\n\r\n");
            // Longer than `limits.stall_timeout`, but never silent for that long.
            for _ in 0..15 {
                std::thread::sleep(std::time::Duration::from_millis(100));
                client.send(b"x");
            }
            ended_late(&site, &mut client)
        },
    ),
    ours(
        "a small body that does not come whole takes no connection to the upstream",
        "`concurrency`: a permit is for an upstream that is waited for",
        |on| {
            for body in [
                "content-length: 10\r\n\r\nhello",
                "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            ] {
                let site = Site::serving(on);
                let mut client = site.ask(format!(
                    "POST /things HTTP/1.1\r\nhost: a.example\r\n{body}"
                ));
                ended_late(&site, &mut client)?;
                let did = "took a connection for it";
                ensure(site.upstream.connections() == 0, did, body)?;
            }
            Ok(())
        },
    ),
    case(
        "a client that does not take its answer is cut",
        "`limits.stall_timeout`",
        |on| {
            let site = Site::scripted(on, &[LARGE]);
            let mut client = site.ask(GET);
            site.upstream.is_closed(0)?;
            let answer = client.answer()?;
            ensure(
                answer.ending == Ending::Cut,
                "ended it as if it were whole",
                answer.body.len(),
            )
        },
    ),
    case(
        "a slow client does not hold up another",
        "one worker for both",
        |on| {
            let site = Site::serving(on);
            let _slow = site.ask(b"GET /things HTTP/1.1\r\nhost: a.ex");
            let _stalled = site.ask(begin_sized("hello", 5));
            site.upstream.receives(b"hello")?;
            site.ask(GET).answer()?.is_ok_with(b"fine")
        },
    ),
];
