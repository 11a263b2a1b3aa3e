//! Tests of the spans that the processes send to a trace collector.

mod kept;

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Client, eventually, unused_address};
use service_kit::trace::Kind;

use crate::collector::{Collector, Span};
use crate::processes::{Processes, SERVICES, built};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const PASSWORD: &str = "passe-plat";
const ADDRESS: &str = "12 rue des Cascades";
const NOTE: &str = "entre-nous";

/// A restaurant that exports every 50 ms.
fn restaurant(collector: &str, more: &[(&'static str, &str)]) -> Processes {
    let mut variables = vec![
        (ENDPOINT, collector.to_owned()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
    ];
    variables.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    Processes::start_with(variables)
}

/// A frontend whose requests all belong to one trace.
struct Frontend(Client);

impl Frontend {
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = self.0.request(method, path);
        let request = request.header("traceparent", &format!("00-{TRACE}-{PARENT}-01"));
        let answer = match body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        answer.json()
    }
}

/// The names of a span and of those that it is within, each with its service.
fn way(spans: &[Span], last: &Span) -> Vec<String> {
    let mut way = vec![format!("{}: {}", last.service, last.name)];
    let mut parent = &last.parent;
    while let Some(span) = spans.iter().find(|span| span.id == *parent) {
        way.push(format!("{}: {}", span.service, span.name));
        parent = &span.parent;
    }
    assert_eq!(*parent, PARENT, "{way:?} does not begin at the frontend");
    way
}

/// The ways of the spans with this name in this service.
fn ways(spans: &[Span], service: &str, name: &str) -> Vec<Vec<String>> {
    let found = spans.iter();
    let found = found.filter(|span| span.service == service && span.name == name);
    found.map(|span| way(spans, span)).collect()
}

#[actix_web::test]
async fn one_order_is_one_trace_through_five_processes() {
    let collector = Collector::start();
    let mut processes = restaurant(&collector.url, &[]);
    let frontend = Frontend(Client::of(processes.gateway()));
    let login = json!({"email": "client@passe-plat.example", "password": PASSWORD});
    let login = frontend
        .send(Method::POST, "/client-api/login", Some(login))
        .await;
    let menu = format!("/order-api/menu?note={NOTE}");
    let menu = frontend.send(Method::GET, &menu, None).await;
    let items = json!([{"menuId": menu[0]["id"], "quantite": 1}]);
    let order = json!({"clientId": login["client"]["id"], "items": items, "adresse": ADDRESS});
    let order = frontend
        .send(Method::POST, "/order-api/commandes", Some(order))
        .await;
    eventually("the order in the kitchen", async || {
        let orders = frontend.0.get("/kitchen/orders").await.ok(200);
        let is_it = |ticket: &Value| ticket["order_id"] == order["id"];
        orders.as_array().unwrap().iter().any(is_it).then_some(())
    })
    .await;
    let ready = json!({"order_id": order["id"]});
    let _ = frontend
        .send(Method::POST, "/kitchen/update", Some(ready))
        .await;
    let tracked = format!("/suivi/{}", order["id"].as_str().unwrap());
    eventually("the delivery", async || {
        let tracked = frontend.0.get(&tracked).await.ok(200);
        (!tracked["delivery"].is_null()).then_some(())
    })
    .await;
    let _ = frontend.send(Method::GET, &tracked, None).await;
    let _ = frontend.send(Method::GET, "/order-api/menu", None).await;
    // A stop sends what is left.
    processes.stop("gateway");
    for (service, ..) in SERVICES {
        processes.stop(service);
    }

    let spans = collector.of(TRACE);
    let to_orders = [
        "order-service: POST /commandes",
        "gateway: POST orders",
        "gateway: POST /order-api/commandes",
    ];
    for (service, recipient) in [("kitchen-mock", "kitchen"), ("delivery-mock", "delivery")] {
        let begin = [
            &format!("{service}: process order"),
            &format!("{service}: POST /events"),
            &format!("order-service: send {recipient}"),
            "order-service: create outbox",
        ];
        let placed = [&begin[..], &to_orders].concat();
        let marked = [
            "order-service: PATCH /commandes/{id}/status",
            "kitchen-mock: send orders",
            "kitchen-mock: create outbox",
            "kitchen-mock: POST /update",
            "gateway: POST kitchen",
            "gateway: POST /kitchen/update",
        ];
        let marked = [&begin[..], &marked].concat();
        let mut ways = ways(&spans, service, "process order");
        ways.sort_by_key(Vec::len);
        assert_eq!(ways, [placed, marked], "{service}");
    }
    let written = [&["order-service: transaction"], &to_orders[..]].concat();
    let transactions = ways(&spans, "order-service", "transaction");
    assert!(
        transactions.iter().any(|way| *way == written),
        "{transactions:?}"
    );
    let logged_in = [
        "client-service: transaction",
        "client-service: POST /auth/login",
        "gateway: POST clients",
        "gateway: POST /client-api/login",
    ];
    assert_eq!(ways(&spans, "client-service", "transaction"), [logged_in]);
    let part = [
        "order-service: GET /commandes/{id}",
        "gateway: GET orders",
        "gateway: GET /suivi/{commandeId}",
    ];
    assert_eq!(ways(&spans, "order-service", "GET /commandes/{id}"), [part]);

    let server = the(&spans, "gateway", "POST /order-api/commandes");
    let is = |span: &Span, name: &str, value: &str| {
        assert_eq!(
            span.attributes.get(name).map(String::as_str),
            Some(value),
            "{span:?}"
        );
    };
    assert_eq!((server.kind, server.is_error), (Kind::Server as i32, false));
    is(server, "http.request.method", "POST");
    is(server, "http.route", "/order-api/commandes");
    is(server, "url.path", "/order-api/commandes");
    is(server, "http.response.status_code", "201");
    let sent = the(&spans, "gateway", "POST orders");
    assert_eq!(sent.kind, Kind::Client as i32);
    let addr = processes.addr("order-service");
    is(sent, "server.address", &addr.ip().to_string());
    is(sent, "server.port", &addr.port().to_string());
    assert!(server.time.0 <= sent.time.0 && sent.time.1 <= server.time.1);
    let written = the(&spans, "client-service", "transaction");
    is(written, "db.system.name", "sqlite");
    let lookups = spans.iter().filter(|span| span.name == "cache");
    assert!(lookups.count() >= 2);

    let text = collector.text();
    let token = login["access_token"].as_str().unwrap();
    for secret in [token, ADDRESS, NOTE, "note=", "Bearer"] {
        assert!(!text.contains(secret), "{secret}");
    }
    // Probes leave no spans.
    assert!(
        collector
            .spans()
            .iter()
            .all(|span| !span.name.contains("/ready"))
    );
}

fn the<'s>(spans: &'s [Span], service: &str, name: &str) -> &'s Span {
    let mut found = spans.iter();
    let found = found.find(|span| span.service == service && span.name == name);
    found.unwrap_or_else(|| panic!("no {name} of {service} in {spans:#?}"))
}

/// The number of this metric at the operator's port.
async fn metric(operator: &Client, name: &str) -> u64 {
    let answer = operator.get("/metrics").await;
    let mut lines = answer.text().lines();
    let line = lines.find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

#[actix_web::test]
async fn a_collector_that_is_away_or_hangs_delays_no_request_and_its_spans_are_counted() {
    // It accepts connections, and nothing more.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for addr in [unused_address(), silent.local_addr().unwrap()] {
        let few = [
            ("OTEL_BSP_MAX_QUEUE_SIZE", "20"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
        ];
        let mut processes = restaurant(&format!("http://{addr}"), &few);
        let gateway = Client::of(processes.gateway());
        let operator = Client::of(processes.operator());
        eventually("spans that are dropped", async || {
            let began = Instant::now();
            let _ = gateway.get("/order-api/commandes?limit=1").await.ok(200);
            assert!(began.elapsed() < Duration::from_secs(1));
            (metric(&operator, "telemetry_spans_dropped_total").await > 20).then_some(())
        })
        .await;
        assert_eq!(metric(&operator, "telemetry_spans_exported_total").await, 0);
        let began = Instant::now();
        processes.stop("gateway");
        assert!(began.elapsed() < Duration::from_secs(4));
        let log = processes.process("gateway").log();
        let warnings = log
            .iter()
            .filter(|line| line.contains("the trace collector"));
        assert_eq!(warnings.count(), 1, "{log:#?}");
    }
}

#[actix_web::test]
async fn a_collector_that_comes_back_gets_spans_again() {
    let addr = unused_address();
    let processes = restaurant(&format!("http://{addr}"), &[]);
    let gateway = Client::of(processes.gateway());
    let _ = gateway.get("/order-api/menu").await.ok(200);
    let _ = processes
        .process("gateway")
        .line_with("the trace collector takes no spans");
    let collector = Collector::start_at(addr);
    eventually("spans", async || {
        let _ = gateway.get("/order-api/menu").await.ok(200);
        let spans = collector.spans();
        spans
            .iter()
            .any(|span| span.service == "gateway")
            .then_some(())
    })
    .await;
    let _ = processes
        .process("gateway")
        .line_with("the trace collector takes spans again");
}

#[actix_web::test]
async fn a_ratio_of_zero_sends_only_what_the_sender_records() {
    let collector = Collector::start();
    let none = [
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0"),
    ];
    let mut processes = restaurant(&collector.url, &none);
    let frontend = Frontend(Client::of(processes.gateway()));
    let order = |menu: &Value| {
        let items = json!([{"menuId": menu[0]["id"], "quantite": 1}]);
        json!({"clientId": uuid::Uuid::now_v7(), "items": items})
    };
    let menu = frontend.0.get("/order-api/menu").await.ok(200);
    let _ = frontend
        .0
        .post("/order-api/commandes", order(&menu))
        .await
        .ok(201);
    let unsampled = frontend
        .0
        .request(Method::GET, "/order-api/commandes?limit=1");
    let unsampled = unsampled.header("traceparent", &format!("00-{}-{PARENT}-00", "a".repeat(32)));
    let _ = unsampled.send().await.ok(200);
    let _ = frontend
        .send(Method::GET, "/order-api/commandes?limit=1", None)
        .await;
    processes.stop("gateway");
    for (service, ..) in SERVICES {
        processes.stop(service);
    }
    let spans = collector.spans();
    assert!(!spans.is_empty());
    assert!(spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
    let services = ["gateway", "order-service"];
    assert!(spans.iter().all(|span| services.contains(&&*span.service)));
}

#[test]
fn a_wrong_variable_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["gateway", "client-service", "kitchen-mock"] {
        let mut command = Command::new(built().join(name));
        command.env_clear().current_dir(folder.path());
        command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{name}");
        let told = String::from_utf8(output.stderr).unwrap();
        let expected = "OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken here";
        assert!(told.contains(expected), "{name}: {told}");
    }
}
