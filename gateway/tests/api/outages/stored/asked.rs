//! The request to the upstream for an answer that serves other clients too.

use actix_web::http::Method;

use super::super::{Mood, Site};
use super::{FRESH, open, row};

/// The fields of two clients that have nothing in common.
const STRANGER: [(&str, &str); 9] = [
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("forwarded", "for=6.6.6.6;host=evil.example"),
    ("x-forwarded-for", "6.6.6.6"),
    ("user-agent", "evil"),
    ("accept", "evil/evil"),
    ("accept-language", "evil"),
    ("baggage", "evil=1"),
    ("x-evil", "evil"),
];

#[actix_web::test]
async fn nothing_of_the_first_client_is_in_the_answers_to_others() {
    let site = open(FRESH).await;
    let request = site.public.request(Method::GET, "/menu?utm=evil");
    let request = STRANGER.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    let _ = request.send().await.ok(200);
    let told = site.backend.last();
    assert!(!told.contains("x-forwarded-for"), "{told}");
    let told = told.replace("?utm=evil", "");
    assert!(
        !told.contains("evil") && !told.contains("6.6.6.6"),
        "{told}"
    );
}

#[actix_web::test]
async fn two_hosts_share_an_answer_that_depends_on_neither() {
    let site = open(FRESH).await;
    for host in ["a.example", "b.example"] {
        let request = site.public.request(Method::GET, "/menu");
        let _ = request.header("host", host).send().await.ok(200);
    }
    assert_eq!(site.backend.asked(), 1);
    let told = site.backend.last();
    assert!(!told.contains("a.example"), "{told}");
    assert!(told.contains(&format!("host: {}\r\n", site.backend.addr)));
}

#[actix_web::test]
async fn credentials_are_not_sent_for_a_shared_answer() {
    let site = open(FRESH).await;
    for (name, value) in [
        ("authorization", "Bearer secret"),
        ("cookie", "session=secret"),
        ("x-api-key", "secret"),
    ] {
        let request = site.public.request(Method::GET, "/menu");
        let _ = request.header(name, value).send().await.ok(200);
    }
    assert_eq!(site.backend.asked(), 1);
    assert!(!site.backend.last().contains("secret"));
}

#[actix_web::test]
async fn an_answer_to_credentials_is_for_nobody_else() {
    let site = open(r#"fresh = "1h", stale_if_error = "1h""#).await;
    for (number, name) in ["authorization", "cookie", "x-api-key", "x-auth-token"]
        .into_iter()
        .enumerate()
    {
        site.backend.says("200 OK", "\"mine\"");
        let request = site.public.request(Method::GET, "/menu");
        let mine = request.header(name, "secret").send().await;
        assert_eq!(&mine.body[..], b"\"mine\"", "{name}");
        assert!(site.backend.last().contains("secret"), "{name}");
        assert_eq!(site.backend.asked(), number + 1);
    }
    site.backend.says("200 OK", "\"everyone's\"");
    assert_eq!(&site.public.get("/menu").await.body[..], b"\"everyone's\"");
    // It does not get other clients' answers either.
    site.backend.feels(Mood::HangsUp);
    let request = site.public.request(Method::GET, "/menu");
    let answer = request.header("cookie", "session=2").send().await;
    let _ = answer.problem(502, "upstream_unreachable");
}

#[actix_web::test]
async fn an_answer_for_one_client_only_is_asked_for_with_its_own_request() {
    let site = open(FRESH).await;
    site.backend
        .says("200 OK\r\nvary: accept-language, x-tenant", "[]");
    for tenant in ["a", "b", "c"] {
        let request = site.public.request(Method::GET, "/menu");
        let _ = request.header("x-tenant", tenant).send().await.ok(200);
        let told = site.backend.last();
        assert!(told.contains(&format!("x-tenant: {tenant}\r\n")), "{told}");
    }
    // Once to find out, and then not again each time.
    assert_eq!(site.backend.asked(), 4);
}

#[actix_web::test]
async fn only_parameters_that_count_distinguish_answers() {
    let with = format!(r#"{FRESH}, query = ["categorie"]"#);
    let site = open(&with).await;
    for (query, asked) in [
        ("?categorie=A", 1),
        ("?x=1&categorie=A", 1),
        ("?categorie=A&y=2&", 1),
        ("?%63ategorie=A", 1),
        ("?categorie=B", 2),
        ("?categorie=A&categorie=B", 3),
        ("", 4),
        ("?x=1", 4),
    ] {
        let _ = site.public.get(&format!("/menu{query}")).await.ok(200);
        assert_eq!(site.backend.asked(), asked, "{query}");
    }
    let site = open(&with).await;
    let _ = site.public.get("/menu?x=evil&categorie=A").await.ok(200);
    let told = site.backend.last();
    assert!(
        told.starts_with("GET /menu?categorie=A HTTP/1.1\r\n"),
        "{told}"
    );
}

#[actix_web::test]
async fn without_a_parameter_that_counts_every_query_has_the_same_answer() {
    let site = open(&format!("{FRESH}, query = []")).await;
    for query in ["", "?", "?x=1", "?categorie=A"] {
        let _ = site.public.get(&format!("/menu{query}")).await.ok(200);
    }
    assert_eq!(site.backend.asked(), 1);
    assert!(site.backend.last().starts_with("GET /menu HTTP/1.1\r\n"));
}

#[actix_web::test]
async fn long_questions_to_one_row_evict_no_answer_of_another() {
    let config = row(FRESH)
        .replace("[features]", "[more]")
        .replace("rate = \"off\"", "rate = \"off\"\ncache = \"64KiB\"");
    let more = format!(
        r#"    {{ path = "/more", methods = ["GET"], to = "/more", outage = "stale", {FRESH} }},
]
"#
    );
    let (rows, _features) = config.split_once("[more]").unwrap();
    let rows = rows.trim_end().strip_suffix(']').unwrap();
    let site = Site::open(&format!("{rows}{more}")).await;
    let _ = site.public.get("/menu").await.ok(200);
    let long = "x".repeat(700);
    for number in 0..300 {
        let _ = site
            .public
            .get(&format!("/more?{number}{long}"))
            .await
            .ok(200);
    }
    assert_eq!(site.backend.asked(), 301);
    site.backend.feels(Mood::HangsUp);
    let menu = site.public.get("/menu").await;
    assert!(menu.header("cache-status").unwrap().contains("hit"));
}

#[actix_web::test]
async fn a_question_that_is_too_long_to_be_stored_is_passed_on_as_it_came() {
    let config = row(FRESH).replace("uri = \"1KiB\"", "uri = \"4KiB\"");
    let site = Site::open(&config).await;
    let long = format!("/menu?{}", "x".repeat(1500));
    for _ in 0..2 {
        let _ = site.public.get(&long).await.ok(200);
    }
    assert_eq!(site.backend.asked(), 2);
    assert!(site.backend.last().contains("x-forwarded-for: 127.0.0.1"));
}

#[actix_web::test]
async fn a_row_with_an_invalid_query_or_vary_is_refused() {
    for (keys, reason) in [
        (r#"vary = ["cookie"]"#, "vary: cookie"),
        (r#"vary = ["Host"]"#, "vary: Host"),
        (r#"vary = ["x-forwarded-host"]"#, "vary: x-forwarded-host"),
        (
            r#"vary = ["accept", "Accept"]"#,
            "vary: Accept stands twice",
        ),
        (r#"query = ["a&b"]"#, "query: a&b"),
        (r#"query = ["a", "a"]"#, "query: a stands twice"),
    ] {
        let text = row(&format!("stale_if_error = \"1h\", {keys}"));
        let env = service_kit::env::Env::of_pairs([]);
        let error = gateway::Config::parse("test.toml", &text, &env).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}
