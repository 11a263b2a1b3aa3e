//! The limit on one address's open connections.

use std::net::SocketAddr;
use std::time::Duration;

use service_kit::testing::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::scripted::json;
use crate::{CONFIG, start_with};

const SOON: Duration = Duration::from_secs(10);

/// Connects from this address: all of 127.0.0.0/8 is the local machine.
async fn connect(gateway: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(gateway).await.unwrap()
}

/// The beginning of the answer on this connection; empty if it is closed instead.
async fn ask(stream: &mut TcpStream) -> String {
    let request = b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut begin = [0; 12];
    let exchange = async {
        stream.write_all(request).await?;
        stream.read_exact(&mut begin).await
    };
    match timeout(SOON, exchange).await.unwrap() {
        Ok(_) => String::from_utf8(begin.to_vec()).unwrap(),
        Err(_closed) => String::new(),
    }
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let read = timeout(Duration::from_millis(1), stream.read(&mut [0])).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

async fn closed(streams: &mut [TcpStream]) -> usize {
    let mut count = 0;
    for stream in streams {
        count += usize::from(is_closed(stream).await);
    }
    count
}

#[actix_web::test]
async fn one_address_cannot_hold_all_connections_however_many_workers_there_are() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let config = CONFIG.replace("connections = 1000", "connections = 200");
    for workers in ["1", "3"] {
        let gateway = start_with(&config, backend, [("GATEWAY_WORKERS", workers)]);
        let mut idle = Vec::new();
        for _ in 0..260 {
            idle.push(connect(gateway, "127.0.0.1").await);
        }
        // A tenth of 200.
        eventually("240 closed at once", async || {
            (closed(&mut idle).await == 240).then_some(())
        })
        .await;
        for _ in 0..20 {
            let mut other = connect(gateway, "127.0.0.2").await;
            assert_eq!(ask(&mut other).await, "HTTP/1.1 200", "{workers} workers");
        }
        // Its open connections go on, and it may open a new one for each that it closes.
        let mut held = Vec::new();
        for mut stream in idle {
            if !is_closed(&mut stream).await {
                held.push(stream);
            }
        }
        assert_eq!(ask(&mut held[0]).await, "HTTP/1.1 200");
        held.truncate(10);
        eventually("a connection in place of another", async || {
            let mut again = connect(gateway, "127.0.0.1").await;
            (ask(&mut again).await == "HTTP/1.1 200").then_some(())
        })
        .await;
    }
}

#[actix_web::test]
async fn a_share_can_be_configured() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let config = CONFIG.replace(
        "connections = 1000",
        "connections = 1000\nconnections_per_client = 2",
    );
    let gateway = start_with(&config, backend, []);
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(gateway, "127.0.0.1").await;
        assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
        held.push(stream);
    }
    let mut third = connect(gateway, "127.0.0.1").await;
    assert_eq!(ask(&mut third).await, "");
}

#[actix_web::test]
async fn a_trusted_proxy_has_no_share() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let config = CONFIG.replace(
        "connections = 1000",
        "connections = 1000\nconnections_per_client = 1",
    );
    let gateway = start_with(&config, backend, [("GATEWAY_TRUSTED_PROXIES", "127.0.0.3")]);
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(gateway, "127.0.0.3").await;
        assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
        held.push(stream);
    }
}
