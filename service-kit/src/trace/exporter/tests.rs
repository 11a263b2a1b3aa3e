//! Tests of the exporter against collectors that answer, refuse and say nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Exporter, LAST, start, start_within};
use crate::env::Env;
use crate::trace::otlp::{ExportRequest, ExportResponse, PartialSuccess};
use crate::trace::span::{Kind, OpenSpan, id_of};
use crate::trace::traceparent::hex;
use crate::trace::tracer::{Counts, Tracer};
use crate::trace::{Settings, otlp};

/// Bounds of the tests: a queue of 4 spans, batches of 2.
fn settings(addr: SocketAddr) -> Settings {
    let url = format!("http://{addr}");
    let env = Env::of_pairs([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cret"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "200"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ]);
    Settings::from_env(&env, "orders").unwrap().unwrap()
}

fn started(addr: SocketAddr) -> (Tracer, Exporter) {
    start(&settings(addr))
}

fn end_some(tracer: &Tracer, spans: u64) {
    for number in 1..=spans {
        let ids = (id_of(number), None);
        drop(OpenSpan::begin(tracer, (&hex(7), 1), ids, Kind::Server));
    }
}

/// A collector that gives these answers in turn, and 200 after the last. It tells the number of
/// spans in each request.
async fn collector(answers: Vec<HttpResponse>) -> (SocketAddr, mpsc::UnboundedReceiver<usize>) {
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| (answer.status(), answer.headers().contains_key(RETRY_AFTER)))
        .collect();
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let (told, heard) = mpsc::unbounded_channel();
    let server = HttpServer::new(move || {
        let (answers, told) = (Arc::clone(&answers), told.clone());
        let take = move |request: HttpRequest, body: web::Bytes| {
            assert_eq!(request.headers().get("x-key").unwrap(), "s3cret");
            assert_eq!(
                request.headers().get("content-type").unwrap(),
                otlp::MEDIA_TYPE
            );
            let sent = ExportRequest::decode(&*body).unwrap();
            told.send(sent.resource_spans[0].scope_spans[0].spans.len())
                .unwrap();
            let (status, waits) = answers
                .lock()
                .unwrap()
                .next()
                .unwrap_or((StatusCode::OK, false));
            async move {
                let mut answer = HttpResponse::build(status);
                if waits {
                    answer.insert_header((RETRY_AFTER, "1"));
                }
                let partial_success = (status == StatusCode::ACCEPTED).then(|| PartialSuccess {
                    rejected_spans: 1,
                    error_message: "too old".to_owned(),
                });
                answer.body(ExportResponse { partial_success }.encode_to_vec())
            }
        };
        App::new().route(otlp::PATH, web::post().to(take))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let addr = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    (addr, heard)
}

fn counts(exported: u64, dropped: u64) -> Counts {
    Counts { exported, dropped }
}

#[actix_web::test]
async fn spans_are_sent_in_batches_and_the_last_ones_at_the_stop() {
    let (addr, mut heard) = collector(vec![]).await;
    let (tracer, exporter) = started(addr);
    exporter
        .beside(async {
            end_some(&tracer, 3);
            assert_eq!(heard.recv().await, Some(2));
            assert_eq!(heard.recv().await, Some(1));
            end_some(&tracer, 1);
        })
        .await;
    assert_eq!(heard.recv().await, Some(1));
    assert_eq!(tracer.counts(), counts(4, 0));
}

#[actix_web::test]
async fn a_batch_is_sent_again_until_an_overloaded_collector_takes_it() {
    let busy = || HttpResponse::ServiceUnavailable().finish();
    let (addr, mut heard) = collector(vec![busy(), busy()]).await;
    let (tracer, exporter) = started(addr);
    exporter
        .beside(async {
            end_some(&tracer, 2);
            for _ in 0..3 {
                assert_eq!(heard.recv().await, Some(2));
            }
        })
        .await;
    assert_eq!(tracer.counts(), counts(2, 0));
}

#[actix_web::test]
async fn a_collector_is_given_the_time_that_it_asks_for() {
    let busy = HttpResponse::TooManyRequests()
        .insert_header((RETRY_AFTER, "1"))
        .finish();
    let (addr, mut heard) = collector(vec![busy]).await;
    let (tracer, exporter) = started(addr);
    exporter
        .beside(async {
            end_some(&tracer, 2);
            assert_eq!(heard.recv().await, Some(2));
            let asked = Instant::now();
            assert_eq!(heard.recv().await, Some(2));
            assert!(asked.elapsed() > Duration::from_millis(900));
        })
        .await;
}

#[actix_web::test]
async fn spans_that_a_collector_rejects_are_dropped_at_once() {
    let refused = HttpResponse::BadRequest().finish();
    // Half of the batch is rejected.
    let partly = HttpResponse::Accepted().finish();
    let (addr, mut heard) = collector(vec![refused, partly]).await;
    let (tracer, exporter) = started(addr);
    exporter
        .beside(async {
            end_some(&tracer, 4);
            assert_eq!(heard.recv().await, Some(2));
            assert_eq!(heard.recv().await, Some(2));
        })
        .await;
    assert_eq!(tracer.counts(), counts(1, 3));
}

#[actix_web::test]
async fn a_collector_that_says_nothing_delays_nobody_and_the_stop_by_a_second() {
    // It accepts connections, and nothing more.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (tracer, exporter) = started(silent.local_addr().unwrap());
    let began = Instant::now();
    exporter
        .beside(async {
            end_some(&tracer, 2);
            let _connection = silent.accept().await.unwrap();
            end_some(&tracer, 50);
            assert!(tracer.counts().dropped >= 46);
        })
        .await;
    assert!(began.elapsed() < LAST + Duration::from_secs(1));
    assert_eq!(tracer.counts(), counts(0, 52));
}

#[actix_web::test]
async fn without_a_collector_each_span_is_counted_as_dropped() {
    let absent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = absent.local_addr().unwrap();
    drop(absent);
    let (tracer, exporter) = started(addr);
    exporter
        .beside(async {
            end_some(&tracer, 9);
            // A batch is dropped after its third try.
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            while tracer.counts().dropped < 7 {
                tick.tick().await;
            }
        })
        .await;
    assert_eq!(tracer.counts(), counts(0, 9));
}

#[actix_web::test]
async fn a_process_that_keeps_traces_gets_its_own_spans() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let receive = Box::new(move |service: &str, span: otlp::Span| {
        told.send((service.to_owned(), span.kind)).unwrap();
    });
    let absent = settings((Ipv4Addr::LOCALHOST, 1).into());
    let (tracer, exporter) = start_within(&absent.recording, receive);
    exporter
        .beside(async {
            end_some(&tracer, 3);
            for _ in 0..3 {
                let server = ("orders".to_owned(), Kind::Server as i32);
                assert_eq!(heard.recv().await, Some(server));
            }
            end_some(&tracer, 1);
        })
        .await;
    assert!(heard.recv().await.is_some());
    assert_eq!(tracer.counts(), counts(4, 0));
}
