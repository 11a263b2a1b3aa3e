//! A client with one keep-alive connection, which sends one request after the other.
//!
//! It uses hyper's bare connection: a client with a pool would hide the number of connections,
//! which the measurements vary.

use std::net::SocketAddr;

use http_body_util::BodyExt as _;
use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;

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

pub(crate) struct Client {
    sender: SendRequest<String>,
    host: String,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Result<Self, Error> {
        Ok(Self {
            sender: connect(addr).await?,
            host: addr.to_string(),
        })
    }

    /// Whether the server has kept the connection open.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a GET, which must be answered 200, and gives the body.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Vec<u8>, Error> {
        Ok(self.get_whole(path).await?.into_body())
    }

    /// Sends a GET, which must be answered 200, and gives the whole answer.
    pub(crate) async fn get_whole(&mut self, path: &str) -> Result<Response<Vec<u8>>, Error> {
        let request = Request::get(path).header(HOST, &self.host);
        let answer = self.send(request.body(String::new())?).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("GET {path} was answered {}", answer.status()).into());
        }
        Ok(answer)
    }

    /// Sends a GET, reads the whole answer and gives its status.
    pub(crate) async fn status(&mut self, path: &str) -> Result<StatusCode, Error> {
        let request = Request::get(path).header(HOST, &self.host);
        Ok(self.send(request.body(String::new())?).await?.status())
    }

    /// Sends a POST and gives the whole answer.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        key: Option<String>,
        body: String,
    ) -> Result<Response<Vec<u8>>, Error> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Ok(self.send(request.body(body)?).await?)
    }

    async fn send(&mut self, request: Request<String>) -> hyper::Result<Response<Vec<u8>>> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(head, body.into()))
    }
}
