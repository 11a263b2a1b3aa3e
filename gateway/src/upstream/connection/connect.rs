//! Opens a connection to a replica: TCP, TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use bytes::BytesMut;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::http::transport::Transport;
use crate::upstream::connection::tls::TlsConfig;
use crate::upstream::replicas::LookupError;

/// The most buffer that an idle connection keeps for reading.
const ROOM: usize = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub(in crate::upstream) enum ConnectError {
    #[error(transparent)]
    Lookup(#[from] LookupError),
    #[error("the upstream refuses the connection")]
    Refused(#[source] io::Error),
    #[error("the upstream's name is not a valid name for a certificate")]
    Name(#[from] InvalidDnsNameError),
    #[error("the TLS handshake with the upstream failed")]
    Tls(#[source] io::Error),
    #[error("no connection to the upstream within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
}

/// How to connect to one replica.
pub(super) struct Connector {
    address: SocketAddr,
    /// The name in its certificate.
    host: String,
    tls: Option<TlsConnector>,
}

/// An open connection. Dropping it closes it at once, even with an exchange in flight.
pub(in crate::upstream) struct Connection {
    pub(in crate::upstream) transport: Transport,
    /// Bytes that were read and not yet taken.
    pub(in crate::upstream) buffer: BytesMut,
    pub(in crate::upstream) made: Instant,
}

impl Connector {
    pub(super) fn new(address: SocketAddr, host: &str, tls: &TlsConfig) -> Self {
        Self {
            address,
            host: host.to_owned(),
            tls: tls.clone().map(TlsConnector::from),
        }
    }

    pub(super) async fn dial(&self) -> Result<TcpStream, ConnectError> {
        let stream = TcpStream::connect(self.address).await;
        let stream = stream.map_err(ConnectError::Refused)?;
        // Otherwise a body's last piece would wait for the acknowledgement of the one before.
        stream.set_nodelay(true).map_err(ConnectError::Refused)?;
        Ok(stream)
    }

    /// Makes a connection of it, with TLS if the upstream has it.
    pub(super) async fn finish(&self, stream: TcpStream) -> Result<Connection, ConnectError> {
        let transport = match &self.tls {
            None => Transport::Plain(stream),
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                let stream = tls.connect(name, stream).await.map_err(ConnectError::Tls)?;
                Transport::Tls(Box::new(stream.into()))
            }
        };
        Ok(Connection {
            transport,
            buffer: BytesMut::new(),
            made: Instant::now(),
        })
    }
}

impl ConnectError {
    /// Whether the other side is the cause, and not, for instance, that this process may open no
    /// more files.
    pub(super) fn is_theirs(&self) -> bool {
        match self {
            Self::Refused(error) => matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::TimedOut
            ),
            Self::Name(_) | Self::Tls(_) | Self::Timeout(_) => true,
            Self::Lookup(_) => false,
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
