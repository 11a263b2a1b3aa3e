//! A fake order service: it lists orders, takes status changes and remembers every change.
//!
//! A test can make it refuse or hang, stop it and start it again. The real service cannot do these
//! on demand. The fake takes any change that does not move a status down.

mod answers;

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

use service_kit::observe::observe;
use service_kit::testing::{Client, eventually};

use answers::State;

/// How it treats requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Answer,
    Refuse(Code),
    /// It lists orders and refuses every change.
    RefuseChanges(Code),
    /// It answers nothing until the behaviour changes, then answers accordingly.
    Hang,
}

/// It has one port for its life. Nobody listens there before its start and after its stop.
pub struct FakeOrderService {
    addr: SocketAddr,
    /// Bound and never listening: the system refuses connections and gives the port to nobody else.
    _reservation: TcpSocket,
    running: Option<(ServerHandle, JoinHandle<io::Result<()>>)>,
    state: Arc<State>,
}

impl FakeOrderService {
    /// One that is not started yet.
    ///
    /// # Panics
    /// There is no free port.
    #[must_use]
    pub fn stopped() -> Self {
        let reservation = socket_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Self {
            addr: reservation.local_addr().expect("it is bound"),
            _reservation: reservation,
            running: None,
            state: Arc::new(State::new()),
        }
    }

    /// One that serves these orders until it is stopped or the test's runtime ends.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn serving(orders: impl IntoIterator<Item = Order>) -> Self {
        let mut service = Self::stopped();
        orders.into_iter().for_each(|order| service.put(order));
        service.start();
        service
    }

    /// # Panics
    /// It cannot listen, for instance because it already does.
    pub fn start(&mut self) {
        self.state.records().is_up = true;
        let listener = socket_at(self.addr).listen(1024);
        let listener = listener.and_then(tokio::net::TcpListener::into_std);
        let shared = web::Data::from(Arc::clone(&self.state));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .wrap(from_fn(observe))
                .configure(answers::configure)
        });
        let server = server.workers(1).disable_signals();
        let server = server.listen(listener.expect("it listens"));
        let mut server = server.expect("it listens").run();
        // The first poll starts its threads, so that it serves even while the test blocks.
        let ended = (&mut server).now_or_never();
        assert!(ended.is_none(), "{ended:?}");
        self.running = Some((server.handle(), actix_web::rt::spawn(server)));
    }

    /// Closes its port and every connection. Its orders and the changes that it remembers stay.
    ///
    /// # Panics
    /// The server failed before.
    pub async fn stop(&mut self) {
        self.state.records().is_up = false;
        if let Some((handle, server)) = self.running.take() {
            handle.stop(false).await;
            server.await.expect("it ran").expect("it served");
        }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Adds an order or replaces it.
    pub fn put(&self, order: Order) {
        self.state.records().orders.insert(order.id, order);
    }

    pub fn behave(&self, behaviour: Behaviour) {
        self.state.behaviour.send_replace(behaviour);
    }

    /// Every status change that was requested, in order of arrival, with the order's id. Refused
    /// and unanswered ones are included.
    #[must_use]
    pub fn changes(&self) -> Vec<(String, OrderStatus)> {
        self.state.records().changes.clone()
    }

    /// The changes of one order.
    #[must_use]
    pub fn changes_to(&self, order: &Order) -> Vec<OrderStatus> {
        let changes = self.changes().into_iter();
        let of_it = changes.filter(|(id, _)| *id == order.id.to_string());
        of_it.map(|(_, status)| status).collect()
    }

    /// The number of pages of orders that were requested.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.state.records().pages
    }

    /// Waits until an order has this status.
    ///
    /// # Panics
    /// The order has another status after a minute.
    pub async fn until(&self, order: &Order, status: OrderStatus) {
        eventually(&format!("{} to become {status}", order.id), async || {
            let records = self.state.records();
            let now = records.orders.get(&order.id)?.status;
            (now == status).then_some(())
        })
        .await;
    }
}

/// How many reports of a service wait for the order service.
///
/// # Panics
/// `/metrics` has no such number.
pub async fn waiting_reports(service: &Client) -> usize {
    const GAUGE: &str = "outbox_waiting_messages{recipient=\"orders\"} ";
    let metrics = service.get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body);
    let value = text.lines().find_map(|line| line.strip_prefix(GAUGE));
    let value = value.unwrap_or_else(|| panic!("{} {text}", metrics.status));
    value.parse().expect("a number")
}

/// Both sockets allow sharing the port, so one may listen while the other reserves it.
fn socket_at(addr: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    let reuse = socket.set_reuseaddr(true);
    reuse.and_then(|()| socket.bind(addr)).expect("a free port");
    socket
}
