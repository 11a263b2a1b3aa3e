//! Heads that are too large.

use crate::case::{Case, case, ours};
use crate::site::{HEAD_TOO_LARGE, Site, refused_alone, relayed};
use crate::verdict::each;

pub(super) const CASES: &[Case] = &[
    case("a field that is too large is a 431", "RFC 6585 §5", |on| {
        refused_alone(
            on,
            with_fields(&format!("x-a: {}\r\n", "x".repeat(20_000))),
            HEAD_TOO_LARGE,
        )
    }),
    case(
        "fields that are too large together are a 431",
        "RFC 6585 §5",
        |on| {
            let field = format!("x-a: {}\r\n", "x".repeat(500));
            refused_alone(on, with_fields(&field.repeat(60)), HEAD_TOO_LARGE)
        },
    ),
    case("a head without end is a 431", "RFC 6585 §5", |on| {
        let site = Site::serving(on);
        let mut client = site.ask(b"GET /things HTTP/1.1\r\nhost: a.example\r\n");
        client.send("x-a: 1\r\n".repeat(100_000));
        let answer = client.answer()?;
        site.is_refusal(&answer, HEAD_TOO_LARGE)?;
        client.closes()?;
        site.nothing_reached()
    }),
    ours(
        "96 fields are taken",
        "RFC 6585 §5: a bound on fields",
        |on| {
            let others = (1..96).map(|number| format!("x{number}: 1\r\n"));
            relayed(on, with_fields(&others.collect::<String>())).map(drop)
        },
    ),
    ours(
        "more than 96 fields are a 431",
        "RFC 6585 §5: a bound on fields",
        |on| {
            each([97, 101, 200], |count| {
                let others = (1..*count).map(|number| format!("x{number}: 1\r\n"));
                refused_alone(on, with_fields(&others.collect::<String>()), HEAD_TOO_LARGE)
            })
        },
    ),
];

fn with_fields(fields: &str) -> String {
    format!("GET /things HTTP/1.1\r\nhost: a.example\r\n{fields}\r\n")
}
