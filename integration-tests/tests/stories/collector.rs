//! A trace collector that decodes what it gets and keeps it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use prost::Message as _;
use service_kit::trace::otlp::{self, ExportRequest, KeyValue, Value};

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for the first span of a trace.
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) kind: i32,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) is_error: bool,
    /// In nanoseconds.
    pub(crate) time: (u64, u64),
}

#[derive(Clone, Default)]
pub(crate) struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    bodies: Arc<Mutex<Vec<u8>>>,
    pub(crate) url: String,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    pub(crate) fn start_at(addr: SocketAddr) -> Self {
        let mut collector = Self::default();
        let kept = collector.clone();
        let server = HttpServer::new(move || {
            let kept = kept.clone();
            let take = move |body: web::Bytes| {
                kept.take(&body);
                async { HttpResponse::Ok().content_type(otlp::MEDIA_TYPE).finish() }
            };
            App::new()
                .app_data(web::PayloadConfig::new(16 << 20))
                .route(otlp::PATH, web::post().to(take))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind(addr).unwrap();
        collector.url = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        collector
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }

    /// The spans of this trace.
    pub(crate) fn of(&self, trace: &str) -> Vec<Span> {
        let mut spans = self.spans();
        spans.retain(|span| span.trace == trace);
        spans
    }

    /// Everything that it got, as a text to be searched.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bodies.lock().unwrap()).into_owned()
    }

    fn take(&self, body: &[u8]) {
        self.bodies.lock().unwrap().extend_from_slice(body);
        let sent = ExportRequest::decode(body).unwrap();
        for of_resource in sent.resource_spans {
            let resource = texts(&of_resource.resource.unwrap().attributes);
            for span in of_resource
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans)
            {
                assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
                self.spans.lock().unwrap().push(Span {
                    service: resource["service.name"].clone(),
                    trace: hex(&span.trace_id),
                    id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    name: span.name,
                    kind: span.kind,
                    attributes: texts(&span.attributes),
                    is_error: span.status.is_some_and(|status| status.code == otlp::ERROR),
                    time: (span.start_time_unix_nano, span.end_time_unix_nano),
                });
            }
        }
    }
}

fn texts(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |pair: &KeyValue| match pair.value.clone().unwrap().value.unwrap() {
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
    };
    pairs
        .iter()
        .map(|pair| (pair.key.clone(), text(pair)))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
