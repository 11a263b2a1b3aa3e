//! Rows for everything below a path.

use std::net::SocketAddr;

use crate::scripted::{json, raw};
use crate::{client, start};

const PREFIXES: &str = r#"
[limits]
rate = "off"

[upstreams.backend]
url = "http://127.0.0.1:1"
outage = "error"
retries = 0

[routes]
backend = [
    { path = "/stock/{*rest}", to = "/{*rest}" },
    { path = "/stock/login", methods = ["POST"], to = "/login" },
    { path = "/kept/{*rest}", methods = ["GET"], outage = "stale", fresh = "1h", stale_if_error = "1h" },
    { path = "/kept/{*rest}", methods = ["PUT"] },
]
"#;

async fn get(gateway: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    raw(gateway, request.as_bytes(), "").await
}

#[actix_web::test]
async fn the_rest_of_a_path_reaches_the_upstream_as_it_came() {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let (backend, seen) = json("200 OK", "{}").await;
        let client = client(PREFIXES, backend);
        let method = method.parse().unwrap();
        let path = "/stock/a/b%20c;v=1?x=%2F&&y";
        let answer = client.request(method, path).send().await;
        assert_eq!(answer.status, 200);
        assert!(seen.only().contains(" /a/b%20c;v=1?x=%2F&&y HTTP/1.1"));
    }
}

#[actix_web::test]
async fn an_unfit_segment_is_a_400_and_reaches_no_upstream() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(PREFIXES, backend);
    for unfit in [
        "..", ".", "%2e%2e", "..;x", "..%3b", ";x", "a%2Fb", "a%5cb", "%00", "%zz", "",
    ] {
        for path in [format!("/stock/{unfit}/a"), format!("/stock/a/{unfit}")] {
            let answer = get(gateway, &path).await;
            assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
        }
    }
    assert_eq!(seen.requests().len(), 0);
}

#[actix_web::test]
async fn an_exact_row_decides_alone_however_its_path_is_spelt() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(PREFIXES, backend);
    for (path, status) in [
        ("/stock/login", "405"),
        ("/stock/logi%6e", "404"),
        ("/stock/login;x", "404"),
        ("/stock/", "404"),
        ("/stock", "404"),
    ] {
        let answer = get(gateway, path).await;
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{path}: {answer}");
    }
    assert_eq!(seen.requests().len(), 0);
}

#[actix_web::test]
async fn a_change_below_a_prefix_makes_every_stored_answer_below_it_out_of_date() {
    let (backend, seen) = json("200 OK", "{}").await;
    let client = client(PREFIXES, backend);
    for _ in 0..2 {
        let _ = client.get("/kept/a").await.ok(200);
    }
    assert_eq!(seen.requests().len(), 1);
    let put = client.request(actix_web::http::Method::PUT, "/kept/b/c");
    assert_eq!(put.send().await.status, 200);
    let _ = client.get("/kept/a").await.ok(200);
    assert_eq!(seen.requests().len(), 3);
}
