//! Two hundred reloads while clients ask without a pause, each on one connection.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use super::{A, B, Site, config};
use crate::downstream_tls::Files;
use crate::scripted::json;

const RELOADS: usize = 200;

/// Clients of each protocol.
const CLIENTS: usize = 2;

/// How many requests are answered between two reloads, at least.
const BETWEEN: usize = 10;

/// What the clients share.
#[derive(Default)]
struct Load {
    answered: Cell<usize>,
    is_over: Cell<bool>,
}

impl Load {
    fn count(&self) {
        self.answered.set(self.answered.get() + 1);
    }
}

#[actix_web::test]
async fn two_hundred_reloads_under_load_fail_no_request_and_close_no_connection() {
    let (upstream, _) = json("200 OK", "{}").await;
    let free = |rows: &[&str]| format!("[limits]\nrate = \"off\"\n{}", config(upstream, rows));
    let valid = [
        free(&[A]),
        free(&[B, A]),
        free(&[A]).replace("retries = 0", "retries = 0\ntimeout = \"4s\""),
        free(&[A]).replace("[routes]", "[routes]\n# Another text."),
    ];
    let files = Rc::new(Files::new());
    let (cert, key) = (files.cert(), files.key());
    let variables = [
        ("GATEWAY_TLS_CERT", cert.to_str().unwrap()),
        ("GATEWAY_TLS_KEY", key.to_str().unwrap()),
    ];
    let site = Site::open_with(&valid[0], &variables);
    let load = Rc::new(Load::default());
    let mut clients = Vec::new();
    for number in 0..2 * CLIENTS {
        let (files, load, addr) = (Rc::clone(&files), Rc::clone(&load), site.public_addr);
        clients.push(actix_web::rt::spawn(async move {
            if number % 2 == 0 {
                http1(&files, addr, &load).await;
            } else {
                http2(&files, addr, &load).await;
            }
        }));
    }
    for number in 0..RELOADS {
        let answered = load.answered.get();
        if number % 2 == 0 {
            let edited = &valid[number / 2 % valid.len()];
            let _ = site.reload(edited).await.ok(200);
        } else {
            let wrong = config(upstream, &["{ path = \"/a\", outage = \"none\" }"]);
            let problem = site.reload(&wrong).await.problem(422, "config_invalid");
            let detail = &problem.detail;
            assert!(detail.contains("routes.backend[0].outage"), "{detail}");
        }
        while load.answered.get() < answered + BETWEEN {
            let has_failed = clients.iter().any(JoinHandle::is_finished);
            assert!(!has_failed, "a client got no answer");
            tokio::task::yield_now().await;
        }
    }
    load.is_over.set(true);
    for client in clients {
        client.await.unwrap();
    }
}

/// Asks on one HTTP/1.1 connection.
async fn http1(files: &Files, addr: SocketAddr, load: &Load) {
    let mut stream = files.connect(addr, &["http/1.1"]).await.unwrap();
    while !load.is_over.get() {
        let request = b"GET /a HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n{}") {
            let read = stream.read_buf(&mut answer).await.unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        load.count();
    }
}

/// Asks on one HTTP/2 connection.
async fn http2(files: &Files, addr: SocketAddr, load: &Load) {
    let stream = files.connect(addr, &["h2"]).await.unwrap();
    let (mut requests, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = actix_web::rt::spawn(connection);
    while !load.is_over.get() {
        let request = Request::get("https://localhost/a").body(()).unwrap();
        requests = requests.ready().await.unwrap();
        let (answer, _) = requests.send_request(request, true).unwrap();
        let (head, mut body) = answer.await.unwrap().into_parts();
        assert_eq!(head.status, 200);
        while let Some(piece) = body.data().await {
            let piece = piece.unwrap();
            body.flow_control().release_capacity(piece.len()).unwrap();
        }
        load.count();
    }
    drop(requests);
    connection.await.unwrap().unwrap();
}
