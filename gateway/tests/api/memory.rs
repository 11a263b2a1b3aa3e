//! The memory that slow clients cost, by the real binary's own metrics.

mod budget;

use std::net::SocketAddr;

use service_kit::testing::{Client, Process, addr_after};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::process::gateway;

const READERS: u64 = 100;

/// A compiled-in page of 1.5 MB.
const PAGE: &str = "/docs/swagger-ui-bundle.js";

/// The gateway's resident memory in bytes.
async fn resident(operator: &Client) -> u64 {
    let answer = operator.get("/metrics").await;
    let mut lines = answer.text().lines();
    let line = lines.find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    line.unwrap().parse::<f64>().unwrap() as u64
}

/// A client that has received the beginning of its answer, and reads no more.
async fn slow_reader(gateway: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(gateway).await.unwrap();
    let request = format!("GET {PAGE} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await.unwrap();
    assert_eq!(begin, *b"HTTP/1.1 200");
    stream
}

#[actix_web::test]
async fn a_slow_reader_of_a_large_page_holds_128_kib_at_most() {
    let mut process = Process::start(gateway().env("GATEWAY_RATE_LIMIT", "off"));
    let line = process.line_with("for its operator on ");
    let operator = Client::of(addr_after(&line, "for its operator on "));
    let public = process.addr();
    // Allocates everything that is allocated once.
    drop(slow_reader(public).await);
    let before = resident(&operator).await;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        readers.push(slow_reader(public).await);
    }
    let each = resident(&operator).await.saturating_sub(before) / READERS;
    assert!(each < 128 * 1024, "{each} bytes for each reader");
    drop(readers);
    process.kill();
}
