//! The proxies under attack: the gateway as it is shipped, and nginx with the same limits.

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};

use super::attack::OWN;
use super::net::Certificate;
use crate::Error;
use crate::machine::any;
use crate::programs::service::Service;
use crate::programs::{Place, gateway, nginx};
use crate::report::MIB;
use crate::traffic::filler::{Filler, Framing};
use crate::traffic::upstream::Upstream;

/// The length of the page that nginx has in place of the gateway's own.
const OWN_LENGTH: usize = 1_500_000;

/// The end of the paths whose answer is large.
const LARGE: &str = "/large";

const ORDER: &str = r#"{"id":"7","status":"EN_PREPARATION","totalPrice":12.50}"#;

#[derive(Clone, Debug)]
pub(super) enum Proxy {
    Gateway,
    Nginx {
        program: PathBuf,
        /// nginx's `proxy_request_buffering`.
        awaits_bodies: bool,
    },
}

/// The upstreams of the proxy.
pub(super) struct Behind {
    /// The client service, which keeps the accounts, with its own database.
    clients: Service,
    /// Answers everything at once.
    others: Upstream,
}

impl Behind {
    pub(super) async fn open(place: &Place, folder: &Path) -> Result<Self, Error> {
        let variables = [
            ("CLIENT_SERVICE_BIND", any().to_string()),
            ("SEED_DEMO", "false".to_owned()),
        ];
        let program = Command::new(place.program("client-service"));
        Ok(Self {
            clients: Service::start(program, folder, &variables).await?,
            others: Upstream::open(answer).await?,
        })
    }
}

async fn answer(request: Request<Incoming>) -> Response<BoxBody<Bytes, Infallible>> {
    let (head, body) = request.into_parts();
    // A body that breaks off is the sender's problem.
    let _ = body.collect().await;
    let path = head.uri.path();
    let body = if path.ends_with(LARGE) {
        Filler::new(MIB, Framing::Length).boxed()
    } else if path == "/orders" || path == "/livraisons" {
        Full::from("[]").boxed()
    } else {
        Full::from(ORDER).boxed()
    };
    let mut answer = Response::new(body);
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}

impl Proxy {
    /// Starts the proxy, with TLS if there is a certificate.
    pub(super) async fn start(
        &self,
        place: &Place,
        folder: &Path,
        behind: &Behind,
        tls: Option<&Certificate>,
    ) -> Result<Service, Error> {
        if let Some(certificate) = tls {
            certificate.write(folder)?;
        }
        let (clients, others) = (behind.clients.addr(), behind.others.addr);
        match self {
            Self::Gateway => {
                let mut variables = variables(clients, others);
                if tls.is_some() {
                    let file = |name| folder.join(name).display().to_string();
                    variables.push(("GATEWAY_TLS_CERT", file("cert.pem")));
                    variables.push(("GATEWAY_TLS_KEY", file("key.pem")));
                }
                let program = Command::new(place.program("gateway"));
                Service::start(program, folder, &variables).await
            }
            Self::Nginx {
                program,
                awaits_bodies,
            } => {
                let own = folder.join(OWN.trim_start_matches('/'));
                fs::create_dir_all(own.parent().unwrap_or(folder))?;
                fs::write(own, vec![b'.'; OWN_LENGTH])?;
                let certificate = format!(
                    "ssl_certificate {0}/cert.pem;\nssl_certificate_key {0}/key.pem;\n",
                    folder.display()
                );
                let server = server(folder, *awaits_bodies);
                let settings = nginx::Settings {
                    workers: 1,
                    connections: 10_000,
                    is_logged: false,
                    http: &http(clients, others),
                    server: &match tls {
                        Some(_) => certificate + &server,
                        None => server,
                    },
                    listens: tls.map_or("", |_| " ssl http2"),
                };
                nginx::start(program, folder, settings).await
            }
        }
    }
}

/// The gateway as it is shipped, except for its addresses and its one worker, since nginx has one.
fn variables(clients: SocketAddr, others: SocketAddr) -> Vec<(&'static str, String)> {
    let mut variables = gateway::variables(any(), others, 1);
    variables.retain(|(name, _)| *name != "GATEWAY_RATE_LIMIT");
    // The last value of a variable counts.
    variables.push(("CLIENTS_URL", format!("http://{clients}")));
    variables
}

/// The `rate_limit` of the gateway's row for new accounts: how many a minute, and how many at once.
const SIGN_UPS: u32 = 10;
const SIGN_UPS_AT_ONCE: u32 = 100;

/// nginx's counterpart of `gateway.toml`, as far as nginx has it: 60 requests a second from one
/// address and 600 at once, a tenth of the connections, the same timeouts, and as many requests to
/// an upstream at once. Sign-ups have their own limit. Refusals are not logged.
fn http(clients: SocketAddr, others: SocketAddr) -> String {
    format!(
        "error_log stderr crit;\n\
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
         upstream others {{ zone others 64k; server {others} max_conns=1000; keepalive 64; }}\n"
    )
}

fn server(folder: &Path, awaits_bodies: bool) -> String {
    let (folder, kept) = (folder.display(), nginx::KEPT);
    let awaits = if awaits_bodies { "on" } else { "off" };
    format!(
        "limit_req zone=all burst=600 nodelay;\n\
         limit_conn each 1000;\n\
         {kept}\n\
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
         location = {OWN} {{ root {folder}; }}\n"
    )
}
