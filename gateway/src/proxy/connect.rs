//! A new connection to an upstream: DNS, TCP, TLS, and hyper's HTTP/1.1 on top.
//!
//! hyper's connection alone, without the pooling client of hyper-util: that one wants `Send` bodies, which actix's
//! are not, and threads of its own that a worker has no use for.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use service_kit::program::chain;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::stream::Stream;
use super::tls::TlsConfig;
use super::upload::Upload;
use crate::config::Upstream;
use crate::transport::Transport;

/// What an answer's head may take, which is also the most that hyper buffers each way. Eight times what servers
/// usually send at most (8 KiB), and no more than a worker can spare for each exchange in flight. The number of
/// fields is limited to 100 by hyper itself: with another limit it allocates for each answer.
const MAX_HEAD: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("the upstream's name is not known")]
    Dns(#[source] io::Error),
    #[error("the upstream's name has no address")]
    NoAddress,
    #[error("the upstream takes no connection")]
    Refused(#[source] io::Error),
    #[error("the upstream's name is none that a certificate can have")]
    Name(#[from] InvalidDnsNameError),
    #[error("no TLS with the upstream")]
    Tls(#[source] io::Error),
    #[error("no HTTP with the upstream")]
    Http(#[from] hyper::Error),
    #[error("no connection to the upstream within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
}

/// How one upstream is connected to.
pub(super) struct Connector {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    timeout: Duration,
}

/// An open connection. Dropping it closes it at once, whatever is in flight.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Upload>,
    pub(super) made: Instant,
    driver: Driver,
}

/// The task that moves a connection's bytes.
struct Driver(JoinHandle<()>);

impl Connector {
    pub(super) fn new(upstream: &Upstream, tls: &TlsConfig) -> Self {
        let tls = tls.as_ref().filter(|_| upstream.url.is_https());
        Self {
            host: upstream.url.host().to_owned(),
            port: upstream.url.port(),
            tls: tls.map(|tls| TlsConnector::from(Arc::clone(tls))),
            timeout: upstream.connect_timeout,
        }
    }

    /// Connects within the upstream's `connect_timeout`.
    pub(super) async fn connect(&self) -> Result<Connection, ConnectError> {
        let stream = tokio::time::timeout(self.timeout, self.open())
            .await
            .map_err(|_elapsed| ConnectError::Timeout(self.timeout))??;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = actix_web::rt::spawn(async move {
            // Whoever has an exchange on this connection is told by hyper; on an idle one it is nobody's fault.
            if let Err(error) = connection.await {
                log::debug!("a connection to an upstream ended: {}", chain(&error));
            }
        });
        Ok(Connection {
            sender,
            made: Instant::now(),
            driver: Driver(driver),
        })
    }

    async fn open(&self) -> Result<Stream, ConnectError> {
        let stream = self.open_tcp().await?;
        let Some(tls) = &self.tls else {
            return Ok(Stream::new(Transport::Plain(stream)));
        };
        let name = ServerName::try_from(self.host.clone())?;
        let stream = tls.connect(name, stream).await.map_err(ConnectError::Tls)?;
        Ok(Stream::new(Transport::Tls(Box::new(stream.into()))))
    }

    /// The first of the name's addresses that takes a connection.
    async fn open_tcp(&self) -> Result<TcpStream, ConnectError> {
        let addresses = lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(ConnectError::Dns)?;
        let mut refused = ConnectError::NoAddress;
        for address in addresses {
            let connected = TcpStream::connect(address).await;
            // Without it, a body's last piece waits for the acknowledgement of the one before.
            match connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
                Ok(stream) => return Ok(stream),
                Err(error) => refused = ConnectError::Refused(error),
            }
        }
        Err(refused)
    }
}

impl Connection {
    /// Whether the next request can be sent: the last exchange is over both ways and the upstream has not closed.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready() && !self.driver.0.is_finished()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}
