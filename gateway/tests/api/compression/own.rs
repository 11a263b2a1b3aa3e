//! The gateway's own pages, documents and scripts.

use std::net::SocketAddr;

use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::Client;

use super::{CODINGS, accepting, decoded, get, varies_by};
use crate::scripted::unused_address;
use crate::{CONFIG, client};

/// Everything that a browser loads for `/docs`.
async fn loaded(client: &Client) -> Vec<String> {
    let page = client.get("/docs").await;
    let html = page.text();
    let files = html.split('"').filter(|text| text.starts_with("docs/"));
    let files = files.map(|path| format!("/{path}"));
    let own = ["/docs", "/openapi.json"].map(str::to_owned);
    own.into_iter().chain(files).collect()
}

#[actix_web::test]
async fn a_first_visit_of_the_documentation_takes_less_than_half_a_megabyte() {
    let shipped = include_str!("../../../gateway.toml");
    let client = client(shipped, unused_address());
    for coding in CODINGS {
        let mut total = 0;
        for path in loaded(&client).await {
            let plain = client.get(&path).await;
            let answer = accepting(&client, &path, coding).await;
            total += answer.body.len();
            match answer.header("content-encoding") {
                Some(encoded) => {
                    assert_eq!(encoded, coding);
                    assert_eq!(decoded(coding, &answer.body).as_bytes(), plain.body);
                }
                None => assert!(
                    path.ends_with(".png") && answer.body == plain.body,
                    "{path}"
                ),
            }
        }
        assert!(total < 500_000, "{coding}: {total}");
    }
}

#[actix_web::test]
async fn a_browser_that_comes_back_loads_nothing_anew() {
    let client = client(CONFIG, unused_address());
    let mut paths = loaded(&client).await;
    paths.push("/problems/route-not-found".to_owned());
    for path in paths {
        for coding in ["identity", "gzip", "br"] {
            let first = accepting(&client, &path, coding).await;
            assert_eq!(first.status, 200, "{path}");
            let control = first.header("cache-control").unwrap();
            assert!(
                ["no-cache", "public, max-age=3600"].contains(&control),
                "{control}"
            );
            assert!(
                varies_by(&first).contains(&"accept-encoding".to_owned()),
                "{path}"
            );
            let tag = first.header("etag").unwrap();
            let fields = [("accept-encoding", coding), ("if-none-match", tag)];
            let again = get(&client, &path, &fields).await;
            assert_eq!(again.status, 304, "{path} {coding}");
            assert_eq!(again.header("etag"), Some(tag));
            assert!(again.body.is_empty());
        }
    }
}

fn operator() -> SocketAddr {
    let env = Env::of_pairs([
        ("GATEWAY_BIND", "127.0.0.1:0"),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
    ]);
    let gateway = Gateway::build(crate::parse(CONFIG, &env)).unwrap();
    let addr = gateway.admin_addr();
    actix_web::rt::spawn(gateway.run_until(std::future::pending()));
    addr
}

#[actix_web::test]
async fn the_console_is_compressed_and_recognised() {
    let client = Client::of(operator());
    for path in ["/", "/main.js", "/console.css"] {
        let plain = client.get(path).await;
        for coding in CODINGS {
            let answer = accepting(&client, path, coding).await;
            assert_eq!(answer.header("content-encoding"), Some(coding), "{path}");
            assert_eq!(decoded(coding, &answer.body), plain.text());
            let tag = answer.header("etag").unwrap();
            let fields = [("accept-encoding", coding), ("if-none-match", tag)];
            assert_eq!(get(&client, path, &fields).await.status, 304, "{path}");
        }
    }
}

#[actix_web::test]
async fn the_page_of_a_problem_is_compressed_in_each_language() {
    let client = client(CONFIG, unused_address());
    for lang in ["en", "fr"] {
        let fields = [("accept-encoding", "gzip"), ("accept-language", lang)];
        let answer = get(&client, "/problems/upstream-unavailable", &fields).await;
        assert_eq!(answer.header("content-language"), Some(lang));
        assert_eq!(varies_by(&answer), ["accept-language", "accept-encoding"]);
        assert!(decoded("gzip", &answer.body).contains(&format!("<html lang=\"{lang}\">")));
    }
}
