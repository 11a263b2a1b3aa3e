//! The order service, as the kitchen and delivery see it.
//!
//! They keep orders in memory and hear of them by events. After a restart they ask for what is still open, which together
//! with the events that they missed makes them whole again ([`Orders::run`]). What is marked with them goes the other way:
//! it is kept in a file until the order service has taken it or refused it as impossible ([`Orders::report`]), so that
//! nobody who marks an order waits for another service, and no mark is lost with the memory.
//!
//! There is a bound on what they keep. What is beyond it waits at the order service, which has it anyway (`intake`), and is
//! asked for by age once there is room (`catch_up`, `walk`).

mod catch_up;
mod intake;
mod link;
mod walk;

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use std::future::Future;
use std::sync::Arc;

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use futures_util::future::join3;
use prometheus::IntGauge;
use serde_json::json;
use shared_types::field::FromText as _;
use shared_types::id::{OrderId, OrderRef};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;

use crate::database::{self, Database, DatabaseUrl, Migrations, OpenError};
use crate::failure::{Failure, QUOTA_RETRY_AFTER};
use crate::health::Readiness;
use crate::outbox::{self, News, Outbox};
use crate::peer::PeerUrl;
use crate::serve::{Draining, resource};

use intake::Intake;

/// The name of what waits for the order service.
const NAME: &str = "orders";

/// Whether an order that a service does not have may be added to what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Open,
    /// Others that are older come first.
    Closed,
}

/// What became of an order that a service was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// It is where the order service has it, as far as it concerns the service.
    Known,
    /// It is not there, and there is no room for it.
    NoRoom,
}

/// Who keeps orders in memory, and how many there may be.
pub trait Keeper {
    /// Brings an order to where the order service has it.
    fn learn(
        &self,
        order: &Order,
        admission: Admission,
    ) -> impl Future<Output = Result<Learned, Failure>>;

    /// Whether another order may be added.
    fn has_room(&self) -> bool;
}

/// Handed to every worker; its copies share the connections.
#[derive(Clone, Debug)]
pub struct Orders {
    peer: PeerUrl,
    database: Database,
    outbox: Outbox,
    intake: Arc<Intake>,
}

impl Orders {
    /// Opens the file that keeps what the order service has not taken yet.
    ///
    /// # Errors
    /// It cannot be made, opened or migrated.
    pub async fn open(peer: PeerUrl, file: &DatabaseUrl) -> Result<Self, OpenError> {
        // Without steps of its own, for the table that tells whether a database answers.
        let database = Database::open(file, &[Migrations::NONE, outbox::MIGRATIONS]).await?;
        let link = link::to(peer.clone());
        Ok(Self {
            peer,
            outbox: Outbox::new(database.clone(), vec![link]),
            database,
            intake: Arc::default(),
        })
    }

    /// The same, where there is an order service.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_if_linked(
        peer: Option<PeerUrl>,
        file: &DatabaseUrl,
    ) -> Result<Option<Self>, OpenError> {
        match peer {
            Some(peer) => Self::open(peer, file).await.map(Some),
            None => Ok(None),
        }
    }

    /// Ready as long as marks can be kept.
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

    /// Sees to it that the order service hears that an order has become `status`; once this returns, even a crash of this
    /// process does not keep it from that. What is no order of the order service, such as a sample, concerns nobody else.
    ///
    /// # Errors
    /// It cannot be kept. The mark may be made again: what was told twice changes nothing.
    pub async fn report(&self, order: &OrderRef, status: OrderStatus) -> Result<(), Failure> {
        let Ok(id) = OrderId::from_text(order.as_str()) else {
            return Ok(());
        };
        let news = News {
            topic: &id.to_string(),
            step: status.rank(),
            body: &json!({"status": status}).to_string(),
        };
        let kept = async {
            let mut transaction = self.database.write().await?;
            self.outbox.put(&mut transaction, news).await?;
            transaction.commit().await
        };
        kept.await.map_err(database::failure)?;
        self.outbox.wake();
        Ok(())
    }

    /// Has `keeper` learn of every order in one of `statuses`, the oldest first and as far as there is room, and sends what
    /// is to be reported, until a stop is asked for.
    pub async fn run(
        self,
        statuses: &'static [OrderStatus],
        keeper: Arc<impl Keeper>,
        draining: Draining,
    ) {
        let keep_up = async {
            tokio::select! {
                () = self.keep_up(statuses, &*keeper) => {}
                () = draining.begun() => {}
            }
        };
        let report = self.outbox.clone().run(draining.clone());
        let watch = self.database.clone().watch_writes(draining.clone());
        join3(keep_up, report, watch).await;
    }
}

/// Has `keeper` learn of an order from an event. Where there is an order service to ask, no room is no reason to have it
/// send the event again and again.
///
/// # Errors
/// There is no room, and nobody to ask for the order once there is. The same event may be sent again later.
pub async fn hear(
    orders: Option<&Orders>,
    order: &Order,
    keeper: &impl Keeper,
) -> Result<(), Failure> {
    let admission = orders.map_or(Admission::Open, |orders| orders.intake.admission());
    match (keeper.learn(order, admission).await?, orders) {
        (Learned::Known, _) => Ok(()),
        (Learned::NoRoom, Some(orders)) => {
            orders.intake.miss(order);
            Ok(())
        }
        (Learned::NoRoom, None) => {
            Err(Failure::new(Code::StorageFull).with_header(RETRY_AFTER, QUOTA_RETRY_AFTER))
        }
    }
}

async fn metrics(orders: web::Data<Orders>) -> Result<HttpResponse, Failure> {
    let registry = orders.outbox.gauges().await?;
    let full = IntGauge::new(
        "orders_intake_full",
        "1 while there is no room for another order, and open ones wait at the order service.",
    );
    let full = full.map_err(Failure::internal)?;
    full.set(i64::from(orders.intake.is_full()));
    registry
        .register(Box::new(full))
        .map_err(Failure::internal)?;
    outbox::answer(&registry)
}
