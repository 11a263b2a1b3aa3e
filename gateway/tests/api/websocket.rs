//! WebSockets (RFC 6455), with a real library at both ends.

mod endings;
mod refusals;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use service_kit::testing::Client;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::scripted::{json, serving};
use crate::{CONFIG, start};

type Socket = WebSocketStream<TcpStream>;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The bytes of a handshake whose key are these lines.
fn handshake_with(key: &str) -> String {
    format!(
        "GET /things HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\n{key}\r\n"
    )
}

fn handshake() -> String {
    handshake_with(&format!("sec-websocket-key: {KEY}\r\n"))
}

/// The usual routes, with a WebSocket at `/things`.
fn config() -> String {
    with("upgrade = [\"websocket\"]")
}

/// The same with other keys.
fn with(keys: &str) -> String {
    let target = "to = \"/inner/things\",";
    assert!(CONFIG.contains(target));
    CONFIG.replacen(target, &format!("{target} {keys},"), 1)
}

/// An upstream that hands each WebSocket to `script`. It agrees to the first protocol that the
/// client speaks. Returns the requests too.
async fn upstream<F>(
    script: impl Fn(Socket) -> F + Clone + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<Request>>>)
where
    F: Future<Output = ()> + 'static,
{
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    let addr = serving(move |stream| {
        let (script, requests) = (script.clone(), Arc::clone(&requests));
        async move {
            #[expect(clippy::result_large_err, reason = "the library's own signature")]
            let agree = |request: &Request, mut response: Response| {
                requests.lock().unwrap().push(request.clone());
                let name = HeaderName::from_static("sec-websocket-protocol");
                if let Some(protocols) = request.headers().get(&name) {
                    let first = protocols.to_str().unwrap().split(", ").next().unwrap();
                    let first = HeaderValue::from_str(first).unwrap();
                    response.headers_mut().insert(name, first);
                }
                Ok::<_, ErrorResponse>(response)
            };
            let socket = accept_hdr_async(stream, agree).await.unwrap();
            script(socket).await;
        }
    })
    .await;
    (addr, seen)
}

/// Sends back all messages.
async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.next().await {
        if message.is_text() || message.is_binary() {
            socket.send(message).await.unwrap();
        }
    }
}

/// An upstream whose messages come from the test, and whose client's messages go to it.
async fn told() -> (SocketAddr, UnboundedReceiver<tungstenite::Result<Message>>) {
    let (tell, told) = unbounded_channel();
    let (addr, _) = upstream(move |mut socket| {
        let tell = tell.clone();
        async move {
            while let Some(message) = socket.next().await {
                let _ = tell.send(message);
            }
        }
    })
    .await;
    (addr, told)
}

async fn open(gateway: SocketAddr) -> Socket {
    open_with(gateway, &[]).await.unwrap().0
}

async fn open_with(
    gateway: SocketAddr,
    fields: &[(&'static str, &'static str)],
) -> tungstenite::Result<(Socket, tungstenite::http::Response<Option<Vec<u8>>>)> {
    let mut request = format!("ws://{gateway}/things?room=1").into_client_request()?;
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(*name, value);
    }
    client_async(request, TcpStream::connect(gateway).await.unwrap()).await
}

/// The next message, which must come.
async fn next(socket: &mut Socket) -> Message {
    let message = timeout(SOON, socket.next()).await;
    message.unwrap().unwrap().unwrap()
}

/// The status code of the close frame that comes next.
async fn close_code(socket: &mut Socket) -> u16 {
    code_of(next(socket).await)
}

#[track_caller]
fn code_of(message: Message) -> u16 {
    match message {
        Message::Close(Some(close)) => close.code.into(),
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn messages_of_any_size_go_both_ways() {
    let (backend, _) = upstream(echo).await;
    let mut socket = open(start(&config(), backend)).await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        let text = Message::text("é".repeat(size / 2));
        let binary = Message::binary(vec![7; size]);
        for message in [text, binary] {
            socket.send(message.clone()).await.unwrap();
            assert!(next(&mut socket).await == message, "{size}");
        }
    }
}

#[actix_web::test]
async fn the_handshake_is_relayed_with_its_fields() {
    let (backend, seen) = upstream(echo).await;
    let fields = [
        ("origin", "https://a.example"),
        ("authorization", "Bearer token"),
        ("sec-websocket-protocol", "chat, other"),
        ("x-request-id", "handshake-1"),
        ("keep-alive", "timeout=5"),
    ];
    let gateway = start(&config(), backend);
    let (_socket, response) = open_with(gateway, &fields).await.unwrap();
    assert_eq!(response.status(), 101);
    let answered = |name| response.headers()[name].to_str().unwrap();
    assert_eq!(answered("sec-websocket-protocol"), "chat");
    assert_eq!(answered("x-request-id"), "handshake-1");
    assert!(!response.headers().contains_key("transfer-encoding"));
    let requests = seen.lock().unwrap();
    let [request] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(request.uri(), "/inner/things?room=1");
    let asked = |name| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    for (name, value) in &fields[..4] {
        assert_eq!(asked(*name), Some(*value));
    }
    assert_eq!(asked("keep-alive"), None);
    assert_eq!(asked("x-forwarded-uri"), Some("/things"));
    assert_eq!(asked("x-forwarded-for"), Some("127.0.0.1"));
}

#[actix_web::test]
async fn a_ping_is_answered_by_the_other_end() {
    let (backend, mut told) = told().await;
    let mut socket = open(start(&config(), backend)).await;
    socket
        .send(Message::Ping("are you there".into()))
        .await
        .unwrap();
    let pong = next(&mut socket).await;
    assert_eq!(pong, Message::Pong("are you there".into()));
    let ping = timeout(SOON, told.recv()).await.unwrap().unwrap().unwrap();
    assert_eq!(ping, Message::Ping("are you there".into()));
}

#[actix_web::test]
async fn a_client_that_does_not_read_holds_the_upstream_back_and_can_still_send() {
    let (tell, mut told) = unbounded_channel();
    let written = Arc::new(Mutex::new(0_usize));
    let count = Arc::clone(&written);
    let (backend, _) = upstream(move |socket| {
        let (tell, count) = (tell.clone(), Arc::clone(&count));
        async move {
            let (mut send, mut receive) = socket.split();
            let flood = async {
                let piece = Message::binary(vec![1; 64 * 1024]);
                while send.send(piece.clone()).await.is_ok() {
                    *count.lock().unwrap() += piece.len();
                }
            };
            let listen = async {
                while let Some(Ok(message)) = receive.next().await {
                    tell.send(message).unwrap();
                }
            };
            futures_util::future::join(flood, listen).await;
        }
    })
    .await;
    let mut socket = open(start(&config(), backend)).await;
    // Until what the systems buffer is full.
    let mut before = usize::MAX;
    timeout(SOON, async {
        loop {
            let now = *written.lock().unwrap();
            if now == before && now > 0 {
                return;
            }
            before = now;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    })
    .await
    .unwrap();
    assert!(before < 32 * 1024 * 1024, "{before}");
    socket.send(Message::text("stop")).await.unwrap();
    let heard = timeout(SOON, told.recv()).await.unwrap();
    assert_eq!(heard, Some(Message::text("stop")));
    assert!(next(&mut socket).await.is_binary());
}

#[actix_web::test]
async fn an_upstream_that_does_not_read_holds_the_client_back() {
    let (backend, _) = upstream(async |mut socket| {
        socket.send(Message::text("begin")).await.unwrap();
        // The connection stays open, and nothing is read.
        std::future::pending().await
    })
    .await;
    let mut socket = open(start(&config(), backend)).await;
    assert!(next(&mut socket).await.is_text());
    let piece = Message::binary(vec![1; 64 * 1024]);
    let mut sent = 0;
    while let Ok(taken) = timeout(Duration::from_millis(500), socket.send(piece.clone())).await {
        taken.unwrap();
        sent += piece.len();
        assert!(sent < 32 * 1024 * 1024, "{sent}");
    }
    assert!(sent > 0);
}

#[actix_web::test]
async fn open_websockets_leave_the_permits_to_other_requests() {
    let (sockets, _) = upstream(echo).await;
    let (plain, _) = json("200 OK", "{}").await;
    // One upstream: a connection that asks for a WebSocket goes to the first, any other to the
    // second.
    let backend = serving(move |mut stream| async move {
        let mut head = [0; 2048];
        let count = stream.peek(&mut head).await.unwrap();
        let is_handshake = head[..count].windows(9).any(|part| part == b"websocket");
        let to = if is_handshake { sockets } else { plain };
        let mut to = TcpStream::connect(to).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut to).await;
    })
    .await;
    let one = "retries = 0\nconcurrency = { requests = 1, queue = 0 }";
    let gateway = start(&config().replace("retries = 0", one), backend);
    let mut socket = open(gateway).await;
    let refused = open_with(gateway, &[]).await.unwrap_err();
    assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 503));
    let answer = Client::of(gateway).get("/things").await;
    assert_eq!(answer.status, 200);
    socket.send(Message::text("still")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("still"));
}

#[actix_web::test]
async fn a_row_that_opens_websockets_answers_other_requests_as_before() {
    let (backend, seen) = json("200 OK", "{}").await;
    let client = crate::client(&config(), backend);
    assert_eq!(client.get("/things").await.status, 200);
    assert!(!seen.only().contains("upgrade"));
}
