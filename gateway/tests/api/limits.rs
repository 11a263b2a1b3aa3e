//! What is too large is refused, before or while it arrives.

use actix_web::http::Method;

use crate::scripted::{json, raw};
use crate::{CONFIG, client, start};

#[actix_web::test]
async fn an_announced_body_over_the_limit_is_refused_unread_and_never_sent_on() {
    let (backend, seen) = json("200 OK", "{}").await;
    let request = b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 65537\r\n\r\n";
    let answer = raw(start(CONFIG, backend), request, "requestId").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("payload_too_large"), "{answer}");
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn a_chunked_body_is_cut_at_the_limit() {
    let (backend, seen) = json("200 OK", "{}").await;
    let mut request =
        b"POST /things HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..20 {
        request.extend_from_slice(b"1000\r\n");
        request.extend_from_slice(&[b'x'; 0x1000]);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = raw(start(CONFIG, backend), &request, "requestId").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(seen.requests().is_empty(), "no whole request got through");
}

#[actix_web::test]
async fn a_body_at_the_limit_gets_through() {
    let (backend, seen) = json("200 OK", "{}").await;
    let mut request = b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 65536\r\n\r\n".to_vec();
    request.resize(request.len() + 65536, b'x');
    let answer = raw(start(CONFIG, backend), &request, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(seen.requests().len(), 1);
}

#[actix_web::test]
async fn a_target_over_the_limit_is_a_414() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = client(CONFIG, backend);
    let longest = format!("/things?{}", "x".repeat(1024 - "/things?".len()));
    let _ = gateway.get(&longest).await.ok(200);
    let answer = gateway.get(&format!("{longest}x")).await;
    let _ = answer.problem(414, "uri_too_long");
    assert_eq!(seen.requests().len(), 1);
}

#[actix_web::test]
async fn a_head_over_the_limit_is_a_431() {
    let (backend, seen) = json("200 OK", "{}").await;
    let request = client(CONFIG, backend).request(Method::GET, "/things");
    let answer = request.header("X-Long", &"x".repeat(4096)).send().await;
    let _ = answer.problem(431, "headers_too_large");
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn a_route_may_have_a_limit_of_its_own() {
    let (backend, seen) = json("200 OK", "{}").await;
    for (own, status) in [("100KiB", "200"), ("1KiB", "413")] {
        let config = CONFIG.replace(
            r#"to = "/inner/things""#,
            &format!(r#"to = "/inner/things", request_body = "{own}""#),
        );
        let mut request =
            b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 70000\r\n\r\n".to_vec();
        request.resize(request.len() + 70_000, b'x');
        let answer = raw(start(&config, backend), &request, "}").await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    assert_eq!(seen.requests().len(), 1);
}
