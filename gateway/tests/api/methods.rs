//! Methods and protocols that never reach an upstream.

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;

use crate::scripted::{json, raw, read_head, serving, unused_address};
use crate::{CONFIG, start};

/// The methods of all the test's routes.
const ALLOW: &str = "allow: GET, POST, DELETE, HEAD, OPTIONS\r\n";

#[actix_web::test]
async fn options_of_the_server_tells_every_method() {
    let request = b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = raw(start(CONFIG, unused_address()), request, "").await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(answer.contains(ALLOW), "{answer}");
}

#[actix_web::test]
async fn connect_and_trace_are_refused_wherever_they_lead() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    for (line, allow) in [
        ("CONNECT example.com:443", ALLOW),
        ("CONNECT [::1]:443", ALLOW),
        ("TRACE /things", "allow: GET, POST, HEAD, OPTIONS\r\n"),
        ("TRACE /nowhere", ALLOW),
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\n\r\n");
        let answer = raw(gateway, request.as_bytes(), "requestId").await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{line}: {answer}");
        assert!(answer.contains("method_not_allowed"), "{line}: {answer}");
        assert!(answer.contains(allow), "{line}: {answer}");
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn an_unknown_method_is_a_405_only_on_a_known_path() {
    let gateway = start(CONFIG, unused_address());
    for (line, status) in [
        ("BREW /things", "405"),
        ("get /things", "405"),
        ("BREW /nowhere", "404"),
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\n\r\n");
        let answer = raw(gateway, request.as_bytes(), "requestId").await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert_eq!(answer.contains("allow: "), status == "405", "{answer}");
    }
}

#[actix_web::test]
async fn bytes_after_a_tunnel_or_an_upgrade_are_no_request() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    let cases = [
        ("CONNECT example.com:443 HTTP/1.1\r\nhost: x", "405"),
        (
            "GET /things HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket",
            "501",
        ),
        (
            "GET /things HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            "501",
        ),
        (
            "GET /things HTTP/1.1\r\nhost: x\r\nupgrade: websocket",
            "501",
        ),
        (
            "POST /things HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\nupgrade: websocket\r\ncontent-length: 5",
            "501",
        ),
    ];
    // At the same time, because the server waits before each close to let the client read the
    // answer.
    let answers = cases.map(|(head, _)| async move {
        let request = format!("{head}\r\n\r\nGET /things HTTP/1.1\r\nhost: x\r\n\r\n");
        raw(gateway, request.as_bytes(), "").await
    });
    for ((head, status), answer) in cases.iter().zip(join_all(answers).await) {
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{head}: {answer}"
        );
        assert_eq!(
            answer.contains("upgrade_not_supported"),
            *status == "501",
            "{answer}"
        );
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert!(answer.ends_with('}'), "{answer}");
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn another_upgrade_is_ignored() {
    let (backend, seen) = json("200 OK", "done").await;
    let streaming = serving(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    })
    .await;
    for (backend, end) in [(backend, "done"), (streaming, "4\r\ndone\r\n0\r\n\r\n")] {
        let request = b"GET /things HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\n\
                        upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n";
        let answer = raw(start(CONFIG, backend), request, "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        assert!(!answer.contains("upgrade"), "{answer}");
        assert!(answer.ends_with(end), "{answer}");
    }
    assert!(!seen.only().contains("http2-settings"), "{}", seen.only());
}
