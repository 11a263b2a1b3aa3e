//! HTTP/2 requests and connections that end early.

use std::rc::Rc;

use h2::Reason;
use service_kit::testing::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use super::{Gateway, SOON, read, request};
use crate::scripted::{read_head, read_to, serving};

#[actix_web::test]
async fn a_request_that_is_reset_closes_the_connection_to_the_upstream() {
    let (tell, mut told) = unbounded_channel();
    let backend = serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            tell.send("asked").unwrap();
            let _ = stream.read(&mut [0]).await;
            tell.send("closed").unwrap();
        }
    })
    .await;
    let gateway = Gateway::start(backend);
    let mut requests = gateway.connect().await;
    let asked = request(
        "GET",
        "/order-api/commandes",
        &[("x-request-id", "reset-1")],
    );
    let (_answer, mut stream) = requests.send_request(asked, true).unwrap();
    assert_eq!(timeout(SOON, told.recv()).await, Ok(Some("asked")));
    stream.send_reset(Reason::CANCEL);
    assert_eq!(timeout(SOON, told.recv()).await, Ok(Some("closed")));
    let line = gateway.process.line_with("reset-1");
    assert!(line.contains("status=499"), "{line}");
}

#[actix_web::test]
async fn a_body_that_breaks_off_breaks_off_on_both_sides() {
    let (tell, mut told) = unbounded_channel();
    let backend = serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            let head = read_head(&mut stream).await.unwrap();
            if head.starts_with("GET") {
                let half = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
                stream.write_all(half).await.unwrap();
                return;
            }
            read_to(&mut stream, b"half\r\n").await;
            tell.send("half".to_owned()).unwrap();
            let mut rest = String::new();
            let _ = stream.read_to_string(&mut rest).await;
            tell.send(rest).unwrap();
        }
    })
    .await;
    let gateway = Gateway::start(backend);
    let mut requests = gateway.connect().await;

    let asked = request("GET", "/order-api/commandes", &[]);
    let (answer, _) = requests.send_request(asked, true).unwrap();
    let answer = timeout(SOON, answer).await.unwrap();
    let end = async {
        let mut body = answer?.into_body();
        while let Some(chunk) = body.data().await {
            chunk?;
        }
        Ok::<_, h2::Error>(())
    };
    assert!(timeout(SOON, end).await.unwrap().unwrap_err().is_reset());

    let asked = request("POST", "/order-api/commandes", &[]);
    let (_answer, mut body) = requests.send_request(asked, false).unwrap();
    // More than is awaited before the upstream is asked.
    let half = "x".repeat(64 * 1024) + "half";
    body.send_data(half.into(), false).unwrap();
    let half = timeout(SOON, told.recv()).await.unwrap().unwrap();
    assert_eq!(half, "half");
    body.send_reset(Reason::NO_ERROR);
    let rest = timeout(SOON, told.recv()).await.unwrap().unwrap();
    assert_eq!(rest, "", "the last chunk would pass it off as whole");
}

#[actix_web::test]
async fn a_stop_finishes_what_is_in_flight() {
    let (tell, mut told) = unbounded_channel();
    let release = Rc::new(Notify::new());
    let wait = Rc::clone(&release);
    let backend = serving(move |mut stream| {
        let (tell, wait) = (tell.clone(), Rc::clone(&wait));
        async move {
            read_head(&mut stream).await.unwrap();
            tell.send(()).unwrap();
            wait.notified().await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let mut gateway = Gateway::start(backend);
    let mut requests = gateway.connect().await;
    // An idle connection must not delay the stop.
    let _idle = gateway.connect().await;
    let asked = request("GET", "/order-api/commandes", &[]);
    let (answer, _) = requests.send_request(asked, true).unwrap();
    timeout(SOON, told.recv()).await.unwrap().unwrap();
    gateway.process.terminate();
    let addr = gateway.process.addr();
    eventually("a closed door", async || {
        let refused = TcpStream::connect(addr).await.is_err();
        refused.then_some(())
    })
    .await;
    release.notify_one();
    let answer = timeout(SOON, answer).await.unwrap().unwrap();
    assert_eq!(read(answer.into_body()).await, "done");
    drop(requests);
    assert!(gateway.process.wait().success());
}
