//! Delivery's HTTP surface: what is where, what all handlers share, and how a refusal is answered.

mod couriers;
mod deliveries;
mod events;
mod marks;

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, web};
use serde::Serialize;
use service_kit::client_address::ClientAddress;
use service_kit::failure::{Failure, QUOTA_RETRY_AFTER};
use service_kit::idempotency::{Answers, Claim, Key, Made, SealedKey};
use service_kit::orders::Orders;
use service_kit::serve::resource;
use shared_types::field::{FieldErrors, FromText};
use shared_types::id::OrderRef;
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use crate::dispatch::{Dispatch, ImpossibleMove, Limits, Refusal};

/// Delivery, and the order service that hears what is marked here, where there is one.
pub(crate) struct SharedDispatch {
    dispatch: Mutex<Dispatch>,
    /// What was answered to requests that may be repeated. Locked before the other.
    answers: Mutex<Answers>,
    orders: Option<Orders>,
}

impl SharedDispatch {
    pub(crate) fn new(seed_demo: bool, orders: Option<Orders>) -> Self {
        let limits = Limits::default();
        let dispatch = if seed_demo {
            Dispatch::with_samples(limits, Timestamp::now())
        } else {
            Dispatch::new(limits)
        };
        Self {
            dispatch: Mutex::new(dispatch),
            answers: Mutex::default(),
            orders,
        }
    }

    pub(crate) fn learn(&self, order: &Order) -> Result<(), Failure> {
        let learned = self.lock().learn(order, Timestamp::now());
        learned.map_err(failure)
    }

    /// Reports where an order stands now, if that is news of it; before it shows, so that what cannot be kept changes
    /// nothing.
    async fn report(&self, order: &OrderRef, status: Option<OrderStatus>) -> Result<(), Failure> {
        match (&self.orders, status) {
            (Some(orders), Some(status)) => orders.report(order, status).await,
            _ => Ok(()),
        }
    }

    /// Does what a request asks for, unless it was done before under the same key: then the answer is the first one. Of two
    /// at once the second waits.
    fn once<T: Serialize>(
        &self,
        asked: &Asked,
        id: impl FnOnce(&T) -> String,
        work: impl FnOnce(&mut Dispatch) -> Result<T, Refusal>,
    ) -> Result<Made<T>, Failure> {
        let Some(key) = &asked.key else {
            return work(&mut self.lock()).map(Made::Now).map_err(failure);
        };
        let mut answers = self.answers();
        let now = Timestamp::now();
        match answers.claim(key, now) {
            Claim::First => {}
            Claim::Done(answer) => return Ok(Made::Before(answer)),
            Claim::Reused => return Err(Failure::new(Code::IdempotencyKeyReused)),
        }
        let made = work(&mut self.lock()).map_err(failure)?;
        let text = serde_json::to_string(&made).map_err(Failure::internal)?;
        answers.keep(key, asked.client, (id(&made), text), now);
        Ok(Made::Now(made))
    }

    /// A panic elsewhere leaves every answer whole: each is kept or dropped in one step.
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic elsewhere leaves every delivery whole: a change is made on a copy and put in place at once.
    fn lock(&self) -> MutexGuard<'_, Dispatch> {
        self.dispatch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who asks, and under which key.
struct Asked {
    client: Option<ClientAddress>,
    key: Option<SealedKey>,
}

impl Asked {
    /// The same body under the same key at another path is another request.
    fn of(request: &HttpRequest, key: Option<Key>) -> Self {
        Self {
            client: ClientAddress::of(request.headers()),
            key: key.map(|key| key.sealed_with(request.path().as_bytes())),
        }
    }
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/assigned", "GET").route(web::get().to(marks::assigned)))
        .service(resource("/update", "POST").route(web::post().to(marks::update)))
        .service(
            resource("/livreurs", "GET, POST")
                .route(web::get().to(couriers::list))
                .route(web::post().to(couriers::register)),
        )
        .service(
            resource("/livreurs/{id}", "GET, PATCH, DELETE")
                .route(web::get().to(couriers::show))
                .route(web::patch().to(couriers::change))
                .route(web::delete().to(couriers::remove)),
        )
        .service(
            resource("/livraisons", "GET, POST")
                .route(web::get().to(deliveries::list))
                .route(web::post().to(deliveries::open)),
        )
        .service(
            resource("/livraisons/{id}", "GET, PATCH")
                .route(web::get().to(deliveries::show))
                .route(web::patch().to(deliveries::change)),
        )
        .service(
            resource("/livraisons/{id}/assigner", "POST").route(web::post().to(deliveries::assign)),
        )
        .service(resource("/events", "POST").route(web::post().to(events::hear)));
}

/// An id of the path. What is no UUID is no one's id, hence `unknown` and not a 400.
fn id_of<T: FromText>(path: &str, unknown: Refusal) -> Result<T, Failure> {
    T::from_text(path).map_err(|_no_uuid: Text| failure(unknown))
}

fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::UnknownOrder => Failure::new(Code::OrderNotFound),
        Refusal::UnknownCourier => Failure::new(Code::CourierNotFound),
        Refusal::UnknownDelivery => Failure::new(Code::DeliveryNotFound),
        Refusal::UnknownChoice => Failure::invalid(FieldErrors::one(
            "livreurId",
            Text::new(
                "aucun livreur ne porte cet identifiant",
                "no courier has this id",
            ),
        )),
        Refusal::EmailTaken => Failure::new(Code::EmailTaken),
        Refusal::DeliveryExists => Failure::new(Code::DeliveryExists),
        Refusal::DeliveryTaken => Failure::new(Code::DeliveryTaken),
        Refusal::Finished(status) => {
            Failure::new(Code::ImpossibleTransition).with_detail(Text::formatted(
                format!("Une livraison {status} ne peut plus être confiée à un livreur."),
                format!("A delivery that is {status} can no longer be given to a courier."),
            ))
        }
        Refusal::ImpossibleMove(ImpossibleMove { from, to }) => {
            Failure::new(Code::ImpossibleTransition).with_detail(Text::formatted(
                format!("Une livraison {from} ne peut passer à {to}."),
                format!("A delivery that is {from} cannot become {to}."),
            ))
        }
        Refusal::Full => Failure::new(Code::StorageFull),
        Refusal::Share => {
            Failure::new(Code::QuotaReached).with_header(RETRY_AFTER, QUOTA_RETRY_AFTER)
        }
    }
}

#[cfg(test)]
mod tests {
    use shared_types::problem::Code;

    use super::failure;
    use crate::dispatch::Refusal;

    // The one refusal that no black-box test can bring about with a few requests.
    #[test]
    fn a_full_list_is_a_507() {
        let code = failure(Refusal::Full).code();
        assert_eq!((code, code.status()), (Code::StorageFull, 507));
    }

    #[test]
    fn a_client_with_its_share_of_a_list_is_told_to_come_back() {
        let refused = failure(Refusal::Share);
        assert_eq!(refused.code(), Code::QuotaReached);
        assert_eq!(refused.header().unwrap().1, "60");
    }
}
