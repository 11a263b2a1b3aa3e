//! How far behind each recipient is: a gauge for whoever scrapes `/metrics`, a line in the log while it is worth one.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use prometheus::{IntGaugeVec, Opts, Registry, TEXT_FORMAT, TextEncoder};

use super::{Outbox, rows};
use crate::database;
use crate::failure::Failure;
use crate::serve::{Draining, resource};

/// How often the log tells of what waits, and how long something must have waited to be told of.
const REPORT: Duration = Duration::from_secs(30);

const BY_RECIPIENT: &str =
    "SELECT recipient, COUNT(*), SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END),
         MIN(created_at), MAX(created_at), MAX(due_at)
     FROM outbox GROUP BY recipient";

/// One row of it.
type Standing = (String, i64, i64, i64, i64, i64);

/// What waits for one recipient.
struct Lag {
    recipient: &'static str,
    waiting: i64,
    /// How many of them have gone wrong before.
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

    /// What `/metrics` has of the outbox.
    pub(crate) async fn gauges(&self) -> Result<Registry, Failure> {
        let lags = self.lags().await.map_err(database::failure)?;
        register(&lags).map_err(Failure::internal)
    }

    /// Every recipient, those included for whom nothing waits. What is dated in the future is set right first: it would
    /// hide how long it waits.
    async fn lags(&self) -> sqlx::Result<Vec<Lag>> {
        let mut standings = self.standings().await?;
        // Not before: what has been written since would be dated in the future.
        let now = self.clock.now(&self.database).await?;
        let is_ahead = |(.., made, due): &Standing| *made > now || *due > rows::latest_due(now);
        if standings.iter().any(is_ahead) {
            rows::cap_waits(&self.database, now).await?;
            standings = self.standings().await?;
        }
        let lags = self.recipients.iter().map(|recipient| {
            let name = recipient.link.name;
            let standing = standings.iter().find(|standing| standing.0 == name);
            let (waiting, failing, since) = standing
                .map_or((0, 0, now), |(_, waiting, failing, since, ..)| {
                    (*waiting, *failing, *since)
                });
            Lag {
                recipient: name,
                waiting,
                failing,
                // What was written since waits for no time.
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

/// Logs what has been waiting for long, until a stop is asked for.
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
            Err(error) => log::warn!("how far behind the recipients are cannot be read: {error}"),
        }
    }
}

async fn metrics(outbox: web::Data<Outbox>) -> Result<HttpResponse, Failure> {
    answer(&outbox.gauges().await?)
}

/// What is registered, as Prometheus reads it.
pub(crate) fn answer(registry: &Registry) -> Result<HttpResponse, Failure> {
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
        "How many of them have been refused, or gone wrong, at least once.",
    )?;
    let oldest = gauge(
        &registry,
        "outbox_oldest_message_age_seconds",
        "How long the oldest of them has been waiting.",
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
