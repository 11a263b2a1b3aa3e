//! The connections to an upstream: when one is used again, and when it must not be.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::scripted::{answering, raw, read_head, serving};
use crate::{CONFIG, client, patient, start};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// Longer than anything here takes, shorter than the deadline of a patient gateway.
const SOON: Duration = Duration::from_secs(10);

#[actix_web::test]
async fn connections_to_an_upstream_are_used_again() {
    let accepted = Rc::new(Cell::new(0));
    let count = Rc::clone(&accepted);
    let backend = serving(move |mut stream| {
        count.set(count.get() + 1);
        async move {
            while read_head(&mut stream).await.is_some() {
                stream.write_all(OK).await.unwrap();
            }
        }
    })
    .await;
    let gateway = client(CONFIG, backend);
    for _ in 0..5 {
        let _ = gateway.get("/things").await.ok(200);
    }
    assert_eq!(accepted.get(), 1);
}

#[actix_web::test]
async fn a_connection_that_was_closed_while_idle_costs_no_request() {
    let (reached, closed) = (Rc::new(Cell::new(0)), Rc::new(Notify::new()));
    let (count, tell) = (Rc::clone(&reached), Rc::clone(&closed));
    let backend = serving(move |mut stream| {
        let (count, tell) = (Rc::clone(&count), Rc::clone(&tell));
        async move {
            read_head(&mut stream).await.unwrap();
            count.set(count.get() + 1);
            stream.read_exact(&mut [0; 4]).await.unwrap();
            stream.write_all(OK).await.unwrap();
            // Nothing announced the close.
            drop(stream);
            tell.notify_one();
        }
    })
    .await;
    let gateway = client(CONFIG, backend);
    for requests in 1..=5 {
        let _ = gateway.post("/things", "1234").await.ok(200);
        assert_eq!(reached.get(), requests);
        closed.notified().await;
    }
}

#[actix_web::test]
async fn after_an_answer_in_http_1_0_a_chunked_body_still_arrives() {
    let (backend, seen) =
        answering("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}").await;
    let gateway = start(CONFIG, backend);
    let request = "POST /things HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
    for _ in 0..2 {
        let answer = raw(gateway, request.as_bytes(), "{}").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(
        seen.requests()
            .iter()
            .all(|request| request.contains("body")),
        "{:?}",
        seen.requests()
    );
}

#[actix_web::test]
async fn an_answer_before_the_request_has_ended_is_relayed() {
    for hangs_up in [true, false] {
        let backend = serving(move |mut stream| async move {
            read_head(&mut stream).await.unwrap();
            let answer =
                b"HTTP/1.1 413 Payload Too Large\r\ncontent-length: 13\r\n\r\ntoo much here";
            stream.write_all(answer).await.unwrap();
            if !hangs_up {
                std::future::pending::<()>().await;
            }
        })
        .await;
        let mut request =
            b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n".to_vec();
        request.resize(request.len() + 100_000, b'x');
        let config = patient().replace("request_body = \"64KiB\"", "request_body = \"1MiB\"");
        let answer = raw(start(&config, backend), &request, "too much here").await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.contains("too much here"), "{answer}");
    }
}

/// An upstream that reports its requests, and the end of their connections.
async fn witness(begin: &'static [u8]) -> (SocketAddr, UnboundedReceiver<&'static str>) {
    let (tell, told) = unbounded_channel();
    let backend = serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            stream.write_all(begin).await.unwrap();
            tell.send("asked").unwrap();
            let _ = stream.read(&mut [0]).await;
            tell.send("closed").unwrap();
        }
    })
    .await;
    (backend, told)
}

#[actix_web::test]
async fn a_client_that_breaks_its_connection_also_closes_the_upstreams() {
    for begin in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    ] {
        let (backend, mut told) = witness(begin.as_bytes()).await;
        let mut stream = TcpStream::connect(start(&patient(), backend))
            .await
            .unwrap();
        stream
            .write_all(b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(told.recv().await, Some("asked"));
        // A clean end would only mean that it sends no more.
        stream.set_zero_linger().unwrap();
        drop(stream);
        let closed = timeout(SOON, told.recv()).await;
        assert_eq!(closed, Ok(Some("closed")), "{begin}");
    }
}

#[actix_web::test]
async fn the_deadline_closes_the_connection_to_the_upstream() {
    for begin in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst"] {
        let (backend, mut told) = witness(begin.as_bytes()).await;
        let request = b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n";
        raw(start(CONFIG, backend), request, "requestId").await;
        assert_eq!(told.recv().await, Some("asked"));
        let closed = timeout(SOON, told.recv()).await;
        assert_eq!(closed, Ok(Some("closed")), "{begin}");
    }
}
