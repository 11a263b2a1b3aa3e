//! The sample couriers and deliveries of a demonstration. They concern no other service.
//!
//! Their telephone numbers are in the range that ARCEP reserves for fiction (06 39 98).

use shared_types::delivery::{Courier, Delivery, DeliveryStatus};
use shared_types::field::FromText as _;
use shared_types::id::{CourierId, DeliveryId, OrderRef};
use shared_types::value::{Price, Timestamp};

/// The ids of the examples in `shared-types/golden`, so that these work as they stand, and their
/// neighbours. Older than any other, so that the samples come first or last.
const CAMILLE: u128 = 0x0192_f0c5_1111_7aaa_8bbb_0123_4567_89ab;
const YOUSSEF: u128 = 0x0192_f0c5_1111_7aaa_8bbb_0123_4567_89aa;
const WAITING: u128 = 0x0192_f0c6_2222_7ccc_9ddd_0123_4567_89ab;
const CARRIED: u128 = 0x0192_f0c6_2222_7ccc_9ddd_0123_4567_8900;

/// Youssef has the first delivery, Camille is free, and nobody has the second.
pub(super) fn couriers_and_deliveries(now: Timestamp) -> (Vec<Courier>, Vec<Delivery>) {
    let youssef = youssef();
    let carried = on_its_way(CARRIED, "CMD1234", youssef.id, now);
    let waiting = waiting(WAITING, "CMD1236", now);
    let deliveries = [carried, waiting].into_iter().flatten().collect();
    (vec![youssef, camille()], deliveries)
}

fn youssef() -> Courier {
    Courier {
        id: CourierId::of_sample(YOUSSEF),
        last_name: "Amrani".to_owned(),
        first_name: Some("Youssef".to_owned()),
        phone: Some("06 39 98 12 34".to_owned()),
        email: "youssef@passe-plat.example".to_owned(),
        vehicle: Some("Scooter".to_owned()),
        licence_number: Some("LIC-1001".to_owned()),
        address: Some("8 rue Oberkampf".to_owned()),
        city: Some("Paris".to_owned()),
        postal_code: Some("75011".to_owned()),
        available: true,
    }
}

fn camille() -> Courier {
    Courier {
        id: CourierId::of_sample(CAMILLE),
        last_name: "Moreau".to_owned(),
        first_name: Some("Camille".to_owned()),
        phone: Some("06 39 98 56 78".to_owned()),
        email: "camille@passe-plat.example".to_owned(),
        vehicle: Some("Vélo cargo".to_owned()),
        licence_number: None,
        address: None,
        city: Some("Paris".to_owned()),
        postal_code: Some("75020".to_owned()),
        available: true,
    }
}

fn on_its_way(id: u128, order: &str, courier: CourierId, now: Timestamp) -> Option<Delivery> {
    Some(Delivery {
        courier_id: Some(courier),
        status: DeliveryStatus::ToClient,
        dropoff_address: Some("12 rue des Lilas, 75011 Paris".to_owned()),
        client_name: Some("Léa Martin".to_owned()),
        client_phone: Some("06 39 98 00 11".to_owned()),
        comments: Some("Code 42B".to_owned()),
        ..waiting(id, order, now)?
    })
}

fn waiting(id: u128, order: &str, now: Timestamp) -> Option<Delivery> {
    Some(Delivery {
        id: DeliveryId::of_sample(id),
        order_id: OrderRef::from_text(order).ok()?,
        courier_id: None,
        pickup_address: Some("1 rue du Passe-plat, 75011 Paris".to_owned()),
        dropoff_address: Some("27 avenue Parmentier, 75011 Paris".to_owned()),
        client_name: Some("Hugo Petit".to_owned()),
        client_phone: Some("06 39 98 00 22".to_owned()),
        fee: Price::from_cents(390),
        distance: None,
        estimated_time: None,
        comments: None,
        wished_for: None,
        status: DeliveryStatus::Pending,
        cancelled_by: None,
        cancelled_because: None,
        created_at: now,
        updated_at: now,
    })
}
