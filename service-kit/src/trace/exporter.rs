//! Sends the spans to the collector (OTLP over HTTP), in batches.
//!
//! 1. A batch goes out when there are enough spans, or after the delay.
//! 2. A collector that is away, too slow or overloaded gets the batch again after a pause that grows
//!    (OTLP §"Failures"). After the third try, the batch is dropped and counted. Meanwhile the queue
//!    takes new spans as far as there is room.
//! 3. The log says once that the collector takes nothing, and once that it takes spans again.
//! 4. A stop sends what is left, and waits at most [`LAST`] for the collector.
//!
//! A process that keeps traces itself needs no collector: it gets its own spans by a call.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use awc::Client;
use prost::Message as _;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::otlp::{self, ExportResponse};
use super::recording::Recording;
use super::settings::Settings;
use super::span::Span;
use super::tracer::Tracer;
use crate::peer::Backoff;

/// How long a stop waits for the collector. Docker kills 10 s after it asked for the stop, and
/// requests in flight may take most of that.
const LAST: Duration = Duration::from_secs(1);

/// How often a batch is tried.
const TRIES: u32 = 3;

/// The pauses after failures. A collector that is back gets spans within the longest.
const PAUSE: Backoff = Backoff {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(10),
};

/// The longest pause that a collector may ask for.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(60);

const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Takes a span of the service with this name.
pub type Receive = Box<dyn Fn(&str, otlp::Span)>;

/// Where the spans go.
enum Destination {
    Collector(Settings),
    /// This process.
    Within(Receive),
}

/// The other end of a [`Tracer`]'s queue.
pub struct Exporter {
    destination: Destination,
    recording: Recording,
    tracer: Tracer,
    queue: mpsc::Receiver<Box<Span>>,
    /// The spans to be sent next.
    batch: Vec<Span>,
    /// The tries that have failed since the last one that succeeded.
    failures: u32,
    /// Spans that were dropped before the collector went away.
    dropped_before: u64,
}

/// The collector's answer to a batch.
enum Sent {
    /// It did not take this many of the spans.
    Taken { rejected: u64 },
    /// It will never take them.
    Refused(String),
    /// It may take them later.
    Failed(String, Option<Duration>),
}

/// Begins to record spans for a collector. They are sent by [`Exporter::beside`].
#[must_use]
pub fn start(settings: &Settings) -> (Tracer, Exporter) {
    let destination = Destination::Collector(settings.clone());
    begin(&settings.recording, destination)
}

/// Begins to record spans for this process itself. They are handed over by [`Exporter::beside`].
#[must_use]
pub fn start_within(recording: &Recording, receive: Receive) -> (Tracer, Exporter) {
    begin(recording, Destination::Within(receive))
}

fn begin(recording: &Recording, destination: Destination) -> (Tracer, Exporter) {
    let (tracer, queue) = Tracer::new(recording.sampler, recording.bounds);
    let exporter = Exporter {
        destination,
        recording: recording.clone(),
        tracer: tracer.clone(),
        queue,
        batch: Vec::new(),
        failures: 0,
        dropped_before: 0,
    };
    (tracer, exporter)
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

impl Exporter {
    /// Exports the spans of `work` until it completes, and then those that are left, for at most
    /// [`LAST`].
    pub async fn beside<W: Future>(mut self, work: W) -> W::Output {
        let (stop, stopped) = watch::channel(false);
        let last = async {
            let mut stopped = stopped.clone();
            // Fails only without a sender, and it is held below.
            let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
            sleep(LAST).await;
        };
        let work = async {
            let output = work.await;
            stop.send_replace(true);
            output
        };
        let export = async {
            tokio::select! {
                () = self.run(stopped.clone()) => {}
                () = last => {}
            }
            self.give_up();
        };
        // The work first: it must not wait for the exporter's turn.
        let (output, ()) = futures_util::future::join(work, export).await;
        output
    }

    /// Exports until a stop, and then until nothing is left.
    async fn run(&mut self, mut stopped: watch::Receiver<bool>) {
        let client = match &self.destination {
            Destination::Collector(settings) => Some(settings.endpoint.client()),
            Destination::Within(_) => None,
        };
        loop {
            if !*stopped.borrow() {
                tokio::select! {
                    () = self.tracer.batch() => {}
                    () = sleep(self.recording.delay) => {}
                    _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
                }
            }
            while self.fill() {
                match &client {
                    Some(client) => self.export(client, &mut stopped).await,
                    None => self.hand_over(),
                }
            }
            if *stopped.borrow() {
                return;
            }
        }
    }

    /// Takes spans from the queue, up to a batch. Returns whether there are any.
    fn fill(&mut self) -> bool {
        while self.batch.len() < self.recording.bounds.batch
            && let Ok(span) = self.queue.try_recv()
        {
            self.batch.push(*span);
        }
        !self.batch.is_empty()
    }

    /// Gives the batch to this process.
    fn hand_over(&mut self) {
        let Destination::Within(receive) = &self.destination else {
            return;
        };
        let name = otlp::service_name(&self.recording.resource);
        self.tracer.export_some(self.batch.len() as u64);
        for span in self.batch.drain(..) {
            receive(name, otlp::Span::from(&span));
        }
    }

    /// Sends the batch, until the collector takes it or it was tried often enough.
    async fn export(&mut self, client: &Client, stopped: &mut watch::Receiver<bool>) {
        let body = otlp::request(&self.recording.resource, &self.batch).encode_to_vec();
        let spans = self.batch.len() as u64;
        for tries in 1..=TRIES {
            let pause = match self.send(client, body.clone()).await {
                Sent::Taken { rejected } => {
                    let rejected = rejected.min(spans);
                    self.tracer.export_some(spans - rejected);
                    self.tracer.drop_some(rejected);
                    self.batch.clear();
                    return self.succeeded();
                }
                Sent::Refused(why) => {
                    self.failed(&why, *stopped.borrow());
                    break;
                }
                Sent::Failed(why, retry_after) => {
                    self.failed(&why, *stopped.borrow());
                    let pause = PAUSE.jittered(self.failures - 1, 0.5, rand::random());
                    pause.max(retry_after.unwrap_or_default())
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                // A collector that did not answer will not do so within the last second.
                _ = stopped.wait_for(|is_stopped| *is_stopped) => break,
            }
            if tries == TRIES {
                break;
            }
        }
        self.tracer.drop_some(spans);
        self.batch.clear();
    }

    async fn send(&self, client: &Client, body: Vec<u8>) -> Sent {
        let Destination::Collector(settings) = &self.destination else {
            return Sent::Taken { rejected: 0 };
        };
        let exchange = async {
            let mut request = client
                .post(settings.endpoint.at(""))
                .timeout(settings.timeout)
                .insert_header((CONTENT_TYPE, otlp::MEDIA_TYPE))
                .insert_header((
                    USER_AGENT,
                    concat!("passe-plat/", env!("CARGO_PKG_VERSION")),
                ));
            for (name, value) in &settings.headers.0 {
                request = request.insert_header((name.clone(), value.clone()));
            }
            let mut answer = request
                .send_body(body)
                .await
                .map_err(|error| error.to_string())?;
            let body = answer.body().limit(MAX_ANSWER_BYTES).await;
            let body = body.map_err(|error| error.to_string())?;
            Ok((answer.status(), answer.headers().clone(), body))
        };
        match timeout(settings.timeout, exchange).await {
            Ok(Ok((status, fields, body))) => judge(status, &fields, &body),
            Ok(Err(why)) => Sent::Failed(why, None),
            Err(_elapsed) => Sent::Failed("out of time".to_owned(), None),
        }
    }

    fn failed(&mut self, why: &str, is_stopping: bool) {
        if is_stopping && self.failures == 0 {
            // A collector that stops at the same time is no news.
            log::debug!("the trace collector takes no spans: {why}");
        } else if self.failures == 0 {
            self.dropped_before = self.tracer.counts().dropped;
            log::warn!(
                "the trace collector takes no spans; without room for more, they are dropped: {why}"
            );
        }
        self.failures = self.failures.saturating_add(1);
    }

    fn succeeded(&mut self) {
        if self.failures > 0 {
            let dropped = self.tracer.counts().dropped - self.dropped_before;
            log::info!("the trace collector takes spans again, {dropped} were dropped");
        }
        self.failures = 0;
    }

    /// Counts the spans that nobody will send.
    fn give_up(&mut self) {
        let mut left = self.batch.len() as u64;
        while self.queue.try_recv().is_ok() {
            left += 1;
        }
        self.tracer.drop_some(left);
        let dropped = self.tracer.counts().dropped;
        if left > 0 {
            log::warn!("{left} spans were not exported before the stop, {dropped} since the start");
        }
    }
}

fn judge(status: StatusCode, fields: &HeaderMap, body: &[u8]) -> Sent {
    if status.is_success() {
        // An answer that cannot be read is no reason to send the spans again.
        let answer = ExportResponse::decode(body).unwrap_or_default();
        let rejected = answer.partial_success.unwrap_or_default().rejected_spans;
        return Sent::Taken {
            rejected: rejected.try_into().unwrap_or(0),
        };
    }
    let why = format!("it answered {status}");
    match status.as_u16() {
        // Those that OTLP allows to be tried again.
        429 | 502 | 503 | 504 => Sent::Failed(why, retry_after(fields)),
        _ => Sent::Refused(why),
    }
}

fn retry_after(fields: &HeaderMap) -> Option<Duration> {
    let seconds = fields.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MOST_RETRY_AFTER))
}

#[cfg(test)]
mod tests;
