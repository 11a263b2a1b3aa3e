//! A client that reads server-sent events as they come.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Watcher {
    stream: TcpStream,
    read: String,
}

impl Watcher {
    /// `field` is an additional field of the request, or empty.
    pub(crate) async fn of(addr: SocketAddr, path: &str, field: &str) -> Self {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{field}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut watcher = Self {
            stream,
            read: String::new(),
        };
        let head = watcher.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(
            head.contains("content-type: text/event-stream\r\n"),
            "{head}"
        );
        assert!(head.contains("cache-control: no-store\r\n"), "{head}");
        watcher
    }

    /// Everything up to and including `text`, which is removed from the bytes read.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            if let Some(at) = self.read.find(text) {
                let rest = self.read.split_off(at + text.len());
                return std::mem::replace(&mut self.read, rest);
            }
            let count = timeout(PATIENCE, self.stream.read(&mut buffer)).await;
            let count = count.unwrap().unwrap();
            assert!(count > 0, "it ended: {}", self.read);
            self.read
                .push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
    }

    /// The data of the next event with this name.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        self.until(&format!("event: {name}\ndata: ")).await;
        serde_json::from_str(&self.until("\n\n").await).unwrap()
    }

    /// The rest of the stream up to its last chunk; the connection can be used again after it.
    pub(crate) async fn end(&mut self) -> String {
        self.until("\r\n0\r\n\r\n").await
    }
}
