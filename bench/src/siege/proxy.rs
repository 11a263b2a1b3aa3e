//! The proxies under attack: the gateway as it is shipped, and nginx with the same limits.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::attack::OWN;
use super::net::Certificate;
use crate::machine::free_addr;
use crate::service::Service;
use crate::{Error, nginx};

/// The length of the page that nginx has in place of the gateway's own.
const OWN_LENGTH: usize = 1_500_000;

#[derive(Clone, Debug)]
pub(super) enum Proxy {
    /// The folder of the gateway's program.
    Gateway(PathBuf),
    Nginx {
        program: PathBuf,
        /// nginx's `proxy_request_buffering`.
        awaits_bodies: bool,
    },
}

/// The upstreams of the proxy.
#[derive(Clone, Copy)]
pub(super) struct Behind {
    pub(super) clients: SocketAddr,
    pub(super) others: SocketAddr,
}

impl Proxy {
    /// Starts the proxy, with TLS if there is a certificate.
    pub(super) async fn start(
        &self,
        folder: &Path,
        behind: Behind,
        tls: Option<&Arc<Certificate>>,
    ) -> Result<Service, Error> {
        if let Some(certificate) = tls {
            certificate.write(folder)?;
        }
        match self {
            Self::Gateway(programs) => gateway(programs, folder, behind, tls.is_some()).await,
            Self::Nginx {
                program,
                awaits_bodies,
            } => {
                let addr = free_addr()?;
                let file = folder.join("nginx.conf");
                let own = folder.join(OWN.trim_start_matches('/'));
                if let Some(parent) = own.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(own, vec![b'.'; OWN_LENGTH])?;
                let text = config(folder, addr, behind, *awaits_bodies, tls.is_some());
                fs::write(&file, text)?;
                let mut command = Command::new(program);
                nginx::run(&mut command, folder, &file);
                Service::start_on(addr, command, &folder.join("nginx.log")).await
            }
        }
    }
}

/// The gateway as it is shipped, except for its addresses and its one worker, since nginx has one.
async fn gateway(
    programs: &Path,
    folder: &Path,
    behind: Behind,
    is_tls: bool,
) -> Result<Service, Error> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).to_string();
    let (clients, others) = (behind.clients, format!("http://{}", behind.others));
    let mut variables = vec![
        ("GATEWAY_BIND", any.clone()),
        ("GATEWAY_ADMIN_BIND", any),
        ("GATEWAY_WORKERS", "1".to_owned()),
        ("CLIENTS_URL", format!("http://{clients}")),
        ("ORDERS_URL", others.clone()),
        ("KITCHEN_URL", others.clone()),
        ("DELIVERY_URL", others),
    ];
    if is_tls {
        for (name, file) in [
            ("GATEWAY_TLS_CERT", "cert.pem"),
            ("GATEWAY_TLS_KEY", "key.pem"),
        ] {
            variables.push((name, folder.join(file).display().to_string()));
        }
    }
    Service::start(Command::new(programs.join("gateway")), folder, &variables).await
}

/// nginx's counterpart of `gateway.toml`, as far as nginx has it: 60 requests a second from one
/// address and 600 at once, a tenth of the connections, the same timeouts, and as many requests to
/// an upstream at once. Sign-ups have their own limit.
fn config(
    folder: &Path,
    addr: SocketAddr,
    behind: Behind,
    awaits_bodies: bool,
    is_tls: bool,
) -> String {
    let paths = nginx::paths(folder);
    let Behind { clients, others } = behind;
    let folder = folder.display();
    let awaits = if awaits_bodies { "on" } else { "off" };
    let tls = if is_tls {
        format!(
            "listen {addr} ssl http2;\n\
             ssl_certificate {folder}/cert.pem;\n\
             ssl_certificate_key {folder}/key.pem;\n"
        )
    } else {
        format!("listen {addr};\n")
    };
    format!(
        "daemon off;\n\
         master_process off;\n\
         pid {folder}/nginx.pid;\n\
         error_log stderr crit;\n\
         events {{ worker_connections 10000; }}\n\
         http {{\n\
         access_log off;\n\
         {paths}\
         client_header_timeout 10s;\n\
         client_body_timeout 30s;\n\
         send_timeout 30s;\n\
         keepalive_timeout 60s;\n\
         client_max_body_size 1m;\n\
         limit_req_zone $binary_remote_addr zone=all:1m rate=60r/s;\n\
         limit_req_zone $binary_remote_addr zone=accounts:1m rate={SIGN_UPS}r/m;\n\
         limit_conn_zone $binary_remote_addr zone=each:1m;\n\
         limit_req_status 429;\n\
         limit_conn_status 429;\n\
         upstream clients {{ zone clients 64k; server {clients} max_conns=1000; keepalive 64; }}\n\
         upstream others {{ zone others 64k; server {others} max_conns=1000; keepalive 64; }}\n\
         server {{\n\
         {tls}\
         limit_req zone=all burst=600 nodelay;\n\
         limit_conn each 1000;\n\
         proxy_http_version 1.1;\n\
         proxy_set_header Connection \"\";\n\
         proxy_connect_timeout 1s;\n\
         proxy_send_timeout 5s;\n\
         proxy_read_timeout 5s;\n\
         proxy_request_buffering {awaits};\n\
         location / {{ proxy_pass http://others; }}\n\
         location = /client-api/login {{ proxy_pass http://clients/auth/login; }}\n\
         location = /client-api/sessions {{ proxy_pass http://clients/auth/sessions; }}\n\
         location = /client-api/clients {{\n\
         limit_req zone=all burst=600 nodelay;\n\
         limit_req zone=accounts burst={SIGN_UPS_AT_ONCE} nodelay;\n\
         proxy_pass http://clients/clients;\n\
         }}\n\
         location = {OWN} {{ root {folder}; }}\n\
         }}\n\
         }}\n"
    )
}

/// The `rate_limit` of the gateway's row for new accounts: how many a minute, and how many at once.
const SIGN_UPS: u32 = 10;
const SIGN_UPS_AT_ONCE: u32 = 100;
