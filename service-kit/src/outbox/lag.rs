//! How far behind each recipient is: a gauge for whoever scrapes `/metrics`, a line in the log while it is worth one.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use prometheus::{IntGaugeVec, Opts, Registry, TEXT_FORMAT, TextEncoder};
use shared_types::value::Timestamp;

use super::Outbox;
use crate::database;
use crate::failure::Failure;
use crate::serve::{Draining, resource};

/// How often the log tells of what waits, and how long something must have waited to be told of.
const REPORT: Duration = Duration::from_secs(30);

const BY_RECIPIENT: &str =
    "SELECT recipient, COUNT(*), SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), MIN(created_at)
     FROM outbox GROUP BY recipient";

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

    /// Every recipient, those included for whom nothing waits.
    async fn lags(&self) -> sqlx::Result<Vec<Lag>> {
        let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(BY_RECIPIENT)
            .fetch_all(&mut *self.database.reader().await?)
            .await?;
        let now = Timestamp::now().millis();
        let lags = self.recipients.iter().map(|recipient| {
            let row = rows.iter().find(|(name, ..)| name == recipient.link.name);
            let (waiting, failing, since) = row
                .map_or((0, 0, now), |(_, waiting, failing, since)| {
                    (*waiting, *failing, *since)
                });
            Lag {
                recipient: recipient.link.name,
                waiting,
                failing,
                // A clock that was set back makes nothing wait for less than no time.
                oldest: Duration::from_millis(u64::try_from(now - since).unwrap_or(0)),
            }
        });
        Ok(lags.collect())
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
    let lags = outbox.lags().await.map_err(database::failure)?;
    let text = render(&lags).map_err(Failure::internal)?;
    Ok(HttpResponse::Ok().content_type(TEXT_FORMAT).body(text))
}

fn render(lags: &[Lag]) -> prometheus::Result<String> {
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
    TextEncoder::new().encode_to_string(&registry.gather())
}

fn gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntGaugeVec> {
    let gauge = IntGaugeVec::new(Opts::new(name, help), &["recipient"])?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}
