//! An upstream that fails and recovers: the answers to its clients meanwhile, and the requests it
//! gets.

mod breaker;
mod closures;
mod console;
mod deferral;
mod drills;
mod fallback;
mod features;
mod known;
mod last_good;
mod load;
mod metrics;
mod priorities;
mod replicas;
mod retries;
mod round;
mod routes;
mod stale;
mod stored;
mod unstored;
mod verdict;
mod warm;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::Client;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;

use crate::scripted::{read_head, serving, unused_address};

/// One upstream, without probes and retries. Each test adds its own settings.
const SITE: &str = r#"
[limits]
uri = "1KiB"
head = "4KiB"
request_body = "64KiB"
connections = 1000
rate = "off"

[upstreams.backend]
url = "http://127.0.0.1:1"
label = { fr = "Le service", en = "The service" }
timeout = "10s"
retries = 0

[routes]
backend = [
    { path = "/things", methods = ["GET", "POST"], to = "/things", outage = "error" },
    { path = "/things/{id}", methods = ["PUT", "DELETE"], to = "/things/{id}", outage = "error" },
    { path = "/dishes", methods = ["POST", "DELETE"], to = "/dishes", idempotent = true, outage = "error" },
    { path = "/menu", methods = ["GET"], to = "/menu", outage = "stale", stale_if_error = "1h" },
]

[features]
things = { needs = ["backend"], probe = "GET /things" }
menu = { needs = ["backend"], probe = "GET /menu" }
"#;

/// Replaces the upstream's number of retries by `with`.
fn site(with: &str) -> String {
    SITE.replace("retries = 0", with)
}

struct Site {
    public: Client,
    public_addr: SocketAddr,
    operator: Client,
    operator_addr: SocketAddr,
    backend: Moody,
}

impl Site {
    async fn open(config: &str) -> Self {
        Self::with_drills("on", config).await
    }

    async fn with_drills(drills: &'static str, config: &str) -> Self {
        let backend = Moody::start().await;
        Self::before(&[backend.addr], backend, drills, config)
    }

    /// The upstream has these replicas.
    fn with_replicas(replicas: &[&Moody], config: &str) -> Self {
        let addresses: Vec<_> = replicas.iter().map(|one| one.addr).collect();
        Self::before(&addresses, replicas[0].clone(), "on", config)
    }

    /// The upstream has this mood from the start.
    async fn moody(mood: Mood, config: &str) -> Self {
        let backend = Moody::start().await;
        backend.feels(mood);
        Self::before(&[backend.addr], backend, "on", config)
    }

    /// Nobody listens at the upstream's address.
    async fn before_nobody(config: &str) -> Self {
        Self::before(&[unused_address()], Moody::start().await, "off", config)
    }

    fn before(upstream: &[SocketAddr], backend: Moody, drills: &'static str, config: &str) -> Self {
        let urls: Vec<_> = upstream.iter().map(|one| format!("http://{one}")).collect();
        let url = urls.join(",");
        let env = Env::new(move |name| match name {
            "GATEWAY_BIND" | "GATEWAY_ADMIN_BIND" => Some("127.0.0.1:0".to_owned()),
            "GATEWAY_WORKERS" => Some("2".to_owned()),
            "GATEWAY_DRILLS" => Some(drills.to_owned()),
            "BACKEND_URL" => Some(url.clone()),
            _ => None,
        });
        let config = crate::parse(config, &env);
        let gateway = Gateway::build(config).unwrap();
        let site = Self {
            public: Client::of(gateway.addr()),
            public_addr: gateway.addr(),
            operator: Client::of(gateway.admin_addr()),
            operator_addr: gateway.admin_addr(),
            backend,
        };
        actix_web::rt::spawn(gateway.run_until(std::future::pending()));
        site
    }
}

/// An upstream whose behaviour a test changes. It closes each connection after one answer, so that
/// a change takes effect with the next request.
#[derive(Clone)]
pub(crate) struct Moody {
    pub(crate) addr: SocketAddr,
    mood: Rc<RefCell<Mood>>,
    /// Replaces the mood for requests to this path.
    at: Rc<RefCell<BTreeMap<String, Mood>>>,
    /// The number of requests after which it drops every connection.
    lives: Rc<Cell<usize>>,
    /// The heads of its requests, in order.
    seen: Rc<RefCell<Vec<String>>>,
    /// The number of unanswered requests, and the most there were at once.
    open: Rc<Cell<(usize, usize)>>,
    release: Rc<Notify>,
}

#[derive(Clone)]
pub(crate) enum Mood {
    /// Answers with this status line, fields, and a body whose length is added.
    Says(String, String),
    /// Waits for `release`, then answers with this.
    Holds(String),
    Silent,
    HangsUp,
}

impl Moody {
    pub(crate) async fn start() -> Self {
        let mood = Rc::new(RefCell::new(Mood::Says(
            "200 OK\r\ncontent-type: application/json".to_owned(),
            "[]".to_owned(),
        )));
        let (seen, open) = (Rc::default(), Rc::default());
        let release = Rc::new(Notify::new());
        let moody = Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            mood,
            at: Rc::default(),
            lives: Rc::new(Cell::new(usize::MAX)),
            seen,
            open,
            release,
        };
        let serving = serving({
            let moody = moody.clone();
            move |stream| moody.clone().serve(stream)
        });
        Self {
            addr: serving.await,
            ..moody
        }
    }

    async fn serve(self, mut stream: tokio::net::TcpStream) {
        let Some(head) = read_head(&mut stream).await else {
            return;
        };
        let path = head.split(' ').nth(1).unwrap().to_owned();
        self.seen.borrow_mut().push(head);
        let (now, most) = self.open.get();
        self.open.set((now + 1, most.max(now + 1)));
        let mood = self.at.borrow().get(&path).cloned();
        let mood = match mood {
            _ if self.asked() > self.lives.get() => Mood::HangsUp,
            Some(mood) => mood,
            None => self.mood.borrow().clone(),
        };
        let (head, body) = match mood {
            Mood::Says(head, body) => (head, body),
            Mood::Holds(body) => {
                self.release.notified().await;
                ("200 OK".to_owned(), body)
            }
            Mood::Silent => std::future::pending().await,
            Mood::HangsUp => {
                self.close();
                return;
            }
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        // A client that has gone wants no answer.
        let _ = stream.write_all(answer.as_bytes()).await;
        self.close();
    }

    fn close(&self) {
        let (now, most) = self.open.get();
        self.open.set((now - 1, most));
    }

    pub(crate) fn says(&self, head: &str, body: &str) {
        self.feels(Mood::Says(head.to_owned(), body.to_owned()));
    }

    pub(crate) fn feels(&self, mood: Mood) {
        *self.mood.borrow_mut() = mood;
    }

    fn feels_at(&self, path: &str, mood: Mood) {
        self.at.borrow_mut().insert(path.to_owned(), mood);
    }

    fn says_at(&self, path: &str, head: &str, body: &str) {
        self.feels_at(path, Mood::Says(head.to_owned(), body.to_owned()));
    }

    /// How often this path was asked for.
    fn asked_for(&self, path: &str) -> usize {
        let seen = self.seen.borrow();
        let paths = seen.iter().filter_map(|head| head.split(' ').nth(1));
        paths.filter(|asked| *asked == path).count()
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.seen.borrow().len()
    }

    /// The last request that is not a probe's.
    fn last_but_probes(&self) -> String {
        let seen = self.seen.borrow();
        let mut requests = seen.iter().rev();
        let last = requests.find(|head| !head.contains("/waiting "));
        last.unwrap().clone()
    }

    pub(crate) fn last(&self) -> String {
        self.seen.borrow().last().unwrap().clone()
    }
}
