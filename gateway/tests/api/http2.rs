//! HTTP/2 with clients, through the whole gateway.

mod endings;
mod windows;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use actix_web::web::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use service_kit::testing::Process;
use tokio::time::timeout;

use crate::downstream_tls::Files;
use crate::scripted::{Seen, json};

/// Longer than anything here takes.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct Gateway {
    files: Files,
    process: Process,
}

impl Gateway {
    pub(crate) fn start(backend: SocketAddr) -> Self {
        Self::start_with(&crate::without_probes(), backend)
    }

    /// With the configuration in this file.
    fn start_with(config: &Path, backend: SocketAddr) -> Self {
        let files = Files::new();
        let process = Process::start(
            Command::new(env!("CARGO_BIN_EXE_gateway"))
                .arg("--config")
                .arg(config)
                .env_clear()
                .env("GATEWAY_BIND", "127.0.0.1:0")
                .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
                .env("ORDERS_URL", format!("http://{backend}"))
                .env("GATEWAY_TLS_CERT", files.cert())
                .env("GATEWAY_TLS_KEY", files.key()),
        );
        Self { files, process }
    }

    pub(crate) async fn connect(&self) -> SendRequest<Bytes> {
        let stream = self.files.connect(self.process.addr(), &["h2"]).await;
        let (requests, connection) = h2::client::handshake(stream.unwrap()).await.unwrap();
        actix_web::rt::spawn(connection);
        requests.ready().await.unwrap()
    }
}

async fn connected() -> (Gateway, SendRequest<Bytes>, Seen) {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = Gateway::start(backend);
    let requests = gateway.connect().await;
    (gateway, requests, seen)
}

pub(crate) fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> http::Request<()> {
    let uri = format!("https://localhost{path}");
    let request = http::Request::builder().method(method).uri(uri);
    let with =
        |request: http::request::Builder, field: &(&str, &str)| request.header(field.0, field.1);
    let request = fields.iter().fold(request, with);
    request.body(()).unwrap()
}

/// Sends a request without a body, and reads its answer to the end.
async fn ask(
    requests: &mut SendRequest<Bytes>,
    request: http::Request<()>,
) -> (http::response::Parts, String) {
    let (answer, _) = requests.send_request(request, true).unwrap();
    let (head, body) = timeout(SOON, answer).await.unwrap().unwrap().into_parts();
    (head, read(body).await)
}

async fn read(mut body: RecvStream) -> String {
    let mut text = Vec::new();
    while let Some(chunk) = timeout(SOON, body.data()).await.unwrap() {
        let chunk = chunk.unwrap();
        body.flow_control().release_capacity(chunk.len()).unwrap();
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).unwrap()
}

#[actix_web::test]
async fn a_request_is_relayed_like_one_of_http_1() {
    let (gateway, mut requests, seen) = connected().await;
    let fields = [
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("x-request-id", "h2-1"),
    ];
    let asked = request("GET", "/order-api/commandes/42?x=1", &fields);
    let (head, body) = ask(&mut requests, asked).await;
    assert_eq!((head.status.as_u16(), &*body), (200, "{}"));
    assert_eq!(head.headers["content-length"], "2");
    assert_eq!(head.headers["x-request-id"], "h2-1");
    assert!(head.headers.contains_key("date"));
    let told = seen.only();
    assert!(
        told.starts_with("GET /commandes/42?x=1 HTTP/1.1\r\n"),
        "{told}"
    );
    assert!(told.contains("\r\ncookie: a=1; b=2\r\n"), "{told}");
    assert!(told.contains("\r\nx-forwarded-proto: https\r\n"), "{told}");
    assert!(told.contains("\r\nvia: 2.0 passe-plat\r\n"), "{told}");
    assert!(!told.contains("transfer-encoding"), "{told}");
    let line = gateway.process.line_with("h2-1");
    assert!(line.contains("outcome=complete"), "{line}");
}

#[actix_web::test]
async fn a_body_is_relayed_with_a_length_or_in_chunks() {
    let (_gateway, mut requests, seen) = connected().await;
    for (fields, framed) in [
        (&[("content-length", "4")][..], "content-length: 4\r\n"),
        (&[], "\r\n\r\n4\r\nbody\r\n0\r\n\r\n"),
    ] {
        let asked = request("POST", "/order-api/commandes", fields);
        let (answer, mut body) = requests.send_request(asked, false).unwrap();
        body.send_data("body".into(), true).unwrap();
        let answer = timeout(SOON, answer).await.unwrap().unwrap();
        assert_eq!(answer.status(), 200);
        let told = seen.requests().pop().unwrap();
        assert!(told.contains(framed) && told.contains("body"), "{told}");
    }
}

#[actix_web::test]
async fn many_requests_share_one_connection() {
    let (_gateway, mut requests, seen) = connected().await;
    let mut answers = Vec::new();
    for _ in 0..50 {
        let asked = request("GET", "/order-api/commandes", &[]);
        answers.push(requests.send_request(asked, true).unwrap().0);
    }
    for answer in answers {
        let answer = timeout(SOON, answer).await.unwrap().unwrap();
        assert_eq!(read(answer.into_body()).await, "{}");
    }
    assert_eq!(seen.requests().len(), 50);
}

#[actix_web::test]
async fn a_refusal_is_a_problem_like_all_others() {
    let (gateway, mut requests, seen) = connected().await;
    let long_path = format!("/{}", "p".repeat(8 * 1024));
    let long_value = "v".repeat(32 * 1024);
    for (asked, status, code) in [
        (
            request("GET", "/", &[("host", "other")]),
            400,
            "bad_request",
        ),
        (request("GET", "/{id}", &[]), 400, "bad_request"),
        (request("GET", &long_path, &[]), 414, "uri_too_long"),
        (
            request("GET", "/", &[("x-long", &long_value)]),
            431,
            "headers_too_large",
        ),
        (
            request("GET", "/", &[("expect", "200-ok")]),
            417,
            "expectation_failed",
        ),
        (request("GET", "/nowhere", &[]), 404, "route_not_found"),
        (
            request("PUT", "/order-api/menu", &[]),
            405,
            "method_not_allowed",
        ),
    ] {
        let (head, body) = ask(&mut requests, asked).await;
        assert_eq!(head.status, status, "{body}");
        assert_eq!(head.headers["content-type"], "application/problem+json");
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], code);
        let id = head.headers["x-request-id"].to_str().unwrap();
        assert_eq!(problem["requestId"], id);
        let line = gateway.process.line_with(&format!(" request_id={id} "));
        let bytes = format!(" bytes={} outcome=complete ", body.len());
        assert!(line.contains(&bytes), "{line}");
    }
    assert!(seen.requests().is_empty());
    let connect = http::Request::connect("localhost:443").body(()).unwrap();
    let (head, _) = ask(&mut requests, connect).await;
    assert_eq!(head.status, 405);
}
