//! Tests of several processes of each kind: two order-services and two client-services on one
//! PostgreSQL, three gateways that spread their requests over them, and a fourth one as the balancer
//! in front.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod fleet;
mod guests;
#[expect(
    dead_code,
    reason = "each of the tests that share it needs a part of it"
)]
#[path = "../shared/processes.rs"]
mod processes;

use std::time::Duration;

use futures_util::future::join;

use fleet::{Fleet, REPLICAS};
use guests::Guests;

/// Everything that may be restarted while guests order, in the order of a careful update.
fn all() -> impl Iterator<Item = &'static str> {
    REPLICAS.iter().map(|replica| replica.name)
}

/// Guests order while this goes on. None of their requests fails, and each order is stored once.
async fn no_guest_notices(trouble: impl AsyncFnOnce(&mut Fleet, &Guests)) {
    let mut fleet = Fleet::start();
    let guests = Guests::of(fleet.entrance());
    let trouble = async {
        trouble(&mut fleet, &guests).await;
        guests.leave();
    };
    join(guests.order_all_the_time(), trouble).await;
    assert_eq!(guests.failures(), [""; 0]);
    assert!(guests.answered() > 500, "{}", guests.answered());
    fleet.has_each_order_once(&guests).await;
}

/// As an update does it, replica by replica: each says first that it will stop.
#[actix_web::test]
async fn rolling_restarts_fail_no_request() {
    no_guest_notices(async |fleet, guests| {
        for name in all() {
            fleet.restart(name).await;
            guests.are_served_for(Duration::from_secs(1)).await;
        }
    })
    .await;
}

/// As in bad luck: nothing says that it will stop. A safe request is repeated at another replica, and
/// so is an order, which has a key.
#[actix_web::test]
async fn kills_fail_no_safe_request_and_no_order_with_a_key() {
    no_guest_notices(async |fleet, guests| {
        for name in all() {
            fleet.kill(name);
            guests.are_served_for(Duration::from_secs(1)).await;
            fleet.start_one(name).await;
            guests.are_served_for(Duration::from_secs(3)).await;
        }
    })
    .await;
}
