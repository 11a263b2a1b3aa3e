//! A stand-in for the order service, as the kitchen and delivery see it: it lists orders, takes status changes and
//! remembers every one that it heard. It can be told to refuse or to say nothing, and be stopped and started again.
//!
//! The real one was rejected: it refuses nothing without a reason, and never hangs. Which moves it takes is simpler here:
//! a status may go up or stay.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use futures_util::FutureExt as _;
use serde_json::Value;
use shared_types::field::FromText as _;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use tokio::net::TcpSocket;
use tokio::sync::watch;

use super::{Client, eventually};
use crate::failure::Failure;
use crate::observe::observe;

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Answer,
    Refuse(Code),
    /// Nothing, until it is told to do something else, and then that.
    Hang,
}

/// It has one port for its life, at which nobody listens before its start and after its stop.
pub struct OrdersStandIn {
    addr: SocketAddr,
    /// Bound and never listening: connections are refused, and nobody else is given the port.
    _reservation: TcpSocket,
    running: Option<(ServerHandle, JoinHandle<io::Result<()>>)>,
    desk: Arc<Desk>,
}

/// What its handlers share with the test.
struct Desk {
    books: Mutex<Books>,
    conduct: watch::Sender<Conduct>,
}

#[derive(Default)]
struct Books {
    /// By id, which is by age.
    orders: BTreeMap<OrderId, Order>,
    heard: Vec<(String, OrderStatus)>,
    is_up: bool,
}

impl OrdersStandIn {
    /// One that is not there yet.
    ///
    /// # Panics
    /// There is no free port.
    #[must_use]
    pub fn away() -> Self {
        let reservation = socket_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Self {
            addr: reservation.local_addr().expect("it is bound"),
            _reservation: reservation,
            running: None,
            desk: Arc::new(Desk {
                books: Mutex::default(),
                conduct: watch::Sender::new(Conduct::Answer),
            }),
        }
    }

    /// One that serves these orders, until it is stopped or the test's runtime ends.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn with(orders: impl IntoIterator<Item = Order>) -> Self {
        let mut stand_in = Self::away();
        orders.into_iter().for_each(|order| stand_in.put(order));
        stand_in.start();
        stand_in
    }

    /// # Panics
    /// It cannot listen, for instance because it does already.
    pub fn start(&mut self) {
        let listener = socket_at(self.addr).listen(1024);
        let listener = listener.and_then(tokio::net::TcpListener::into_std);
        let desk = web::Data::from(Arc::clone(&self.desk));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(desk.clone())
                .wrap(from_fn(observe))
                .route("/commandes", web::get().to(list))
                .route("/commandes/{id}/status", web::patch().to(change))
        });
        let server = server.workers(1).disable_signals();
        let server = server.listen(listener.expect("it listens"));
        let mut server = server.expect("it listens").run();
        // It starts its threads when it is first asked how far it is. A test that blocks need not let it.
        let ended = (&mut server).now_or_never();
        assert!(ended.is_none(), "{ended:?}");
        self.desk.books().is_up = true;
        self.running = Some((server.handle(), actix_web::rt::spawn(server)));
    }

    /// Closes its port and every connection. What it has heard and was told stays.
    ///
    /// # Panics
    /// The server has failed before.
    pub async fn stop(&mut self) {
        self.desk.books().is_up = false;
        if let Some((handle, server)) = self.running.take() {
            handle.stop(false).await;
            server.await.expect("it ran").expect("it served");
        }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Adds an order, or puts it in the place of what it was before.
    pub fn put(&self, order: Order) {
        self.desk.books().orders.insert(order.id, order);
    }

    pub fn conduct(&self, conduct: Conduct) {
        self.desk.conduct.send_replace(conduct);
    }

    /// Every status change that was asked for, in the order of arrival: of which order, and to what. Those that were
    /// refused or not answered are among them.
    #[must_use]
    pub fn heard(&self) -> Vec<(String, OrderStatus)> {
        self.desk.books().heard.clone()
    }

    /// What was asked for of one order.
    #[must_use]
    pub fn heard_of(&self, order: &Order) -> Vec<OrderStatus> {
        let heard = self.heard().into_iter();
        let of_it = heard.filter(|(id, _)| *id == order.id.to_string());
        of_it.map(|(_, status)| status).collect()
    }

    /// Waits until it has this order there.
    ///
    /// # Panics
    /// It has not within 20 s.
    pub async fn until(&self, order: &Order, status: OrderStatus) {
        eventually(&format!("{} to become {status}", order.id), async || {
            let books = self.desk.books();
            let now = books.orders.get(&order.id)?.status;
            (now == status).then_some(())
        })
        .await;
    }
}

/// How many messages a service still keeps for the order service.
///
/// # Panics
/// It does not tell.
pub async fn waiting_for_orders(service: &Client) -> usize {
    const GAUGE: &str = "outbox_waiting_messages{recipient=\"orders\"} ";
    let metrics = service.get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body);
    let value = text.lines().find_map(|line| line.strip_prefix(GAUGE));
    let value = value.unwrap_or_else(|| panic!("{} {text}", metrics.status));
    value.parse().expect("a number")
}

impl Desk {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn consent(&self, to: Option<(String, OrderStatus)>) -> Result<(), Failure> {
        if !self.books().is_up {
            // The thread of a stopped server is about to end, and its connections with it.
            return std::future::pending().await;
        }
        self.books().heard.extend(to);
        let mut conduct = self.conduct.subscribe();
        let conduct = conduct.wait_for(|now| *now != Conduct::Hang).await;
        match conduct.as_deref() {
            Ok(Conduct::Refuse(code)) => Err(Failure::new(*code)),
            _ => Ok(()),
        }
    }
}

/// Both that hold the port say that they would share it, which lets one of them listen.
fn socket_at(addr: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    let reuse = socket.set_reuseaddr(true);
    reuse.and_then(|()| socket.bind(addr)).expect("a free port");
    socket
}

/// The newest first.
async fn list(
    desk: web::Data<Desk>,
    query: web::Query<BTreeMap<String, String>>,
) -> Result<HttpResponse, Failure> {
    desk.consent(None).await?;
    let wrong = || Failure::new(Code::ValidationFailed);
    let parameter = |name| query.get(name).map(String::as_str);
    let limit = parameter("limit").map_or(Ok(usize::MAX), str::parse);
    let limit = limit.map_err(|_no_number| wrong())?;
    let cursor = parameter("cursor").map(OrderId::from_text).transpose();
    let cursor = cursor.map_err(|_no_id| wrong())?;

    let books = desk.books();
    let asked_for = |order: &&Order| {
        parameter("status").is_none_or(|status| status == order.status.as_str())
            && cursor.is_none_or(|cursor| order.id < cursor)
    };
    let mut rest = books.orders.values().rev().filter(asked_for);
    let page: Vec<&Order> = rest.by_ref().take(limit).collect();
    let mut answer = HttpResponse::Ok();
    if let (Some(last), Some(_)) = (page.last(), rest.next()) {
        answer.insert_header(("x-next-cursor", last.id.to_string()));
    }
    Ok(answer.json(page))
}

async fn change(
    desk: web::Data<Desk>,
    id: web::Path<String>,
    body: web::Json<Value>,
) -> Result<HttpResponse, Failure> {
    let wrong = || Failure::new(Code::ValidationFailed);
    let status = body.get("status").and_then(Value::as_str).unwrap_or("");
    let status = OrderStatus::from_text(status).map_err(|_unknown| wrong())?;
    desk.consent(Some((id.clone(), status))).await?;

    let mut books = desk.books();
    let id = OrderId::from_text(&id).ok();
    let order = id.and_then(|id| books.orders.get_mut(&id));
    let order = order.ok_or_else(|| Failure::new(Code::OrderNotFound))?;
    if status.rank() < order.status.rank() {
        return Err(Failure::new(Code::ImpossibleTransition));
    }
    order.status = status;
    Ok(HttpResponse::Ok().json(&*order))
}
