//! Clients that are slow on purpose, in large numbers.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::{Client, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{GET, OTHER, ask, connect, with};
use crate::scripted::{read_head, read_request, serving};

/// More than the system buffers between the gateway and a client that reads nothing.
const LARGE: usize = 4 * 1024 * 1024;

const GET_LARGE: &str = "GET /things/large HTTP/1.1\r\nhost: x\r\n\r\n";

/// A gateway with its operator's port.
struct Site {
    gateway: SocketAddr,
    operator: Client,
}

impl Site {
    async fn open(config: &str) -> Self {
        let backend = format!("http://{}", upstream().await);
        let env = Env::new(move |name| match name {
            "GATEWAY_BIND" | "GATEWAY_ADMIN_BIND" => Some("127.0.0.1:0".to_owned()),
            "GATEWAY_WORKERS" => Some("1".to_owned()),
            "BACKEND_URL" => Some(backend.clone()),
            _ => None,
        });
        let config = crate::parse(config, &env);
        let gateway = Gateway::build(config).unwrap();
        let site = Self {
            gateway: gateway.addr(),
            operator: Client::of(gateway.admin_addr()),
        };
        actix_web::rt::spawn(gateway.run_until(std::future::pending()));
        site
    }

    /// The value of a metric of its upstream.
    async fn figure(&self, metric: &str) -> u64 {
        let answer = self.operator.get("/metrics").await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(metric));
        line.map_or(0, |value| value.trim().parse().unwrap())
    }

    async fn transfers(&self) -> u64 {
        self.figure("gateway_upstream_transfers{upstream=\"backend\"}")
            .await
    }

    async fn permits(&self) -> u64 {
        self.figure("gateway_upstream_requests_in_flight{upstream=\"backend\"}")
            .await
    }

    /// Checks that another client is always served.
    async fn serves(&self, client: Ipv4Addr) {
        for _ in 0..50 {
            let answer = ask(client, self.gateway, GET).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
}

/// Answers with a large body or a small one.
async fn upstream() -> SocketAddr {
    let large: Rc<[u8]> = vec![b'x'; LARGE].into();
    serving(move |mut stream| {
        let large = Rc::clone(&large);
        async move {
            while let Some(request) = read_request(&mut stream).await {
                let body = match request.starts_with("GET /inner/large ") {
                    true => &large[..],
                    false => b"{}",
                };
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).await.unwrap();
                if stream.write_all(body).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

/// A client that asks for the large answer and reads only its head.
async fn slow_reader(client: Ipv4Addr, gateway: SocketAddr) -> (TcpStream, String) {
    let mut stream = connect(client, gateway).await;
    stream.write_all(GET_LARGE.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await.unwrap();
    (stream, head)
}

#[actix_web::test]
async fn slow_readers_of_one_address_take_only_their_share_of_the_permits() {
    let site = Site::open(&with("requests = 20, queue = 10, wait = \"50ms\"")).await;
    let client = Ipv4Addr::new(127, 0, 0, 1);
    let mut open = Vec::new();
    let mut refused = 0;
    for _ in 0..10 {
        let (stream, head) = slow_reader(client, site.gateway).await;
        refused += usize::from(head.starts_with("HTTP/1.1 429"));
        open.push(stream);
    }
    // Its share is two transfers and two permits.
    assert!(refused >= 6, "{refused} refused");
    site.serves(OTHER).await;
    eventually("its transfers", async || {
        (site.transfers().await == 2).then_some(())
    })
    .await;
    assert!(site.permits().await <= 2);
}

#[actix_web::test]
async fn sixty_slow_readers_hold_no_permit_and_are_not_the_upstreams_failure() {
    let failing_soon = "requests = 100, queue = 10, wait = \"50ms\", per_client = 50 }\n\
                        breaker = { failures = 1, minimum = 1, percent = 1, open = \"1h\"";
    let config =
        with(failing_soon).replace("breaker = { failures = 1000000, minimum = 1000000 }", "");
    let site = Site::open(&config.replace("timeout = \"20s\"", "timeout = \"1s\"")).await;
    let mut open = Vec::new();
    for number in 0..60 {
        let client = Ipv4Addr::new(127, 0, 1, number);
        let (stream, head) = slow_reader(client, site.gateway).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        open.push(stream);
    }
    eventually("all of them are transfers", async || {
        (site.transfers().await == 60 && site.permits().await == 0).then_some(())
    })
    .await;
    site.serves(OTHER).await;
    // Longer than the upstream may take.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    for mut stream in open {
        let mut body = vec![0; LARGE];
        stream.read_exact(&mut body).await.unwrap();
    }
    site.serves(OTHER).await;
    let told = site.operator.get("/status").await.ok(200);
    let upstream = &told["upstreams"]["backend"];
    assert_eq!(upstream["breaker"], "closed", "{upstream}");
    assert_eq!(upstream["lastError"], serde_json::Value::Null, "{upstream}");
    eventually("nothing is left under way", async || {
        (site.transfers().await == 0 && site.permits().await == 0).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn twelve_hundred_slow_bodies_take_nothing_from_others() {
    let config = with("requests = 20, queue = 10, wait = \"50ms\"");
    let site = Site::open(&config.replace("connections = 1000", "connections = 12000")).await;
    let mut open = Vec::new();
    for number in 0..1200_u16 {
        let client = Ipv4Addr::new(127, 0, 1, u8::try_from(number % 4).unwrap());
        let mut stream = connect(client, site.gateway).await;
        let begin = b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
        stream.write_all(begin).await.unwrap();
        open.push(stream);
    }
    eventually("all of them are under way", async || {
        (site.figure("gateway_requests_in_flight").await >= 1200).then_some(())
    })
    .await;
    site.serves(OTHER).await;
    assert_eq!(site.permits().await, 0);
    // Bodies that arrive whole in the end are served as well.
    let mut last = open.pop().unwrap();
    last.write_all(&[b'x'; 96]).await.unwrap();
    let head = read_head(&mut last).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[actix_web::test]
async fn an_upload_that_is_slow_and_steady_is_not_cut_by_the_upstreams_timeout() {
    let config = with("requests = 20, queue = 10, wait = \"50ms\"");
    let config = config
        .replace("timeout = \"20s\"", "timeout = \"200ms\"")
        .replace("request_body = \"64KiB\"", "request_body = \"1MiB\"");
    let site = Site::open(&config).await;
    for body in [100_usize, 200_000] {
        let mut stream = connect(OTHER, site.gateway).await;
        let head = format!("POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: {body}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // Six times as long as the upstream may take.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            stream.write_all(&vec![b'x'; body / 10]).await.unwrap();
        }
        let head = read_head(&mut stream).await.unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{body}: {head}");
    }
}
