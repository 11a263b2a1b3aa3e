//! The settings of each peer: those that a plain reverse proxy needs, and no others.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::Setup;
use crate::gateway::{Change, DEFAULT_FILE};
use crate::{Error, gateway, nginx};

/// More connections than any scenario has.
const CONNECTIONS: &str = "25000";

const SHARE: &str = "24999";

/// The gateway's default file, with limits that none of the scenarios reaches, and the routes that
/// `setup` adds.
pub(super) fn gateway_file(setup: Setup) -> Result<String, Error> {
    let mut config = fs::read_to_string(DEFAULT_FILE)?;
    // All clients share one address here.
    for key in ["connections", "connections_per_client"] {
        let change = Change {
            table: "[limits]",
            key,
            value: CONNECTIONS,
        };
        let changed = change.apply(&config);
        config = changed.ok_or_else(|| format!("{DEFAULT_FILE} has no limits.{key}"))?;
    }
    let more: String = (0..setup.routes).map(|number| {
        let path = path(number);
        format!("    {{ path = \"{path}\", methods = [\"GET\"], to = \"/clients\", outage = \"error\" }},\n")
    }).collect();
    // One client may have nearly all permits. Its share stays below the total, so that it is
    // counted as it always is.
    let concurrency = format!(
        "concurrency = {{ requests = {CONNECTIONS}, queue = 200, wait = \"250ms\", per_client = {SHARE} }}\n"
    );
    let config = extended(&config, "\n[upstreams.clients]\n", &concurrency)?;
    // The query tells the upstream how long its answer should be.
    let config = config.replace("query = []", "query = [\"bytes\"]");
    extended(&config, "\nclients = [\n", &more)
}

/// `config` with `more` after `line`, which must be in it.
fn extended(config: &str, line: &str, more: &str) -> Result<String, Error> {
    if !config.contains(line) {
        return Err(format!("{DEFAULT_FILE} has no {}", line.trim()).into());
    }
    Ok(config.replacen(line, &format!("{line}{more}"), 1))
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
    let mut variables = gateway::variables(addr, upstream, setup.workers).to_vec();
    variables.push(("RUST_LOG", log));
    variables
}

/// nginx's file. A single worker needs no master process.
pub(super) fn nginx(folder: &Path, addr: SocketAddr, upstream: SocketAddr, setup: Setup) -> String {
    let paths = nginx::paths(folder);
    let (folder, workers) = (folder.display(), setup.workers);
    let master = if workers == 1 {
        "master_process off;\n"
    } else {
        ""
    };
    let log = match setup.is_logged {
        true => format!("{folder}/access.log"),
        false => "off".to_owned(),
    };
    let pass =
        "proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection \"\";";
    let routes: String = (0..setup.routes)
        .map(|number| format!("location = {} {{ {pass} }}\n", path(number)))
        .collect();
    format!(
        "daemon off;\n{master}worker_processes {workers};\n\
         pid {folder}/nginx.pid;\nerror_log stderr error;\n\
         events {{ worker_connections {CONNECTIONS}; }}\n\
         http {{\n\
         access_log {log};\n\
         {paths}\
         proxy_cache_path {folder}/nginx-cache keys_zone=menu:1m;\n\
         keepalive_requests 1000000000;\nlarge_client_header_buffers 8 32k;\n\
         upstream behind {{ server {upstream}; keepalive {CONNECTIONS}; }}\n\
         server {{\nlisten {addr};\n{routes}\
         location ^~ /order-api/menu {{ {pass} proxy_cache menu; proxy_cache_valid 200 1h; }}\n\
         location / {{ {pass} proxy_request_buffering off; client_max_body_size 0; }}\n\
         }}\n}}\n"
    )
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
        let rows = |config: &str| config.matches("{ path = ").count();
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
