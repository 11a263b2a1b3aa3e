//! Connections from a chosen address, over TLS if the server wants it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::Error;

/// The honest client's address.
pub(super) const GUEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Asks the system to hold as little as possible for a client that does not read.
const SMALL_BUFFER: u32 = 4096;

/// The server's name in its certificate.
const NAME: &str = "localhost";

/// A byte stream, in clear text or encrypted.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A server and how to speak to it.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) addr: SocketAddr,
    pub(super) tls: Option<Arc<Certificate>>,
}

/// A temporary self-signed certificate.
pub(super) struct Certificate {
    cert: String,
    key: String,
    roots: RootCertStore,
}

impl Certificate {
    pub(super) fn make() -> Result<Arc<Self>, Error> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NAME.to_owned()])?;
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone())?;
        Ok(Arc::new(Self {
            cert: cert.pem(),
            key: signing_key.serialize_pem(),
            roots,
        }))
    }

    /// Writes the certificate and its key to `cert.pem` and `key.pem`.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::write(folder.join("cert.pem"), &self.cert)?;
        std::fs::write(folder.join("key.pem"), &self.key)
    }

    fn connector(&self, protocol: &[u8]) -> TlsConnector {
        let roots = self.roots.clone();
        let config = ClientConfig::builder().with_root_certificates(roots);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

impl Target {
    /// Connects from `source` in clear text, whatever the server wants.
    pub(super) async fn plain(&self, source: Ipv4Addr) -> io::Result<TcpStream> {
        connect(self.addr, source, None).await
    }

    /// Connects from `source` with a small receive buffer.
    pub(super) async fn narrow(&self, source: Ipv4Addr) -> io::Result<TcpStream> {
        connect(self.addr, source, Some(SMALL_BUFFER)).await
    }

    /// Connects from `source` for `protocol` (`h2` or `http/1.1`), over TLS if the server wants it.
    pub(super) async fn open(
        &self,
        source: Ipv4Addr,
        protocol: &str,
    ) -> io::Result<Box<dyn Stream>> {
        let stream = self.plain(source).await?;
        let Some(certificate) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let connector = certificate.connector(protocol.as_bytes());
        let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
        Ok(Box::new(connector.connect(name, stream).await?))
    }
}

async fn connect(addr: SocketAddr, source: Ipv4Addr, buffer: Option<u32>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(size) = buffer {
        socket.set_recv_buffer_size(size)?;
    }
    socket.bind(SocketAddr::from((IpAddr::V4(source), 0)))?;
    let stream = socket.connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
