//! What is asked of a proxy.

use super::peer::Peer;

#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    /// `?bytes=` says how long the upstream's answer is.
    pub(super) target: &'static str,
    /// Of the request's body.
    pub(super) body: usize,
    pub(super) connections: usize,
    /// Whether each request has a connection of its own.
    pub(super) is_closing: bool,
    /// Requests a second, all connections together; as many as go through where there is none.
    pub(super) rate: Option<u32>,
    pub(super) workers: usize,
    /// The answer comes from the proxy's memory.
    pub(super) is_cached: bool,
}

/// A route of which the gateway keeps nothing, and one of which it does.
const PLAIN: &str = "/client-api/clients?bytes=1024";
const MENU: &str = "/order-api/menu?bytes=1024";

const GET: Scenario = Scenario {
    name: "",
    method: "GET",
    target: PLAIN,
    body: 0,
    connections: 64,
    is_closing: false,
    rate: None,
    workers: 1,
    is_cached: false,
};

#[rustfmt::skip]
pub(super) const SCENARIOS: [Scenario; 11] = [
    Scenario { name: "GET 1 KiB, 64 connections", ..GET },
    Scenario { name: "GET 1 KiB, 1 connection", connections: 1, ..GET },
    Scenario { name: "GET 1 KiB, 512 connections", connections: 512, ..GET },
    Scenario { name: "GET 1 KiB, 64 connections, two workers", workers: 2, ..GET },
    Scenario { name: "POST 1 KiB", method: "POST", body: 1024, ..GET },
    Scenario { name: "GET 64 KiB", target: "/client-api/clients?bytes=65536", ..GET },
    Scenario { name: "GET 10 MiB, 8 connections", target: "/client-api/clients?bytes=10485760", connections: 8, ..GET },
    Scenario { name: "POST 1 MiB, 8 connections", method: "POST", body: 1024 * 1024 - 1, connections: 8, ..GET },
    Scenario { name: "GET 1 KiB, a connection for each", is_closing: true, ..GET },
    Scenario { name: "GET 1 KiB, 2000 a second", rate: Some(2000), ..GET },
    Scenario { name: "The menu, from memory", target: MENU, is_cached: true, ..GET },
];

impl Scenario {
    pub(super) fn is_for(&self, peer: &Peer) -> bool {
        (!self.is_cached || peer.can_cache()) && (self.workers == 1 || peer.has_threads())
    }
}
