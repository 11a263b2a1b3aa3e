//! Reloads: another configuration takes the place of the running one, and what it does not change
//! goes on.

mod load;
mod process;
mod survival;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use actix_web::http::Method;
use gateway::{Gateway, Source};
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::{Answer, Client};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::oneshot;

use crate::scripted::{Seen, json as answering, read_head, serving};

/// A gateway with a file that a test edits.
struct Site {
    folder: TempDir,
    public: Client,
    public_addr: SocketAddr,
    operator: Client,
}

impl Site {
    fn open(config: &str) -> Self {
        Self::open_with(config, &[])
    }

    fn open_with(config: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.toml");
        fs::write(&file, config).unwrap();
        let usual = [
            ("GATEWAY_BIND", "127.0.0.1:0"),
            ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
            ("GATEWAY_WORKERS", "2"),
        ];
        let all = usual.iter().chain(variables);
        let all: BTreeMap<_, _> = all
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        let env = Env::new(move |name| all.get(name).cloned());
        let source = Source::new(Some(file), &env);
        let gateway = Gateway::reloadable(source.load().unwrap(), source, None).unwrap();
        let site = Self {
            folder,
            public: Client::of(gateway.addr()),
            public_addr: gateway.addr(),
            operator: Client::of(gateway.admin_addr()),
        };
        actix_web::rt::spawn(gateway.run_until(std::future::pending()));
        site
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("site.toml")
    }

    async fn reload(&self, config: &str) -> Answer {
        fs::write(self.file(), config).unwrap();
        self.ask().await
    }

    async fn ask(&self) -> Answer {
        self.operator.request(Method::POST, "/config").send().await
    }

    async fn config(&self) -> Value {
        self.operator.get("/status").await.ok(200)["config"].clone()
    }

    async fn metric(&self, name: &str) -> Option<String> {
        let metrics = self.operator.get("/metrics").await;
        let mut lines = metrics.text().lines();
        let line = lines.find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
    }
}

/// One upstream with these rows.
fn config(upstream: SocketAddr, rows: &[&str]) -> String {
    let rows = rows.join(",\n    ");
    format!(
        "[upstreams.backend]\nurl = \"http://{upstream}\"\nretries = 0\noutage = \"error\"\n\n\
         [routes]\nbackend = [\n    {rows},\n]\n"
    )
}

const A: &str = "{ path = \"/a\", methods = [\"GET\"] }";
const B: &str = "{ path = \"/b\", methods = [\"GET\"] }";

async fn open() -> (Site, SocketAddr, Seen) {
    let (upstream, seen) = answering("200 OK", "{}").await;
    (Site::open(&config(upstream, &[A])), upstream, seen)
}

#[actix_web::test]
async fn replicas_that_stay_keep_what_is_known_of_them() {
    let ((one, _), (two, _), (three, _)) = (
        answering("200 OK", "{}").await,
        answering("200 OK", "{}").await,
        answering("200 OK", "{}").await,
    );
    let file = |urls: &[SocketAddr]| {
        let urls: Vec<_> = urls.iter().map(|one| format!("\"http://{one}\"")).collect();
        let list = format!("url = [{}]", urls.join(", "));
        config(one, &[A]).replace(&format!("url = \"http://{one}\""), &list)
    };
    let site = Site::open(&file(&[one, two]));
    for _ in 0..20 {
        let _ = site.public.get("/a").await.ok(200);
    }
    let labels = format!("{{replica=\"{one}\",result=\"answered\",upstream=\"backend\"}}");
    let counter = format!("gateway_replica_requests_total{labels}");
    let before = site.metric(&counter).await;
    assert!(before.is_some() && before.as_deref() != Some("0"));
    for urls in [&[two, one][..], &[three, two, one], &[one, three]] {
        let _ = site.reload(&file(urls)).await.ok(200);
        assert_eq!(site.metric(&counter).await, before);
        let status = site.operator.get("/status").await.ok(200);
        let upstream = &status["upstreams"]["backend"];
        assert_eq!(upstream["status"], "up");
        assert_eq!(upstream["replicas"].as_array().unwrap().len(), urls.len());
    }
}

#[actix_web::test]
async fn a_new_row_answers_and_a_dropped_one_does_not() {
    let (site, upstream, _) = open().await;
    let _ = site.public.get("/a").await.ok(200);
    let _ = site.public.get("/b").await.problem(404, "route_not_found");
    let told = site.reload(&config(upstream, &[B])).await.ok(200);
    assert_eq!(told["worse"], 1, "{told}");
    assert_eq!(told["changes"][0]["name"], "GET /a");
    assert_eq!(told["changes"][0]["verdict"], "gone");
    assert_eq!(told["needsRestart"], json!([]));
    let _ = site.public.get("/a").await.problem(404, "route_not_found");
    let _ = site.public.get("/b").await.ok(200);
    let config = site.config().await;
    assert_eq!(config["hash"], told["hash"]);
    assert_eq!(config["lastReload"]["successful"], true);
    assert_eq!(config["lastReload"]["worse"], 1);
}

#[actix_web::test]
async fn an_invalid_file_changes_nothing_and_everybody_is_told() {
    let (site, upstream, _) = open().await;
    let before = site.config().await;
    assert_eq!(before["lastReload"], Value::Null);
    let successful = "gateway_config_last_reload_successful";
    assert_eq!(site.metric(successful).await.as_deref(), Some("1"));
    let wrong = config(upstream, &[A, "{ path = \"/b\", outage = \"stale\" }"]);
    let problem = site.reload(&wrong).await.problem(422, "config_invalid");
    let named = "site.toml:9: routes.backend[1]";
    assert!(problem.detail.contains(named), "{}", problem.detail);
    let _ = site.public.get("/a").await.ok(200);
    let _ = site.public.get("/b").await.problem(404, "route_not_found");
    let after = site.config().await;
    assert_eq!(after["hash"], before["hash"]);
    assert_eq!(after["since"], before["since"]);
    assert_eq!(after["lastReload"]["successful"], false);
    let error = after["lastReload"]["error"].as_str().unwrap();
    assert!(error.contains(named), "{error}");
    assert_eq!(site.metric(successful).await.as_deref(), Some("0"));
    // A missing file is no better.
    fs::remove_file(site.file()).unwrap();
    let _ = site.ask().await.problem(422, "config_invalid");
    let _ = site.reload(&config(upstream, &[A, B])).await.ok(200);
    let _ = site.public.get("/b").await.ok(200);
    assert_eq!(site.metric(successful).await.as_deref(), Some("1"));
}

#[actix_web::test]
async fn a_request_under_way_ends_by_the_configuration_that_it_began_with() {
    let (release, released) = oneshot::channel::<()>();
    let released = std::rc::Rc::new(std::cell::Cell::new(Some(released)));
    let (arrived, arrives) = oneshot::channel::<()>();
    let arrived = std::rc::Rc::new(std::cell::Cell::new(Some(arrived)));
    let upstream = serving(move |mut stream| {
        let (released, arrived) = (released.take(), arrived.take());
        async move {
            let _ = read_head(&mut stream).await;
            arrived.unwrap().send(()).unwrap();
            released.unwrap().await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nold";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let site = Site::open(&config(upstream, &[A]));
    let asked = actix_web::rt::spawn({
        let public = Client::of(site.public_addr);
        async move { public.get("/a").await }
    });
    arrives.await.unwrap();
    let elsewhere = config(crate::scripted::unused_address(), &[B]);
    let _ = site.reload(&elsewhere).await.ok(200);
    let _ = site.public.get("/a").await.problem(404, "route_not_found");
    release.send(()).unwrap();
    assert_eq!(asked.await.unwrap().text(), "old");
}

#[actix_web::test]
async fn the_operator_is_told_what_gets_worse_in_an_outage() {
    let stale =
        "{ path = \"/a\", methods = [\"GET\"], outage = \"stale\", stale_if_error = \"1h\" }";
    let (upstream, _) = answering("200 OK", "{}").await;
    let site = Site::open(&config(upstream, &[stale]));
    let told = site.reload(&config(upstream, &[A])).await.ok(200);
    let expected = json!([{
        "verdict": "worse",
        "kind": "route",
        "name": "GET /a",
        "down": "backend",
        "before": "last good answer up to 1h",
        "after": "503 problem",
    }]);
    assert_eq!(told["changes"], expected);
    assert_eq!(told["worse"], 1);
}

#[actix_web::test]
async fn keys_of_the_listener_are_named_until_they_are_as_they_were() {
    let (site, upstream, _) = open().await;
    let limits = |limits: &str| format!("[limits]\n{limits}\n{}", config(upstream, &[A]));
    let told = site
        .reload(&limits("uri = \"1KiB\"\nconnections = 7"))
        .await;
    let expected = json!([
        "limits.uri",
        "limits.connections",
        "limits.connections_per_client"
    ]);
    assert_eq!(told.ok(200)["needsRestart"], expected);
    assert_eq!(site.config().await["needsRestart"], expected);
    // These take effect at once.
    let told = site
        .reload(&limits(
            "memory = \"9MiB\"\ncache = \"1MiB\"\nresponse_fields = 5\nrate = \"9/1m\"",
        ))
        .await;
    assert_eq!(told.ok(200)["needsRestart"], json!([]));
    assert_eq!(site.config().await["needsRestart"], Value::Null);
}

#[actix_web::test]
async fn a_body_is_no_configuration() {
    let (site, upstream, _) = open().await;
    let post = site.operator.request(Method::POST, "/config");
    let answer = post.send_body(config(upstream, &[B]).into()).await;
    let _ = answer.problem(400, "bad_request");
    let _ = site.public.get("/b").await.problem(404, "route_not_found");
}

#[actix_web::test]
async fn another_sites_page_cannot_reload() {
    let (site, _, _) = open().await;
    let post = site.operator.request(Method::POST, "/config");
    let answer = post.header("origin", "https://evil.example").send().await;
    let _ = answer.problem(403, "forbidden");
    assert_eq!(site.config().await["lastReload"], Value::Null);
}
