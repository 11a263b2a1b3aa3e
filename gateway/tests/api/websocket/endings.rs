//! How a WebSocket ends: by either side, by silence, or with the gateway.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt::spawn;
use futures_util::{SinkExt as _, StreamExt as _};
use service_kit::testing::{Client, Process, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{SOON, close_code, code_of, config, echo, handshake, next, open, told, upstream, with};
use crate::process::gateway;
use crate::scripted::{read_head, serving};
use crate::{build, start};

/// A gateway that a test stops.
struct Stopping {
    addr: SocketAddr,
    operator: Client,
    stop: oneshot::Sender<()>,
    stopped: actix_web::rt::task::JoinHandle<std::io::Result<()>>,
}

impl Stopping {
    fn start(config: &str, backend: SocketAddr) -> Self {
        let gateway = build(config, backend, []);
        let (stop, asked) = oneshot::channel();
        Self {
            addr: gateway.addr(),
            operator: Client::of(gateway.admin_addr()),
            stop,
            stopped: spawn(gateway.run_until(async {
                let _ = asked.await;
            })),
        }
    }

    /// The number of open WebSockets.
    async fn open(&self) -> Option<f64> {
        let metrics = self.operator.get("/metrics").await;
        let series = "gateway_upstream_websockets{upstream=\"backend\"} ";
        let value = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(series));
        value.map(|value| value.parse().unwrap())
    }

    async fn until_open(&self, expected: f64) {
        eventually("open WebSockets", async || {
            (self.open().await == Some(expected)).then_some(())
        })
        .await;
    }
}

#[actix_web::test]
async fn a_close_frame_reaches_the_other_end_whoever_sends_it() {
    let (backend, mut told) = told().await;
    let gateway = Stopping::start(&config(), backend);
    let mut socket = open(gateway.addr).await;
    gateway.until_open(1.0).await;
    let close = CloseFrame {
        code: 4001.into(),
        reason: "enough".into(),
    };
    socket.close(Some(close.clone())).await.unwrap();
    let heard = timeout(SOON, told.recv()).await.unwrap().unwrap();
    assert_eq!(heard.unwrap(), Message::Close(Some(close)));
    assert_eq!(close_code(&mut socket).await, 4001);
    assert!(timeout(SOON, socket.next()).await.unwrap().is_none());
    gateway.until_open(0.0).await;
    let (backend, _) = upstream(async |mut socket| {
        let close = CloseFrame {
            code: 4002.into(),
            reason: "".into(),
        };
        socket.close(Some(close)).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
    let mut socket = open(start(&config(), backend)).await;
    assert_eq!(close_code(&mut socket).await, 4002);
    assert!(timeout(SOON, socket.next()).await.unwrap().is_none());
}

#[actix_web::test]
async fn a_side_that_vanishes_ends_the_tunnel() {
    let (backend, mut told) = told().await;
    let gateway = Stopping::start(&config(), backend);
    let mut socket = open(gateway.addr).await;
    socket.send(Message::text("last")).await.unwrap();
    drop(socket);
    let heard = timeout(SOON, told.recv()).await.unwrap().unwrap();
    assert_eq!(heard.unwrap(), Message::text("last"));
    // The upstream's library reports an end without a close frame.
    assert!(timeout(SOON, told.recv()).await.unwrap().unwrap().is_err());
    gateway.until_open(0.0).await;
    let (backend, _) = upstream(async |socket| drop(socket)).await;
    let mut socket = open(start(&config(), backend)).await;
    assert!(
        timeout(SOON, socket.next())
            .await
            .unwrap()
            .unwrap()
            .is_err()
    );
}

/// The upstream does not notice that its client is gone, and goes on for ever.
#[actix_web::test]
async fn an_upstream_that_ignores_the_clients_end_is_not_waited_for() {
    let (backend, _) = upstream(async |socket| {
        let _open = socket;
        std::future::pending().await
    })
    .await;
    let gateway = Stopping::start(&config(), backend);
    let socket = open(gateway.addr).await;
    gateway.until_open(1.0).await;
    drop(socket);
    gateway.until_open(0.0).await;
}

/// The gateway does not read from it, since the upstream takes nothing.
#[actix_web::test]
async fn a_client_that_is_gone_is_noticed_while_it_is_held_back() {
    let (backend, _) = upstream(async |socket| {
        let _open = socket;
        std::future::pending().await
    })
    .await;
    let gateway = Stopping::start(&config(), backend);
    let mut socket = open(gateway.addr).await;
    let piece = Message::binary(vec![1; 64 * 1024]);
    while timeout(Duration::from_millis(500), socket.send(piece.clone()))
        .await
        .is_ok()
    {}
    socket.get_ref().set_zero_linger().unwrap();
    drop(socket);
    gateway.until_open(0.0).await;
}

#[actix_web::test]
async fn a_side_that_is_slow_to_take_its_bytes_is_not_silent() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let (backend, _) = upstream(async |mut socket| {
        socket.send(Message::binary(vec![1; LENGTH])).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
    let keys = "upgrade = [\"websocket\"], tunnel_timeout = \"1s\"";
    let mut stream = TcpStream::connect(start(&with(keys), backend))
        .await
        .unwrap();
    stream.write_all(handshake().as_bytes()).await.unwrap();
    read_head(&mut stream).await.unwrap();
    let mut left = LENGTH;
    let mut piece = vec![0; 512 * 1024];
    while left > 0 {
        // Longer than the timeout, in all.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let count = stream.read(&mut piece).await.unwrap();
        assert!(count > 0, "{left} bytes are missing");
        left = left.saturating_sub(count);
    }
}

#[actix_web::test]
async fn two_silent_sides_are_told_goodbye() {
    let (backend, mut told) = told().await;
    let keys = "upgrade = [\"websocket\"], tunnel_timeout = \"200ms\"";
    let mut socket = open(start(&with(keys), backend)).await;
    assert_eq!(close_code(&mut socket).await, 1001);
    let heard = timeout(SOON, told.recv()).await.unwrap().unwrap();
    assert_eq!(code_of(heard.unwrap()), 1001);
    assert!(timeout(SOON, socket.next()).await.unwrap().is_none());
}

#[actix_web::test]
async fn a_ping_from_either_side_keeps_the_tunnel() {
    let (backend, _) = upstream(echo).await;
    let keys = "upgrade = [\"websocket\"], tunnel_timeout = \"2s\"";
    let mut socket = open(start(&with(keys), backend)).await;
    for _ in 0..4 {
        let heard = timeout(Duration::from_secs(1), socket.next()).await;
        assert!(heard.is_err(), "{heard:?}");
        socket.send(Message::Ping("".into())).await.unwrap();
        assert!(next(&mut socket).await.is_pong());
    }
}

#[actix_web::test]
async fn a_gateway_that_stops_says_goodbye_to_both_sides() {
    let (backend, mut told) = told().await;
    let gateway = Stopping::start(&config(), backend);
    let mut socket = open(gateway.addr).await;
    gateway.until_open(1.0).await;
    gateway.stop.send(()).unwrap();
    assert_eq!(close_code(&mut socket).await, 1001);
    let heard = timeout(SOON, told.recv()).await.unwrap().unwrap();
    assert_eq!(code_of(heard.unwrap()), 1001);
    assert!(timeout(SOON, socket.next()).await.unwrap().is_none());
    timeout(SOON, gateway.stopped)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

/// A goodbye in the middle of a frame would be a part of its payload.
#[actix_web::test]
async fn a_goodbye_waits_for_the_end_of_a_frame() {
    const FIRST: &[u8] = &[0x82, 0x04, 1, 2];
    let (tell, mut asked) = tokio::sync::mpsc::unbounded_channel::<()>();
    let (go_on, gone_on) = oneshot::channel::<()>();
    let gone_on = std::cell::RefCell::new(Some(gone_on));
    let backend = serving(move |mut stream| {
        let (tell, gone_on) = (tell.clone(), gone_on.borrow_mut().take().unwrap());
        async move {
            let head = read_head(&mut stream).await.unwrap();
            let key = crate::scripted::value(&head, "sec-websocket-key");
            let accept =
                tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
            let head = format!(
                "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-accept: {accept}\r\n\r\n"
            );
            // The beginning of a frame of four bytes.
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(FIRST).await.unwrap();
            tell.send(()).unwrap();
            gone_on.await.unwrap();
            // Its rest, and another frame that comes too late.
            stream.write_all(&[3, 4, 0x82, 1, 9]).await.unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
        }
    })
    .await;
    let gateway = Stopping::start(&config(), backend);
    let mut stream = TcpStream::connect(gateway.addr).await.unwrap();
    stream.write_all(handshake().as_bytes()).await.unwrap();
    read_head(&mut stream).await.unwrap();
    timeout(SOON, asked.recv()).await.unwrap().unwrap();
    let mut first = [0; FIRST.len()];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(first, FIRST);
    gateway.stop.send(()).unwrap();
    eventually("the gateway drains", async || {
        TcpStream::connect(gateway.addr).await.err()
    })
    .await;
    go_on.send(()).unwrap();
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(rest, [3, 4, 0x88, 2, 0x03, 0xe9]);
}

#[actix_web::test]
async fn a_websocket_is_one_line_in_the_log_of_the_program() {
    let (backend, _) = upstream(echo).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config()).unwrap();
    let mut process = Process::start(
        gateway()
            .arg("--config")
            .arg(file.path())
            .env("BACKEND_URL", format!("http://{backend}")),
    );
    let fields = [("x-request-id", "socket-1")];
    let (mut socket, _) = super::open_with(process.addr(), &fields).await.unwrap();
    socket.send(Message::text("seven b")).await.unwrap();
    assert!(next(&mut socket).await.is_text());
    process.terminate();
    assert_eq!(close_code(&mut socket).await, 1001);
    let line = process.line_with("socket-1");
    // A frame of 9 bytes, and a close frame of 4.
    for fact in [
        "route=/things",
        "status=101",
        "bytes=13",
        "outcome=complete",
    ] {
        assert!(line.contains(fact), "{fact} in {line}");
    }
    assert!(process.wait().success());
}
