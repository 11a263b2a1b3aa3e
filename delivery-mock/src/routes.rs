//! The HTTP routes of delivery, and the answers to refusals.

mod couriers;
mod deliveries;
mod events;
mod marks;
mod shared;

use actix_web::http::header::RETRY_AFTER;
use actix_web::web;
use service_kit::access::Access;
use service_kit::failure::{Failure, QUOTA_RETRY_AFTER};
use service_kit::serve::{document, resource};
use shared_types::field::{FieldErrors, FromText};
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::description::SERVICE;
use crate::dispatch::{ImpossibleMove, Refusal};
pub(crate) use shared::SharedDispatch;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    document(config, |access| match access {
        Access::Open => SERVICE.document(),
        Access::Strict => SERVICE.strict_document(),
    });
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
        .service(resource("/events", "POST").route(web::post().to(events::receive)));
}

/// An id of the path. An invalid UUID is nobody's id, hence `unknown` and not a 400.
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
            Text::fixed(|say| say.deliveries.unknown_courier),
        )),
        Refusal::EmailTaken => Failure::new(Code::EmailTaken),
        Refusal::DeliveryExists => Failure::new(Code::DeliveryExists),
        Refusal::DeliveryTaken => Failure::new(Code::DeliveryTaken),
        Refusal::Finished(status) => Failure::new(Code::ImpossibleTransition)
            .with_detail(Text::formatted(|say| (say.deliveries.finished)(status))),
        Refusal::PickedUp(status) => Failure::new(Code::ImpossibleTransition)
            .with_detail(Text::formatted(|say| (say.deliveries.picked_up)(status))),
        Refusal::OrderEnded => Failure::new(Code::ImpossibleTransition)
            .with_detail(Text::fixed(|say| say.deliveries.order_ended)),
        Refusal::ImpossibleMove(ImpossibleMove { from, to }) => {
            Failure::new(Code::ImpossibleTransition).with_detail(Text::formatted(|say| {
                (say.deliveries.impossible_move)(from, to)
            }))
        }
        Refusal::ChangedMeanwhile => Failure::new(Code::PreconditionFailed),
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

    // The only refusal that no black-box test can cause with a few requests.
    #[test]
    fn a_full_list_is_a_507() {
        let code = failure(Refusal::Full).code();
        assert_eq!((code, code.status()), (Code::StorageFull, 507));
    }

    #[test]
    fn a_client_that_has_used_up_its_share_is_told_when_to_come_back() {
        let refused = failure(Refusal::Share);
        assert_eq!(refused.code(), Code::QuotaReached);
        assert_eq!(refused.header().unwrap().1, "60");
    }
}
