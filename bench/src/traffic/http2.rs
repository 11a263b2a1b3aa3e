//! A client of HTTP/2 without TLS, whose connection several clients share.

use std::net::SocketAddr;

use h2::client::{SendRequest, handshake};
use hyper::body::Bytes;
use hyper::{Request, Response};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Answer, PATIENCE};
use crate::Error;

#[derive(Clone)]
pub(crate) struct Http2 {
    addr: SocketAddr,
    sender: SendRequest<Bytes>,
}

impl Http2 {
    pub(crate) async fn connect(addr: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(stream).await?;
        // If it breaks, whoever waits for an answer on it is told.
        tokio::spawn(connection);
        Ok(Self { addr, sender })
    }

    /// Sends a request and gives the whole answer. After an error, the next request has a new
    /// connection.
    pub(crate) async fn send(&mut self, request: Request<String>) -> Result<Answer, Error> {
        let answer = timeout(PATIENCE, self.exchange(request)).await;
        let answer = answer.map_err(|_elapsed| "no answer in time".into());
        let answer = answer.and_then(|answer| answer);
        if answer.is_err() {
            *self = Self::connect(self.addr).await?;
        }
        answer
    }

    async fn exchange(&self, request: Request<String>) -> Result<Answer, Error> {
        let (mut head, body) = request.into_parts();
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        head.uri = format!("http://{}{target}", self.addr).parse()?;
        let mut sender = self.sender.clone().ready().await?;
        let request = Request::from_parts(head, ());
        let (answer, mut upload) = sender.send_request(request, body.is_empty())?;
        if !body.is_empty() {
            upload.send_data(body.into(), true)?;
        }
        let (head, mut body) = answer.await?.into_parts();
        let mut whole = Vec::new();
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            whole.extend_from_slice(&data);
        }
        Ok(Response::from_parts(head, whole))
    }
}
