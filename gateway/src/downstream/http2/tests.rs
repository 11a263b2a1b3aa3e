//! HTTP/2 as a client sees it, in front of a small service.

mod bodies;
mod connections;
mod frames;
mod requests;
mod slow_clients;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::rt::task::JoinHandle;
use actix_web::test::init_service;
use actix_web::web::Bytes;
use actix_web::{App, HttpMessage as _, HttpRequest, HttpResponse, web};
use futures_util::Stream;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use service_kit::serve::Draining;
use tokio::io::{DuplexStream, duplex};
use tokio::time::timeout;

use super::Http2;
use crate::fault::refusal::Refusal;
use crate::resilience::min_rate::MinRate;
use crate::settings::limits::Limits;

const PEER: &str = "192.0.2.7:4321";

pub(super) const LIMITS: Limits = Limits {
    fields: crate::settings::limits::MOST_FIELDS,
    answers: crate::settings::limits::AnswerLimits::DEFAULT,
    memory: crate::resilience::memory::MemoryLimits::DEFAULT,
    uri: 1024,
    head: 4096,
    request_body: 1024,
    connections: 1,
    connections_per_client: 1,
    head_timeout: SOON,
    stall_timeout: SOON,
    min_rate: MinRate::new(1024, SOON),
    idle_timeout: SOON,
};

/// The bytes of one answer that the client takes before it reads any: the protocol's default (RFC
/// 9113 §6.9.2).
const CLIENT_WINDOW: u32 = 65_535;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

/// A client that is connected to its own service.
struct Client {
    requests: SendRequest<Bytes>,
    /// The client's side of the connection.
    connection: JoinHandle<Result<(), h2::Error>>,
    /// The server's side.
    served: JoinHandle<Result<(), hyper::Error>>,
    draining: Draining,
}

/// Serves `io` by `services`, and otherwise by one that describes the request.
async fn serve(
    io: DuplexStream,
    limits: Limits,
    services: impl HttpServiceFactory + 'static,
) -> (JoinHandle<Result<(), hyper::Error>>, Draining) {
    let app = App::new()
        .service(services)
        .default_service(web::to(describe));
    let service = Rc::new(init_service(app).await);
    let draining = Draining::default();
    let http2 = Http2::new(limits, draining.clone());
    let peer: Option<SocketAddr> = PEER.parse().ok();
    let served = async move { http2.serve::<_, _, _>(io, service, peer).await };
    (actix_web::rt::spawn(served), draining)
}

async fn connect(services: impl HttpServiceFactory + 'static) -> Client {
    connect_with(LIMITS, services).await
}

async fn connect_with(limits: Limits, services: impl HttpServiceFactory + 'static) -> Client {
    connect_taking(CLIENT_WINDOW, limits, services).await
}

/// A client that takes at most `window` bytes of one answer before it reads any.
async fn connect_taking(
    window: u32,
    limits: Limits,
    services: impl HttpServiceFactory + 'static,
) -> Client {
    let (ours, theirs) = duplex(1 << 20);
    let (served, draining) = serve(theirs, limits, services).await;
    // One stream alone cannot use up the connection's window.
    let (requests, connection) = h2::client::Builder::new()
        .initial_window_size(window)
        .initial_connection_window_size(16 * CLIENT_WINDOW)
        .handshake(ours)
        .await
        .unwrap();
    Client {
        requests,
        connection: actix_web::rt::spawn(connection),
        served,
        draining,
    }
}

/// No further service.
fn nothing() -> actix_web::Resource {
    web::resource("/nothing")
}

/// Describes the request, one fact a line.
async fn describe(request: HttpRequest, body: web::Payload) -> HttpResponse {
    if let Some(refusal) = request.extensions().get::<Refusal>() {
        return HttpResponse::BadRequest().body(refusal.cause());
    }
    if *request.method() == Method::CONNECT {
        // A success would open a tunnel.
        return HttpResponse::NotFound().body(request.uri().to_string());
    }
    let body = body.to_bytes().await.unwrap();
    let mut facts = vec![
        format!("{} {}", request.method(), request.uri()),
        format!(
            "{:?} from {}",
            request.version(),
            request.peer_addr().unwrap()
        ),
    ];
    for (name, value) in request.headers() {
        facts.push(format!("{name}: {}", value.to_str().unwrap()));
    }
    facts.push(format!("body: {}", std::str::from_utf8(&body).unwrap()));
    HttpResponse::Ok().body(facts.join("\n"))
}

/// A stream that goes on for as long as it is polled.
fn endless(
    mut ask: impl FnMut() -> Option<Bytes> + 'static,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::poll_fn(move |_| match ask() {
        Some(chunk) => std::task::Poll::Ready(Some(Ok(chunk))),
        None => std::task::Poll::Pending,
    })
}

fn get(path: &str) -> http::Request<()> {
    let uri = format!("https://a.example{path}");
    http::Request::get(uri).body(()).unwrap()
}

fn post(path: &str) -> http::Request<()> {
    let uri = format!("https://a.example{path}");
    http::Request::post(uri).body(()).unwrap()
}

impl Client {
    /// Sends a head; with `ends`, nothing follows it.
    async fn begin(
        &mut self,
        request: http::Request<()>,
        ends: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut ready = self.requests.clone().ready().await.unwrap();
        ready.send_request(request, ends).unwrap()
    }

    async fn ask(&mut self, request: http::Request<()>) -> http::Response<RecvStream> {
        let (answer, _) = self.begin(request, true).await;
        timeout(SOON, answer).await.unwrap().unwrap()
    }

    /// The status and the whole body of an answer.
    async fn fetch(&mut self, request: http::Request<()>) -> (u16, String) {
        let answer = self.ask(request).await;
        let status = answer.status().as_u16();
        (status, read(answer.into_body()).await.unwrap())
    }
}

/// The rest of a body, which must end as a complete one.
async fn read(mut body: RecvStream) -> Result<String, h2::Error> {
    let mut text = Vec::new();
    while let Some(chunk) = timeout(SOON, body.data()).await.unwrap() {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        text.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8(text).unwrap())
}
