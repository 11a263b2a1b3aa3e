//! Where a worker takes its connections in: the TLS handshake, and then the protocol that was settled on in it.

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
use crate::application::state::State;
use crate::http::transport::Transport;
use crate::resilience::rate::Client;

/// What the system holds of an answer beyond what the network takes: it then asks for more as soon as a client takes some,
/// so that a slow one can be told from one that takes nothing. By itself it holds up to 4 MiB, and asks for more only once
/// a third of that is gone. As much as browsers and proxies that measured it use.
const MOST_UNSENT: u32 = 128 * 1024;

/// `H` speaks HTTP/1; `S` answers what HTTP/2 asks.
pub(super) struct Door<H, S> {
    /// None where clients are served in clear text, which is HTTP/1 alone.
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) state: Arc<State>,
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
    /// Serves one connection to its end. However it ends, the requests on it have had their lines in the log.
    ///
    /// # Errors
    /// It did not end as the protocol has it.
    pub(super) async fn serve(&self, tcp: TcpStream) -> Result<(), ()> {
        let peer = tcp.peer_addr().ok();
        let _share = self.admit(peer)?;
        let _counted = Counted::new(&self.state.metrics.connections);
        // Where it fails, the client has gone.
        prepare(&tcp).or_else(|error| ended(&error))?;
        let Some(acceptor) = &self.acceptor else {
            return self.serve_http1(Transport::Plain(tcp), peer).await;
        };
        // Boxed, so that a connection in clear text holds no room for what only TLS needs.
        Box::pin(self.serve_tls(acceptor, tcp, peer)).await
    }

    /// Counts a connection of `peer` against its share. A trusted proxy has none, and neither has a client that has gone.
    fn admit(&self, peer: Option<SocketAddr>) -> Result<Option<per_client::Counted>, ()> {
        let config = &self.state.config;
        let Some(address) = peer
            .map(|peer| peer.ip())
            .filter(|address| !config.trusted_proxies.trusts(*address))
        else {
            return Ok(None);
        };
        let entered = self.per_client.enter(Client::from(address), Instant::now());
        entered.map(Some).map_err(|exceeded| {
            self.state.metrics.connections_refused.inc();
            if exceeded.is_news {
                log::warn!(
                    "{} holds as many connections as one client may ({}, limits.connections_per_client): \
                     more are closed at once",
                    address.to_canonical(),
                    config.limits.connections_per_client
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

    /// A client has as long for it as for a request's head.
    async fn shake_hands(
        &self,
        acceptor: &TlsAcceptor,
        tcp: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        timeout(self.state.config.limits.head_timeout, acceptor.accept(tcp)).await?
    }

    async fn serve_http1(&self, transport: Transport, peer: Option<SocketAddr>) -> Result<(), ()> {
        let stream = Stream::new(transport, Arc::clone(&self.state));
        let served = self.http1.call((stream, peer)).await;
        served.or_else(|error| ended(&error))
    }
}

/// A connection that is open.
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
    // A small piece is not to wait for the acknowledgement of the one before.
    tcp.set_nodelay(true)?;
    limit_unsent(&SockRef::from(tcp))
}

#[cfg(target_os = "linux")]
fn limit_unsent(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_notsent_lowat(MOST_UNSENT)
}

/// Elsewhere only the whole of what is held can be limited, what is under way included.
#[cfg(not(target_os = "linux"))]
fn limit_unsent(socket: &Socket) -> io::Result<()> {
    socket.set_send_buffer_size(2 * MOST_UNSENT as usize)
}

/// Clients come and go as they like: that one is gone is worth a line only to who looks for it.
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
