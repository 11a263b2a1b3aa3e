//! HTTP/2 clients that open no window for their answers, so that nothing of them can be sent.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use actix_web::web::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use service_kit::testing::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use super::{Gateway, SOON, ask, request};
use crate::scripted::{json, read_head, serving};

const GREEDY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The bytes of one answer that a client takes by default (RFC 9113 §6.9.2).
const USUAL: u32 = 65_535;

/// The shipped configuration with these changes, without quotas and probes.
fn configured(name: &str, changes: &[(&str, &str)]) -> std::path::PathBuf {
    let mut text = std::fs::read_to_string(crate::without_probes()).unwrap();
    let changes = changes
        .iter()
        .chain(&[("rate = \"600/10s\"", "rate = \"off\"")]);
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

impl Gateway {
    /// Connects a client of this address that takes at most `window` bytes of an answer.
    async fn connect_from(&self, client: Ipv4Addr, window: u32) -> SendRequest<Bytes> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((client, 0).into()).unwrap();
        let stream = socket.connect(self.process.addr()).await.unwrap();
        let stream = self.files.shake_hands(stream, &["h2"]).await.unwrap();
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let (requests, connection) = builder.handshake(stream).await.unwrap();
        actix_web::rt::spawn(connection);
        requests.ready().await.unwrap()
    }
}

async fn send(requests: &mut SendRequest<Bytes>) -> ResponseFuture {
    let mut requests = requests.clone().ready().await.unwrap();
    let asked = request("GET", "/order-api/commandes", &[]);
    requests.send_request(asked, true).unwrap().0
}

#[actix_web::test]
async fn twelve_connections_with_a_hundred_closed_windows_each_leave_others_served() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let gateway = Gateway::start_with(&configured("windows-many.toml", &[]), backend);
    let mut other = gateway.connect_from(OTHER, USUAL).await;
    let mut answers = Vec::new();
    for _ in 0..12 {
        let mut greedy = gateway.connect_from(GREEDY, 0).await;
        for _ in 0..100 {
            answers.push(send(&mut greedy).await);
        }
    }
    let served = async {
        for _ in 0..100 {
            let asked = request("GET", "/order-api/commandes", &[]);
            let (head, body) = ask(&mut other, asked).await;
            assert_eq!((head.status.as_u16(), &*body), (200, "{}"));
        }
    };
    // Their streams stay open meanwhile: their heads come, but no bodies.
    let heads = async {
        let mut open = Vec::new();
        for answer in answers {
            let answer = timeout(SOON, answer).await.unwrap().unwrap();
            let status = answer.status().as_u16();
            assert!([200, 429].contains(&status), "{status}");
            open.push(answer);
        }
        open
    };
    let ((), open) = tokio::join!(served, heads);
    let asked = request("GET", "/order-api/commandes", &[]);
    assert_eq!(ask(&mut other, asked).await.0.status, 200);
    drop(open);
}

/// An upstream that sends `begin`, and `end` once it is told to. Each answer holds the number of
/// its connection.
async fn in_halves(released: Rc<Notify>) -> SocketAddr {
    let connections = Rc::new(Cell::new(0));
    serving(move |mut stream| {
        let released = Rc::clone(&released);
        let number = connections.get();
        connections.set(number + 1);
        async move {
            read_head(&mut stream).await.unwrap();
            if number == 0 {
                let begin = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
                stream.write_all(begin).await.unwrap();
                released.notified().await;
                stream.write_all(b"0\r\n\r\n").await.unwrap();
                read_head(&mut stream).await.unwrap();
            }
            let answer = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\n{number}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await
}

#[actix_web::test]
async fn a_small_answer_frees_its_connection_before_the_client_has_taken_it() {
    let released = Rc::new(Notify::new());
    let backend = in_halves(Rc::clone(&released)).await;
    let gateway = Gateway::start_with(&configured("windows-small.toml", &[]), backend);
    let mut slow = gateway.connect_from(GREEDY, 0).await;
    let answer = send(&mut slow).await;
    let _open = timeout(SOON, answer).await.unwrap().unwrap();
    released.notify_one();
    // Each worker has its own connections: one of those that are opened here reaches the same
    // worker.
    eventually("the first connection is used again", async || {
        let mut other = gateway.connect_from(OTHER, USUAL).await;
        let asked = request("GET", "/order-api/commandes", &[]);
        let (_, body) = ask(&mut other, asked).await;
        (body == "0").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn the_deadline_ends_an_exchange_that_nobody_polls() {
    let (tell, mut told) = unbounded_channel();
    let backend = serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            let begin = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf";
            stream.write_all(begin).await.unwrap();
            let _ = stream.read(&mut [0]).await;
            tell.send(()).unwrap();
        }
    })
    .await;
    let short = [("timeout = \"5s\"", "timeout = \"300ms\"")];
    let gateway = Gateway::start_with(&configured("windows-deadline.toml", &short), backend);
    let mut slow = gateway.connect_from(GREEDY, 0).await;
    let answer = send(&mut slow).await;
    let _open = timeout(SOON, answer).await.unwrap().unwrap();
    // limits.stall_timeout, the client's limit, is longer than that.
    let ended = timeout(Duration::from_secs(15), told.recv()).await;
    assert_eq!(ended, Ok(Some(())));
}
