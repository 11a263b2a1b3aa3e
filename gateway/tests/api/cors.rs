//! Browsers on another origin: preflight, credentials, readable errors.

use actix_web::http::Method;
use service_kit::testing::{Answer, Client};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scripted::{answering, json, raw, unused_address};
use crate::{CONFIG, client, start, start_with};

const LOCAL: &str = "http://localhost:5173";

async fn preflight(gateway: &Client, origin: &str, path: &str) -> Answer {
    let request = gateway.request(Method::OPTIONS, path);
    request
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "authorization,content-type",
        )
        .send()
        .await
}

#[actix_web::test]
async fn a_preflight_from_localhost_is_granted_with_credentials() {
    let answer = preflight(&client(CONFIG, unused_address()), LOCAL, "/things").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(LOCAL));
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("authorization,content-type")
    );
    let methods = answer.header("access-control-allow-methods").unwrap();
    assert!(
        ["GET", "POST", "PATCH", "DELETE"]
            .iter()
            .all(|method| methods.contains(method))
    );
}

#[actix_web::test]
async fn a_preflight_may_ask_for_fields_on_several_lines() {
    let request = "OPTIONS /things HTTP/1.1\r\nhost: a\r\norigin: http://localhost\r\n\
        access-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n\
        access-control-request-headers: x-mine\r\nconnection: close\r\n\r\n";
    let answer = raw(start(CONFIG, unused_address()), request.as_bytes(), "").await;
    for line in [
        "access-control-allow-headers: authorization\r\n",
        "access-control-allow-headers: x-mine\r\n",
    ] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
}

/// The parts of a head arrive separately, as on a network.
async fn refused(parts: &[&str]) -> String {
    let mut stream = TcpStream::connect(start(CONFIG, unused_address()))
        .await
        .unwrap();
    stream.set_nodelay(true).unwrap();
    for part in parts {
        stream.write_all(part.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[actix_web::test]
async fn a_refusal_of_a_very_large_head_is_readable_by_the_page_wherever_its_origin_is() {
    let (target, field) = ("x".repeat(9_000), "x".repeat(90_000));
    let late = "accept-language: en\r\norigin: http://localhost:5173\r\n\r\n";
    for (status, parts) in [
        (
            414,
            &["GET /", &*target, " HTTP/1.1\r\nhost: a\r\n", late][..],
        ),
        (
            431,
            &["GET / HTTP/1.1\r\nhost: a\r\nx: ", &field, "\r\n", late],
        ),
        (
            431,
            &[
                "GET / HTTP/1.1\r\nhost: a\r\norigin: http://localhost:5173\r\naccept-language: en\r\nx: ",
                &field,
                "\r\n\r\n",
            ],
        ),
    ] {
        let answer = refused(parts).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        let allowed = "access-control-allow-origin: http://localhost:5173\r\n";
        assert!(answer.contains(allowed), "{answer}");
        assert!(answer.contains("content-language: en"), "{answer}");
    }
}

#[actix_web::test]
async fn a_preflight_from_elsewhere_is_granted_nothing() {
    let answer = preflight(
        &client(CONFIG, unused_address()),
        "https://evil.example",
        "/things",
    )
    .await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("access-control-allow-methods"), None);
}

#[actix_web::test]
async fn an_answer_and_an_error_are_both_readable_by_the_page() {
    let (backend, _seen) = json("200 OK", "{}").await;
    for gateway in [client(CONFIG, backend), client(CONFIG, unused_address())] {
        for path in ["/things", "/nothing"] {
            let answer = gateway
                .request(Method::GET, path)
                .header("Origin", LOCAL)
                .send()
                .await;
            assert_eq!(
                answer.header("access-control-allow-origin"),
                Some(LOCAL),
                "{answer:?}"
            );
            assert_eq!(
                answer.header("access-control-allow-credentials"),
                Some("true")
            );
            let exposed = answer.header("access-control-expose-headers").unwrap();
            assert!(exposed.contains("X-Request-Id"), "{exposed}");
        }
    }
}

#[actix_web::test]
async fn an_upstreams_cors_fields_do_not_count() {
    let (backend, _seen) = answering(
        "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\naccess-control-max-age: 1\r\n\
         content-length: 0\r\n\r\n",
    )
    .await;
    let request = client(CONFIG, backend).request(Method::GET, "/things");
    let answer = request.header("Origin", LOCAL).send().await;
    let origins: Vec<_> = answer
        .headers
        .get_all("access-control-allow-origin")
        .collect();
    assert_eq!(origins, [LOCAL]);
    assert_eq!(answer.header("access-control-max-age"), None);
}

#[actix_web::test]
async fn only_the_configured_origins_are_granted() {
    let variables = [("GATEWAY_CORS_ORIGINS", "https://app.example.com")];
    let gateway = Client::of(start_with(CONFIG, unused_address(), variables));
    let granted = preflight(&gateway, "https://app.example.com", "/things").await;
    assert_eq!(
        granted.header("access-control-allow-origin"),
        Some("https://app.example.com")
    );
    let refused = preflight(&gateway, LOCAL, "/things").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
}

#[actix_web::test]
async fn caches_are_told_that_the_answer_depends_on_the_origin() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let answer = client(CONFIG, backend).get("/things").await;
    assert_eq!(answer.header("vary"), Some("Origin"));
}
