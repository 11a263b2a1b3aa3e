//! Everything that is too large is refused, before or while it arrives.

use actix_web::http::Method;

use crate::scripted::{answering, json, raw};
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

/// The configuration with these additional limits.
fn limited(limits: &str) -> String {
    CONFIG.replace("[limits]", &format!("[limits]\n{limits}"))
}

fn with_fields(count: usize) -> Vec<u8> {
    let others = "x: 1\r\n".repeat(count - 2);
    format!("GET /things HTTP/1.1\r\nhost: a\r\n{others}connection: close\r\n\r\n").into_bytes()
}

#[actix_web::test]
async fn a_request_may_have_as_many_fields_as_the_limit() {
    for most in [20, 88, 96] {
        let (backend, seen) = json("200 OK", "{}").await;
        let gateway = start(&limited(&format!("fields = {most}")), backend);
        let answer = raw(gateway, &with_fields(most), "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let answer = raw(gateway, &with_fields(most + 1), "").await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
        // The request line and the empty line at the end are no fields. `Connection` is dropped.
        let fields = seen.only().lines().count() - 2;
        assert_eq!(fields, most + 7, "the gateway adds no more than 8");
    }
}

#[actix_web::test]
async fn an_answer_may_have_as_many_fields_as_the_limit() {
    for most in [20, 100, 150] {
        for (count, status) in [(most, 200), (most + 1, 502)] {
            let others = "x: 1\r\n".repeat(count - 1);
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n{others}\r\n{{}}");
            let (backend, _seen) = answering(answer).await;
            let limits = format!("response_fields = {most}");
            let gateway = start(&limited(&limits), backend);
            let answer = raw(gateway, &with_fields(2), "").await;
            let line = format!("HTTP/1.1 {status}");
            assert!(answer.starts_with(&line), "{count} of {most}: {answer}");
        }
    }
}

#[actix_web::test]
async fn an_answers_head_may_be_as_large_as_the_limit() {
    for most in [1024, 100 * 1024] {
        for (size, status) in [(most, 200), (most + 1, 502)] {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: \r\n\r\n";
            let value = "v".repeat(size - head.len());
            let head = head.replace("x: ", &format!("x: {value}"));
            let (backend, _seen) = answering(format!("{head}{{}}")).await;
            let limits = format!("response_head = \"{most}B\"");
            let answer = client(&limited(&limits), backend).get("/things").await;
            assert_eq!(answer.status, status, "{size} of {most}");
        }
    }
}

#[actix_web::test]
async fn a_request_that_only_the_gateways_additions_make_too_large_is_a_431() {
    let large = CONFIG
        .replace("uri = \"1KiB\"", "uri = \"50KiB\"")
        .replace("head = \"4KiB\"", "head = \"60KiB\"");
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(&large, backend);
    // The path is sent twice.
    for (path, status) in [(30, 200), (45, 431)] {
        let (path, value) = ("p".repeat(path * 1024), "v".repeat(50 * 1024));
        let request = format!(
            "GET /things/{path} HTTP/1.1\r\nhost: a\r\nx: {value}\r\nconnection: close\r\n\r\n"
        );
        let answer = raw(gateway, request.as_bytes(), "").await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    assert_eq!(seen.requests().len(), 1);
}
