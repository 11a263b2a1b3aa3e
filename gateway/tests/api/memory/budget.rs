//! `limits.memory`: the memory of the real process for many bodies at once, and the service for
//! other clients meanwhile.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use service_kit::testing::{Client, Process, addr_after, eventually};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use crate::process::gateway;
use crate::scripted::{json, read_head, serving, silent};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The value of `limits.memory`.
const BUDGET: u64 = 16 * MIB;

const UPLOADS: u16 = 800;

const SERVED: &str = "HTTP/1.1 200";

/// The most that one upload takes of the memory: nearly 64 KiB that are awaited, a piece of 64 KiB
/// that comes after them, and 32 KiB that the connection reads ahead.
const ONE_TAKES: u64 = 160 * KIB;

/// The most that a connection takes beside that, as `gateway.toml` says. It depends on how many
/// uploads begin at the same moment, and so on the machine: 57 to 82 KiB in the first wave, and up to
/// 106 KiB in the second, because a worker cannot use the memory that the first wave has left to
/// another one.
const CONNECTION: u64 = 128 * KIB;

/// The size of an upload whose last byte never comes.
const UPLOAD: usize = 900_000;

const LARGE: usize = 4 * 1024 * 1024;

const SITE: &str = r#"
[limits]
uri = "1KiB"
head = "4KiB"
request_body = "1MiB"
connections = 8000
connections_per_client = 4000
head_timeout = "10m"
stall_timeout = "10m"
idle_timeout = "10m"
rate = "off"
memory = "16MiB"

[upstreams.deaf]
url = "http://127.0.0.1:1"
label = { fr = "Le sourd", en = "The deaf one" }
connect_timeout = "5s"
timeout = "10m"
retries = 0
breaker = { failures = 1, minimum = 1, percent = 1 }
# A client that waits for the one permit has its body in the gateway, not in the system's buffers.
concurrency = { requests = 1, per_client = 1, queue = 4000, wait = "10m" }

[upstreams.well]
url = "http://127.0.0.1:1"
label = { fr = "Le bien portant", en = "The well one" }
connect_timeout = "5s"
timeout = "60s"
retries = 0
breaker = { failures = 1, minimum = 1, percent = 1 }
concurrency = { requests = 4000, per_client = 3999 }

[routes]
deaf = [
    { path = "/deaf", methods = ["POST"], to = "/deaf", outage = "error" },
]
well = [
    { path = "/things", methods = ["GET", "POST"], to = "/things", outage = "error" },
]
"#;

/// The gateway as a process, with an upstream that has one permit and reads nothing, and one that
/// is well.
struct Site {
    process: Process,
    public: SocketAddr,
    operator: Client,
    _folder: TempDir,
}

impl Site {
    async fn open(well: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.toml");
        fs::write(&file, SITE).unwrap();
        let mut command: Command = gateway();
        command
            .arg("--config")
            .arg(&file)
            .env("DEAF_URL", format!("http://{}", silent().await))
            .env("WELL_URL", format!("http://{well}"))
            .env("GATEWAY_WORKERS", "2")
            .env("RUST_LOG", "info,access=off");
        let process = Process::start(&mut command);
        let line = process.line_with("for its operator on ");
        Self {
            public: process.addr(),
            operator: Client::of(addr_after(&line, "for its operator on ")),
            process,
            _folder: folder,
        }
    }

    /// The bytes of bodies that it holds.
    async fn held(&self) -> u64 {
        let answer = self.operator.get("/metrics").await;
        let mut lines = answer.text().lines();
        let line = lines.find_map(|line| line.strip_prefix("gateway_body_memory_bytes "));
        line.unwrap().parse().unwrap()
    }

    /// Checks that no circuit has opened and no failure was noted.
    async fn blames_nobody(&self) {
        let told = self.operator.get("/status").await.ok(200);
        for upstream in ["deaf", "well"] {
            let upstream = &told["upstreams"][upstream];
            assert_eq!(upstream["breaker"], "closed", "{upstream}");
            assert_eq!(upstream["lastError"], serde_json::Value::Null, "{upstream}");
        }
    }
}

fn address(number: u16, of: u16) -> Ipv4Addr {
    let [high, low] = (number % of).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

async fn connect(client: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((client, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Sends all but the last byte, and waits for the answer.
fn upload(client: Ipv4Addr, gateway: SocketAddr) -> JoinHandle<()> {
    actix_web::rt::spawn(async move {
        let mut stream = connect(client, gateway).await;
        let head = format!("POST /deaf HTTP/1.1\r\nhost: x\r\ncontent-length: {UPLOAD}\r\n\r\n");
        let mut sent = head.into_bytes();
        sent.resize(sent.len() + UPLOAD - 1, b'x');
        // A refusal may come before everything is sent.
        let _ = stream.write_all(&sent).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
}

/// The answer to a client of this address.
async fn ask(client: Ipv4Addr, gateway: SocketAddr, request: &str) -> String {
    let mut stream = connect(client, gateway).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

const GET: &str = "GET /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const POST: &str = "POST /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-language: en\r\n\
                    content-length: 300\r\n\r\n";

/// A small request with a body, such as an order.
fn order() -> String {
    format!("{POST}{}", "x".repeat(300))
}

const OTHER: Ipv4Addr = Ipv4Addr::new(127, 9, 9, 9);

#[actix_web::test]
async fn unfinished_uploads_of_one_address_take_only_its_share_of_the_memory() {
    let (well, _seen) = json("200 OK", "{}").await;
    let site = Site::open(well).await;
    let before = site.process.size("VmRSS");
    let uploads: Vec<_> = (0..UPLOADS)
        .map(|_| upload(address(1, 2), site.public))
        .collect();
    let most = uploads.len() - usize::try_from(BUDGET / 10 / (64 * KIB)).unwrap();
    eventually("most of them are refused", async || {
        let answer = ask(OTHER, site.public, &order()).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let ended = uploads.iter().filter(|upload| upload.is_finished()).count();
        (ended >= most).then_some(())
    })
    .await;
    assert!(site.held().await <= BUDGET / 10);
    let refused = ask(address(1, 2), site.public, &order()).await;
    // A request that fits into the rest of the share may be served.
    if !refused.starts_with("HTTP/1.1 200") {
        assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
        assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
        let limit = r#""limit":{"name":"limits.memory_per_client","value":"1677721B"}"#;
        assert!(refused.contains(limit), "{refused}");
    }
    let peak = site.process.size("VmHWM").saturating_sub(before);
    println!(
        "{UPLOADS} uploads of one address: the process is {} KiB larger at most",
        peak / KIB
    );
    let bound = BUDGET / 10 + u64::from(UPLOADS) * CONNECTION;
    assert!(peak <= bound, "{peak} of {bound}");
    site.blames_nobody().await;
    uploads.iter().for_each(JoinHandle::abort);
}

#[actix_web::test]
async fn unfinished_uploads_of_many_addresses_stay_within_the_memory_however_often_they_come() {
    let (well, _seen) = json("200 OK", "{}").await;
    let site = Site::open(well).await;
    let before = site.process.size("VmRSS");
    let large = format!(
        "{}{}",
        POST.replace("content-length: 300", "content-length: 200000"),
        "x".repeat(200_000)
    );
    for wave in 1..=2 {
        let mut uploads: Vec<_> = (0..UPLOADS)
            .map(|number| upload(address(number, 400), site.public))
            .collect();
        let mut before_this = 0;
        eventually("the memory is used up", async || {
            let answer = ask(OTHER, site.public, GET).await;
            assert!(answer.starts_with(SERVED), "{answer}");
            let ended = uploads.iter().filter(|upload| upload.is_finished()).count();
            let held = site.held().await;
            if ended < 600 || held != std::mem::replace(&mut before_this, held) {
                return None;
            }
            if held >= BUDGET - ONE_TAKES
                && !ask(OTHER, site.public, &large).await.starts_with(SERVED)
            {
                return Some(());
            }
            // The last ones have refused each other the rest: one more takes it.
            let number = u16::try_from(uploads.len()).unwrap();
            uploads.push(upload(address(number, 400), site.public));
            None
        })
        .await;
        assert!(site.held().await <= BUDGET);
        let refused = ask(OTHER, site.public, &large).await;
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
        assert!(
            refused.contains("\"code\":\"service_unavailable\""),
            "{refused}"
        );
        assert!(!refused.contains("\"service\":"), "{refused}");
        let limit = r#""limit":{"name":"limits.memory","value":"16MiB"}"#;
        assert!(refused.contains(limit), "{refused}");
        // The most since the start, so that the second wave takes the memory of the first.
        let peak = site.process.size("VmHWM").saturating_sub(before);
        println!(
            "{UPLOADS} uploads of 400 addresses, wave {wave}: the process is {} KiB larger at most",
            peak / KIB
        );
        let bound = BUDGET + uploads.len() as u64 * CONNECTION;
        assert!(peak <= bound, "{peak} of {bound}");
        site.blames_nobody().await;
        uploads.iter().for_each(JoinHandle::abort);
        eventually("nothing is held", async || {
            (site.held().await == 0).then_some(())
        })
        .await;
        let served = ask(OTHER, site.public, &large).await;
        assert!(served.starts_with(SERVED), "{served}");
        let left = site.process.size("VmRSS").saturating_sub(before);
        println!("afterwards: {} KiB larger", left / KIB);
    }
}

#[actix_web::test]
async fn answers_that_wait_for_their_clients_stay_within_the_memory() {
    let well = serving(|mut stream| async move {
        while let Some(head) = read_head(&mut stream).await {
            let length = if head.contains("large") { LARGE } else { 2 };
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            let mut answer = answer.into_bytes();
            answer.resize(answer.len() + length, b'x');
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    })
    .await;
    let site = Site::open(well).await;
    let before = site.process.size("VmRSS");
    let request = "GET /things?large HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut open = Vec::new();
    let mut refused = Vec::new();
    for number in 0..400 {
        let mut stream = connect(address(number, 100), site.public).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await.unwrap();
        if head.starts_with("HTTP/1.1 200") {
            open.push(stream);
        } else {
            refused.push(head);
        }
    }
    // 64 KiB each; an answer of which less has come so far leaves room for another.
    assert!(open.len() >= usize::try_from(BUDGET / (64 * KIB)).unwrap());
    assert!(!refused.is_empty());
    assert!(site.held().await <= BUDGET);
    for head in refused {
        assert!(head.starts_with("HTTP/1.1 503"), "{head}");
        assert!(head.contains("\r\nretry-after: 1\r\n"), "{head}");
    }
    let answer = ask(OTHER, site.public, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let peak = site.process.size("VmHWM").saturating_sub(before);
    println!(
        "{} slow readers: {} KiB larger at most",
        open.len(),
        peak / KIB
    );
    let bound = BUDGET + open.len() as u64 * CONNECTION;
    assert!(peak <= bound, "{peak} of {bound}");
    site.blames_nobody().await;
    // A client that reads on gets everything.
    let mut one = open.pop().unwrap();
    let mut body = vec![0; LARGE];
    one.read_exact(&mut body).await.unwrap();
    open.clear();
    eventually("nothing is held", async || {
        (site.held().await == 0).then_some(())
    })
    .await;
}
