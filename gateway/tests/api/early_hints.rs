//! Interim answers of an upstream (RFC 9110 §15.2), mainly `103 Early Hints` (RFC 8297).

use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::scripted::{raw, read_head, serving};
use crate::{CONFIG, patient, start};

const SOON: Duration = Duration::from_secs(10);

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const GET: &str = "GET /things HTTP/1.1\r\nhost: x\r\n\r\n";

/// The answer to `request`, if the upstream sends `interim` before its own answer.
async fn answered(request: &str, interim: &str) -> String {
    let bytes = format!("{interim}{OK}");
    let backend = serving(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            stream.write_all(bytes.as_bytes()).await.unwrap();
        }
    })
    .await;
    raw(start(CONFIG, backend), request.as_bytes(), "{}").await
}

#[actix_web::test]
async fn early_hints_reach_the_client_before_the_answer_is_made() {
    let goes_on = Rc::new(Notify::new());
    let wait = Rc::clone(&goes_on);
    let backend = serving(move |mut stream| {
        let wait = Rc::clone(&wait);
        async move {
            read_head(&mut stream).await.unwrap();
            let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n";
            stream.write_all(hints).await.unwrap();
            wait.notified().await;
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut stream = TcpStream::connect(start(&patient(), backend))
        .await
        .unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    let hints = timeout(SOON, read_head(&mut stream)).await.unwrap();
    assert_eq!(
        hints.unwrap(),
        "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n"
    );
    goes_on.notify_one();
    let answer = timeout(SOON, read_head(&mut stream)).await.unwrap();
    assert!(answer.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    let mut body = [0; 2];
    stream.read_exact(&mut body).await.unwrap();
    assert_eq!(body, *b"{}");
}

#[actix_web::test]
async fn early_hints_that_come_with_the_answer_come_before_it() {
    let answer = answered(GET, "HTTP/1.1 103 x\r\nlink: </a>\r\n\r\n").await;
    let (interim, answer) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(interim, "HTTP/1.1 103 Early Hints\r\nlink: </a>");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[actix_web::test]
async fn fields_of_the_connection_and_of_cors_are_dropped() {
    let interim = "HTTP/1.1 103 x\r\nlink: </a>\r\nconnection: x-mine\r\nx-mine: 1\r\nkeep-alive: timeout=5\r\ncontent-length: 3\r\naccess-control-allow-origin: *\r\n\r\n";
    let answer = answered(GET, interim).await;
    let (interim, answer) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(interim, "HTTP/1.1 103 Early Hints\r\nlink: </a>");
    assert!(answer.ends_with("{}"), "{answer}");
}

#[actix_web::test]
async fn a_100_that_nobody_waits_for_is_not_relayed() {
    let answer = answered(GET, "HTTP/1.1 100 Continue\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[actix_web::test]
async fn a_client_of_http_1_0_gets_no_interim_answer() {
    let answer = answered(
        "GET /things HTTP/1.0\r\nhost: x\r\n\r\n",
        "HTTP/1.1 103 x\r\n\r\n",
    )
    .await;
    assert!(answer.contains(" 200 OK\r\n"), "{answer}");
    assert!(!answer.contains("103"), "{answer}");
}

#[actix_web::test]
async fn no_more_than_8_interim_answers_are_relayed() {
    let answer = answered(GET, &"HTTP/1.1 102 Processing\r\n\r\n".repeat(100)).await;
    assert_eq!(answer.matches("HTTP/1.1 102").count(), 8, "{answer}");
    assert!(answer.ends_with("{}"), "{answer}");
}
