//! The older demo routes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::demo::NewDemoOrder;

use crate::demo::DemoOrders;

pub(crate) struct SharedDemoOrders(Mutex<DemoOrders>);

impl SharedDemoOrders {
    pub(crate) fn new(seed_demo: bool) -> Self {
        let orders = if seed_demo {
            DemoOrders::with_sample()
        } else {
            DemoOrders::empty()
        };
        Self(Mutex::new(orders))
    }

    /// A panic elsewhere leaves the orders consistent: each call adds one or none.
    fn lock(&self) -> MutexGuard<'_, DemoOrders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn list(orders: web::Data<SharedDemoOrders>) -> HttpResponse {
    HttpResponse::Ok().json(orders.lock().rows())
}

pub(super) async fn add(
    orders: web::Data<SharedDemoOrders>,
    Json(new): Json<NewDemoOrder>,
) -> Result<HttpResponse, Failure> {
    let order = orders.lock().add(new).map_err(Failure::invalid)?;
    Ok(HttpResponse::Ok().json(order))
}
