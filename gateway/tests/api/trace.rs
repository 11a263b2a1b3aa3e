//! The trace of a request (W3C Trace Context).

use actix_web::http::Method;
use service_kit::testing::Process;

use crate::process::gateway;
use crate::scripted::{json, value};
use crate::{CONFIG, client};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// Trace id, parent id and flags, once their form is checked.
#[track_caller]
fn parts(traceparent: &str) -> [&str; 3] {
    let parts: Vec<_> = traceparent.split('-').collect();
    let ["00", trace_id, parent_id, flags] = parts[..] else {
        panic!("{traceparent}")
    };
    for (part, length) in [(trace_id, 32), (parent_id, 16), (flags, 2)] {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        assert_eq!(part.len(), length, "{traceparent}");
        assert!(part.bytes().all(is_digit), "{traceparent}");
    }
    [trace_id, parent_id, flags]
}

#[actix_web::test]
async fn a_trace_continues_with_its_state_under_a_new_parent() {
    let (backend, seen) = json("200 OK", "{}").await;
    let request = client(CONFIG, backend).request(Method::GET, "/things");
    let _ = request
        .header("traceparent", SENT)
        .header("tracestate", "rojo=1 ,congo=2")
        .header("tracestate", "third=3")
        .send()
        .await
        .ok(200);
    let seen = seen.only();
    let [trace_id, parent_id, flags] = parts(value(&seen, "traceparent"));
    assert_eq!((trace_id, flags), (TRACE_ID, "00"));
    assert_ne!(parent_id, "00f067aa0ba902b7");
    let state = "tracestate: rojo=1 ,congo=2\r\ntracestate: third=3\r\n";
    assert!(seen.contains(state), "{seen}");
}

#[actix_web::test]
async fn each_request_without_a_trace_begins_one_without_a_state() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = client(CONFIG, backend);
    for traceparent in [None, Some("00-not-a-trace"), None] {
        let mut request = gateway.request(Method::GET, "/things");
        if let Some(traceparent) = traceparent {
            request = request.header("traceparent", traceparent);
        }
        let _ = request.header("tracestate", "rojo=1").send().await.ok(200);
    }
    let requests = seen.requests();
    let mut ids = Vec::new();
    for request in &requests {
        let [trace_id, parent_id, flags] = parts(value(request, "traceparent"));
        assert_eq!(flags, "03");
        assert!(!request.contains("tracestate"), "{request}");
        ids.extend([trace_id, parent_id]);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6, "{ids:?}");
}

#[actix_web::test]
async fn a_malformed_state_is_dropped_and_its_trace_continues() {
    let (backend, seen) = json("200 OK", "{}").await;
    let request = client(CONFIG, backend).request(Method::GET, "/things");
    let _ = request
        .header("traceparent", SENT)
        .header("tracestate", "rojo=1,UPPER=2")
        .send()
        .await
        .ok(200);
    let seen = seen.only();
    assert_eq!(parts(value(&seen, "traceparent"))[0], TRACE_ID);
    assert!(!seen.contains("tracestate"), "{seen}");
}

#[actix_web::test]
async fn a_requests_line_in_the_log_names_its_trace() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let mut process = Process::start(
        gateway()
            .arg("--config")
            .arg(crate::without_probes())
            .env("ORDERS_URL", format!("http://{backend}")),
    );
    let gateway = service_kit::testing::Client::of(process.addr());
    let request = gateway.request(Method::GET, "/order-api/menu");
    let _ = request.header("traceparent", SENT).send().await.ok(200);
    let line = process.line_with(TRACE_ID);
    assert!(line.contains(&format!("trace_id={TRACE_ID}")), "{line}");
    process.kill();
}
