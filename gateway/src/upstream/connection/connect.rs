//! Opens a connection to an upstream: DNS, TCP, TLS.

mod race;

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bytes::BytesMut;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::http::transport::Transport;
use crate::settings::UpstreamSettings;
use crate::upstream::connection::tls::TlsConfig;

/// The most buffer that an idle connection keeps for reading.
const ROOM: usize = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub(in crate::upstream) enum ConnectError {
    #[error("the upstream's name cannot be resolved")]
    Dns(#[source] io::Error),
    #[error("the upstream's name has no address")]
    NoAddress,
    #[error("the upstream refuses the connection")]
    Refused(#[source] io::Error),
    #[error("the upstream's name is not a valid name for a certificate")]
    Name(#[from] InvalidDnsNameError),
    #[error("the TLS handshake with the upstream failed")]
    Tls(#[source] io::Error),
    #[error("no connection to the upstream within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
}

/// How to connect to one upstream.
pub(in crate::upstream) struct Connector {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    timeout: Duration,
    /// The address of the last connection, which is tried first while the name still has it.
    last: Cell<Option<SocketAddr>>,
}

/// An open connection. Dropping it closes it at once, even with an exchange in flight.
pub(in crate::upstream) struct Connection {
    pub(in crate::upstream) transport: Transport,
    /// Bytes that were read and not yet taken.
    pub(in crate::upstream) buffer: BytesMut,
    pub(in crate::upstream) made: Instant,
}

impl Connector {
    pub(in crate::upstream) fn new(upstream: &UpstreamSettings, tls: &TlsConfig) -> Self {
        let tls = tls.as_ref().filter(|_| upstream.url.is_https());
        Self {
            host: upstream.url.host().to_owned(),
            port: upstream.url.port(),
            tls: tls.map(|tls| TlsConnector::from(Arc::clone(tls))),
            timeout: upstream.connect_timeout,
            last: Cell::default(),
        }
    }

    /// Connects within the upstream's `connect_timeout`.
    pub(in crate::upstream) async fn connect(&self) -> Result<Connection, ConnectError> {
        let transport = tokio::time::timeout(self.timeout, self.open())
            .await
            .map_err(|_elapsed| ConnectError::Timeout(self.timeout))??;
        Ok(Connection {
            transport,
            buffer: BytesMut::new(),
            made: Instant::now(),
        })
    }

    async fn open(&self) -> Result<Transport, ConnectError> {
        let stream = self.open_tcp().await?;
        let Some(tls) = &self.tls else {
            return Ok(Transport::Plain(stream));
        };
        let name = ServerName::try_from(self.host.clone())?;
        let stream = tls.connect(name, stream).await.map_err(ConnectError::Tls)?;
        Ok(Transport::Tls(Box::new(stream.into())))
    }

    async fn open_tcp(&self) -> Result<TcpStream, ConnectError> {
        let addresses = lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(ConnectError::Dns)?;
        self.open_first_of(&addresses.collect::<Vec<_>>()).await
    }

    /// Connects to the first of the name's addresses that accepts.
    async fn open_first_of(&self, resolved: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
        let addresses = race::in_order(resolved, self.last.get());
        let pause = race::pause(self.timeout, addresses.len());
        let connected = race::race(&addresses, pause, |address| async move {
            let stream = TcpStream::connect(address).await?;
            // Otherwise a body's last piece would wait for the acknowledgement of the one before.
            stream.set_nodelay(true)?;
            Ok((stream, address))
        })
        .await;
        match connected {
            Ok((stream, address)) => {
                self.last.set(Some(address));
                Ok(stream)
            }
            Err(Some(error)) => Err(ConnectError::Refused(error)),
            Err(None) => Err(ConnectError::NoAddress),
        }
    }
}

impl Connection {
    /// Whether nothing has come since the last answer: neither the connection's end nor unasked
    /// bytes. If so, the connection is open, and the task of `context` is woken when that changes.
    pub(in crate::upstream) fn is_quiet(&mut self, context: &mut Context<'_>) -> bool {
        let mut byte = [0];
        let mut unasked = ReadBuf::new(&mut byte);
        let read = Pin::new(&mut self.transport).poll_read(context, &mut unasked);
        read.is_pending() && self.buffer.is_empty()
    }

    /// Frees the buffer if it has grown for a large answer.
    pub(in crate::upstream) fn rest(&mut self) {
        if self.buffer.capacity() > ROOM {
            self.buffer = BytesMut::new();
        }
    }
}

#[cfg(test)]
mod tests;
