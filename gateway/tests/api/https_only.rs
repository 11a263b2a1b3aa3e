//! What keeps clients from clear text: the listener that leads to TLS, and the field that makes
//! browsers come over TLS only.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::Method;
use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::downstream_tls::Files;
use crate::scripted::{answering, raw};
use crate::{CONFIG, parse};

const SOON: Duration = Duration::from_secs(20);
const HSTS: &str = "strict-transport-security: max-age=15552000\r\n";

struct Site {
    files: Files,
    public: SocketAddr,
    operator: Client,
    clear: SocketAddr,
}

impl Site {
    /// Its upstream has a policy of its own.
    async fn open(config: &str) -> Self {
        let answer = "HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=1\r\ncontent-length: 2\r\n\r\n{}";
        let (backend, _seen) = answering(answer.to_owned()).await;
        let files = Files::new();
        let (cert, key) = (files.cert(), files.key());
        let env = Env::new(move |name| match name {
            "GATEWAY_BIND" | "GATEWAY_ADMIN_BIND" | "GATEWAY_HTTP_REDIRECT_BIND" => {
                Some("127.0.0.1:0".to_owned())
            }
            "GATEWAY_WORKERS" => Some("1".to_owned()),
            "GATEWAY_HSTS" => Some("180d".to_owned()),
            "GATEWAY_TLS_CERT" => Some(cert.to_str().unwrap().to_owned()),
            "GATEWAY_TLS_KEY" => Some(key.to_str().unwrap().to_owned()),
            "BACKEND_URL" => Some(format!("http://{backend}")),
            _ => None,
        });
        let gateway = Gateway::build(parse(config, &env)).unwrap();
        let site = Self {
            files,
            public: gateway.addr(),
            operator: Client::of(gateway.admin_addr()),
            clear: gateway.redirect_addr().unwrap(),
        };
        actix_web::rt::spawn(gateway.run_until(std::future::pending()));
        site
    }

    /// What the public port answers to these bytes.
    async fn over_tls(&self, request: &str) -> String {
        let mut stream = self
            .files
            .connect(self.public, &["http/1.1"])
            .await
            .unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Without `close_notify` the end is an error.
        let _ = timeout(SOON, stream.read_to_end(&mut answer))
            .await
            .unwrap();
        String::from_utf8(answer).unwrap()
    }
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
}

#[actix_web::test]
async fn clear_text_leads_to_the_same_place_over_tls() {
    let site = Site::open(CONFIG).await;
    let port = site.public.port();
    for (host, expected) in [
        ("a.example", "https://a.example/things?x=%2F".to_owned()),
        (
            "localhost:8080",
            format!("https://localhost:{port}/things?x=%2F"),
        ),
    ] {
        let answer = raw(site.clear, get("/things?x=%2F", host).as_bytes(), "").await;
        assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
        let line = format!("location: {expected}\r\n");
        assert!(answer.contains(&line), "{answer}");
        assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
        // It would not count here (RFC 6797 §7.2).
        assert!(!answer.contains("strict-transport-security"), "{answer}");
    }
    let client = Client::of(site.clear);
    for method in [Method::POST, Method::DELETE, Method::HEAD] {
        let answer = client.request(method.clone(), "/things/7").send().await;
        assert_eq!(answer.status, 308, "{method}");
    }
    let challenge = client.get("/.well-known/acme-challenge/abc").await;
    let location = challenge.header("location").unwrap();
    assert!(
        location.ends_with("/.well-known/acme-challenge/abc"),
        "{location}"
    );
}

#[actix_web::test]
async fn a_request_in_clear_text_that_names_no_host_is_refused() {
    let site = Site::open(CONFIG).await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a.example\r\nhost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: user@evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a.example/evil\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: \r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n",
    ] {
        let answer = raw(site.clear, request.as_bytes(), "bad_request").await;
        assert!(answer[8..].starts_with(" 400 "), "{request:?}: {answer}");
        assert!(answer.contains("\"code\":\"bad_request\""), "{answer}");
        assert!(!answer.contains("location:"), "{answer}");
    }
}

#[actix_web::test]
async fn the_listener_for_clear_text_has_the_bounds_of_the_public_one() {
    let config = CONFIG.replace("head_timeout = \"10s\"", "head_timeout = \"100ms\"");
    let config = config.replace(
        "connections = 1000",
        "connections = 1000\nconnections_per_client = 1",
    );
    let site = Site::open(&config).await;
    let mut slow = TcpStream::connect(site.clear).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a").await.unwrap();
    let second = raw(site.clear, get("/", "a.example").as_bytes(), "").await;
    assert_eq!(second, "");
    let mut answer = String::new();
    let read = slow.read_to_string(&mut answer);
    let _ = timeout(SOON, read).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[actix_web::test]
async fn every_answer_over_tls_says_for_how_long_to_come_over_tls_only() {
    let site = Site::open(CONFIG).await;
    for request in [
        get("/things", "localhost"),
        get("/status", "localhost"),
        get("/nothing", "localhost"),
        "GET /things HTTP/1.1\r\nhost: a b\r\n\r\n".to_owned(),
    ] {
        let answer = site.over_tls(&request).await;
        let told = answer.matches("strict-transport-security").count();
        assert_eq!(told, 1, "{answer}");
        assert!(answer.contains(HSTS), "{answer}");
    }
    // The operator's port has no TLS.
    let answer = site.operator.get("/public/things").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[test]
fn both_need_a_certificate() {
    for name in ["GATEWAY_HSTS", "GATEWAY_HTTP_REDIRECT_BIND"] {
        let env = Env::new(move |asked| {
            let value = match name {
                "GATEWAY_HSTS" => "1d",
                _ => "127.0.0.1:0",
            };
            (asked == name).then(|| value.to_owned())
        });
        let error = gateway::Config::load(None, &env).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name}: needs ")), "{error}");
    }
}
