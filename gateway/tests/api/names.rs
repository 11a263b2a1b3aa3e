//! Names of upstreams whose addresses change while the gateway runs. Each gateway has a hosts file, or
//! a DNS server, of its own.

mod dns;
mod services;

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use service_kit::testing::{Client, Process, eventually, skip_one};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::CONFIG;
use crate::scripted::read_head;

const REQUIRED: &str = "REQUIRE_SMALL_DISK";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// An upstream at one of the addresses. It keeps connections open. Dropping it closes them all.
struct Replica {
    asked: Rc<Cell<usize>>,
    /// The last `Host`.
    host: Rc<RefCell<String>>,
    _task: AbortOnDropHandle<()>,
}

impl Replica {
    fn on(listener: TcpListener) -> Self {
        let (asked, host): (Rc<Cell<usize>>, Rc<RefCell<String>>) = Default::default();
        let seen = (Rc::clone(&asked), Rc::clone(&host));
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let task = actix_web::rt::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, host) = seen.clone();
                connections.spawn_local(async move {
                    while let Some(head) = read_head(&mut stream).await {
                        asked.set(asked.get() + 1);
                        let mut fields = head.lines();
                        let field = fields.find_map(|line| line.strip_prefix("host: "));
                        *host.borrow_mut() = field.unwrap_or_default().to_owned();
                        stream.write_all(ANSWER).await.unwrap();
                    }
                });
            }
        });
        Self {
            asked,
            host,
            _task: AbortOnDropHandle::new(task),
        }
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

/// A gateway whose upstream is at `url`, with a file of the system of its own.
struct Named {
    process: Process,
    file: PathBuf,
    _folder: TempDir,
}

impl Named {
    /// `None` if a file of its own is not allowed, which is said.
    fn start_or_skip(test: &str, url: &str, system: &str, text: &str) -> Option<Self> {
        let allowed = Command::new("unshare")
            .args(["--mount", "true"])
            .stderr(Stdio::null())
            .status();
        if !allowed.is_ok_and(|status| status.success()) {
            skip_one(
                test,
                "a file of the system cannot be mounted; root may",
                REQUIRED,
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (file, site) = (folder.path().join("file"), folder.path().join("site.toml"));
        std::fs::write(&site, CONFIG).unwrap();
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c"])
            .arg("mount --bind \"$0\" \"$1\" && shift && exec \"$@\"")
            .arg(&file)
            .arg(system)
            .arg(env!("CARGO_BIN_EXE_gateway"))
            .arg("--config")
            .arg(&site)
            .env("GATEWAY_BIND", "127.0.0.1:0")
            .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
            .env("BACKEND_URL", url);
        Some(Self {
            process: Process::start(&mut command),
            file,
            _folder: folder,
        })
    }

    /// Writes the file in place: the mount holds on to it.
    fn say(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
    }
}

fn hosts(addresses: &[Ipv4Addr]) -> String {
    let lines = addresses.iter().map(|one| format!("{one} replicas.test\n"));
    lines.collect()
}

const ONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// The connections to the old address stay open all the while.
#[actix_web::test]
async fn a_name_that_moves_is_followed_within_two_seconds_and_no_request_fails() {
    let (port, [one, other]) = same_port([ONE, OTHER]);
    let (one, other) = (Replica::on(one), Replica::on(other));
    let url = format!("http://replicas.test:{port}");
    let started = Named::start_or_skip("a name that moves", &url, "/etc/hosts", &hosts(&[ONE]));
    let Some(named) = started else { return };
    let gateway = Client::of(named.process.addr());
    for _ in 0..20 {
        let _ = gateway.get("/things").await.ok(200);
    }
    assert_eq!((one.asked.get(), other.asked.get()), (20, 0));

    named.say(&hosts(&[ONE, OTHER]));
    eventually("the new replica to be asked", async || {
        let _ = gateway.get("/things").await.ok(200);
        (other.asked.get() > 0).then_some(())
    })
    .await;

    named.say(&hosts(&[OTHER]));
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
    named.say("");
    let line = named.process.line_with("its last addresses stay in use");
    assert!(line.contains("cannot be resolved"), "{line}");
    let _ = gateway.get("/things").await.ok(200);
}
