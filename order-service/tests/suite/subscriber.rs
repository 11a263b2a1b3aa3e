//! A subscriber for tests: it records events, answers by a script, and can be stopped and started.

mod recorder;

use std::io;
use std::net::SocketAddr;

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpServer, web};
use serde_json::Value;
use service_kit::peer::PeerUrl;
use service_kit::testing::eventually;
use tokio::net::TcpSocket;

use recorder::Recorder;
pub(crate) use recorder::{Arrival, Reply, TAKEN};

/// It takes every event unless the script says otherwise.
pub(crate) struct Subscriber {
    recorder: web::Data<Recorder>,
    addr: SocketAddr,
    server: Option<(ServerHandle, JoinHandle<io::Result<()>>)>,
    /// Bound and not listening while it is stopped: the system refuses connections and gives the
    /// port to nobody else.
    port: Option<TcpSocket>,
}

impl Subscriber {
    pub(crate) async fn start() -> Self {
        let mut subscriber = Self {
            recorder: web::Data::default(),
            addr: "127.0.0.1:0".parse().unwrap(),
            server: None,
            port: None,
        };
        subscriber.resume().await;
        subscriber
    }

    pub(crate) fn url(&self) -> PeerUrl {
        format!("http://{}", self.addr).parse().unwrap()
    }

    /// Sets its answers from now on, also to the requests that it holds.
    pub(crate) fn answer(&self, script: impl Fn(&Value) -> Reply + Send + Sync + 'static) {
        self.recorder.follow(script);
    }

    /// Stops as in a crash: requests in flight get no answer, and nobody listens any more.
    pub(crate) async fn stop(&mut self) {
        let (handle, server) = self.server.take().unwrap();
        handle.stop(false).await;
        server.await.unwrap().unwrap();
        let port = eventually("its port to be closed", async || hold(self.addr).ok());
        self.port = Some(port.await);
    }

    /// Listens on the same port again.
    pub(crate) async fn resume(&mut self) {
        drop(self.port.take());
        let bound = eventually("its port to be free", async || {
            bind(&self.recorder, self.addr).ok()
        });
        let (addr, server) = bound.await;
        self.addr = addr;
        self.server = Some((server.handle(), actix_web::rt::spawn(server)));
    }

    /// Every request, in order of arrival.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.recorder.record().arrivals.clone()
    }

    /// The statuses in all events of an order, including the refused ones.
    pub(crate) fn attempts(&self, order: &Value) -> Vec<Value> {
        statuses(order, self.arrivals().iter())
    }

    /// The statuses in the events that it took.
    pub(crate) fn taken(&self, order: &Value) -> Vec<Value> {
        let arrivals = self.arrivals();
        statuses(order, arrivals.iter().filter(|arrival| arrival.is_taken()))
    }

    /// Whether it took another event while it held one of this order.
    pub(crate) fn is_not_held_up_by(&self, order: &Value) -> bool {
        let arrivals = self.arrivals();
        let mut taken = arrivals.iter().filter(|arrival| arrival.is_taken());
        taken.any(|arrival| arrival.concurrent.contains(&order["id"]))
    }

    /// Waits until it has taken exactly `statuses`.
    pub(crate) async fn receives(&self, order: &Value, statuses: &[&str]) {
        eventually("an order's events", async || {
            (self.taken(order).len() >= statuses.len()).then_some(())
        })
        .await;
        assert_eq!(self.taken(order), statuses);
    }

    /// Waits until it has taken `statuses` in this order, each at least once: an event is sent again
    /// if its answer comes too late.
    pub(crate) async fn hears(&self, order: &Value, statuses: &[&str]) {
        eventually("an order's events", async || {
            let mut taken = self.taken(order);
            taken.dedup();
            (taken == statuses).then_some(())
        })
        .await;
    }

    /// The highest number of simultaneous requests about one order.
    pub(crate) fn most_at_once(&self) -> usize {
        self.recorder.record().most_at_once
    }

    /// The highest number of simultaneous requests.
    pub(crate) fn most_together(&self) -> usize {
        self.recorder.record().most_together
    }
}

fn bind(recorder: &web::Data<Recorder>, addr: SocketAddr) -> io::Result<(SocketAddr, Server)> {
    let recorder = recorder.clone();
    let routes = move || {
        let app = App::new().app_data(recorder.clone());
        app.route("/events", web::post().to(recorder::take))
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

fn statuses<'a>(order: &Value, arrivals: impl Iterator<Item = &'a Arrival>) -> Vec<Value> {
    let events = arrivals.map(|arrival| &arrival.event);
    let about = events.filter(|event| event["subject"] == order["id"]);
    about.map(|event| event["data"]["status"].clone()).collect()
}
