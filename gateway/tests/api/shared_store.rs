//! Gateways that share a store: their quotas, their last good answers, and the store's outages.

mod answers;
mod away;
mod hostile;
mod quotas;

use std::net::SocketAddr;

use service_kit::testing::{Client, Process, Redis, addr_after, eventually};

use crate::outages::Moody;
use crate::process::gateway;
use crate::scripted::serving;

/// One upstream with rows that are stored, and a quota.
const SITE: &str = r#"
[limits]
rate = "600/10s"

[upstreams.backend]
url = "http://127.0.0.1:1"
retries = 0

[routes]
backend = [
    { path = "/things", outage = "error" },
    { path = "/menu", methods = ["GET"], outage = "stale", stale_if_error = "1h" },
    { path = "/dishes/{id}", methods = ["GET"], outage = "stale", fresh = "1h", stale_if_error = "1h" },
    { path = "/dishes/{id}", methods = ["DELETE"], outage = "error" },
]
"#;

/// The upstream's good answer.
const OK: &str = "200 OK\r\ncontent-type: application/json";

/// The gateways of a test, each a process of its own, before one upstream.
struct Fleet {
    gateways: Vec<One>,
    folder: tempfile::TempDir,
    upstream: SocketAddr,
    url: String,
    /// The file of each.
    site: String,
    /// The longest that a request waits for the store.
    timeout: &'static str,
}

struct One {
    process: Process,
    public: Client,
    operator: Client,
}

impl Fleet {
    /// Starts so many gateways, and waits until they know of each other.
    async fn start(count: usize, redis: &Redis, upstream: SocketAddr) -> Self {
        Self::with(SITE, count, redis, upstream).await
    }

    /// The same with another file.
    async fn with(site: &str, count: usize, redis: &Redis, upstream: SocketAddr) -> Self {
        let mut fleet = Self {
            gateways: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            upstream,
            url: redis.url(),
            site: site.to_owned(),
            // A busy machine is not what is tested.
            timeout: "500ms",
        };
        for _ in 0..count {
            let one = fleet.another();
            one.is("up").await;
            fleet.gateways.push(one);
        }
        // Each has counted the last one that came.
        for one in &fleet.gateways {
            one.beats().await;
        }
        fleet
    }

    /// The two of a fleet of two.
    fn pair(&self) -> (&One, &One) {
        match &self.gateways[..] {
            [one, other] => (one, other),
            _ => panic!("two were to be started"),
        }
    }

    /// Starts one more, which does not wait for the store.
    fn another(&self) -> One {
        let file = self.folder.path().join("gateway.toml");
        std::fs::write(&file, &self.site).unwrap();
        let mut command = gateway();
        command
            .arg("--config")
            .arg(file)
            .env("BACKEND_URL", format!("http://{}", self.upstream))
            .env("GATEWAY_REDIS_URL", &self.url)
            .env("GATEWAY_REDIS_TIMEOUT", self.timeout)
            .env("GATEWAY_TRUSTED_PROXIES", "127.0.0.1")
            .env("GATEWAY_WORKERS", "1")
            .env("RUST_LOG", "info,access=off");
        One::of(Process::start(&mut command))
    }
}

impl One {
    fn of(process: Process) -> Self {
        const MARKER: &str = ", for its operator on ";
        let operator = addr_after(&process.line_with(MARKER), MARKER);
        Self {
            public: Client::of(process.addr()),
            operator: Client::of(operator),
            process,
        }
    }

    /// Waits until `/status` says this of the store.
    async fn is(&self, state: &str) {
        eventually(&format!("the store to be {state}"), async || {
            let status = self.operator.get("/status").await.ok(200);
            (status["shared"] == state).then_some(())
        })
        .await;
    }

    /// Waits for two beats that began after this.
    async fn beats(&self) {
        const BEATS: (&str, &str) = ("beat", "ok");
        let before = self.commands(BEATS).await;
        eventually("two beats", async || {
            (self.commands(BEATS).await >= before + 2).then_some(())
        })
        .await;
    }

    /// How many commands for this use had this outcome.
    async fn commands(&self, (what, outcome): (&str, &str)) -> u64 {
        let metrics = self.operator.get("/metrics").await;
        let name =
            format!("gateway_shared_store_commands_total{{outcome=\"{outcome}\",use=\"{what}\"}} ");
        let mut lines = metrics.text().lines();
        let value = lines.find_map(|line| line.strip_prefix(&name)).unwrap();
        value.parse().unwrap()
    }

    /// Waits until the answer to this path is `body`.
    async fn comes_to_answer(&self, path: &str, body: &str) {
        eventually(&format!("{path} to be {body}"), async || {
            (self.public.get(path).await.text() == body).then_some(())
        })
        .await;
    }

    /// Asks for this path as a client with this address, and returns the status.
    async fn asked_by(&self, client: &str, path: &str) -> u16 {
        let request = self.public.request(actix_web::http::Method::GET, path);
        let answer = request.header("x-forwarded-for", client).send().await;
        answer.status.as_u16()
    }
}

/// Gateways before an upstream that answers `[1]`. `None` if there is no Redis.
async fn stocked(count: usize) -> Option<(Redis, Moody, Fleet)> {
    let redis = Redis::start(&[])?;
    let backend = Moody::start().await;
    backend.says(OK, "[1]");
    let fleet = Fleet::start(count, &redis, backend.addr).await;
    Some((redis, backend, fleet))
}

/// Waits until another gateway could find so many answers, and returns their keys.
async fn shared(redis: &Redis, count: usize) -> Vec<String> {
    eventually("answers to be shared", async || {
        let mut keys = redis.ask(&["KEYS", "passe-plat:1:answer:*"]);
        keys.retain(|key| !key.is_empty());
        (keys.len() == count).then_some(keys)
    })
    .await
}

/// An upstream that answers everything with 200.
async fn willing() -> SocketAddr {
    serving(|mut stream| async move {
        while crate::scripted::read_head(&mut stream).await.is_some() {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]";
            if tokio::io::AsyncWriteExt::write_all(&mut stream, answer)
                .await
                .is_err()
            {
                return;
            }
        }
    })
    .await
}
