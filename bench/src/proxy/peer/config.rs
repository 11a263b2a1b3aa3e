//! The settings of each peer: those that a plain reverse proxy needs, and no others.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use toml::Value;

use super::Setup;
use crate::Error;
use crate::programs::{gateway, nginx};

/// More connections than any scenario has.
const CONNECTIONS: usize = 25_000;

/// One client may have nearly all permits. Its share stays below the total, so that it is counted
/// as it always is.
const SHARE: usize = CONNECTIONS - 1;

/// The gateway's default file, with limits that none of the scenarios reaches, and the routes that
/// `setup` adds.
pub(super) fn gateway_file(setup: Setup) -> Result<String, Error> {
    // All clients share one address here.
    let mut file = gateway::file(&format!(
        "[limits]\nconnections = {CONNECTIONS}\nconnections_per_client = {CONNECTIONS}\n\
         [upstreams.clients]\nconcurrency = {{ requests = {CONNECTIONS}, queue = 200, \
         wait = \"250ms\", per_client = {SHARE} }}\n"
    ))?;
    for (_, row) in gateway::routes(&mut file) {
        // The query tells the upstream how long its answer should be. A row with a query cannot be
        // kept warm.
        if row.get("query") == Some(&Value::Array(Vec::new())) {
            row.insert("query".to_owned(), vec!["bytes"].into());
            row.remove("warm");
        }
    }
    let routes = file.get_mut("routes").and_then(|it| it.get_mut("clients"));
    let routes = routes.and_then(Value::as_array_mut);
    let routes = routes.ok_or("the default file has no routes of clients")?;
    for number in 0..setup.routes {
        let row = format!(
            "path = \"{}\"\nmethods = [\"GET\"]\nto = \"/clients\"\noutage = \"error\"\n",
            path(number)
        );
        routes.push(Value::Table(row.parse()?));
    }
    Ok(file.to_string())
}

/// The path of an added route: it has as many segments as the gateway's own, and shares its
/// beginning with others.
pub(crate) fn path(number: usize) -> String {
    format!("/growth-api/part-{}/things-{number}", number % 40)
}

pub(super) fn gateway_variables(
    addr: SocketAddr,
    upstream: SocketAddr,
    setup: Setup,
) -> Vec<(&'static str, String)> {
    let access = if setup.is_logged { "info" } else { "off" };
    let log = format!("info,actix_server=warn,actix_http=off,access={access}");
    let mut variables = gateway::variables(addr, upstream, setup.workers);
    variables.push(("RUST_LOG", log));
    variables
}

/// Makes `command`, which is nginx, use its file.
pub(super) fn nginx(
    command: &mut Command,
    folder: &Path,
    addr: SocketAddr,
    upstream: SocketAddr,
    setup: Setup,
) -> Result<(), Error> {
    let pass = format!("proxy_pass http://behind; {}", nginx::KEPT);
    let routes: String = (0..setup.routes)
        .map(|number| format!("location = {} {{ {pass} }}\n", path(number)))
        .collect();
    let settings = nginx::Settings {
        workers: setup.workers,
        connections: CONNECTIONS,
        is_logged: setup.is_logged,
        http: &format!(
            "proxy_cache_path {}/nginx-cache keys_zone=menu:1m;\n\
             keepalive_requests 1000000000;\nlarge_client_header_buffers 8 32k;\n\
             upstream behind {{ server {upstream}; keepalive {CONNECTIONS}; }}\n",
            folder.display()
        ),
        server: &format!(
            "{routes}\
             location ^~ /order-api/menu {{ {pass} proxy_cache menu; proxy_cache_valid 200 1h; }}\n\
             location / {{ {pass} proxy_request_buffering off; client_max_body_size 0; }}\n"
        ),
        listens: "",
    };
    settings.configure(command, folder, addr)
}

pub(super) fn haproxy(
    addr: SocketAddr,
    upstream: SocketAddr,
    setup: Setup,
    is_http: bool,
) -> String {
    let workers = setup.workers;
    let mode = if is_http {
        "http\n  http-reuse always"
    } else {
        "tcp"
    };
    let (to, each) = match setup.is_logged {
        true => (
            "  log stdout format raw local0\n",
            "  log global\n  option httplog\n",
        ),
        false => ("", ""),
    };
    format!(
        "global\n  nbthread {workers}\n  maxconn 4000\n{to}\
         defaults\n  mode {mode}\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n{each}\
         listen all\n  bind {addr}\n  server behind {upstream}\n"
    )
}

pub(super) fn caddy(folder: &Path, addr: SocketAddr, upstream: SocketAddr, setup: Setup) -> String {
    let log = match setup.is_logged {
        true => format!(
            "  log {{\n    output file {}/access.log\n  }}\n",
            folder.display()
        ),
        false => String::new(),
    };
    format!(
        "{{\n  admin off\n  auto_https off\n}}\n\
         http://{addr} {{\n{log}  reverse_proxy {upstream}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::USUAL;
    use super::{Setup, gateway_file, path};

    #[test]
    fn the_gateway_gets_as_many_more_routes_as_asked_for() {
        let rows = |config: &str| config.matches("path = ").count();
        let usual = gateway_file(USUAL).unwrap();
        let more = gateway_file(Setup {
            routes: 200,
            ..USUAL
        })
        .unwrap();
        assert_eq!(rows(&more), rows(&usual) + 200);
        assert!(more.contains(&path(199)));
    }
}
