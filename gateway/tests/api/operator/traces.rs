//! `GATEWAY_TRACES`: what is taken as spans, from whom, and what is told of them.

use std::io::Write as _;

use actix_web::http::Method;
use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use gateway::Gateway;
use prost::Message as _;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::{Answer, Client, Process, Request, addr_after, eventually};
use service_kit::trace::otlp::{
    AnyValue, ExportRequest, ExportResponse, KeyValue, Resource, ResourceSpans, ScopeSpans, Span,
    Value as Attribute,
};

use super::{Guarded, TOKEN};
use crate::outages::Moody;
use crate::process::gateway;
use crate::{CONFIG, parse};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const PROTOBUF: &str = "application/x-protobuf";

struct Traced {
    public: Client,
    operator: Client,
}

async fn open<const N: usize>(more: [(&str, &str); N]) -> Traced {
    let backend = Moody::start().await;
    let url = format!("http://{}", backend.addr);
    let more = Env::of_pairs(more);
    let env = Env::new(move |name| match name {
        "GATEWAY_BIND" | "GATEWAY_ADMIN_BIND" => Some("127.0.0.1:0".to_owned()),
        "GATEWAY_WORKERS" => Some("1".to_owned()),
        "OTEL_BSP_SCHEDULE_DELAY" => Some("20".to_owned()),
        "BACKEND_URL" => Some(url.clone()),
        _ => more.get(name),
    });
    let gateway = Gateway::build(parse(CONFIG, &env)).unwrap();
    let (public, operator) = (Client::of(gateway.addr()), Client::of(gateway.admin_addr()));
    actix_web::rt::spawn(async move {
        let _held = backend;
        gateway.run_until(std::future::pending()).await
    });
    Traced { public, operator }
}

/// A span of a service, with an id of this byte.
fn span(id: u8) -> Span {
    let value = Some(Attribute::Text("/things".to_owned()));
    Span {
        trace_id: hex::decode(TRACE).unwrap(),
        span_id: vec![id; 8],
        parent_span_id: hex::decode(PARENT).unwrap(),
        name: "GET /things".to_owned(),
        kind: 2,
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_001_500_000,
        attributes: vec![KeyValue {
            key: "http.route".to_owned(),
            value: Some(AnyValue { value }),
        }],
        ..Span::default()
    }
}

fn export(spans: Vec<Span>) -> Bytes {
    let value = Some(Attribute::Text("backend".to_owned()));
    let name = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue { value }),
    };
    let scope = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    let of_resource = ResourceSpans {
        resource: Some(Resource {
            attributes: vec![name],
        }),
        scope_spans: vec![scope],
    };
    let request = ExportRequest {
        resource_spans: vec![of_resource],
    };
    request.encode_to_vec().into()
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap().into()
}

fn post(operator: &Client) -> Request {
    operator.request(Method::POST, "/v1/traces")
}

async fn send(operator: &Client, body: Bytes) -> Answer {
    let request = post(operator).header("content-type", PROTOBUF);
    request.send_body(body).await
}

/// How many spans this answer says were rejected.
fn rejected(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some(PROTOBUF));
    let response = ExportResponse::decode(&*answer.body).unwrap();
    response
        .partial_success
        .map_or(0, |partial| partial.rejected_spans)
}

async fn trace(operator: &Client) -> Value {
    operator.get(&format!("/traces/{TRACE}")).await.ok(200)
}

const ON: (&str, &str) = ("GATEWAY_TRACES", "on");

#[actix_web::test]
async fn the_spans_of_a_service_and_the_gateway_s_own_are_one_trace() {
    let site = open([ON]).await;
    let sent = site.public.request(Method::GET, "/things");
    let sent = sent.header("traceparent", &format!("00-{TRACE}-{PARENT}-01"));
    assert_eq!(sent.send().await.status, 200);
    assert_eq!(
        rejected(&send(&site.operator, export(vec![span(7)])).await),
        0
    );
    let told = eventually("the spans of both", async || {
        let answer = site.operator.get(&format!("/traces/{TRACE}")).await;
        let told = (answer.status == 200).then(|| answer.json())?;
        (told["spans"].as_array()?.len() >= 3).then_some(told)
    })
    .await;
    assert_eq!(
        (&told["traceId"], &told["leftOut"]),
        (&json!(TRACE), &json!(0))
    );
    let spans = told["spans"].as_array().unwrap();
    let of = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    // The service's is the oldest.
    assert_eq!(told["began"], "2023-11-14T22:13:20Z");
    assert_eq!(spans[0]["service"], "backend");
    let backend = json!({
        "id": "07".repeat(8),
        "parent": PARENT,
        "service": "backend",
        "name": "GET /things",
        "kind": "server",
        "beginMs": 0.0,
        "ms": 1.5,
        "isError": false,
        "attributes": {"http.route": "/things"},
    });
    assert_eq!(spans[0], backend);
    let tried = of("GET backend");
    assert_eq!(
        (&tried["service"], &tried["kind"]),
        (&json!("gateway"), &json!("client"))
    );
    let answered = spans.iter().find(|span| span["id"] == tried["parent"]);
    assert_eq!(answered.unwrap()["parent"], PARENT);
}

#[actix_web::test]
async fn a_body_is_taken_in_gzip_and_a_bomb_is_not() {
    let site = open([ON]).await;
    let coded = |coding: &str, body: Bytes| {
        let request = post(&site.operator).header("content-type", "application/X-protobuf; a=b");
        request.header("content-encoding", coding).send_body(body)
    };
    let answer = coded("gzip", gzip(&export(vec![span(1)]))).await;
    assert_eq!(rejected(&answer), 0);
    assert_eq!(rejected(&coded("identity", export(vec![span(2)])).await), 0);
    assert_eq!(
        trace(&site.operator).await["spans"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let bomb = coded("GZIP", gzip(&vec![0; 64 << 20])).await;
    let _ = bomb.problem(413, "payload_too_large");
    let plain = coded("gzip", export(vec![span(3)])).await;
    let _ = plain.problem(400, "bad_request");
    for coding in ["br", "gzip, gzip"] {
        let refused = coded(coding, export(vec![span(3)])).await;
        let _ = refused.problem(415, "unsupported_media_type");
        assert_eq!(refused.header("accept-encoding"), Some("gzip, identity"));
    }
    let large = send(&site.operator, vec![0; (1 << 20) + 1].into()).await;
    let _ = large.problem(413, "payload_too_large");
    assert_eq!(
        trace(&site.operator).await["spans"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[actix_web::test]
async fn anything_but_spans_in_protobuf_is_refused() {
    let site = open([ON]).await;
    let malformed = send(&site.operator, Bytes::from_static(b"\x0a\x7f...")).await;
    let problem = malformed.problem(400, "bad_request");
    assert!(problem.detail.contains("OTLP"), "{}", problem.detail);
    let json = post(&site.operator).send_json(json!({"resourceSpans": []}));
    let problem = json.await.problem(415, "unsupported_media_type");
    assert!(problem.detail.contains("protobuf"), "{}", problem.detail);
    let silent = post(&site.operator).send_body(export(vec![span(1)]));
    let _ = silent.await.problem(415, "unsupported_media_type");
    let nameless = Span {
        span_id: Vec::new(),
        ..span(1)
    };
    let answer = send(&site.operator, export(vec![nameless, span(2)])).await;
    assert_eq!(rejected(&answer), 1);
    let told = trace(&site.operator).await;
    assert_eq!(told["spans"].as_array().unwrap().len(), 1);
    for id in ["", "a", &"0".repeat(32), &"g".repeat(32), "a%00b"] {
        let unknown = site.operator.get(&format!("/traces/{id}")).await;
        let _ = unknown.problem(404, "route_not_found");
    }
}

#[actix_web::test]
async fn one_trace_takes_so_many_spans_and_says_how_many_more_there_were() {
    let site = open([ON]).await;
    let mut spans = Vec::new();
    for number in 0..700_u64 {
        let span_id = (number + 1).to_be_bytes().to_vec();
        spans.push(Span { span_id, ..span(1) });
    }
    let answer = send(&site.operator, export(spans)).await;
    assert_eq!(rejected(&answer), 200);
    let told = trace(&site.operator).await;
    assert_eq!(told["spans"].as_array().unwrap().len(), 500);
    assert_eq!(told["leftOut"], 200);
}

#[actix_web::test]
async fn without_the_variable_nothing_is_taken_and_the_answer_says_what_to_set() {
    let site = open([]).await;
    let sent = send(&site.operator, export(vec![span(1)])).await;
    let told = site.operator.get(&format!("/traces/{TRACE}")).await;
    for answer in [sent, told] {
        let problem = answer.problem(404, "route_not_found");
        assert!(
            problem.detail.contains("GATEWAY_TRACES"),
            "{}",
            problem.detail
        );
    }
}

#[actix_web::test]
async fn the_port_s_own_rules_hold_for_spans_too() {
    let gateway = Guarded::open().await;
    let request = post(&gateway.operator).header("content-type", PROTOBUF);
    let refused = request.send_body(export(vec![span(1)])).await;
    let _ = refused.problem(401, "unauthorized");
    let site = open([ON, ("GATEWAY_ADMIN_TOKEN", TOKEN)]).await;
    let request = post(&site.operator).header("content-type", PROTOBUF);
    let taken = request.bearer(TOKEN).send_body(export(vec![span(1)])).await;
    assert_eq!(rejected(&taken), 0);
    for (field, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let request = post(&site.operator).header("content-type", PROTOBUF);
        let request = request.header(field, value).bearer(TOKEN);
        let refused = request.send_body(export(vec![span(2)])).await;
        let _ = refused.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn taken_spans_leave_no_line_and_refused_ones_do() {
    let mut process = Process::start(gateway().env(ON.0, ON.1));
    let line = process.line_with("for its operator on");
    let operator = Client::of(addr_after(&line, "for its operator on "));
    assert_eq!(rejected(&send(&operator, export(vec![span(1)])).await), 0);
    let _ = trace(&operator).await;
    let _ = process.line_with("/traces/{id}");
    let lines = |text: &str| {
        let log = process.log();
        log.iter().filter(|line| line.contains(text)).count()
    };
    assert_eq!(lines("/v1/traces"), 0);
    let refused = send(&operator, Bytes::from_static(b"\x0a\x7f...")).await;
    let _ = refused.problem(400, "bad_request");
    let audited = process.line_with(" audit ");
    assert!(audited.contains("outcome=refused"), "{audited}");
    // The operator's own requests, and what they cause, are no traces.
    let metrics = operator.get("/metrics").await;
    let exported = "telemetry_spans_exported_total 0";
    assert!(metrics.text().contains(exported), "{}", metrics.text());
    process.kill();
}
