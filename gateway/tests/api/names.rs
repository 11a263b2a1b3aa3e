//! Names of upstreams whose addresses change while the gateway runs. Each gateway has a hosts file of
//! its own.

use std::cell::Cell;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use service_kit::testing::{Client, Process, eventually, skip_one};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use crate::CONFIG;
use crate::scripted::read_head;

const REQUIRED: &str = "REQUIRE_SMALL_DISK";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// An upstream at one of the addresses. It keeps connections open.
#[derive(Clone, Default)]
struct Replica {
    asked: Rc<Cell<usize>>,
}

impl Replica {
    fn on(listener: TcpListener) -> Self {
        let replica = Self::default();
        let asked = Rc::clone(&replica.asked);
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        actix_web::rt::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let asked = Rc::clone(&asked);
                actix_web::rt::spawn(async move {
                    while read_head(&mut stream).await.is_some() {
                        asked.set(asked.get() + 1);
                        stream.write_all(ANSWER).await.unwrap();
                    }
                });
            }
        });
        replica
    }
}

/// Listeners on the same port of these addresses.
fn same_port<const N: usize>(addresses: [Ipv4Addr; N]) -> (u16, [TcpListener; N]) {
    loop {
        let first = TcpListener::bind((addresses[0], 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let mut first = Some(first);
        let listeners = addresses.map(|address| match first.take() {
            Some(first) => Some(first),
            None => TcpListener::bind((address, port)).ok(),
        });
        // Another test may have the port at one of them.
        if listeners.iter().all(Option::is_some) {
            return (port, listeners.map(Option::unwrap));
        }
    }
}

/// A gateway whose upstream is `http://replicas.test:PORT`, with the file that says where that is.
struct Named {
    process: Process,
    hosts: PathBuf,
    _folder: TempDir,
}

impl Named {
    /// `None` if a hosts file of its own is not allowed, which is said.
    fn start_or_skip(test: &str, port: u16, addresses: &[Ipv4Addr]) -> Option<Self> {
        let allowed = Command::new("unshare")
            .args(["--mount", "true"])
            .stderr(Stdio::null())
            .status();
        if !allowed.is_ok_and(|status| status.success()) {
            skip_one(test, "a hosts file cannot be mounted; root may", REQUIRED);
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (hosts, file) = (folder.path().join("hosts"), folder.path().join("site.toml"));
        std::fs::write(&file, CONFIG).unwrap();
        say(&hosts, addresses);
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c"])
            .arg("mount --bind \"$0\" /etc/hosts && exec \"$@\"")
            .arg(&hosts)
            .arg(env!("CARGO_BIN_EXE_gateway"))
            .arg("--config")
            .arg(&file)
            .env("GATEWAY_BIND", "127.0.0.1:0")
            .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
            .env("BACKEND_URL", format!("http://replicas.test:{port}"));
        Some(Self {
            process: Process::start(&mut command),
            hosts,
            _folder: folder,
        })
    }
}

fn say(hosts: &Path, addresses: &[Ipv4Addr]) {
    let lines = addresses.iter().map(|one| format!("{one} replicas.test\n"));
    // Written in place: the mount holds on to the file.
    std::fs::write(hosts, lines.collect::<String>()).unwrap();
}

const ONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// The connections to the old address stay open all the while.
#[actix_web::test]
async fn a_name_that_moves_is_followed_within_two_seconds_and_no_request_fails() {
    let (port, [one, other]) = same_port([ONE, OTHER]);
    let (one, other) = (Replica::on(one), Replica::on(other));
    let Some(named) = Named::start_or_skip("a name that moves", port, &[ONE]) else {
        return;
    };
    let gateway = Client::of(named.process.addr());
    for _ in 0..20 {
        let _ = gateway.get("/things").await.ok(200);
    }
    assert_eq!((one.asked.get(), other.asked.get()), (20, 0));

    say(&named.hosts, &[ONE, OTHER]);
    eventually("the new replica to be asked", async || {
        let _ = gateway.get("/things").await.ok(200);
        (other.asked.get() > 0).then_some(())
    })
    .await;

    say(&named.hosts, &[OTHER]);
    let moved = Instant::now();
    let mut last = one.asked.get();
    let mut asked_at = moved;
    while moved.elapsed() < Duration::from_secs(3) {
        let _ = gateway.get("/things").await.ok(200);
        if one.asked.get() > last {
            (last, asked_at) = (one.asked.get(), Instant::now());
        }
    }
    let followed_after = asked_at - moved;
    assert!(
        followed_after < Duration::from_secs(2),
        "{followed_after:?}"
    );

    // A name that stops resolving keeps its addresses.
    say(&named.hosts, &[]);
    let line = named.process.line_with("its last addresses stay in use");
    assert!(line.contains("cannot be resolved"), "{line}");
    let _ = gateway.get("/things").await.ok(200);
}
