//! An upstream for tests: it makes orders as the order service does, once for each key, answers by a
//! script, and can be stopped and started.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use service_kit::peer::PeerUrl;
use service_kit::testing::eventually;
use tokio::net::TcpSocket;
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Makes the order and answers 201.
    Made,
    /// Makes nothing.
    Status(u16),
    /// Makes the order, and never answers.
    Lost,
    /// No answer until the script changes. Nothing is made meanwhile.
    Held,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Value,
}

impl Arrival {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

type Script = Box<dyn Fn(&Arrival) -> Reply + Send + Sync>;

struct Book {
    script: watch::Sender<Script>,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    arrivals: Vec<Arrival>,
    /// The orders in the order of their making, each with its key.
    made: Vec<(String, Value)>,
    probes: usize,
    in_flight: HashMap<String, usize>,
    most_at_once_per_client: usize,
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap()
    }
}

pub(crate) struct Upstream {
    book: web::Data<Book>,
    addr: SocketAddr,
    server: Option<(ServerHandle, JoinHandle<io::Result<()>>)>,
    /// Bound and not listening while it is stopped: the system refuses connections and gives the
    /// port to nobody else.
    port: Option<TcpSocket>,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let mut upstream = Self {
            book: web::Data::new(Book {
                script: watch::Sender::new(Box::new(|_arrival| Reply::Made)),
                pages: Mutex::default(),
            }),
            addr: "127.0.0.1:0".parse().unwrap(),
            server: None,
            port: None,
        };
        upstream.resume().await;
        upstream
    }

    pub(crate) async fn stopped() -> Self {
        let mut upstream = Self::start().await;
        upstream.stop().await;
        upstream
    }

    pub(crate) fn url(&self) -> PeerUrl {
        format!("http://{}", self.addr).parse().unwrap()
    }

    /// Sets its answers from now on, also to the requests that it holds.
    pub(crate) fn answer(&self, script: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) {
        drop(self.book.script.send_replace(Box::new(script)));
    }

    /// Stops as in a crash: requests in flight get no answer, and nobody listens any more.
    pub(crate) async fn stop(&mut self) {
        let (handle, server) = self.server.take().unwrap();
        handle.stop(false).await;
        server.await.unwrap().unwrap();
        let port = eventually("its port to be closed", async || hold(self.addr).ok());
        self.port = Some(port.await);
    }

    pub(crate) async fn resume(&mut self) {
        drop(self.port.take());
        let bound = eventually("its port to be free", async || {
            bind(&self.book, self.addr).ok()
        });
        let (addr, server) = bound.await;
        self.addr = addr;
        self.server = Some((server.handle(), actix_web::rt::spawn(server)));
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.book.pages().arrivals.clone()
    }

    /// The bodies of the orders that were made, in their order.
    pub(crate) fn made(&self) -> Vec<Value> {
        let pages = self.book.pages();
        pages.made.iter().map(|(_, order)| order.clone()).collect()
    }

    pub(crate) fn probes(&self) -> usize {
        self.book.pages().probes
    }

    /// The highest number of simultaneous requests of one client.
    pub(crate) fn most_at_once_per_client(&self) -> usize {
        self.book.pages().most_at_once_per_client
    }

    /// Waits for this number of arrivals.
    pub(crate) async fn hears(&self, count: usize) {
        eventually("arrivals", async || {
            (self.arrivals().len() >= count).then_some(())
        })
        .await;
    }
}

async fn take(book: web::Data<Book>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().unwrap();
        (name.as_str().to_owned(), value.to_owned())
    });
    let arrival = Arrival {
        method: request.method().to_string(),
        target: request.uri().to_string(),
        headers: headers.collect(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let client = arrival.header("x-forwarded-for").unwrap_or_default();
    let visit = Visit::begin(&book, client, &arrival);
    let mut script = book.script.subscribe();
    let reply = loop {
        let reply = script.borrow_and_update()(&arrival);
        if reply != Reply::Held {
            break reply;
        }
        script.changed().await.unwrap();
    };
    if let Reply::Status(status) = reply {
        let status = StatusCode::from_u16(status).unwrap();
        let problem = json!({"code": "scripted", "status": status.as_u16()});
        return HttpResponse::build(status).json(problem);
    }
    let order = make(&book, &arrival);
    if reply == Reply::Lost {
        std::future::pending::<()>().await;
    }
    drop(visit);
    HttpResponse::Created().json(order)
}

/// Once for each key.
fn make(book: &Book, arrival: &Arrival) -> Value {
    let key = arrival.header("idempotency-key").unwrap().to_owned();
    let mut pages = book.pages();
    if let Some((_, order)) = pages.made.iter().find(|(made, _)| *made == key) {
        return order.clone();
    }
    let mut order = arrival.body.clone();
    order["id"] = arrival.header("x-deferred-id").unwrap().into();
    pages.made.push((key, order.clone()));
    order
}

/// A request in flight. It ends with its answer, or when its sender disconnects.
struct Visit<'a> {
    book: &'a Book,
    client: String,
}

impl<'a> Visit<'a> {
    fn begin(book: &'a Book, client: &str, arrival: &Arrival) -> Self {
        let mut pages = book.pages();
        let at_once = pages.in_flight.entry(client.to_owned()).or_default();
        *at_once += 1;
        let at_once = *at_once;
        pages.most_at_once_per_client = pages.most_at_once_per_client.max(at_once);
        pages.arrivals.push(arrival.clone());
        drop(pages);
        Self {
            book,
            client: client.to_owned(),
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        *self.book.pages().in_flight.get_mut(&self.client).unwrap() -= 1;
    }
}

async fn probe(book: web::Data<Book>) -> HttpResponse {
    book.pages().probes += 1;
    HttpResponse::Ok().finish()
}

fn bind(book: &web::Data<Book>, addr: SocketAddr) -> io::Result<(SocketAddr, Server)> {
    let book = book.clone();
    let routes = move || {
        App::new()
            .app_data(book.clone())
            .route("/ready", web::get().to(probe))
            .default_service(web::to(take))
    };
    let server = HttpServer::new(routes)
        .workers(1)
        .disable_signals()
        // A sender that disconnects waits no more.
        .h1_allow_half_closed(false)
        .bind(addr)?;
    Ok((server.addrs()[0], server.run()))
}

fn hold(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // The connections that were just closed still use the port.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}
