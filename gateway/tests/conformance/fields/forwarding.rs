//! The upstream is told about the client and about the gateway.

use crate::case::{Case, case, ours};
use crate::product::Product;
use crate::site::{GET, OK, Site, answered, relayed};
use crate::upstream::{Request, Step, Upstream};
use crate::verdict::{Verdict, each, ensure};

pub(super) const CASES: &[Case] = &[
    case(
        "the upstream is told who asked, how, and for which host",
        "X-Forwarded-*",
        |on| {
            let seen = relayed(on, GET)?;
            seen.has("x-forwarded-for", &[b"127.0.0.1"])?;
            seen.has("x-forwarded-proto", &[b"http"])?;
            seen.has("x-forwarded-host", &[b"a.example"])
        },
    ),
    case(
        "what a client says of itself is not believed",
        "RFC 7239 §8.1",
        |on| {
            let seen = relayed(
                on,
                with(
                    "x-forwarded-for: 6.6.6.6\r\nx-forwarded-proto: https\r\nx-forwarded-host: evil.example\r\nX-Forwarded-For: 7.7.7.7",
                ),
            )?;
            seen.has("x-forwarded-for", &[b"127.0.0.1"])?;
            seen.has("x-forwarded-proto", &[b"http"])?;
            seen.has("x-forwarded-host", &[b"a.example"])
        },
    ),
    ours(
        "the upstream is told the same as Forwarded",
        "RFC 7239 §4",
        |on| {
            let forwarded = relayed(on, GET)?.head.text("forwarded").unwrap_or_default();
            each(["for=127.0.0.1", "proto=http", "host=a.example"], |part| {
                let mut parts = forwarded.split(';');
                ensure(
                    parts.any(|known| known.trim().replace('"', "") == *part),
                    "did not tell it",
                    &forwarded,
                )
            })
        },
    ),
    ours(
        "a client's Forwarded is not believed",
        "RFC 7239 §8.1",
        |on| {
            let forwarded = relayed(on, with("forwarded: for=6.6.6.6;proto=https"))?
                .head
                .text("forwarded");
            let forwarded = forwarded.unwrap_or_default();
            ensure(!forwarded.contains("6.6.6.6"), "believed it", forwarded)
        },
    ),
    ours(
        "a trusted proxy is believed and added to",
        "RFC 7239 §4",
        |on| {
            let seen = trusting(
                on,
                "x-forwarded-for: 203.0.113.7\r\nx-forwarded-proto: https\r\nx-forwarded-host: shop.example",
            )?;
            let chain = seen.head.text("x-forwarded-for");
            ensure(
                chain.as_deref() == Some("203.0.113.7, 127.0.0.1"),
                "changed it",
                &seen,
            )?;
            seen.has("x-forwarded-proto", &[b"https"])?;
            seen.has("x-forwarded-host", &[b"shop.example"])
        },
    ),
    ours(
        "a trusted proxy's Forwarded is believed and added to",
        "RFC 7239 §4",
        |on| {
            let seen = trusting(on, "forwarded: for=203.0.113.7;proto=https")?;
            let chain = seen.head.text("forwarded").unwrap_or_default();
            let (first, second) = (chain.find("for=203.0.113.7"), chain.find("for=127.0.0.1"));
            ensure(first.is_some() && first < second, "changed it", chain)
        },
    ),
    ours(
        "the request says by Via what it came through",
        "RFC 9110 §7.6.3",
        |on| relayed(on, GET)?.has("via", &[b"1.1 passe-plat"]),
    ),
    ours("a Via is added to", "RFC 9110 §7.6.3", |on| {
        let via = relayed(on, with("via: 1.0 fred"))?.head.text("via");
        ensure(
            via.as_deref() == Some("1.0 fred, 1.1 passe-plat"),
            "changed it",
            via,
        )
    }),
    ours(
        "a Via tells the version that the client spoke",
        "RFC 9110 §7.6.3",
        |on| relayed(on, "GET /things HTTP/1.0\r\n\r\n")?.has("via", &[b"1.0 passe-plat"]),
    ),
    ours(
        "the answer says by Via what it came through",
        "RFC 9110 §7.6.3",
        |on| {
            let answer = answered(on, &[&[Step::Serve(OK)]])?;
            ensure(
                answer.head.text("via").as_deref() == Some("1.1 passe-plat"),
                "told nothing",
                &answer,
            )
        },
    ),
    ours(
        "a trace goes on with its id and a span of the gateway's",
        "W3C Trace Context §3.2",
        |on| {
            let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
            let trace = traced(on, &format!("traceparent: {parent}\r\ntracestate: a=1,b=2"))?;
            let [version, id, span, flags] = &trace[..] else {
                return ensure(false, "sent no trace", trace);
            };
            ensure(
                version == "00" && flags == "01",
                "changed its version or flags",
                &trace,
            )?;
            ensure(
                id == "4bf92f3577b34da6a3ce929d0e0e4736",
                "changed its id",
                &trace,
            )?;
            ensure(span != "00f067aa0ba902b7", "kept the span", &trace)
        },
    ),
    ours("a trace's state arrives", "W3C Trace Context §3.3", |on| {
        let fields = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ntracestate: a=1,b=2";
        relayed(on, with(fields))?.has("tracestate", &[b"a=1,b=2"])
    }),
    ours(
        "a trace is begun where there is none",
        "W3C Trace Context §3.2",
        |on| traced(on, "x-a: 1").map(drop),
    ),
    ours(
        "a malformed trace is begun anew",
        "W3C Trace Context §3.2.2",
        |on| {
            let malformed = [
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4bf92f35-00f067aa0ba902b7-01",
                "nonsense",
            ];
            each(malformed, |parent| {
                let trace = traced(on, &format!("traceparent: {parent}"))?;
                ensure(!parent.contains(&trace[1]), "went on with it", &trace)
            })
        },
    ),
    ours(
        "a request id is carried there and back",
        "X-Request-Id",
        |on| {
            let site = Site::serving(on);
            let answer = site.ask(with("x-request-id: abc-123")).answer()?;
            answer.has("x-request-id", b"abc-123")?;
            site.upstream.requests()?[0].has("x-request-id", &[b"abc-123"])
        },
    ),
    ours(
        "a hostile request id is replaced",
        "X-Request-Id: it goes into logs",
        |on| {
            let long = "a".repeat(500);
            each(["a b", "\x22;drop", "<script>", &long, "é"], |id| {
                let seen = relayed(on, with(&format!("x-request-id: {id}")))?;
                let ids = seen.head.all("x-request-id");
                ensure(
                    ids.len() == 1 && ids[0] != id.as_bytes(),
                    "carried it",
                    &seen,
                )
            })
        },
    ),
];

fn with(fields: &str) -> String {
    format!("GET /things HTTP/1.1\r\nhost: a.example\r\n{fields}\r\n\r\n")
}

fn trusting(on: Product, fields: &str) -> Verdict<Request> {
    let trust = [("GATEWAY_TRUSTED_PROXIES", "127.0.0.1")];
    let site = Site::with_variables(on, Upstream::scripted(&[&[Step::Serve(OK)]]), &trust);
    site.ask(with(fields)).answer()?.is_ok_with(b"fine")?;
    Ok(site.upstream.requests()?.remove(0))
}

/// The parts of the well-formed `traceparent` that the upstream gets.
fn traced(on: Product, fields: &str) -> Verdict<Vec<String>> {
    let seen = relayed(on, with(fields))?;
    let parent = seen.head.text("traceparent").unwrap_or_default();
    let parts: Vec<_> = parent.split('-').map(str::to_owned).collect();
    let lengths: Vec<_> = parts.iter().map(String::len).collect();
    let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let is_well_formed =
        lengths == [2, 32, 16, 2] && parts.iter().all(|part| part.chars().all(is_hex));
    ensure(is_well_formed, "sent no trace", &seen)?;
    Ok(parts)
}
