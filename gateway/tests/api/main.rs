//! The gateway, seen from outside: before scripted upstreams, on free ports.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod against;
mod aggregates;
mod answers;
mod cache_control;
mod compression;
mod connections;
mod cors;
mod deadlines;
mod demo;
mod docs;
mod downstream_tls;
mod early_hints;
mod endings;
mod faults;
mod forwarding;
mod half_close;
mod http2;
mod https_only;
mod limits;
mod logs;
mod memory;
mod methods;
mod min_rate;
mod names;
mod operating;
mod operator;
mod outages;
mod per_client;
mod prefixes;
mod process;
mod rate;
mod refusals;
mod relay;
mod reload;
mod retries;
mod routing;
mod schema;
mod scripted;
mod shared_store;
mod shares;
mod streaming;
mod tls;
mod trace;
mod tracking;
mod watcher;
mod websocket;

use std::net::SocketAddr;

use gateway::{Config, Gateway};
use service_kit::env::Env;
use service_kit::testing::Client;

/// A configuration with one upstream, `backend`, with short timeouts and a few routes to it.
const CONFIG: &str = r#"
[limits]
uri = "1KiB"
head = "4KiB"
request_body = "64KiB"
connections = 1000
head_timeout = "10s"
stall_timeout = "10s"
idle_timeout = "30s"
rate = "off"

[upstreams.backend]
url = "http://127.0.0.1:1"
label = { fr = "Le service", en = "The service" }
timeout = "400ms"
retries = 0
breaker = { failures = 1000000, minimum = 1000000 }

[routes]
backend = [
    { path = "/things", methods = ["GET", "POST"], to = "/inner/things", outage = "error" },
    { path = "/things/{id}", methods = ["GET", "DELETE"], to = "/inner/{id}", outage = "error" },
]
"#;

/// A file with the shipped configuration, but without probes, documents and warm rows: an upstream then gets
/// only what a test sends.
fn without_probes() -> std::path::PathBuf {
    let silent = shipped_without_probes();
    let file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::write(&file, silent).unwrap();
    // Renamed into place, so that no other test reads an incomplete file.
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-probes.toml");
    file.persist(&path).unwrap();
    path
}

/// The text of that file.
fn shipped_without_probes() -> String {
    let shipped = include_str!("../../gateway.toml");
    let lines = shipped.lines();
    let lines: Vec<_> = lines
        .filter(|line| {
            !["probe = ", "openapi = "]
                .iter()
                .any(|key| line.starts_with(key))
        })
        .collect();
    lines.join("\n").replace(", warm = true", "")
}

/// [`CONFIG`] with timeouts for long exchanges.
fn patient() -> String {
    CONFIG.replace("400ms", "20s")
}

/// Parses a configuration, and holds it against the schema.
fn parse(text: &str, env: &Env) -> Config {
    schema::hold(text);
    Config::parse("test.toml", text, env).unwrap()
}

/// Starts a separate gateway for each test. It stops with the test's runtime.
fn start(config: &str, backend: SocketAddr) -> SocketAddr {
    start_with(config, backend, [])
}

fn start_with<const N: usize>(
    config: &str,
    backend: SocketAddr,
    variables: [(&'static str, &'static str); N],
) -> SocketAddr {
    let gateway = build(config, backend, variables);
    let addr = gateway.addr();
    actix_web::rt::spawn(gateway.run_until(std::future::pending()));
    addr
}

/// A gateway that does not run yet.
fn build<const N: usize>(
    config: &str,
    backend: SocketAddr,
    variables: [(&'static str, &'static str); N],
) -> Gateway {
    let backend = format!("http://{backend}");
    let env = Env::new(move |name| {
        let mut variables = variables.iter();
        let given = variables.find(|(known, _)| *known == name);
        given.map(|(_, value)| (*value).to_owned()).or(match name {
            "GATEWAY_BIND" | "GATEWAY_ADMIN_BIND" => Some("127.0.0.1:0".to_owned()),
            "GATEWAY_WORKERS" => Some("1".to_owned()),
            "BACKEND_URL" => Some(backend.clone()),
            _ => None,
        })
    });
    Gateway::build(parse(config, &env)).unwrap()
}

fn client(config: &str, backend: SocketAddr) -> Client {
    Client::of(start(config, backend))
}
