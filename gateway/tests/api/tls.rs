//! https upstreams: verified by the system's trust store, which `SSL_CERT_FILE` replaces here.

use std::process::Command;
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use service_kit::testing::{Client, Process};

/// A new certificate authority, and a server with a certificate that it signed for `name`.
fn https_server(name: &str) -> (String, std::net::SocketAddr) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let server = HttpServer::new(|| {
        App::new().default_service(web::to(|| async { HttpResponse::Ok().json("over TLS") }))
    })
    .workers(1)
    .disable_signals()
    .bind_rustls_0_23("127.0.0.1:0", config)
    .unwrap();
    let addr = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    (authority.pem(), addr)
}

/// The real binary, because the trust store belongs to the process.
fn gateway(trusted: &str, url: &str) -> (Process, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, trusted).unwrap();
    let process = Process::start(
        Command::new(env!("CARGO_BIN_EXE_gateway"))
            .env_clear()
            .env("GATEWAY_BIND", "127.0.0.1:0")
            .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
            .env("ORDERS_URL", url)
            .env("SSL_CERT_FILE", file),
    );
    (process, folder)
}

#[actix_web::test]
async fn an_https_upstream_with_a_trusted_certificate_is_used() {
    let (authority, addr) = https_server("localhost");
    let (process, _folder) = gateway(&authority, &format!("https://localhost:{}", addr.port()));
    let answer = Client::of(process.addr()).get("/order-api/menu").await;
    assert_eq!(answer.ok(200), "over TLS");
}

#[actix_web::test]
async fn an_untrusted_certificate_or_another_name_is_a_502() {
    let (authority, addr) = https_server("other.example");
    let (stranger, _) = https_server("localhost");
    for trusted in [&authority, &stranger] {
        let (process, _folder) = gateway(trusted, &format!("https://localhost:{}", addr.port()));
        let answer = Client::of(process.addr()).get("/order-api/menu").await;
        let _ = answer.problem(502, "upstream_unreachable");
    }
}
