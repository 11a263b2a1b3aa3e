//! A client with one keep-alive connection, which sends one request after the other.
//!
//! It uses hyper's bare connection: a client with a pool would hide the number of connections,
//! which the measurements vary.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::Utc;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Error;

/// Longer than the gateway waits for any service.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) type Answer = Response<Vec<u8>>;

/// Opens a connection for bodies of one type.
pub(crate) async fn connect<B>(addr: SocketAddr) -> Result<SendRequest<B>, Error>
where
    B: Body<Data: Send, Error: Into<Error>> + Send + 'static,
{
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // If it breaks, hyper tells whoever waits for an answer on it.
    tokio::spawn(connection);
    Ok(sender)
}

/// Its connection is opened again for the request after the one on which it broke.
pub(crate) struct Client {
    addr: SocketAddr,
    sender: Option<SendRequest<String>>,
}

impl Client {
    /// A client that connects when it first asks.
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self { addr, sender: None }
    }

    pub(crate) async fn connect(addr: SocketAddr) -> Result<Self, Error> {
        let sender = Some(connect(addr).await?);
        Ok(Self { addr, sender })
    }

    /// `count` clients, each with its own connection.
    pub(crate) async fn connect_all(addr: SocketAddr, count: usize) -> Result<Vec<Self>, Error> {
        let mut clients = Vec::with_capacity(count);
        for _ in 0..count {
            clients.push(Self::connect(addr).await?);
        }
        Ok(clients)
    }

    /// Whether the server has kept the connection open.
    pub(crate) fn is_open(&self) -> bool {
        let sender = self.sender.as_ref();
        sender.is_some_and(|sender| !sender.is_closed())
    }

    /// Sends a GET, which must be answered 200, and gives the answer.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, Error> {
        let answer = self.send(Request::get(path).body(String::new())?).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("GET {path} was answered {}", answer.status()).into());
        }
        Ok(answer)
    }

    /// The body of an order for one portion of the first available dish on the menu at `path`.
    pub(crate) async fn order(&mut self, path: &str) -> Result<String, Error> {
        let menu = self.get(path).await?;
        let menu: Vec<Value> = serde_json::from_slice(menu.body())?;
        let dish = menu.iter().find(|dish| dish["disponible"] == true);
        let dish = &dish.ok_or("there is no dish to order")?["id"];
        Ok(json!({
            "clientId": "0192f0c4-7d1e-7000-8000-000000000001",
            "items": [{ "menuId": dish, "quantite": 1 }],
        })
        .to_string())
    }

    /// Sends a GET, reads the whole answer and gives its status.
    pub(crate) async fn status(&mut self, path: &str) -> Result<StatusCode, Error> {
        let answer = self.send(Request::get(path).body(String::new())?).await?;
        Ok(answer.status())
    }

    /// Sends a POST and gives the answer.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        key: Option<String>,
        body: String,
    ) -> Result<Answer, Error> {
        self.send(posted(path, key, body)?).await
    }

    /// Sends any request and gives the answer.
    pub(crate) async fn send(&mut self, mut request: Request<String>) -> Result<Answer, Error> {
        let host = self.addr.to_string().parse()?;
        request.headers_mut().insert(HOST, host);
        // Put back only after a whole answer.
        let sender = self.sender.take().filter(|sender| !sender.is_closed());
        let answer = async {
            let mut sender = match sender {
                Some(sender) => sender,
                None => connect(self.addr).await?,
            };
            sender.ready().await?;
            let (head, body) = sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, Error>((Response::from_parts(head, body.into()), sender))
        };
        let answer = timeout(PATIENCE, answer).await;
        let answer = answer.map_err(|_elapsed| "no answer in time")?;
        let (answer, sender) = answer?;
        self.sender = Some(sender);
        Ok(answer)
    }
}

/// A POST of JSON.
pub(crate) fn posted(
    path: &str,
    key: Option<String>,
    body: String,
) -> Result<Request<String>, Error> {
    let mut request = Request::post(path).header(CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    Ok(request.body(body)?)
}

/// A key in the form of a UUID, as clients send it. It is unique by time and count, and needs no
/// more.
pub(crate) fn fresh_key() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let micros = Utc::now().timestamp_micros();
    format!(
        "{:08x}-{:04x}-4000-8000-{count:012x}",
        micros >> 16,
        micros & 0xffff
    )
}
