//! Paths and queries: copied byte for byte, or refused.

use crate::case::{Case, case, ours};
use crate::product::Product;
use crate::site::{BAD_REQUEST, NOT_FOUND, Refusal, Site, URI_TOO_LONG, refused_alone, relayed};
use crate::verdict::{Verdict, each, ensure};

pub(super) const RELAYED: &[Case] = &[
    case("a query arrives byte for byte", "RFC 3986 §3.4", |on| {
        let queries = [
            "a=%2F+b%20c",
            "&&a&=&",
            "a?b?c",
            "q='x'",
            "%C3%A9=%e9",
            "a=/../b",
            "a[]=1;b:@!$()*,",
        ];
        each(queries, |query| {
            arrives(
                on,
                &format!("/things?{query}"),
                &format!("/inner/things?{query}"),
            )
        })
    }),
    case("an empty query stays one", "RFC 3986 §6.2.3", |on| {
        arrives(on, "/things?", "/inner/things?")
    }),
    case(
        "a path parameter arrives byte for byte",
        "RFC 3986 §2.2",
        |on| {
            let values = [
                "a%20b",
                "%41",
                "%7Eme",
                "~me",
                "!$&'()*+,;=:@",
                "caf%C3%A9",
                "caf%c3%a9",
                "...",
                "..a",
                "a;x=1",
                "%25",
                "%2561",
            ];
            each(values, |value| {
                arrives(on, &format!("/things/{value}"), &format!("/inner/{value}"))
            })
        },
    ),
    case(
        "a parameter and a query arrive together",
        "RFC 3986 §3",
        |on| arrives(on, "/things/a%20b?x=%2f", "/inner/a%20b?x=%2f"),
    ),
    ours("a target at its limit is taken", "`limits.uri`", |on| {
        let query = "x".repeat(1024 - "/things?".len());
        arrives(
            on,
            &format!("/things?{query}"),
            &format!("/inner/things?{query}"),
        )
    }),
];

pub(super) const REFUSED: &[Case] = &[
    ours("a target over its limit is refused", "`limits.uri`", |on| {
        let query = "x".repeat(1025 - "/things?".len());
        refused_alone(on, get(&format!("/things?{query}")), URI_TOO_LONG)
    }),
    case(
        "a target too long for anyone is refused by name",
        "RFC 9110 §15.5.15",
        |on| {
            refused_alone(
                on,
                get(&format!("/things?{}", "x".repeat(10_000))),
                URI_TOO_LONG,
            )
        },
    ),
    case(
        "an escaped slash is no part of a parameter",
        "RFC 3986 §2.2",
        |on| parameters_refused(on, &["a%2fb", "a%2Fb", "%2f", "..%2f..%2fadmin"]),
    ),
    case(
        "an escaped backslash is no part of a parameter",
        "servers that take it for a slash",
        |on| parameters_refused(on, &["a%5cb", "a%5Cb", "..%5c..%5cadmin"]),
    ),
    case("an escaped NUL is refused", "RFC 3986 §7.3", |on| {
        parameters_refused(on, &["%00", "a%00b"])
    }),
    case("an escaped control is refused", "RFC 3986 §7.3", |on| {
        parameters_refused(on, &["a%0d%0ax-a:%201", "%0a", "%7f", "%1b", "%09"])
    }),
    case(
        "a dot segment as a parameter is refused",
        "RFC 3986 §5.2.4",
        |on| parameters_refused(on, &["..", "."]),
    ),
    case(
        "an escaped dot segment as a parameter is refused",
        "RFC 3986 §6.2.2.2",
        |on| parameters_refused(on, &["%2e%2e", ".%2e", "%2E.", "%2e", "%2E%2e"]),
    ),
    case(
        "a dot segment with parameters of its own is refused",
        "servers that take ..;x for ..",
        |on| parameters_refused(on, &["..;x", "..;", "%2e%2e;x=1", ".;x"]),
    ),
    case(
        "a malformed escape in a path is refused",
        "RFC 3986 §2.1",
        |on| parameters_refused(on, &["%zz", "%2", "%", "a%2gb", "%%20"]),
    ),
    ours(
        "an escape that is not UTF-8 is refused",
        "RFC 3629 §3: an overlong slash",
        |on| parameters_refused(on, &["%ff", "%c0%af", "%e9", "%ed%a0%80", "%c3"]),
    ),
    case(
        "a raw byte beyond ASCII in a target is refused",
        "RFC 3986 §2",
        |on| {
            each(["/things/café", "/things?é", "/things/\u{80}"], |target| {
                refused_alone(on, get(target), BAD_REQUEST)
            })
        },
    ),
    case("a space in a target is refused", "RFC 9112 §3.2", |on| {
        each(
            ["/things/a b", "/things/1 HTTP/1.1 b", "/things?a b"],
            |target| refused_alone(on, get(target), BAD_REQUEST),
        )
    }),
    case(
        "a fragment in a target is refused",
        "RFC 9112 §3.2.1",
        |on| {
            each(["/things#a", "/things?a#b", "/things/1#"], |target| {
                refused_alone(on, get(target), BAD_REQUEST)
            })
        },
    ),
    case("an unknown path is a 404", "RFC 9110 §15.5.5", |on| {
        paths_unknown(
            on,
            &[
                "/nothing",
                "/inner/things",
                "/THINGS",
                "/thing",
                "/things/1/2",
            ],
        )
    }),
    case(
        "a path that others would merge or trim is not another's",
        "RFC 3986 §6.2",
        |on| {
            paths_unknown(
                on,
                &[
                    "//things",
                    "/things/",
                    "///things",
                    "/things//",
                    "//things/1",
                ],
            )
        },
    ),
    case(
        "a path with dot segments is not another's",
        "RFC 3986 §5.2.4",
        |on| {
            paths_unknown(
                on,
                &[
                    "/./things",
                    "/x/../things",
                    "/x/%2e%2e/things",
                    "/things/1/..",
                ],
            )
        },
    ),
    case(
        "a path that is escaped where it need not be is not another's",
        "RFC 3986 §6.2.2.2",
        |on| {
            paths_unknown(
                on,
                &["/%74hings", "/things%2f1", "/things%2F1", "/%2fthings"],
            )
        },
    ),
];

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: a.example\r\n\r\n")
}

fn arrives(on: Product, target: &str, there: &str) -> Verdict {
    let seen = relayed(on, get(target))?;
    ensure(
        seen.target() == there,
        &format!("asked for `{}`", seen.target()),
        &seen,
    )
}

fn parameters_refused(on: Product, values: &[&str]) -> Verdict {
    let refusal = BAD_REQUEST.or_for_peers(&[404]);
    each(values, |value| {
        turned_away(on, &get(&format!("/things/{value}")), refusal)
    })
}

fn paths_unknown(on: Product, paths: &[&str]) -> Verdict {
    each(paths, |path| {
        turned_away(on, &get(path), NOT_FOUND.or_for_peers(&[400]))
    })
}

/// Nothing reaches the upstream. The request is well-formed, so the connection may go on.
fn turned_away(on: Product, bytes: &str, refusal: Refusal) -> Verdict {
    let site = Site::serving(on);
    let answer = site.ask(bytes).answer();
    site.nothing_reached()?;
    site.is_refusal(&answer?, refusal)
}
