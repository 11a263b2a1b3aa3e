//! The clients' side: accepts connections, with TLS or without, and serves them by actix-web.
//! HTTP/1 is screened byte by byte; HTTP/2 goes through hyper.
//!
//! actix-web's own server was rejected. It hands a connection straight to actix-http, which takes
//! more than RFC 9112 allows (bare LF, any `Host`), answers what it refuses without a body or a log
//! line, and sets two timers for every request. Here the same two crates have a screen between
//! them.

#[cfg(test)]
mod agreement;
mod certificate;
mod closing;
mod door;
mod head;
mod hearing;
mod http2;
mod inbound;
mod lines;
mod per_client;
mod screen;
mod stream;
mod taking;
mod target;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive};
use actix_server::Server;
use actix_service::{ServiceFactory, fn_factory, fn_service, map_config};
use actix_web::App;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use bytes::Bytes;
use service_kit::serve::{DRAIN, Draining, cannot_listen};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::fault::refusal::Refusal;
use crate::http::pieces::PIECE;
use crate::metrics::Metrics;
use crate::routing::client_address::TrustedProxies;
use crate::settings::limits::Limits;

pub(crate) use certificate::Certificates;
use door::Door;
pub(crate) use hearing::HEARD;
use http2::Http2;
use per_client::PerClient;
#[cfg(any(fuzzing, test))]
pub(crate) use screen::invariants::hold as screen_holds;
use stream::Stream;

/// How many clients may wait to be accepted, as in actix-web's own server. The standard library's
/// listener has room for 128: of a crowd that comes at once, the rest would try again after a
/// second.
const BACKLOG: i32 = 1024;

/// The public listener.
pub(crate) struct Listener {
    pub(crate) bind: SocketAddr,
    pub(crate) workers: usize,
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) draining: Draining,
}

/// The answers of one worker, which this room does not know.
pub(crate) struct Serving<F> {
    pub(crate) http1: F,
    pub(crate) http2: F,
    pub(crate) goodbye: Goodbye,
}

/// Answers bytes that are no request. It is given the refusal, the part of the head that has come,
/// and lines that came after it.
pub(crate) type Goodbye = Rc<dyn Fn(Refusal, &[u8], &[u8]) -> Bytes>;

/// Binds the public listener. Returns the server and its address. With `certificates` it speaks
/// only TLS. `serve` is called once for each worker.
///
/// # Errors
/// The address cannot be bound, or TLS cannot be set up.
pub(crate) fn bind<F>(
    public: Listener,
    certificates: Option<&Certificates>,
    serve: impl Fn() -> Serving<F> + Clone + Send + 'static,
) -> io::Result<(Server, SocketAddr)>
where
    F: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
{
    allow_files(public.limits.connections);
    let (bind, workers, limits) = (public.bind, public.workers, public.limits);
    let public = Arc::new(public);
    let listener = listen(bind).map_err(|error| cannot_listen(bind, &error))?;
    let addr = listener.local_addr()?;
    let acceptor = certificates.map(Certificates::server_config).transpose();
    let acceptor = acceptor.map_err(io::Error::other)?.map(TlsAcceptor::from);
    // Each worker gets an equal share of the connections.
    let share = usize::try_from(limits.connections)
        .unwrap_or(usize::MAX)
        .div_ceil(workers);
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(share)
        .disable_signals()
        .shutdown_timeout(DRAIN.as_secs());
    let stopping = builder.graceful_shutdown_signal();
    let per_client = Arc::new(PerClient::new(limits.connections_per_client));
    let builder = builder.listen("gateway", listener, move || {
        let Serving {
            http1,
            http2,
            goodbye,
        } = serve();
        let app = |service| {
            let app = App::new().default_service(service);
            map_config(app, |()| AppConfig::default())
        };
        let stopping = stopping.clone();
        let http1 = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            // The stream's own timers decide.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(Duration::ZERO)
            .h1_write_buffer_size(PIECE)
            // A client that has closed its sending side still gets its answers. The stream notices
            // when the client is gone.
            .h1_allow_half_closed(true)
            .on_connect_ext(|stream: &Stream, data| {
                data.insert(stream.connection());
            })
            .h1(app(http1));
        let factories = Rc::new((http1, app(http2)));
        let acceptor = acceptor.clone();
        let (public, per_client) = (Arc::clone(&public), Arc::clone(&per_client));
        fn_factory(move || {
            let (factories, acceptor) = (Rc::clone(&factories), acceptor.clone());
            let (public, per_client) = (Arc::clone(&public), Arc::clone(&per_client));
            let goodbye = Rc::clone(&goodbye);
            let http2 = Http2::new(limits, public.draining.clone());
            async move {
                let (http1, service) = &*factories;
                let door = Rc::new(Door {
                    acceptor,
                    public,
                    goodbye,
                    per_client,
                    http1: http1.new_service(()).await?,
                    http2,
                    service: Rc::new(service.new_service(()).await?),
                });
                Ok::<_, ()>(fn_service(move |tcp: TcpStream| {
                    let door = Rc::clone(&door);
                    async move { door.serve(tcp).await }
                }))
            }
        })
    })?;
    Ok((builder.run(), addr))
}

fn listen(bind: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(bind), Type::STREAM, None)?;
    // A restarted gateway must not wait for its predecessor's connections.
    socket.set_reuse_address(true)?;
    socket.bind(&bind.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Raises the limit on open files. Each connection is an open file, and each exchange another one
/// at an upstream; many systems allow a process 1,024 until it asks for more.
fn allow_files(connections: u32) {
    let needed = 2 * u64::from(connections);
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(allowed) if allowed < needed => log::warn!(
            "the system allows {allowed} open files, but limits.connections may need {needed}"
        ),
        Ok(_) => {}
        Err(error) => log::warn!("cannot read the system's limit on open files: {error}"),
    }
}
