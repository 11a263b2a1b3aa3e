//! The scenarios: the load on a proxy and its setup.

use toml::Value;

use super::Load;
use super::peer::{Kind, Setup, USUAL};
use super::runs::Case;
use crate::Error;
use crate::programs::gateway;
use crate::traffic::wire::Request;

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) load: Load,
    pub(super) setup: Setup,
    takes: Takes,
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

/// Stands in for `{id}` in the path of a route.
const ID: &str = "7b0f3a52-6f3c-4f1e-9a4e-0d6c1b2a3f40";

/// The length of a body in the route-table scenario.
const BODY: usize = 1024;

/// A GET of a route whose answers the gateway does not keep, for an answer of `bytes`.
fn get(bytes: usize) -> Request {
    let target = format!("{}?bytes={bytes}", gateway::PATH);
    Request::new("GET", &target, 0)
}

fn post(bytes: usize) -> Request {
    let target = format!("{}?bytes=1024", gateway::PATH);
    Request::new("POST", &target, bytes)
}

/// One request again and again.
fn repeated(name: &'static str, connections: usize, request: Request) -> Scenario {
    Scenario {
        name,
        load: Load {
            connections,
            is_closing: false,
            rate: None,
            requests: vec![request],
        },
        setup: USUAL,
        takes: Takes::Proxies,
    }
}

pub(super) fn plainest() -> Scenario {
    Scenario {
        takes: Takes::All,
        ..repeated("GET 1 KiB, 64 connections", 64, get(1024))
    }
}

/// All scenarios with one worker, then with two.
pub(super) fn all() -> Result<Vec<Scenario>, Error> {
    let mut logged = repeated(
        "GET 1 KiB, 64 connections, each request logged",
        64,
        get(1024),
    );
    logged.setup.is_logged = true;
    logged.takes = Takes::Http;
    let mut steady = repeated("GET 1 KiB, 2000 a second", 64, get(1024));
    steady.load.rate = Some(2000);
    let closing = get(1024).with_field("connection", "close");
    let mut closing = repeated("GET 1 KiB, a connection for each", 64, closing);
    closing.load.is_closing = true;
    let menu = Request::new("GET", "/order-api/menu?bytes=1024", 0);
    let mut menu = repeated("The menu from memory, 64 connections", 64, menu);
    menu.takes = Takes::Caches;
    let mut table = repeated("The whole route table, 64 connections", 64, get(1024));
    table.load.requests = route_table()?;
    table.takes = Takes::Http;
    let one = [
        plainest(),
        logged,
        repeated("GET 1 KiB, 1 connection", 1, get(1024)),
        repeated("GET 1 KiB, 512 connections", 512, get(1024)),
        steady,
        closing,
        repeated("GET 64 KiB, 64 connections", 64, get(64 * 1024)),
        repeated("GET 10 MiB, 8 connections", 8, get(10 * 1024 * 1024)),
        repeated("POST 1 KiB, 64 connections", 64, post(1024)),
        repeated("POST 1 MiB, 8 connections", 8, post(1024 * 1024 - 1)),
        menu,
        table,
    ];
    let mut two = one.clone();
    for scenario in &mut two {
        scenario.setup.workers = 2;
    }
    Ok(one.into_iter().chain(two).collect())
}

/// The gateway's own route table as requests: one for each method of each row.
fn route_table() -> Result<Vec<Request>, Error> {
    let mut file = gateway::file("")?;
    let mut requests = Vec::new();
    for (_, row) in gateway::routes(&mut file) {
        let path = row.get("path").and_then(Value::as_str).unwrap_or_default();
        let target = format!("{}?bytes=1024", path.replace("{id}", ID));
        let methods = row.get("methods").and_then(Value::as_array);
        for method in methods.into_iter().flatten().filter_map(Value::as_str) {
            let has_body = ["POST", "PUT", "PATCH"].contains(&method);
            let body = if has_body { BODY } else { 0 };
            requests.push(Request::new(method, &target, body));
        }
    }
    Ok(requests)
}

impl Scenario {
    /// This scenario with a peer.
    pub(super) fn case(&self, peer: Kind) -> Case {
        Case {
            what: self.name,
            number: self.setup.workers,
            peer,
        }
    }

    pub(super) fn is_for(&self, peer: Kind) -> bool {
        match peer {
            Kind::Gateway | Kind::Nginx => true,
            Kind::Relay | Kind::Caddy | Kind::FastApi if self.setup.workers == 2 => false,
            Kind::Haproxy | Kind::Caddy => self.takes != Takes::Caches,
            Kind::Relay => matches!(self.takes, Takes::All | Takes::Proxies),
            Kind::FastApi => self.takes == Takes::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ID, route_table};

    #[test]
    fn each_method_of_a_row_is_a_request() {
        let table = route_table().unwrap();
        assert!(table.len() > 20, "{table:?}");
        let has = |method: &str| {
            let line = format!("{method} /client-api/clients/{ID}?bytes=1024 HTTP/1.1\r\n");
            table
                .iter()
                .any(|request| request.bytes().starts_with(line.as_bytes()))
        };
        assert!(has("GET") && has("DELETE") && !has("{"));
    }
}
