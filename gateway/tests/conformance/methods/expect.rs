//! `Expect: 100-continue`.

use crate::case::{Case, case};
use crate::site::{BODY_TOO_LARGE, GET, OK, Site, UNREACHABLE};
use crate::upstream::{Step, Upstream};
use crate::verdict::ensure;

pub(super) const CASES: &[Case] = &[
    case(
        "who expects it is told to go on before sending the body",
        "RFC 9110 §10.1.1",
        |on| {
            let site = Site::scripted(on, &[&[Step::GoOn, Step::Serve(OK)]]);
            let mut client = site.ask(expecting(5));
            let (status, _) = client.head()?;
            ensure(status == 100, &format!("answered {status}"), status)?;
            client.send(b"hello").answer()?.is_ok_with(b"fine")?;
            let requests = site.upstream.requests()?;
            ensure(requests[0].body == b"hello", "changed the body", requests)
        },
    ),
    case(
        "who announces too large a body is not told to go on",
        "RFC 9110 §10.1.1",
        |on| {
            let site = Site::serving(on);
            let answer = site.ask(expecting(10_000_000)).answer()?;
            site.is_refusal(&answer, BODY_TOO_LARGE)?;
            ensure(answer.interim.is_empty(), "told it to go on", &answer)
        },
    ),
    case(
        "who asks an upstream that is away is not told to go on",
        "RFC 9110 §10.1.1",
        |on| {
            let site = Site::before(on, Upstream::nobody());
            let answer = site.ask(expecting(5)).answer()?;
            site.is_refusal(&answer, UNREACHABLE)?;
            ensure(answer.interim.is_empty(), "told it to go on", &answer)
        },
    ),
    case(
        "who expects and does not wait is answered once",
        "RFC 9110 §10.1.1",
        |on| {
            let site = Site::serving(on);
            let mut client = site.ask([expecting(5).as_bytes(), b"hello", GET].concat());
            client.answer()?.is_ok_with(b"fine")?;
            client.answer()?.is_ok_with(b"fine")
        },
    ),
    case(
        "HTTP/1.0 is never told to go on",
        "RFC 9110 §10.1.1",
        |on| {
            let site = Site::serving(on);
            let bytes =
                "POST /things HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nhello";
            let answer = site.ask(bytes).answer()?;
            answer.is_ok_with(b"fine")?;
            ensure(answer.interim.is_empty(), "told it to go on", &answer)
        },
    ),
];

fn expecting(length: usize) -> String {
    format!(
        "POST /things HTTP/1.1\r\nhost: a.example\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
    )
}
