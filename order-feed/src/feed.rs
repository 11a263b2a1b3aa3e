//! The connection to the order service: events in, marks out.

use std::sync::Arc;

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use futures_util::future::join3;
use prometheus::IntGauge;
use serde_json::json;
use service_kit::database::{self, Database, DatabaseUrl, Migrations, OpenError};
use service_kit::failure::{Failure, QUOTA_RETRY_AFTER};
use service_kit::health::Readiness;
use service_kit::outbox::{self, News, Outbox};
use service_kit::peer::PeerUrl;
use service_kit::serve::{Draining, resource};
use service_kit::trace::{self, Kind, OpenSpan, Tracing, Value};
use shared_types::field::FromText as _;
use shared_types::id::{OrderId, OrderRef};
use shared_types::order::{Order, OrderStage, OrderStatus};
use shared_types::problem::Code;

use crate::catch_up::CatchUp;
use crate::correction::Corrections;
use crate::intake::Intake;
use crate::local::{Admission, Learned, LocalOrders};
use crate::report;

/// The connection to the order service. Every worker has a clone; clones share the database.
#[derive(Clone, Debug)]
pub struct OrderFeed {
    peer: PeerUrl,
    database: Database,
    outbox: Outbox,
    intake: Arc<Intake>,
    corrections: Arc<Corrections>,
}

impl OrderFeed {
    /// Opens the file with the marks that the order service has not taken yet.
    ///
    /// # Errors
    /// The file cannot be created, opened or migrated.
    pub async fn open(peer: PeerUrl, file: &DatabaseUrl) -> Result<Self, OpenError> {
        // No migrations of its own: `NONE` creates the table that shows whether a database answers.
        let database = Database::open(file, &[Migrations::NONE, outbox::MIGRATIONS]).await?;
        let corrections = Arc::<Corrections>::default();
        let recipient = report::recipient(peer.clone(), Arc::clone(&corrections));
        Ok(Self {
            outbox: Outbox::new(database.clone(), vec![recipient]),
            peer,
            database,
            intake: Arc::default(),
            corrections,
        })
    }

    /// Ready while marks can be written.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.database.readiness()
    }

    /// Adds `GET /metrics` in the Prometheus text format. The gateway has no route to it.
    pub fn expose(&self, routes: &mut web::ServiceConfig) {
        routes
            .app_data(web::Data::new(self.clone()))
            .service(resource("/metrics", "GET").route(web::get().to(metrics)));
    }

    /// Reports that an order has reached `status`. Once this returns, the report survives a crash.
    /// An order that the order service does not have, such as a sample, is not reported.
    ///
    /// # Errors
    /// The report cannot be written. The mark may be made again: a repeated report changes nothing.
    pub async fn report(&self, order: &OrderRef, status: OrderStatus) -> Result<(), Failure> {
        let Ok(id) = OrderId::from_text(order.as_str()) else {
            return Ok(());
        };
        let news = News {
            topic: &id.to_string(),
            step: status.rank(),
            body: &json!({"status": status}).to_string(),
        };
        let written = async {
            let mut transaction = self.database.write().await?;
            self.outbox.put(&mut transaction, news).await?;
            transaction.commit().await
        };
        written.await.map_err(database::failure)?;
        self.outbox.wake();
        Ok(())
    }

    /// Tells `local` of every order in `stage`, the oldest first and as far as there is room, and sends
    /// the reports, until a stop is requested. `local` is also told of each order whose report is
    /// refused for good.
    pub async fn run(self, stage: OrderStage, local: Arc<impl LocalOrders>, draining: Draining) {
        let catch_up = CatchUp {
            peer: &self.peer,
            outbox: &self.outbox,
            intake: &self.intake,
        };
        let catch_up = async {
            tokio::select! {
                () = catch_up.run(stage, &*local) => {}
                () = self.corrections.run(&self.peer, &*local) => {}
                () = draining.begun() => {}
            }
        };
        let report = self.outbox.clone().run(draining.clone());
        let watch = self.database.clone().watch_writes(draining.clone());
        join3(catch_up, report, watch).await;
    }

    #[cfg(test)]
    pub(crate) fn is_full(&self) -> bool {
        self.intake.is_full()
    }
}

/// Takes an event: tells `local` of its order. With a feed, an order that finds no room is asked
/// for later, so its sender need not repeat the event.
///
/// # Errors
/// 507 when there is neither room nor a feed. The same event may be sent again.
pub async fn receive(
    feed: Option<&OrderFeed>,
    order: &Order,
    local: &impl LocalOrders,
) -> Result<(), Failure> {
    let named = |span: &mut OpenSpan| {
        span.name("process order");
        span.set("messaging.system", "outbox");
        span.set("messaging.operation.name", "process");
        span.set("messaging.operation.type", "process");
        let order = Value::copy(&order.id.to_string());
        span.set("messaging.message.conversation_id", order);
    };
    trace::spanned(Kind::Consumer, named, take(feed, order, local)).await
}

async fn take(
    feed: Option<&OrderFeed>,
    order: &Order,
    local: &impl LocalOrders,
) -> Result<(), Failure> {
    let admission = feed.map_or(Admission::Open, |feed| feed.intake.admission());
    match (local.learn(order, admission).await?, feed) {
        (Learned::Known, _) => Ok(()),
        (Learned::NoRoom, Some(feed)) => {
            feed.intake.miss(order);
            Ok(())
        }
        (Learned::NoRoom, None) => {
            Err(Failure::new(Code::StorageFull).with_header(RETRY_AFTER, QUOTA_RETRY_AFTER))
        }
    }
}

async fn metrics(
    feed: web::Data<OrderFeed>,
    tracing: web::Data<Tracing>,
) -> Result<HttpResponse, Failure> {
    let registry = feed.outbox.gauges().await?;
    let full = IntGauge::new(
        "orders_intake_full",
        "1 while there is no room for another order, and open ones wait at the order service.",
    );
    let full = full.map_err(Failure::internal)?;
    full.set(i64::from(feed.intake.is_full()));
    registry
        .register(Box::new(full))
        .map_err(Failure::internal)?;
    outbox::metrics_answer(&registry, &tracing)
}
