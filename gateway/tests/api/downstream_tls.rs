//! TLS with clients: the choice of the protocol, and a certificate that is replaced while the
//! gateway serves.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use service_kit::testing::{Process, eventually};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::scripted::{json, raw};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

const CERT: &str = "GATEWAY_TLS_CERT";
const KEY: &str = "GATEWAY_TLS_KEY";

/// A self-signed certificate for `localhost`, in files that can be replaced.
pub(crate) struct Files {
    folder: TempDir,
    made: CertifiedKey<KeyPair>,
}

impl Files {
    pub(crate) fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
            made: self_signed(),
        };
        files.write();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn cert(&self) -> PathBuf {
        self.path("cert.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.path("key.pem")
    }

    fn write(&self) {
        replace(&self.cert(), &self.made.cert.pem());
        replace(&self.key(), &self.made.signing_key.serialize_pem());
    }

    /// Replaces the certificate in the files.
    fn renew(&mut self) {
        self.made = self_signed();
        self.write();
    }

    /// Trusts only the certificate in the file. No session is resumed: a resumed session shows no
    /// certificate.
    pub(crate) async fn connect(
        &self,
        gateway: SocketAddr,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(gateway).await?;
        self.shake_hands(stream, protocols).await
    }

    /// The same on an open connection.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.made.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        config.alpn_protocols = protocols.collect();
        let name = ServerName::try_from("localhost").unwrap();
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream);
        timeout(SOON, connected).await.unwrap()
    }
}

fn self_signed() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
}

fn replace(path: &Path, content: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, content).unwrap();
    fs::rename(&beside, path).unwrap();
}

fn command(files: &Files, backend: SocketAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command
        .env_clear()
        .env("GATEWAY_BIND", "127.0.0.1:0")
        .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
        .env("ORDERS_URL", format!("http://{backend}"))
        .env(CERT, files.cert())
        .env(KEY, files.key());
    command
}

/// The real binary, because its log is read.
pub(crate) async fn gateway(files: &Files) -> Process {
    let (backend, _seen) = json("200 OK", "{}").await;
    Process::start(&mut command(files, backend))
}

/// One exchange of HTTP/1.1, after which the connection stays open.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    let request = b"GET /order-api/menu HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n{}") {
        answer.push(timeout(SOON, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(answer).unwrap()
}

#[actix_web::test]
async fn client_and_gateway_choose_the_best_common_protocol() {
    let files = Files::new();
    let process = gateway(&files).await;
    for (offered, settled) in [
        (&["http/1.1", "h2"][..], Some("h2")),
        (&["h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = files.connect(process.addr(), offered).await.unwrap();
        let spoken = stream.get_ref().1.alpn_protocol();
        assert_eq!(spoken, settled.map(str::as_bytes), "{offered:?}");
    }
    assert!(files.connect(process.addr(), &["spdy/3"]).await.is_err());
}

#[actix_web::test]
async fn http_1_is_served_by_tls_as_in_clear_text() {
    let files = Files::new();
    let process = gateway(&files).await;
    for offered in [&["http/1.1"][..], &[]] {
        let mut stream = files.connect(process.addr(), offered).await.unwrap();
        for _ in 0..2 {
            let answer = ask(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
}

#[actix_web::test]
async fn clear_text_is_not_served_with_a_certificate() {
    let files = Files::new();
    let process = gateway(&files).await;
    for request in [
        "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = raw(process.addr(), request.as_bytes(), "").await;
        assert!(!answer.contains("HTTP"), "{answer}");
    }
    let mut stream = files.connect(process.addr(), &[]).await.unwrap();
    assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));
    let log = process.log();
    assert!(!log.iter().any(|line| line.contains("panic")), "{log:#?}");
}

#[actix_web::test]
async fn http_2_is_not_served_in_clear_text() {
    let gateway = crate::start(crate::CONFIG, crate::scripted::unused_address());
    let answer = raw(gateway, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "}").await;
    assert!(answer.starts_with("HTTP/1.1 505"), "{answer}");
}

#[actix_web::test]
async fn a_new_certificate_is_shown_without_a_restart_and_open_connections_go_on() {
    let mut files = Files::new();
    let process = gateway(&files).await;
    let mut open = files.connect(process.addr(), &[]).await.unwrap();
    let _ = ask(&mut open).await;

    replace(&files.key(), "no key at all");
    let line = process.line_with("stays the old one");
    assert!(
        line.contains(KEY) && !line.contains("no key at all"),
        "{line}"
    );
    let _ = files.connect(process.addr(), &[]).await.unwrap();

    files.renew();
    eventually("the new certificate", async || {
        files.connect(process.addr(), &[]).await.ok()
    })
    .await;
    let _ = process.line_with("has been replaced");
    assert!(ask(&mut open).await.starts_with("HTTP/1.1 200"));
}

#[actix_web::test]
async fn unusable_files_stop_the_start_with_64_and_the_variables_name() {
    let (files, absent) = (Files::new(), crate::scripted::unused_address());
    let stranger = Files::new();
    let other_key = stranger.key();
    let lost = files.path("lost.pem");
    for (name, value, named) in [
        (CERT, Path::new(""), CERT),
        (KEY, Path::new(""), KEY),
        (CERT, &lost, CERT),
        (KEY, &lost, KEY),
        (CERT, &other_key, CERT),
        (KEY, &other_key, KEY),
    ] {
        for subcommand in ["serve", "check"] {
            let mut command = command(&files, absent);
            let output = command.env(name, value).arg(subcommand).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(64), "{subcommand}: {told}");
            assert!(told.contains(&format!("gateway: {named}: ")), "{told}");
        }
    }
}
