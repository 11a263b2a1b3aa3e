//! The fields of an answer on their way to the client.

use crate::case::{Case, case};
use crate::product::Product;
use crate::site::{GET, Site, UNREACHABLE, answered};
use crate::upstream::{Script, Step, Upstream};
use crate::verdict::{Verdict, each, ensure};

macro_rules! with_fields {
    ($fields:literal) => {{
        const ANSWER: &str = concat!(
            "HTTP/1.1 200 OK\r\n",
            $fields,
            "\r\ncontent-length: 4\r\n\r\nfine"
        );
        const SCRIPTS: &[Script] = &[&[Step::Serve(ANSWER.as_bytes())]];
        SCRIPTS
    }};
}

pub(super) const CASES: &[Case] = &[
    case(
        "an answer's hop-by-hop fields stay behind",
        "RFC 9110 §7.6.1",
        |on| {
            let script: &[Script] = with_fields!(
                "keep-alive: timeout=99\r\nproxy-connection: keep-alive\r\nupgrade: h2c\r\ntrailer: x-a"
            );
            let answer = answered(on, script)?;
            answer.is_ok_with(b"fine")?;
            each(["proxy-connection", "upgrade", "trailer"], |name| {
                ensure(
                    !answer.head.has(name),
                    &format!("relayed `{name}`"),
                    &answer,
                )
            })?;
            let keep_alive = answer.head.text("keep-alive").unwrap_or_default();
            ensure(!keep_alive.contains("99"), "relayed `keep-alive`", &answer)
        },
    ),
    case(
        "an answer's fields that its Connection names stay behind",
        "RFC 9110 §7.6.1",
        |on| {
            let answer = answered(
                on,
                with_fields!("connection: x-secret, keep-alive\r\nx-secret: 1\r\nx-mine: 2"),
            )?;
            answer.has("x-mine", b"2")?;
            ensure(!answer.head.has("x-secret"), "relayed `x-secret`", &answer)
        },
    ),
    case(
        "an answer's Proxy-Authenticate stays behind",
        "RFC 9110 §11.7.1: meant for this proxy",
        |on| {
            let answer = answered(on, with_fields!("proxy-authenticate: Basic realm=x"))?;
            ensure(
                !answer.head.has("proxy-authenticate"),
                "relayed it",
                &answer,
            )
        },
    ),
    case(
        "an answer's repeated fields come each, in their order",
        "RFC 9110 §5.3",
        |on| {
            let answer = answered(on, with_fields!("x-a: 1\r\nx-b: 0\r\nx-a: 2\r\nx-a: 3"))?;
            ensure(
                answer.head.text("x-a").as_deref() == Some("1, 2, 3"),
                "changed `x-a`",
                &answer,
            )
        },
    ),
    case("cookies are set one by one", "RFC 9110 §5.3", |on| {
        let answer = answered(
            on,
            with_fields!(
                "set-cookie: a=1; Path=/; HttpOnly\r\nset-cookie: b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"
            ),
        )?;
        let cookies: [&[u8]; 2] = [
            b"a=1; Path=/; HttpOnly",
            b"b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
        ];
        ensure(
            answer.head.all("set-cookie") == cookies,
            "changed `set-cookie`",
            &answer,
        )
    }),
    case("challenges come one by one", "RFC 9110 §11.6.1", |on| {
        let answer = answered(
            on,
            with_fields!(
                "www-authenticate: Bearer realm=\"a, b\"\r\nwww-authenticate: Basic realm=\"c\""
            ),
        )?;
        let challenges: [&[u8]; 2] = [b"Bearer realm=\"a, b\"", b"Basic realm=\"c\""];
        ensure(
            answer.head.all("www-authenticate") == challenges,
            "changed `www-authenticate`",
            &answer,
        )
    }),
    case("a Location comes as it is", "RFC 9110 §10.2.2", |on| {
        answered(on, with_fields!("location: /inner/things/1?x=%2F#a"))?
            .has("location", b"/inner/things/1?x=%2F#a")
    }),
    case(
        "Retry-After, Vary, ETag and Cache-Control come as they are",
        "RFC 9110 §8.8.3",
        |on| {
            let answer = answered(
                on,
                with_fields!(
                    "retry-after: 120\r\nvary: X-A, x-b\r\netag: W/\"a,b\"\r\ncache-control: max-age=0,x=\"y\""
                ),
            )?;
            answer.has("retry-after", b"120")?;
            answer.has("vary", b"X-A, x-b")?;
            answer.has("etag", b"W/\"a,b\"")?;
            answer.has("cache-control", b"max-age=0,x=\"y\"")
        },
    ),
    case("the Date is the upstream's", "RFC 9110 §6.6.1", |on| {
        let answer = answered(on, with_fields!("date: Tue, 15 Nov 1994 08:12:31 GMT"))?;
        ensure(
            answer.head.all("date") == [b"Tue, 15 Nov 1994 08:12:31 GMT"],
            "changed `date`",
            &answer,
        )
    }),
    case("the Server is the upstream's", "RFC 9110 §10.2.4", |on| {
        let answer = answered(on, with_fields!("server: kitchen/1.0 (a b)"))?;
        ensure(
            answer.head.all("server") == [b"kitchen/1.0 (a b)"],
            "changed `server`",
            &answer,
        )
    }),
    case(
        "bytes beyond ASCII come in an answer's value",
        "RFC 9110 §5.5",
        |on| {
            let script: &[Script] = &[&[Step::Serve(
                b"HTTP/1.1 200 OK\r\nx-a: caf\xe9 \xff\r\ncontent-length: 4\r\n\r\nfine",
            )]];
            answered(on, script)?.has("x-a", b"caf\xe9 \xff")
        },
    ),
    case(
        "an answer's empty field comes empty",
        "RFC 9110 §5.5",
        |on| answered(on, with_fields!("x-a:"))?.has("x-a", b""),
    ),
    case(
        "an answer's Content-Type is not touched and none is made up",
        "RFC 9110 §8.3",
        |on| {
            answered(on, with_fields!("content-type: Text/X; a=\"b\""))?
                .has("content-type", b"Text/X; a=\"b\"")?;
            let answer = answered(on, with_fields!("x-a: 1"))?;
            ensure(
                !answer.head.has("content-type"),
                "made up a `content-type`",
                &answer,
            )
        },
    ),
    case(
        "an answer of its own says nothing of the upstream's address",
        "RFC 9209 §6: what it reveals to an attacker",
        says_nothing_internal,
    ),
];

fn says_nothing_internal(on: Product) -> Verdict {
    let site = Site::before(on, Upstream::nobody());
    let answer = site.ask(GET).answer()?;
    site.is_refusal(&answer, UNREACHABLE)?;
    let said = format!("{:?} {}", answer.head, answer.text());
    let port = site.upstream.addr.port().to_string();
    each(
        [port.as_str(), "127.0.0.1", "/inner", "os error"],
        |internal| ensure(!said.contains(*internal), "told it", &said),
    )
}
