//! Reports how far behind each recipient is: gauges in `/metrics`, and a log line while it is worth
//! one.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use prometheus::{IntGaugeVec, Opts, Registry, TEXT_FORMAT, TextEncoder};

use super::{Outbox, rows};
use crate::database;
use crate::failure::Failure;
use crate::serve::{Draining, resource};
use crate::trace::{self, Tracing};

/// How often the log reports waiting messages, and how long one must have waited.
const REPORT: Duration = Duration::from_secs(30);

const BY_RECIPIENT: &str =
    "SELECT recipient, COUNT(*), SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END),
         MIN(created_at), MAX(created_at), MAX(due_at)
     FROM outbox GROUP BY recipient";

/// A row of [`BY_RECIPIENT`].
type Standing = (String, i64, i64, i64, i64, i64);

/// The messages that wait for one recipient.
struct Lag {
    recipient: &'static str,
    waiting: i64,
    /// The number of messages that have failed before.
    failing: i64,
    oldest: Duration,
}

impl Outbox {
    /// Adds `GET /metrics` in the Prometheus text format. The gateway has no route to it.
    pub fn expose(&self, routes: &mut web::ServiceConfig) {
        routes
            .app_data(web::Data::new(self.clone()))
            .service(resource("/metrics", "GET").route(web::get().to(metrics)));
    }

    /// The outbox's gauges in `/metrics`.
    pub async fn gauges(&self) -> Result<Registry, Failure> {
        let lags = self.lags().await.map_err(database::failure)?;
        register(&lags).map_err(Failure::internal)
    }

    /// Every recipient, including those without messages. Dates in the future are corrected first:
    /// they would hide the wait.
    async fn lags(&self) -> sqlx::Result<Vec<Lag>> {
        let mut standings = self.standings().await?;
        // Read after the rows: a row that is written between would be dated in the future.
        let now = self.clock.now(&self.database).await?;
        let is_ahead = |(.., made, due): &Standing| *made > now || *due > rows::latest_due(now);
        if standings.iter().any(is_ahead) {
            rows::cap_waits(&self.database, now).await?;
            standings = self.standings().await?;
        }
        let lags = self.queues.iter().map(|queue| {
            let name = queue.recipient.name;
            let standing = standings.iter().find(|standing| standing.0 == name);
            let (waiting, failing, since) = standing
                .map_or((0, 0, now), |(_, waiting, failing, since, ..)| {
                    (*waiting, *failing, *since)
                });
            Lag {
                recipient: name,
                waiting,
                failing,
                // A row that was written since has not waited.
                oldest: Duration::from_millis(u64::try_from(now - since).unwrap_or(0)),
            }
        });
        Ok(lags.collect())
    }

    async fn standings(&self) -> sqlx::Result<Vec<Standing>> {
        sqlx::query_as(BY_RECIPIENT)
            .fetch_all(&mut *self.database.reader().await?)
            .await
    }
}

/// Logs messages that have waited long, until a stop is requested.
pub(super) async fn watch(outbox: &Outbox, draining: &Draining) {
    if !outbox.has_recipients() {
        return;
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(REPORT) => {}
            () = draining.begun() => return,
        }
        match outbox.lags().await {
            Ok(lags) => lags.iter().filter(|lag| lag.oldest >= REPORT).for_each(|lag| {
                log::warn!(
                    recipient = lag.recipient, waiting = lag.waiting, failing = lag.failing, oldest_s = lag.oldest.as_secs();
                    "is behind"
                );
            }),
            Err(error) => log::warn!("the lag of the recipients cannot be read: {error}"),
        }
    }
}

async fn metrics(
    outbox: web::Data<Outbox>,
    tracing: web::Data<Tracing>,
) -> Result<HttpResponse, Failure> {
    metrics_answer(&outbox.gauges().await?, &tracing)
}

/// The metrics in Prometheus' text format, with those of the spans.
pub fn metrics_answer(registry: &Registry, tracing: &Tracing) -> Result<HttpResponse, Failure> {
    if let Some(tracer) = tracing.tracer() {
        trace::expose(tracer.counts(), registry).map_err(Failure::internal)?;
    }
    let text = TextEncoder::new().encode_to_string(&registry.gather());
    let text = text.map_err(Failure::internal)?;
    Ok(HttpResponse::Ok().content_type(TEXT_FORMAT).body(text))
}

fn register(lags: &[Lag]) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    let waiting = gauge(
        &registry,
        "outbox_waiting_messages",
        "Messages that a recipient has not taken yet.",
    )?;
    let failing = gauge(
        &registry,
        "outbox_failing_messages",
        "Messages that were refused or failed at least once.",
    )?;
    let oldest = gauge(
        &registry,
        "outbox_oldest_message_age_seconds",
        "How long the oldest message has waited.",
    )?;
    for lag in lags {
        let seconds = i64::try_from(lag.oldest.as_secs()).unwrap_or(i64::MAX);
        waiting.with_label_values(&[lag.recipient]).set(lag.waiting);
        failing.with_label_values(&[lag.recipient]).set(lag.failing);
        oldest.with_label_values(&[lag.recipient]).set(seconds);
    }
    Ok(registry)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntGaugeVec> {
    let gauge = IntGaugeVec::new(Opts::new(name, help), &["recipient"])?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}
