//! One client's share of an upstream: whatever it does, other clients are served.

mod attacks;

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::scripted::{Seen, read_head, serving};
use crate::{patient, start};

/// Two clients of the loopback network.
const GREEDY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

const GET: &str = "GET /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// The configuration with long timeouts and this concurrency limit.
fn with(concurrency: &str) -> String {
    patient().replace(
        "retries = 0",
        &format!("retries = 0\nconcurrency = {{ {concurrency} }}"),
    )
}

/// A connection from this client address.
async fn connect(client: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((client, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// The answer to a client of this address, up to the end of the connection.
async fn ask(client: Ipv4Addr, gateway: SocketAddr, request: &str) -> String {
    let mut stream = connect(client, gateway).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// An upstream that never answers `/inner/held`, but everything else.
async fn holding() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let requests = seen.clone();
    let backend = serving(move |mut stream| {
        let requests = requests.clone();
        async move {
            while let Some(head) = read_head(&mut stream).await {
                let is_held = head.starts_with("GET /inner/held ");
                requests.add(head);
                if is_held {
                    std::future::pending::<()>().await;
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                stream.write_all(answer).await.unwrap();
            }
        }
    })
    .await;
    (backend, seen)
}

#[actix_web::test]
async fn a_client_gets_its_share_of_an_upstream_and_another_is_served() {
    let (backend, seen) = holding().await;
    let gateway = start(&with("requests = 20, queue = 10, wait = \"50ms\""), backend);
    let mut held = Vec::new();
    for count in 1..=2 {
        let mut stream = connect(GREEDY, gateway).await;
        let request = b"GET /things/held HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        held.push(stream);
        service_kit::testing::eventually("it reaches the upstream", async || {
            (seen.requests().len() == count).then_some(())
        })
        .await;
    }
    let refused = ask(GREEDY, gateway, GET).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    assert!(refused.contains("\"rate_limited\""), "{refused}");
    let limit = r#""limit":{"name":"upstreams.backend.concurrency.per_client","value":"2"}"#;
    assert!(refused.contains(limit), "{refused}");
    let served = ask(OTHER, gateway, GET).await;
    assert!(served.starts_with("HTTP/1.1 200"), "{served}");
    // Its share comes back when its requests end.
    held.clear();
    service_kit::testing::eventually("the share", async || {
        let answer = ask(GREEDY, gateway, GET).await;
        answer.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn the_share_may_be_set() {
    let (backend, seen) = holding().await;
    let limit = "requests = 20, queue = 10, wait = \"50ms\", per_client = 1";
    let gateway = start(&with(limit), backend);
    let mut held = connect(GREEDY, gateway).await;
    let request = b"GET /things/held HTTP/1.1\r\nhost: x\r\n\r\n";
    held.write_all(request).await.unwrap();
    service_kit::testing::eventually("it reaches the upstream", async || {
        (seen.requests().len() == 1).then_some(())
    })
    .await;
    let refused = ask(GREEDY, gateway, GET).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
}
