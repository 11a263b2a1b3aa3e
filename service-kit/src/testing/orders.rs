//! A stand-in for the order service, as the kitchen and delivery see it: it lists orders, takes status changes and
//! remembers every one that it heard. It can be told to refuse or to say nothing, and be stopped and started again.
//!
//! The real one was rejected: it refuses nothing without a reason, and never hangs. Which moves it takes is simpler here:
//! a status may go up or stay.

mod desk;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpServer, web};
use futures_util::FutureExt as _;
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use tokio::net::TcpSocket;

use super::{Client, eventually};
use crate::observe::observe;
use desk::Desk;

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Answer,
    Refuse(Code),
    /// It lists orders and takes no change of any.
    RefuseChanges(Code),
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
            desk: Arc::new(Desk::new()),
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
        self.desk.books().is_up = true;
        let listener = socket_at(self.addr).listen(1024);
        let listener = listener.and_then(tokio::net::TcpListener::into_std);
        let shared = web::Data::from(Arc::clone(&self.desk));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .wrap(from_fn(observe))
                .configure(desk::configure)
        });
        let server = server.workers(1).disable_signals();
        let server = server.listen(listener.expect("it listens"));
        let mut server = server.expect("it listens").run();
        // It starts its threads when it is first asked how far it is. A test that blocks need not let it.
        let ended = (&mut server).now_or_never();
        assert!(ended.is_none(), "{ended:?}");
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

    /// How many pages of orders were asked for.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.desk.books().pages
    }

    /// Waits until it has this order there.
    ///
    /// # Panics
    /// It has not within a minute.
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

/// Both that hold the port say that they would share it, which lets one of them listen.
fn socket_at(addr: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    let reuse = socket.set_reuseaddr(true);
    reuse.and_then(|()| socket.bind(addr)).expect("a free port");
    socket
}
