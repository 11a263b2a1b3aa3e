//! What a reload leaves as it is, and what it does not.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, eventually};
use tokio::io::AsyncWriteExt as _;

use super::{A, B, Site, config, open};
use crate::scripted::{answering, json as json_of, serving, unused_address};
use crate::tracking::Service;

const STALE: &str = "{ path = \"/a\", methods = [\"GET\"], outage = \"stale\", fresh = \"1h\", \
                     stale_if_error = \"1h\", shared = true }";

const LIMITED: &str = "{ path = \"/a\", methods = [\"GET\"], rate_limit = \"2/1h\" }";

async fn state(site: &Site, upstream: &str) -> Value {
    site.operator.get("/status").await.ok(200)["upstreams"][upstream]["breaker"].clone()
}

/// With a circuit that the first failure opens for an hour.
fn brittle(config: &str) -> String {
    let breaker = "retries = 0\nbreaker = { failures = 1, open = \"1h\" }";
    config.replace("retries = 0", breaker)
}

#[actix_web::test]
async fn an_open_circuit_stays_open_when_a_row_is_added() {
    let upstream = unused_address();
    let site = Site::open(&brittle(&config(upstream, &[A])));
    let _ = site
        .public
        .get("/a")
        .await
        .problem(502, "upstream_unreachable");
    assert_eq!(state(&site, "backend").await, "open");
    let _ = site
        .reload(&brittle(&config(upstream, &[B, A])))
        .await
        .ok(200);
    assert_eq!(state(&site, "backend").await, "open");
    for path in ["/a", "/b"] {
        let _ = site
            .public
            .get(path)
            .await
            .problem(503, "upstream_unavailable");
    }
    // Another address is another service.
    let (other, _) = json_of("200 OK", "{}").await;
    let _ = site.reload(&brittle(&config(other, &[B, A]))).await.ok(200);
    assert_ne!(state(&site, "backend").await, "open");
    let _ = site.public.get("/a").await.ok(200);
}

#[actix_web::test]
async fn a_routes_own_circuit_stays_open_wherever_its_row_moves() {
    let (upstream, _) = answering(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 3000\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let site = Site::open(&brittle(&config(upstream, &[A])));
    let _ = site.public.get("/a").await;
    let route = |status: &Value| status["upstreams"]["backend"]["routes"].clone();
    let before = route(&site.operator.get("/status").await.ok(200));
    assert_eq!(before[0]["path"], "/a", "{before}");
    let _ = site
        .reload(&brittle(&config(upstream, &[B, A])))
        .await
        .ok(200);
    let after = route(&site.operator.get("/status").await.ok(200));
    assert_eq!(after[0]["path"], "/a", "{after}");
    let _ = site
        .public
        .get("/a")
        .await
        .problem(503, "upstream_unavailable");
}

#[actix_web::test]
async fn a_stored_answer_stays_and_its_row_may_move_in_the_file() {
    let (upstream, seen) = json_of("200 OK", "[1]").await;
    let site = Site::open(&config(upstream, &[STALE]));
    let _ = site.public.get("/a").await.ok(200);
    let another =
        "{ path = \"/c\", methods = [\"GET\"], outage = \"stale\", stale_if_error = \"1h\" }";
    let moved = config(upstream, &[another, B, STALE]);
    let _ = site.reload(&moved).await.ok(200);
    let answer = site.public.get("/a").await;
    assert!(answer.header("age").is_some(), "it was asked for again");
    assert_eq!(answer.text(), "[1]");
    assert_eq!(seen.requests().len(), 1);
}

#[actix_web::test]
async fn a_stored_answer_stays_when_it_is_to_be_compressed_or_no_longer() {
    let list = format!("[{}1]", "1,".repeat(2_000));
    let (upstream, seen) = json_of("200 OK", &list).await;
    let compressed = config(upstream, &[&STALE.replace(" }", ", compress = true }")]);
    let plain = config(upstream, &[STALE]);
    let site = Site::open(&plain);
    for (config, coding) in [(&plain, None), (&compressed, Some("gzip")), (&plain, None)] {
        let _ = site.reload(config).await.ok(200);
        let request = site.public.request(Method::GET, "/a");
        let answer = request.header("accept-encoding", "gzip").send().await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(seen.requests().len(), 1);
    }
}

#[actix_web::test]
async fn a_stored_answer_does_not_outlive_what_it_depends_on() {
    let (upstream, _) = json_of("200 OK", "[1]").await;
    let (other, _) = json_of("200 OK", "[2]").await;
    let before = config(upstream, &[STALE]);
    let target = STALE.replace("/a\"", "/a\", to = \"/b\"");
    let shorter = STALE.replace("fresh = \"1h\"", "fresh = \"1s\"");
    for edited in [
        config(other, &[STALE]),
        config(upstream, &[&target]),
        config(upstream, &[&shorter]),
    ] {
        let site = Site::open(&before);
        let _ = site.public.get("/a").await.ok(200);
        let _ = site.reload(&edited).await.ok(200);
        assert_eq!(site.public.get("/a").await.header("age"), None, "{edited}");
    }
}

#[actix_web::test]
async fn a_last_good_part_stays_while_its_source_does() {
    const ITEM: &str = "\n[aggregates.item]\npath = \"/item\"\n\
        parts.item = { upstream = \"backend\", path = \"/a\", required = true }\n";
    let backend = Service::answering("{\"n\":1}").await;
    let edited = |rows: &[&str], item: &str| config(backend.addr, rows) + item;
    let site = Site::open(&edited(&[A], ITEM));
    let _ = site.public.get("/item").await.ok(200);
    backend.answer(500, "");
    for edit in [
        edited(&[B, A], ITEM),
        edited(&[A], &ITEM.replace("parts.", "timeout = \"1s\"\nparts.")),
        edited(&[A], &ITEM.replace("/item", "/thing")),
        edited(&[A], ITEM).replace("retries = 0", "timeout = \"9s\""),
    ] {
        let _ = site.reload(&edit).await.ok(200);
        let path = if edit.contains("/thing") {
            "/thing"
        } else {
            "/item"
        };
        let answer = site.public.get(path).await;
        assert_eq!(answer.header("x-degraded"), Some("stale"), "{edit}");
        assert_eq!(answer.ok(200)["item"]["n"], 1);
    }
    for other in ["\"/b\"", "\"/a?all\""] {
        let other = ITEM.replace("\"/a\"", other);
        let _ = site.reload(&edited(&[A], &other)).await.ok(200);
        let answer = site.public.get("/item").await;
        let _ = answer.problem(503, "upstream_unavailable");
    }
}

#[actix_web::test]
async fn a_quota_goes_on_counting() {
    let left = |answer: &Answer| answer.status;
    let (upstream, _) = json_of("200 OK", "{}").await;
    let site = Site::open(&config(upstream, &[LIMITED]));
    let statuses = [(); 3].map(|()| site.public.get("/a"));
    let mut seen = Vec::new();
    for asked in statuses {
        seen.push(left(&asked.await));
    }
    assert_eq!(seen, [200, 200, 429]);
    let _ = site.reload(&config(upstream, &[B, LIMITED])).await.ok(200);
    let _ = site.public.get("/a").await.problem(429, "rate_limited");
    // Another quota is counted anew.
    let wider = LIMITED.replace("2/1h", "3/1h");
    let _ = site.reload(&config(upstream, &[&wider])).await.ok(200);
    let _ = site.public.get("/a").await.ok(200);
}

#[actix_web::test]
async fn the_quota_for_all_requests_goes_on_counting() {
    let (upstream, _) = json_of("200 OK", "{}").await;
    let limited = |rows: &[&str]| format!("[limits]\nrate = \"2/1h\"\n{}", config(upstream, rows));
    let site = Site::open(&limited(&[A]));
    for _ in 0..2 {
        let _ = site.public.get("/a").await.ok(200);
    }
    let _ = site.reload(&limited(&[A, B])).await.ok(200);
    let _ = site.public.get("/b").await.problem(429, "rate_limited");
}

#[actix_web::test]
async fn connections_to_the_upstream_stay_open() {
    let accepted = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = std::rc::Rc::clone(&accepted);
    let upstream = serving(move |mut stream| {
        count.set(count.get() + 1);
        async move {
            while crate::scripted::read_head(&mut stream).await.is_some() {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                stream.write_all(answer).await.unwrap();
            }
        }
    })
    .await;
    let site = Site::open(&config(upstream, &[A]));
    // One connection of the client, so one worker.
    let mut rows = vec![A];
    for _ in 0..5 {
        let _ = site.public.get("/a").await.ok(200);
        rows.push(B);
        rows.dedup();
        let _ = site.reload(&config(upstream, &rows)).await.ok(200);
    }
    assert_eq!(accepted.get(), 1);
}

#[actix_web::test]
async fn counters_go_on_and_those_of_dropped_rows_are_removed() {
    let (site, upstream, _) = open().await;
    let rows = ["/a", "/b"].map(|path| {
        format!("gateway_requests_total{{method=\"GET\",route=\"{path}\",status=\"2xx\"}}")
    });
    let of_upstream = "gateway_upstream_requests_total{result=\"2xx\",upstream=\"backend\"}";
    let [a, b] = &rows;
    let _ = site.public.get("/a").await.ok(200);
    let _ = site.reload(&config(upstream, &[A, B])).await.ok(200);
    let _ = site.public.get("/a").await.ok(200);
    assert_eq!(site.metric(a).await.as_deref(), Some("2"));
    assert_eq!(site.metric(b).await.as_deref(), Some("0"));
    assert_eq!(site.metric(of_upstream).await.as_deref(), Some("2"));
    let renamed = config(upstream, &[B]).replace("backend", "other");
    let _ = site.reload(&renamed).await.ok(200);
    assert_eq!(site.metric(a).await, None);
    assert_eq!(site.metric(b).await.as_deref(), Some("0"));
    assert_eq!(site.metric(of_upstream).await, None);
}

#[actix_web::test]
async fn a_probe_follows_its_upstream() {
    let (first, of_first) = json_of("200 OK", "{}").await;
    let (second, of_second) = json_of("200 OK", "{}").await;
    let probed =
        |upstream| config(upstream, &[A]).replace("retries = 0", "retries = 0\nprobe = \"/ready\"");
    let site = Site::open(&probed(first));
    eventually("a probe of the first", async || {
        (!of_first.requests().is_empty()).then_some(())
    })
    .await;
    let _ = site.reload(&probed(second)).await.ok(200);
    eventually("two probes of the second", async || {
        (of_second.requests().len() > 1).then_some(())
    })
    .await;
    // A probe that was on its way may have come; another second brought no further one.
    assert!(of_first.requests().len() <= 2, "{:?}", of_first.requests());
}

fn probed(config: &str) -> String {
    config.replace("retries = 0", "retries = 0\nprobe = \"/ready\"")
}

#[actix_web::test]
async fn edits_of_something_else_leave_the_probes_pace_alone() {
    let (upstream, seen) = json_of("200 OK", "{}").await;
    let site = Site::open(&probed(&config(upstream, &[A])));
    eventually("a probe", async || {
        (!seen.requests().is_empty()).then_some(())
    })
    .await;
    for number in 0..30 {
        let labelled = format!("retries = 0\nlabel = \"number {number}\"");
        let edited = probed(&config(upstream, &[A])).replace("retries = 0", &labelled);
        let _ = site.reload(&edited).await.ok(200);
    }
    let probes = seen.requests().len();
    assert!(probes < 20, "{probes} probes");
}

#[actix_web::test]
async fn a_probe_heals_by_a_limit_that_a_reload_raises() {
    let fields = "x-a: 1\r\n".repeat(50);
    let (upstream, _) = answering(format!(
        "HTTP/1.1 200 OK\r\n{fields}content-length: 2\r\n\r\n{{}}"
    ))
    .await;
    let limited = |fields: u8| {
        let breaker = "retries = 0\nbreaker = { failures = 1, open = \"100ms\" }";
        let config = probed(&config(upstream, &[A])).replace("retries = 0", breaker);
        format!("[limits]\nresponse_fields = {fields}\n{config}")
    };
    let site = Site::open(&limited(5));
    eventually("an open circuit", async || {
        (state(&site, "backend").await == "open").then_some(())
    })
    .await;
    let _ = site.reload(&limited(100)).await.ok(200);
    eventually("a closed circuit", async || {
        (state(&site, "backend").await == "closed").then_some(())
    })
    .await;
    let _ = site.public.get("/a").await.ok(200);
}

#[actix_web::test]
async fn a_change_under_way_during_a_reload_makes_the_renewed_rows_answers_out_of_date() {
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let released = std::rc::Rc::new(std::cell::Cell::new(Some(released)));
    let (arrived, mut arrives) = tokio::sync::mpsc::unbounded_channel();
    let upstream = serving(move |mut stream| {
        let (released, arrived) = (std::rc::Rc::clone(&released), arrived.clone());
        async move {
            while let Some(head) = crate::scripted::read_head(&mut stream).await {
                if head.starts_with("POST") {
                    arrived.send(()).unwrap();
                    released.take().unwrap().await.unwrap();
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                stream.write_all(answer).await.unwrap();
            }
        }
    })
    .await;
    let post = "{ path = \"/a\", methods = [\"POST\"] }";
    let site = Site::open(&config(upstream, &[STALE, post]));
    let changing = actix_web::rt::spawn({
        let public = service_kit::testing::Client::of(site.public_addr);
        async move { public.post("/a", serde_json::json!({})).await }
    });
    arrives.recv().await.unwrap();
    let longer = STALE.replace("stale_if_error = \"1h\"", "stale_if_error = \"2h\"");
    let _ = site
        .reload(&config(upstream, &[&longer, post]))
        .await
        .ok(200);
    let _ = site.public.get("/a").await.ok(200);
    let stored = site.public.get("/a").await;
    assert!(stored.header("age").is_some());
    release.send(()).unwrap();
    assert_eq!(changing.await.unwrap().status, 200);
    let asked_again = site.public.get("/a").await;
    assert_eq!(asked_again.header("age"), None);
}

#[actix_web::test]
async fn a_warm_row_that_hangs_keeps_no_other_from_being_asked_for() {
    let hanging = serving(|stream| async move {
        let _stream = stream;
        std::future::pending().await
    })
    .await;
    let (other, seen) = json_of("200 OK", "[]").await;
    let warm = |path: &str| {
        format!(
            "{{ path = \"{path}\", methods = [\"GET\"], outage = \"stale\", stale_if_error = \"1h\", \
             query = [], warm = true, timeout = \"30s\" }}"
        )
    };
    let both = |path: &str| {
        format!(
            "{}upstreams.other.url = \"http://{other}\"\nroutes.hanging = [{}]\nroutes.other = [{}]\n",
            format_args!("upstreams.hanging.url = \"http://{hanging}\"\n"),
            warm("/hanging"),
            warm(path)
        )
    };
    let site = Site::open(&both("/first"));
    let asked = |path: &'static str| {
        let seen = seen.clone();
        eventually(path, async move || {
            let start = format!("GET {path} ");
            let mut all = seen.requests().into_iter();
            all.any(|request| request.starts_with(&start)).then_some(())
        })
    };
    asked("/first").await;
    let _ = site.reload(&both("/second")).await.ok(200);
    asked("/second").await;
}

#[actix_web::test]
async fn a_quota_goes_on_counting_when_its_row_gets_another_method() {
    let (upstream, _) = json_of("200 OK", "{}").await;
    let row = |methods: &str| {
        format!("{{ path = \"/a\", methods = [{methods}], rate_limit = \"2/1h\" }}")
    };
    let site = Site::open(&config(upstream, &[&row("\"POST\"")]));
    let post = || site.public.post("/a", serde_json::json!({}));
    for _ in 0..2 {
        let _ = post().await.ok(200);
    }
    let _ = site
        .reload(&config(upstream, &[&row("\"GET\", \"POST\"")]))
        .await
        .ok(200);
    let _ = post().await.problem(429, "rate_limited");
}

#[actix_web::test]
async fn the_operators_closure_stays_and_the_files_follow_the_file() {
    let (upstream, _) = json_of("200 OK", "{}").await;
    let features = "[features]\na = { needs = [\"backend\"], probe = \"GET /a\" }\n";
    let closure = "[[closures]]\nfeature = \"a\"\nfrom = 2999-01-01T00:00:00Z\n\
                   until = 2999-01-02T00:00:00Z\nreason = \"Later.\"\n";
    let bare = config(upstream, &[A, B]);
    let with = |tail: &str| format!("{bare}\n{features}{tail}");
    let site = Site::open(&with(closure));
    let order =
        json!({"until": "2999-01-01T00:00:00Z", "from": "2998-12-31T00:00:00Z", "reason": "Mine."});
    for target in ["features/a", "upstreams/backend"] {
        let request = site
            .operator
            .request(Method::PUT, &format!("/closures/{target}"));
        let _ = request.send_json(order.clone()).await.ok(200);
    }
    let told = async || {
        let listed = site.operator.get("/closures").await.ok(200);
        let listed = listed.as_array().unwrap().iter();
        let told = listed.map(|one| one["by"].as_str().unwrap().to_owned());
        told.collect::<Vec<_>>()
    };
    assert_eq!(told().await, ["operator", "operator", "file"]);
    let _ = site.reload(&with("")).await.ok(200);
    assert_eq!(told().await, ["operator", "operator"]);
    // A refused file changes nothing.
    let _ = site.reload("nonsense").await;
    let _ = site.reload(&bare).await.ok(200);
    assert_eq!(told().await, ["operator"]);
    let _ = site.reload(&with(closure)).await.ok(200);
    assert_eq!(told().await, ["operator", "file"]);
}
