//! Takes in a worker's connections: the TLS handshake, then the protocol that the handshake chose.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_http::Request;
use actix_service::Service;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use prometheus::{IntCounter, IntGauge};
use service_kit::program::chain;
use socket2::{SockRef, Socket};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::http2::Http2;
use super::per_client::{self, PerClient};
use super::stream::Stream;
use super::{Goodbye, Listener};
use crate::http::transport::Transport;
use crate::resilience::client::Client;

/// How many unsent bytes of an answer the system holds, beyond those that the network takes. The
/// system asks for more as soon as the client takes some, so that a slow client can be told from a
/// stalled one. The default would be up to 4 MiB, and it asks again only when a third is gone.
/// Browsers and proxies that measured it use the same value.
const MOST_UNSENT: u32 = 128 * 1024;

/// `H` speaks HTTP/1; `S` answers the requests of HTTP/2.
pub(super) struct Door<H, S> {
    /// `None` if clients are served in clear text, and so only by HTTP/1.
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) public: Arc<Listener>,
    pub(super) goodbye: Goodbye,
    pub(super) per_client: Arc<PerClient>,
    pub(super) http1: H,
    pub(super) http2: Http2,
    pub(super) service: Rc<S>,
}

impl<H, S, B> Door<H, S>
where
    H: Service<
            (Stream, Option<SocketAddr>),
            Response = (),
            Error = actix_http::error::DispatchError,
        >,
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    /// Serves one connection to its end. However it ends, its requests have had their log lines.
    ///
    /// # Errors
    /// The connection did not end as the protocol requires.
    pub(super) async fn serve(&self, tcp: TcpStream) -> Result<(), ()> {
        let peer = tcp.peer_addr().ok();
        let _share = self.admit(peer)?;
        let _counted = Counted::new(&self.public.metrics.connections);
        // If this fails, the client has gone.
        prepare(&tcp).or_else(|error| ended(&error))?;
        let Some(acceptor) = &self.acceptor else {
            return self.serve_http1(Transport::Plain(tcp), peer).await;
        };
        // Boxed, so that a connection in clear text carries no space for what only TLS needs.
        Box::pin(self.serve_tls(acceptor, tcp, peer)).await
    }

    /// Counts a connection against its client's share. A trusted proxy has no share, and neither
    /// has a client that is already gone.
    fn admit(&self, peer: Option<SocketAddr>) -> Result<Option<per_client::Counted>, ()> {
        let public = &self.public;
        let Some(address) = peer
            .map(|peer| peer.ip())
            .filter(|address| !public.trusted_proxies.trusts(*address))
        else {
            return Ok(None);
        };
        let entered = self.per_client.enter(Client::from(address), Instant::now());
        entered.map(Some).map_err(|exceeded| {
            self.public.metrics.connections_refused.inc();
            if exceeded.is_news {
                log::warn!(
                    "{} holds as many connections as one client may ({}, limits.connections_per_client): \
                     more are closed at once",
                    address.to_canonical(),
                    public.limits.connections_per_client
                );
            }
        })
    }

    async fn serve_tls(
        &self,
        acceptor: &TlsAcceptor,
        tcp: TcpStream,
        peer: Option<SocketAddr>,
    ) -> Result<(), ()> {
        let stream = match self.shake_hands(acceptor, tcp).await {
            Ok(stream) => stream,
            Err(error) => return ended(&error),
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            let served = self.http2.serve(stream, Rc::clone(&self.service), peer);
            return served.await.or_else(|error| ended(&error));
        }
        let stream = tokio_rustls::TlsStream::from(stream);
        self.serve_http1(Transport::Tls(Box::new(stream)), peer)
            .await
    }

    /// The handshake may take as long as the head of a request.
    async fn shake_hands(
        &self,
        acceptor: &TlsAcceptor,
        tcp: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        timeout(self.public.limits.head_timeout, acceptor.accept(tcp)).await?
    }

    async fn serve_http1(&self, transport: Transport, peer: Option<SocketAddr>) -> Result<(), ()> {
        let stream = Stream::new(
            transport,
            Arc::clone(&self.public),
            Rc::clone(&self.goodbye),
        );
        let served = self.http1.call((stream, peer)).await;
        served.or_else(|error| ended(&error))
    }
}

/// Counts an open connection until it is dropped.
struct Counted<'a>(&'a IntGauge);

impl<'a> Counted<'a> {
    fn new((open, all): &'a (IntGauge, IntCounter)) -> Self {
        all.inc();
        open.inc();
        Self(open)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn prepare(tcp: &TcpStream) -> io::Result<()> {
    // A small piece must not wait for the acknowledgement of the one before.
    tcp.set_nodelay(true)?;
    limit_unsent(&SockRef::from(tcp))
}

#[cfg(target_os = "linux")]
fn limit_unsent(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_notsent_lowat(MOST_UNSENT)
}

/// Other systems can only limit all that is held, including bytes in transit.
#[cfg(not(target_os = "linux"))]
fn limit_unsent(socket: &Socket) -> io::Result<()> {
    socket.set_send_buffer_size(2 * MOST_UNSENT as usize)
}

/// Clients come and go as they like, so a lost one is worth only a debug line.
fn ended(error: &dyn std::error::Error) -> Result<(), ()> {
    log::debug!("a connection of a client ended: {}", chain(error));
    Err(())
}

#[cfg(test)]
mod tests {
    use socket2::SockRef;
    use tokio::net::{TcpListener, TcpStream};

    use super::{MOST_UNSENT, prepare};

    #[tokio::test]
    async fn a_connection_sends_at_once_and_holds_little() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap());
        let tcp = tcp.await.unwrap();
        prepare(&tcp).unwrap();
        assert!(tcp.nodelay().unwrap());
        assert_eq!(
            SockRef::from(&tcp).tcp_notsent_lowat().unwrap(),
            MOST_UNSENT
        );
    }
}
