//! The end of clients' connections, whichever side gives up.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::scripted::{json, read_head, serving};
use crate::{CONFIG, patient, start};

/// Longer than anything here takes, shorter than the deadline of a patient gateway.
const SOON: Duration = Duration::from_secs(10);

const GET: &str = "GET /things HTTP/1.1\r\nhost: x\r\n\r\n";

#[actix_web::test]
async fn a_client_that_takes_nothing_of_its_answer_is_given_up() {
    let (tell, mut told) = unbounded_channel();
    let backend = serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            let mut piece = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
            while stream.write_all(&piece).await.is_ok() {
                piece.resize(64 * 1024, b'x');
            }
            tell.send(()).unwrap();
        }
    })
    .await;
    let config = patient().replace("stall_timeout = \"10s\"", "stall_timeout = \"100ms\"");
    let mut stream = TcpStream::connect(start(&config, backend)).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    assert_eq!(timeout(SOON, told.recv()).await, Ok(Some(())));
}

#[actix_web::test]
async fn an_unwanted_body_is_not_read_for_long() {
    let (backend, _seen) = json("200 OK", "{}").await;
    // One connection would be kept for as long as its client goes on.
    let gateway = start(CONFIG, backend);
    let head = "POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let ended = timeout(SOON, async {
        while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    assert!(ended.await.is_ok());
}

#[actix_web::test]
async fn after_an_unwanted_body_the_connection_goes_on() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let mut stream = TcpStream::connect(start(CONFIG, backend)).await.unwrap();
    let head = "POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(status, *b"HTTP/1.1 404");
    let rest = format!("4\r\nbody\r\n0\r\n\r\n{GET}");
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert!(read_until(&mut stream, "{}").await.contains("HTTP/1.1 200"));
}

#[actix_web::test]
async fn to_a_client_of_http_1_0_a_broken_answer_ends_in_a_reset() {
    let backend = serving(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        let cut = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
        stream.write_all(cut).await.unwrap();
    })
    .await;
    let mut stream = TcpStream::connect(start(CONFIG, backend)).await.unwrap();
    let request = b"GET /things HTTP/1.0\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let ended = stream.read_to_end(&mut Vec::new()).await;
    assert_eq!(
        ended.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        text.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(text).unwrap()
}
