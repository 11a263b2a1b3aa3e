//! The scenarios: the load on a proxy and its setup.

use std::net::SocketAddr;

use super::load::{Load, Request};
use super::peer::{Kind, Peer, Setup, USUAL};
use super::routes;
use crate::Error;

#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    asks: Asks,
    pub(super) connections: usize,
    /// Whether each request has its own connection.
    pub(super) is_closing: bool,
    /// Requests per second over all connections; without it, as many as get through.
    pub(super) rate: Option<u32>,
    pub(super) setup: Setup,
    takes: Takes,
}

#[derive(Clone, Copy, Debug)]
enum Asks {
    One {
        method: &'static str,
        /// The query's `?bytes=` says how long the upstream's answer is.
        target: &'static str,
        /// The length of the request's body.
        body: usize,
    },
    /// Each row of the gateway's table, in turn.
    RouteTable,
}

/// The peers that take part with one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// All of them, even those known to be slow.
    All,
    Proxies,
    /// The proxies that look at requests.
    Http,
    /// The proxies that can answer from memory in this setup.
    Caches,
}

const fn get(target: &'static str) -> Asks {
    Asks::One {
        method: "GET",
        target,
        body: 0,
    }
}

const fn post(body: usize) -> Asks {
    Asks::One {
        method: "POST",
        target: "/client-api/clients?bytes=1024",
        body,
    }
}

/// Asks a route whose answers the gateway does not keep.
const SMALL: Scenario = Scenario {
    name: "",
    asks: get("/client-api/clients?bytes=1024"),
    connections: 64,
    is_closing: false,
    rate: None,
    setup: USUAL,
    takes: Takes::Proxies,
};

const LOGGED: Setup = Setup {
    is_logged: true,
    ..USUAL
};

pub(super) const PLAINEST: Scenario = Scenario {
    name: "GET 1 KiB, 64 connections",
    takes: Takes::All,
    ..SMALL
};

#[rustfmt::skip]
const SCENARIOS: [Scenario; 12] = [
    PLAINEST,
    Scenario { name: "GET 1 KiB, 64 connections, each request logged", setup: LOGGED, takes: Takes::Http, ..SMALL },
    Scenario { name: "GET 1 KiB, 1 connection", connections: 1, ..SMALL },
    Scenario { name: "GET 1 KiB, 512 connections", connections: 512, ..SMALL },
    Scenario { name: "GET 1 KiB, 2000 a second", rate: Some(2000), ..SMALL },
    Scenario { name: "GET 1 KiB, a connection for each", is_closing: true, ..SMALL },
    Scenario { name: "GET 64 KiB, 64 connections", asks: get("/client-api/clients?bytes=65536"), ..SMALL },
    Scenario { name: "GET 10 MiB, 8 connections", asks: get("/client-api/clients?bytes=10485760"), connections: 8, ..SMALL },
    Scenario { name: "POST 1 KiB, 64 connections", asks: post(1024), ..SMALL },
    Scenario { name: "POST 1 MiB, 8 connections", asks: post(1024 * 1024 - 1), connections: 8, ..SMALL },
    Scenario { name: "The menu from memory, 64 connections", asks: get("/order-api/menu?bytes=1024"), takes: Takes::Caches, ..SMALL },
    Scenario { name: "The whole route table, 64 connections", asks: Asks::RouteTable, takes: Takes::Http, ..SMALL },
];

/// All scenarios with one worker, then with two.
pub(super) fn all() -> impl Iterator<Item = Scenario> {
    let with = |workers| {
        SCENARIOS.into_iter().map(move |mut scenario| {
            scenario.setup.workers = workers;
            scenario
        })
    };
    with(1).chain(with(2))
}

/// The length of a body in the route-table scenario.
const BODY: usize = 1024;

impl Scenario {
    pub(super) fn has_two_workers(&self) -> bool {
        self.setup.workers == 2
    }

    pub(super) fn is_for(&self, peer: &Peer) -> bool {
        match peer.kind() {
            Kind::Gateway | Kind::Nginx => true,
            Kind::Relay | Kind::Caddy | Kind::FastApi if self.has_two_workers() => false,
            Kind::Haproxy | Kind::Caddy => self.takes != Takes::Caches,
            Kind::Relay => matches!(self.takes, Takes::All | Takes::Proxies),
            Kind::FastApi => self.takes == Takes::All,
        }
    }

    /// The load on a proxy at `addr`.
    pub(super) fn load(&self, addr: SocketAddr) -> Result<Load, Error> {
        Ok(Load {
            addr,
            connections: self.connections,
            is_closing: self.is_closing,
            rate: self.rate,
            requests: self.requests()?,
        })
    }

    fn requests(&self) -> Result<Vec<Request>, Error> {
        Ok(match self.asks {
            Asks::One {
                method,
                target,
                body,
            } => vec![Request::new(method, target, body)],
            Asks::RouteTable => {
                let request = |ask: routes::Ask| {
                    let has_body = ["POST", "PUT", "PATCH"].contains(&&*ask.method);
                    let body = if has_body { BODY } else { 0 };
                    Request::new(&ask.method, &format!("{}?bytes=1024", ask.path), body)
                };
                routes::all()?.into_iter().map(request).collect()
            }
        })
    }
}
