//! Clients that close their sending side once they have sent their requests: they are answered.

use std::rc::Rc;
use std::time::Duration;

use service_kit::testing::Process;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::downstream_tls::{Files, gateway};
use crate::scripted::{json, read_request, serving};
use crate::{CONFIG, patient, start};

const GET: &str = "GET /things HTTP/1.1\r\nhost: x\r\n\r\n";
const POST: &str = "POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody";
const CHUNKED: &str =
    "POST /things HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";

/// Longer than anything here takes, shorter than the deadline of a patient gateway.
const SOON: Duration = Duration::from_secs(10);

/// Everything that comes until the gateway closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut answer)).await;
    read.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

#[actix_web::test]
async fn a_client_that_closes_its_side_at_once_is_answered() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    for request in [GET, POST, CHUNKED] {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(gateway).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{request} {answer}");
            assert!(answer.ends_with("{}"), "{request} {answer}");
        }
    }
}

#[actix_web::test]
async fn an_upstreams_answer_reaches_a_client_that_closed_its_side_long_before() {
    for request in [GET, POST, CHUNKED] {
        let (asked, answers) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
        let (tell, wait) = (Rc::clone(&asked), Rc::clone(&answers));
        let backend = serving(move |mut stream| {
            let (tell, wait) = (Rc::clone(&tell), Rc::clone(&wait));
            async move {
                read_request(&mut stream).await.unwrap();
                tell.notify_one();
                wait.notified().await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                stream.write_all(answer).await.unwrap();
            }
        })
        .await;
        let mut stream = TcpStream::connect(start(&patient(), backend))
            .await
            .unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        asked.notified().await;
        stream.shutdown().await.unwrap();
        // Longer than the gateway's pause between two checks.
        let early = timeout(Duration::from_millis(1500), stream.read_u8()).await;
        assert!(early.is_err(), "{request} {early:?}");
        answers.notify_one();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{request} {answer}");
    }
}

#[actix_web::test]
async fn every_request_before_the_end_is_answered() {
    let (backend, seen) = json("200 OK", "{}").await;
    let mut stream = TcpStream::connect(start(CONFIG, backend)).await.unwrap();
    let requests = [GET, POST, GET].concat();
    stream.write_all(requests.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answers = rest(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3, "{answers}");
    assert_eq!(seen.requests().len(), 3);
}

#[actix_web::test]
async fn the_gateways_own_answers_reach_a_half_closed_client_too() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    for path in ["/status", "/nowhere", "/docs/swagger-ui-bundle.js"] {
        let mut stream = TcpStream::connect(gateway).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = rest(&mut stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
    }
}

#[actix_web::test]
async fn a_body_that_ends_with_the_connection_is_incomplete() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    for request in [&POST[..POST.len() - 1], &CHUNKED[..CHUNKED.len() - 5]] {
        let mut stream = TcpStream::connect(gateway).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{request} {answer}");
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn a_client_that_closes_its_side_and_then_resets_frees_the_upstream() {
    let (tell, mut told) = unbounded_channel();
    let backend = serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            read_request(&mut stream).await.unwrap();
            tell.send("asked").unwrap();
            let _ = stream.read(&mut [0]).await;
            tell.send("closed").unwrap();
        }
    })
    .await;
    let mut stream = TcpStream::connect(start(&patient(), backend))
        .await
        .unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(told.recv().await, Some("asked"));
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert_eq!(timeout(SOON, told.recv()).await, Ok(Some("closed")));
}

#[actix_web::test]
async fn a_client_that_closes_its_side_has_left_a_stream_of_events() {
    let (tell, mut told) = unbounded_channel();
    let backend = serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            read_request(&mut stream).await.unwrap();
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: \n\n";
            stream.write_all(head).await.unwrap();
            let _ = stream.read(&mut [0]).await;
            tell.send("closed").unwrap();
        }
    })
    .await;
    let mut stream = TcpStream::connect(start(&patient(), backend))
        .await
        .unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await.unwrap();
    assert_eq!(begin, *b"HTTP/1.1 200");
    stream.shutdown().await.unwrap();
    assert_eq!(timeout(SOON, told.recv()).await, Ok(Some("closed")));
}

#[actix_web::test]
async fn a_client_that_sends_close_notify_is_answered() {
    let files = Files::new();
    let process: Process = gateway(&files).await;
    let addr = process.addr();
    for request in [
        "GET /order-api/menu HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "POST /order-api/commandes HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        for _ in 0..20 {
            let mut stream = files.connect(addr, &["http/1.1"]).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            // Sends `close_notify`, and ends the connection's sending side.
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let read = timeout(SOON, stream.read_to_end(&mut answer)).await;
            read.unwrap().unwrap();
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{request} {answer}");
            assert!(answer.ends_with("{}"), "{request} {answer}");
        }
    }
}
