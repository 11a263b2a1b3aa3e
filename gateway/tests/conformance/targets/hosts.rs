//! The forms of a target, and the host of a request.

use crate::case::{Case, case, ours};
use crate::client::Answer;
use crate::product::Product;
use crate::site::{BAD_REQUEST, Site, refused_alone, relayed};
use crate::verdict::{Verdict, each, ensure};

pub(super) const FORMS: &[Case] = &[
    case(
        "an absolute target is routed by its path",
        "RFC 9112 §3.2.2",
        |on| {
            let seen = relayed(
                on,
                "GET http://a.example/things/1?x HTTP/1.1\r\nhost: a.example\r\n\r\n",
            )?;
            // The upstream may get it in the same form.
            let is_it = matches!(seen.target(), "/inner/1?x" | "http://a.example/inner/1?x");
            ensure(is_it, "asked for another target", &seen)
        },
    ),
    case(
        "an absolute target's authority wins over Host",
        "RFC 9112 §3.2.2",
        |on| {
            let seen = relayed(
                on,
                "GET http://a.example/things HTTP/1.1\r\nhost: b.example\r\n\r\n",
            )?;
            seen.has("x-forwarded-host", &[b"a.example"])
        },
    ),
    case(
        "an absolute target with credentials is refused",
        "RFC 9110 §4.2.4",
        |on| {
            let bytes = "GET http://me:pw@a.example/things HTTP/1.1\r\nhost: a.example\r\n\r\n";
            refused_alone(on, bytes, BAD_REQUEST)
        },
    ),
    ours(
        "OPTIONS * is answered with 204 and Allow",
        "RFC 9110 §9.3.7",
        |on| {
            let answer = asked(on, "OPTIONS * HTTP/1.1\r\nhost: a.example\r\n\r\n")?;
            answer.is(204)?;
            ensure(answer.head.has("allow"), "told no method", &answer)
        },
    ),
    case("* is nothing that can be got", "RFC 9112 §3.2.4", |on| {
        asked(on, "GET * HTTP/1.1\r\nhost: a.example\r\n\r\n")?.is_one_of(&[400, 404])
    }),
    case("CONNECT opens no tunnel", "RFC 9110 §9.3.6", |on| {
        let bytes = "CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n";
        asked(on, bytes)?.is_one_of(&[400, 404, 405, 501])
    }),
    case(
        "an authority as the target of GET is refused",
        "RFC 9112 §3.2.3",
        |on| {
            each(["a.example:80", "a.example"], |target| {
                refused_alone(
                    on,
                    format!("GET {target} HTTP/1.1\r\nhost: a.example\r\n\r\n"),
                    BAD_REQUEST,
                )
            })
        },
    ),
    case(
        "a target without its slash is refused",
        "RFC 9112 §3.2.1",
        |on| {
            each(["things", "?x", "./things", "\\things"], |target| {
                refused_alone(
                    on,
                    format!("GET {target} HTTP/1.1\r\nhost: a.example\r\n\r\n"),
                    BAD_REQUEST,
                )
            })
        },
    ),
];

pub(super) const HOSTS: &[Case] = &[
    case(
        "HTTP/1.1 without a Host is refused",
        "RFC 9112 §3.2",
        |on| refused_alone(on, "GET /things HTTP/1.1\r\n\r\n", BAD_REQUEST),
    ),
    case("two Hosts are refused", "RFC 9112 §3.2", |on| {
        each(
            [
                "a.example\r\nhost: b.example",
                "a.example\r\nHost: a.example",
            ],
            |hosts| refused_alone(on, with_host(hosts), BAD_REQUEST),
        )
    }),
    case("a Host that is none is refused", "RFC 9112 §3.2", |on| {
        let hosts = [
            "a b", "a/b", "a@b", "a,b", "a?b", "a#b", "a\\b", "http://a", "[::1", "a%zz",
        ];
        each(hosts, |host| {
            refused_alone(on, with_host(host), BAD_REQUEST)
        })
    }),
    case(
        "a Host whose port is none is refused",
        "RFC 9110 §7.2",
        |on| {
            each(["a.example:b", "a.example:80:80", "a.example:-1"], |host| {
                refused_alone(on, with_host(host), BAD_REQUEST)
            })
        },
    ),
    case(
        "a Host may have a port or be an address",
        "RFC 9110 §7.2",
        |on| {
            each(
                [
                    "a.example:8080",
                    "127.0.0.1:80",
                    "[::1]:8000",
                    "[::1]",
                    "a-b.example",
                    "a_b",
                ],
                |host| {
                    let seen = relayed(on, with_host(host))?;
                    ensure(
                        seen.head.all("host").len() == 1,
                        "sent another number of Hosts",
                        &seen,
                    )
                },
            )
        },
    ),
    ours(
        "the upstream is told the Host as it was sent",
        "X-Forwarded-Host, RFC 7239 §5.3",
        |on| {
            each(["A.example:8080", "[::1]:8000"], |host| {
                relayed(on, with_host(host))?.has("x-forwarded-host", &[host.as_bytes()])
            })
        },
    ),
];

fn with_host(host: &str) -> String {
    format!("GET /things HTTP/1.1\r\nhost: {host}\r\n\r\n")
}

fn asked(on: Product, bytes: &str) -> Verdict<Answer> {
    let site = Site::serving(on);
    let answer = site.ask(bytes).answer();
    site.nothing_reached()?;
    answer
}
