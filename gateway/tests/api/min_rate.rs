//! How slow a client may be, and how slow an upstream may be without harm to its client.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::scripted::{json, raw, read_head, read_request, serving};
use crate::{patient, start};

const SOON: Duration = Duration::from_secs(10);

/// Far below `stall_timeout`, so that no client here is ever silent for that long.
const STEP: Duration = Duration::from_millis(20);

/// The deadline is far away. The gateway waits for a client for half a second, and the client must
/// move 100 KiB a second.
fn config() -> String {
    patient().replace(
        "stall_timeout = \"10s\"",
        "stall_timeout = \"500ms\"\nmin_rate = \"100KiB/1s\"",
    )
}

#[actix_web::test]
async fn a_body_that_trickles_is_a_408() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(&config(), backend);
    for (framing, piece) in [
        ("content-length: 60000", "x"),
        ("transfer-encoding: chunked", "1\r\nx\r\n"),
    ] {
        let mut stream = TcpStream::connect(gateway).await.unwrap();
        let head = format!("POST /things HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut begin = [0; 12];
        let (mut reading, mut writing) = stream.split();
        let trickle = async {
            while writing.write_all(piece.as_bytes()).await.is_ok() {
                sleep(STEP).await;
            }
            std::future::pending::<()>().await;
        };
        let answer = async { reading.read_exact(&mut begin).await.unwrap() };
        tokio::select! {
            answered = timeout(SOON, answer) => assert!(answered.is_ok(), "{framing}"),
            () = trickle => {}
        }
        assert_eq!(begin, *b"HTTP/1.1 408", "{framing}");
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn an_upload_that_waits_for_the_upstream_is_not_cut() {
    let backend = serving(|mut stream| async move {
        let head = read_head(&mut stream).await.unwrap();
        // Longer than the gateway would wait for a client.
        sleep(Duration::from_millis(1500)).await;
        let mut body = vec![0; 8 * 1024 * 1024];
        assert!(head.contains("content-length: 8388608"));
        stream.read_exact(&mut body).await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(answer).await.unwrap();
    })
    .await;
    let config = config().replace("request_body = \"64KiB\"", "request_body = \"10MiB\"");
    let mut request =
        b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 8388608\r\n\r\n".to_vec();
    request.resize(request.len() + 8_388_608, b'x');
    let answer = raw(start(&config, backend), &request, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[actix_web::test]
async fn an_answer_that_trickles_from_the_upstream_reaches_its_end() {
    let backend = serving(|mut stream| async move {
        read_request(&mut stream).await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        for _ in 0..5 {
            sleep(Duration::from_millis(300)).await;
            stream.write_all(b"1\r\nx\r\n").await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    })
    .await;
    let request = b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = raw(start(&config(), backend), request, "0\r\n\r\n").await;
    assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
}
