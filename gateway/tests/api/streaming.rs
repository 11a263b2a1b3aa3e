//! Bodies stream both ways: the beginning of one arrives before its end is sent.

use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::scripted::{read_head, read_to, serving};
use crate::{patient, start};

async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        read.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

#[actix_web::test]
async fn the_first_bytes_of_an_answer_arrive_before_the_last_are_sent() {
    let first_arrived = Rc::new(Notify::new());
    let wait = Rc::clone(&first_arrived);
    let backend = serving(move |mut stream| {
        let wait = Rc::clone(&wait);
        async move {
            read_head(&mut stream).await.unwrap();
            let begin = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";
            stream.write_all(begin.as_bytes()).await.unwrap();
            wait.notified().await;
            stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let mut stream = TcpStream::connect(start(&patient(), backend))
        .await
        .unwrap();
    stream
        .write_all(b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let begin = read_until(&mut stream, "first").await;
    assert!(begin.starts_with("HTTP/1.1 200 OK"), "{begin}");
    first_arrived.notify_one();
    read_until(&mut stream, "4\r\nlast\r\n0\r\n\r\n").await;
}

#[actix_web::test]
async fn the_first_bytes_of_a_large_request_arrive_before_the_last_are_sent() {
    let first_arrived = Rc::new(Notify::new());
    let tell = Rc::clone(&first_arrived);
    let backend = serving(move |mut stream| {
        let tell = Rc::clone(&tell);
        async move {
            read_to(&mut stream, b"first").await;
            tell.notify_one();
            read_to(&mut stream, b"last").await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")
                .await
                .unwrap();
        }
    })
    .await;
    let config = patient().replace("request_body = \"64KiB\"", "request_body = \"1MiB\"");
    // As much as is awaited before the upstream is asked.
    let begin = "x".repeat(64 * 1024);
    for (framing, first, last) in [
        ("content-length: 65545", format!("{begin}first"), "last"),
        (
            "transfer-encoding: chunked",
            format!("10005\r\n{begin}first\r\n"),
            "4\r\nlast\r\n0\r\n\r\n",
        ),
    ] {
        let mut stream = TcpStream::connect(start(&config, backend)).await.unwrap();
        let begin = format!("POST /things HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n{first}");
        stream.write_all(begin.as_bytes()).await.unwrap();
        first_arrived.notified().await;
        stream.write_all(last.as_bytes()).await.unwrap();
        read_until(&mut stream, "done").await;
    }
}

#[actix_web::test]
async fn a_body_that_ends_before_its_length_is_broken_off_to_the_client_too() {
    let backend = serving(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
            .await
            .unwrap();
    })
    .await;
    let answer = crate::scripted::raw(
        start(&patient(), backend),
        b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n",
        "",
    )
    .await;
    // The connection was closed, or `raw` would still be reading; a complete answer would have a
    // body of ten bytes.
    let body = answer
        .split_once("\r\n\r\n")
        .map_or("", |(_head, body)| body);
    assert!(body.len() < 10, "{answer}");
}

#[actix_web::test]
async fn a_chunked_answer_that_is_cut_is_broken_off_to_the_client_too() {
    for rest in ["5\r\nha", ""] {
        let first_arrived = Rc::new(Notify::new());
        let wait = Rc::clone(&first_arrived);
        let backend = serving(move |mut stream| {
            let wait = Rc::clone(&wait);
            async move {
                read_head(&mut stream).await.unwrap();
                let begin = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
                stream.write_all(begin.as_bytes()).await.unwrap();
                wait.notified().await;
                stream.write_all(rest.as_bytes()).await.unwrap();
            }
        })
        .await;
        let mut stream = TcpStream::connect(start(&patient(), backend))
            .await
            .unwrap();
        stream
            .write_all(b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        read_until(&mut stream, "half\r\n").await;
        first_arrived.notify_one();
        let mut end = Vec::new();
        let _ = stream.read_to_end(&mut end).await;
        let end = String::from_utf8(end).unwrap();
        assert!(
            !end.contains("0\r\n\r\n"),
            "the last chunk would pass it off as whole: {end}"
        );
    }
}

#[actix_web::test]
async fn a_body_delimited_by_the_end_of_the_connection_arrives_whole() {
    for version in ["HTTP/1.1", "HTTP/1.0"] {
        let backend = serving(move |mut stream| async move {
            read_head(&mut stream).await.unwrap();
            let answer = format!("{version} 200 OK\r\nx-mine: 1\r\n\r\nto the very end");
            stream.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let answer = crate::client(&patient(), backend).get("/things").await;
        assert_eq!(answer.status, 200);
        assert_eq!(&answer.body[..], b"to the very end");
        assert_eq!(answer.header("x-mine"), Some("1"));
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    }
}
