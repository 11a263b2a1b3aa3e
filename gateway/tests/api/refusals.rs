//! Bytes that are no request get the same kind of answer as every other error, and the connection
//! ends with it.

use shared_types::problem::Problem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scripted::{json, raw, unused_address};
use crate::{CONFIG, start};

const GET: &str = "GET /things HTTP/1.1\r\nhost: x\r\n\r\n";

/// The problem in the last answer, which must end the connection.
#[track_caller]
fn problem(answers: &str, status: u16) -> Problem {
    let (_, last) = answers.rsplit_once("HTTP/1.1 ").unwrap();
    let (head, body) = last.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&status.to_string()), "{answers}");
    for line in [
        "content-type: application/problem+json",
        "connection: close",
        "x-content-type-options: nosniff",
        &format!("content-length: {}", body.len()),
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    let problem: Problem = serde_json::from_str(body).unwrap();
    assert!(
        head.contains(&format!("x-request-id: {}", problem.request_id)),
        "{answers}"
    );
    problem
}

#[actix_web::test]
async fn each_refusal_is_a_problem_with_its_code() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    let long = "x".repeat(5000);
    for (request, status, code) in [
        (GET.replace("host:", "host :"), 400, "bad_request"),
        (
            GET.replace("/things", &format!("/{long}")),
            414,
            "uri_too_long",
        ),
        (
            GET.replace("host: x", &format!("host: x\r\nx: {long}")),
            431,
            "headers_too_large",
        ),
        (
            GET.replace("host: x", "host: x\r\nexpect: a-miracle"),
            417,
            "expectation_failed",
        ),
        (
            GET.replace("HTTP/1.1", "HTTP/2.0"),
            505,
            "http_version_not_supported",
        ),
    ] {
        let answer = raw(gateway, request.as_bytes(), "").await;
        assert_eq!(problem(&answer, status).code, code);
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn a_refusal_names_the_path_and_uses_the_language_as_far_as_they_can_be_read() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let request =
        "POST /things?x=1 HTTP/1.1\r\nhost: x\r\naccept-language: en\r\ncontent-length: -1\r\n\r\n";
    let answer = raw(start(CONFIG, backend), request.as_bytes(), "").await;
    let problem = problem(&answer, 400);
    assert_eq!(problem.instance, "/things");
    assert_eq!(problem.title, "Malformed request");
}

#[actix_web::test]
async fn only_requests_before_a_refused_one_are_answered() {
    let (backend, seen) = json("200 OK", "{}").await;
    let requests = format!("{GET}{GET}nonsense\r\n\r\n{GET}");
    let answers = raw(start(CONFIG, backend), requests.as_bytes(), "").await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert_eq!(problem(&answers, 400).code, "bad_request");
    assert_eq!(seen.requests().len(), 2);
}

#[actix_web::test]
async fn a_head_that_does_not_come_in_time_is_a_408_and_a_connection_without_one_is_just_closed() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let gateway = start(
        &CONFIG.replace("head_timeout = \"10s\"", "head_timeout = \"100ms\""),
        backend,
    );
    let answer = raw(gateway, b"GET /things HT", "").await;
    assert_eq!(problem(&answer, 408).code, "request_timeout");
    assert_eq!(raw(gateway, b"", "").await, "");
    // Between two requests the idle timeout counts, which is longer.
    let answers = raw(gateway, format!("{GET}GET").as_bytes(), "").await;
    assert!(answers.starts_with("HTTP/1.1 200"), "{answers}");
    assert_eq!(problem(&answers, 408).code, "request_timeout");
}

#[actix_web::test]
async fn an_idle_connection_is_closed_without_an_answer() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let config = CONFIG.replace("idle_timeout = \"30s\"", "idle_timeout = \"100ms\"");
    let answer = raw(start(&config, backend), GET.as_bytes(), "").await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert!(answer.ends_with("{}"), "{answer}");
}

#[actix_web::test]
async fn a_body_is_asked_for_only_once_the_upstream_takes_it() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    let head =
        "POST /things HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(interim, *b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(status, *b"HTTP/1.1 200");

    let too_large = head.replace("length: 2", "length: 999999");
    let answer = raw(gateway, too_large.as_bytes(), "").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let nowhere = start(CONFIG, unused_address());
    let answer = raw(nowhere, head.as_bytes(), "requestId").await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
}

#[actix_web::test]
async fn a_page_of_another_origin_can_read_why_its_request_was_refused() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let long = GET.replace("/things", &format!("/{}", "x".repeat(5000)));
    let request = long.replace("host: x", "host: x\r\nOrigin: http://localhost:5173");
    // With a target that is too long, the fields are never read; with too many fields, they are.
    let many = GET.replace(
        "host: x",
        &format!(
            "origin: http://localhost:5173\r\nhost: x\r\nx: {}",
            "x".repeat(5000)
        ),
    );
    let gateway = start(CONFIG, backend);
    let answer = raw(gateway, many.as_bytes(), "").await;
    assert!(
        answer.contains("access-control-allow-origin: http://localhost:5173"),
        "{answer}"
    );
    assert_eq!(problem(&answer, 431).code, "headers_too_large");
    let answer = raw(gateway, request.as_bytes(), "").await;
    assert_eq!(problem(&answer, 414).code, "uri_too_long");
}

#[actix_web::test]
async fn an_upgrade_in_http_1_0_is_ignored_like_any_other() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let request = b"GET /things HTTP/1.0\r\nconnection: upgrade, keep-alive\r\nupgrade: x\r\n\r\n";
    let answer = raw(start(CONFIG, backend), request, "").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    assert!(!answer.contains("upgrade"), "{answer}");
}
