//! The kitchen's HTTP surface.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::orders::Orders;
use service_kit::serve::resource;
use shared_types::event::OrderEvent;
use shared_types::kitchen::{Marked, NewKitchenMark};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use crate::kitchen::{Kitchen, Refusal};

/// The kitchen, and the order service that hears what is marked here, where there is one.
pub(crate) struct SharedKitchen {
    kitchen: Mutex<Kitchen>,
    orders: Option<Orders>,
}

impl SharedKitchen {
    pub(crate) fn new(seed_demo: bool, orders: Option<Orders>) -> Self {
        let kitchen = if seed_demo {
            Kitchen::with_samples(Timestamp::now())
        } else {
            Kitchen::default()
        };
        Self {
            kitchen: Mutex::new(kitchen),
            orders,
        }
    }

    pub(crate) fn learn(&self, order: &Order) -> Result<(), Failure> {
        let learned = self.lock().learn(order, Timestamp::now());
        learned.map_err(failure)
    }

    /// A panic elsewhere leaves the kitchen as it was: no step of moving an order panics.
    fn lock(&self) -> MutexGuard<'_, Kitchen> {
        self.kitchen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/orders", "GET").route(web::get().to(list)))
        .service(resource("/update", "POST").route(web::post().to(update)))
        .service(resource("/events", "POST").route(web::post().to(hear)));
}

async fn list(kitchen: web::Data<SharedKitchen>) -> HttpResponse {
    HttpResponse::Ok().json(kitchen.lock().open_tickets())
}

async fn update(
    kitchen: web::Data<SharedKitchen>,
    Json(mark): Json<NewKitchenMark>,
) -> Result<HttpResponse, Failure> {
    let to = mark.status.unwrap_or(OrderStatus::Ready);
    let order_id = mark.order_id;
    if let Some(orders) = &kitchen.orders {
        // Kept before it shows, so that a mark that cannot be kept changes nothing.
        kitchen.lock().check(&order_id, to).map_err(failure)?;
        orders.report(&order_id, to).await?;
    }
    let status = kitchen.lock().mark(&order_id, to).map_err(failure)?;
    Ok(HttpResponse::Ok().json(Marked { order_id, status }))
}

/// Anything but 2xx makes the order service send the event again, so that a full kitchen misses nothing.
async fn hear(
    kitchen: web::Data<SharedKitchen>,
    Json(event): Json<OrderEvent>,
) -> Result<HttpResponse, Failure> {
    kitchen.learn(&event.order)?;
    Ok(HttpResponse::NoContent().finish())
}

fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::UnknownOrder => Failure::new(Code::OrderNotFound),
        Refusal::ImpossibleMove { from, to } => Failure::new(Code::ImpossibleTransition)
            .with_detail(Text::formatted(
                format!("Une commande {from} ne peut passer à {to} en cuisine."),
                format!("An order that is {from} cannot become {to} in the kitchen."),
            )),
        Refusal::Full => Failure::new(Code::StorageFull),
    }
}
