//! The kitchen's HTTP surface.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::serve::resource;
use shared_types::kitchen::{Marked, NewKitchenMark};
use shared_types::order::OrderStatus;
use shared_types::problem::Code;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use crate::kitchen::{Kitchen, Refusal};

pub(crate) struct SharedKitchen(Mutex<Kitchen>);

impl SharedKitchen {
    pub(crate) fn new(seed_demo: bool) -> Self {
        let kitchen = if seed_demo {
            Kitchen::with_samples(Timestamp::now())
        } else {
            Kitchen::default()
        };
        Self(Mutex::new(kitchen))
    }

    /// A panic elsewhere leaves the kitchen as it was: each mark is one assignment.
    fn lock(&self) -> MutexGuard<'_, Kitchen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/orders", "GET").route(web::get().to(list)))
        .service(resource("/update", "POST").route(web::post().to(update)));
}

async fn list(kitchen: web::Data<SharedKitchen>) -> HttpResponse {
    HttpResponse::Ok().json(kitchen.lock().open_tickets())
}

async fn update(
    kitchen: web::Data<SharedKitchen>,
    Json(mark): Json<NewKitchenMark>,
) -> Result<HttpResponse, Failure> {
    let to = mark.status.unwrap_or(OrderStatus::Ready);
    let status = kitchen.lock().mark(&mark.order_id, to).map_err(failure)?;
    let order_id = mark.order_id;
    Ok(HttpResponse::Ok().json(Marked { order_id, status }))
}

fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::UnknownOrder => Failure::new(Code::OrderNotFound),
        Refusal::ImpossibleMove { from, to } => Failure::new(Code::ImpossibleTransition)
            .with_detail(Text::formatted(
                format!("Une commande {from} ne peut passer à {to} en cuisine."),
                format!("An order that is {from} cannot become {to} in the kitchen."),
            )),
    }
}
