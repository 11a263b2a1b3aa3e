//! Records a subscriber's events and answers them by the script. It outlives a stop.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use tokio::sync::watch;

/// The time that an event takes. Without it, two requests about one order could not be seen to
/// overlap.
const WORK: Duration = Duration::from_millis(5);

#[derive(Clone, Copy)]
pub(crate) enum Reply {
    Status(u16),
    /// No answer until the script changes.
    Held,
}

pub(crate) const TAKEN: Reply = Reply::Status(204);

type Script = Box<dyn Fn(&Value) -> Reply + Send + Sync>;

/// A request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) content_type: String,
    pub(crate) request_id: String,
    pub(crate) event: Value,
    status: Option<u16>,
    /// The orders of the other requests at the time of the answer.
    pub(super) concurrent: Vec<Value>,
}

pub(super) struct Recorder {
    script: watch::Sender<Script>,
    record: Mutex<Record>,
}

#[derive(Default)]
pub(super) struct Record {
    pub(super) arrivals: Vec<Arrival>,
    in_flight: HashMap<Value, usize>,
    pub(super) most_at_once: usize,
    /// The number of requests about any order, now and at most.
    together: usize,
    pub(super) most_together: usize,
}

impl Arrival {
    pub(super) fn is_taken(&self) -> bool {
        self.status == Some(204)
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            script: watch::Sender::new(Box::new(|_event| TAKEN)),
            record: Mutex::default(),
        }
    }
}

impl Recorder {
    pub(super) fn follow(&self, script: impl Fn(&Value) -> Reply + Send + Sync + 'static) {
        drop(self.script.send_replace(Box::new(script)));
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    async fn decide(&self, event: &Value) -> u16 {
        let mut script = self.script.subscribe();
        loop {
            let reply = script.borrow_and_update()(event);
            match reply {
                Reply::Status(status) => return status,
                Reply::Held => script.changed().await.unwrap(),
            }
        }
    }
}

/// `POST /events`.
pub(super) async fn take(
    recorder: web::Data<Recorder>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let header = |name| {
        let value = request.headers().get(name).unwrap();
        value.to_str().unwrap().to_owned()
    };
    let event: Value = serde_json::from_slice(&body).unwrap();
    let visit = Visit::begin(
        &recorder,
        Arrival {
            content_type: header("content-type"),
            request_id: header("x-request-id"),
            event: event.clone(),
            status: None,
            concurrent: Vec::new(),
        },
    );
    actix_web::rt::time::sleep(WORK).await;
    let status = recorder.decide(&event).await;
    visit.end(status);
    HttpResponse::new(StatusCode::from_u16(status).unwrap())
}

/// A request in flight. It ends with its answer, or when its sender disconnects.
struct Visit<'a> {
    recorder: &'a Recorder,
    order: Value,
    number: usize,
}

impl<'a> Visit<'a> {
    fn begin(recorder: &'a Recorder, arrival: Arrival) -> Self {
        let order = arrival.event["subject"].clone();
        let mut record = recorder.record();
        let at_once = record.in_flight.entry(order.clone()).or_default();
        *at_once += 1;
        record.most_at_once = record.most_at_once.max(record.in_flight[&order]);
        record.together += 1;
        record.most_together = record.most_together.max(record.together);
        record.arrivals.push(arrival);
        let number = record.arrivals.len() - 1;
        Self {
            recorder,
            order,
            number,
        }
    }

    fn end(&self, status: u16) {
        let mut record = self.recorder.record();
        let orders = record
            .in_flight
            .iter()
            .filter(|(_, requests)| **requests > 0);
        let others = orders.filter(|(order, _)| **order != self.order);
        let concurrent = others.map(|(order, _)| order.clone()).collect();
        let arrival = &mut record.arrivals[self.number];
        arrival.status = Some(status);
        arrival.concurrent = concurrent;
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let mut record = self.recorder.record();
        *record.in_flight.get_mut(&self.order).unwrap() -= 1;
        record.together -= 1;
    }
}
