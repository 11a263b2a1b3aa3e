//! The HTTP routes of the kitchen.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::{HttpResponse, web};
use order_feed::change_lock::{ChangeLock, run_to_end};
use order_feed::{Admission, Learned, LocalOrders, OrderFeed};
use service_kit::access::{Access, Caller};
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::serve::{document, resource};
use shared_types::event::OrderEvent;
use shared_types::id::OrderRef;
use shared_types::kitchen::{Marked, NewKitchenMark};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use crate::description::SERVICE;
use crate::kitchen::{Kitchen, Refusal, Step};

/// The kitchen, and its connection to the order service, if any.
pub(crate) struct SharedKitchen {
    kitchen: Mutex<Kitchen>,
    /// Held by a mark, so that the second of two simultaneous marks sees the first.
    change_lock: ChangeLock,
    feed: Option<OrderFeed>,
}

impl SharedKitchen {
    pub(crate) fn new(seed_demo: bool, feed: Option<OrderFeed>) -> Self {
        let kitchen = if seed_demo {
            Kitchen::with_samples(Timestamp::now())
        } else {
            Kitchen::default()
        };
        Self {
            kitchen: Mutex::new(kitchen),
            change_lock: ChangeLock::default(),
            feed,
        }
    }

    /// Makes a mark. Its report is written before the mark shows, so that a report that cannot be
    /// written changes nothing. A mark that is refused or changes nothing is not reported.
    async fn mark(&self, order: &OrderRef, to: OrderStatus) -> Result<(), Failure> {
        let _guard = self.change_lock.acquire().await?;
        let step = self.lock().check(order, to).map_err(failure)?;
        if let (Some(feed), Step::Move) = (&self.feed, step) {
            feed.report(order, to).await?;
        }
        self.lock().mark(order, to);
        Ok(())
    }

    /// A panic elsewhere leaves the kitchen consistent: no step of moving an order panics.
    fn lock(&self) -> MutexGuard<'_, Kitchen> {
        self.kitchen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalOrders for SharedKitchen {
    async fn learn(&self, order: &Order, admission: Admission) -> Result<Learned, Failure> {
        match self.lock().learn(order, admission, Timestamp::now()) {
            Ok(()) => Ok(Learned::Known),
            Err(Refusal::Full) => Ok(Learned::NoRoom),
            Err(refusal) => Err(failure(refusal)),
        }
    }

    fn has_room(&self) -> bool {
        self.lock().has_room()
    }
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    document(config, |access| match access {
        Access::Open => SERVICE.document(),
        Access::Strict => SERVICE.strict_document(),
    });
    config
        .service(resource("/orders", "GET").route(web::get().to(list)))
        .service(resource("/update", "POST").route(web::post().to(update)))
        .service(resource("/events", "POST").route(web::post().to(receive)));
}

async fn list(kitchen: web::Data<SharedKitchen>, caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(kitchen.lock().open_tickets(caller.own()))
}

async fn update(
    kitchen: web::Data<SharedKitchen>,
    Json(mark): Json<NewKitchenMark>,
) -> Result<HttpResponse, Failure> {
    let to = mark.status.unwrap_or(OrderStatus::Ready);
    let order_id = mark.order_id;
    let marked = async move {
        kitchen.mark(&order_id, to).await?;
        let status = to;
        Ok(Marked { order_id, status })
    };
    Ok(HttpResponse::Ok().json(run_to_end(marked).await?))
}

/// Any answer but 2xx makes the order service send the event again, so the kitchen misses nothing.
async fn receive(
    kitchen: web::Data<SharedKitchen>,
    Json(event): Json<OrderEvent>,
) -> Result<HttpResponse, Failure> {
    order_feed::receive(kitchen.feed.as_ref(), &event.order, &**kitchen).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::UnknownOrder => Failure::new(Code::OrderNotFound),
        Refusal::ImpossibleMove { from, to } => Failure::new(Code::ImpossibleTransition)
            .with_detail(Text::formatted(|say| {
                (say.orders.impossible_in_kitchen)(from, to)
            })),
        Refusal::Full => Failure::new(Code::StorageFull),
    }
}
