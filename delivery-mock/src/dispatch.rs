//! The couriers, the deliveries, and who may carry which. No I/O.
//!
//! A delivery begins as a draft, when an event of its order arrives (`orders`), or when a client
//! opens it. Only drafts are assigned automatically (`drafts`); couriers take the others
//! (`deliveries`).
//!
//! Both lists are ordered by id. Ids are made here one after the other and sort by creation time,
//! so the order of the ids is the order on the wire, and a look-up by id needs no second index.

mod couriers;
mod deliveries;
mod drafts;
mod ledger;
mod makers;
mod orders;
mod owners;
mod samples;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use service_kit::input::IfMatch;
use shared_types::delivery::{Courier, DeliveryStatus};
use shared_types::field::{Line, Optional};
use shared_types::id::{CourierId, DeliveryId, OrderId};
use shared_types::order::OrderStatus;
use shared_types::value::Timestamp;

use drafts::Drafts;
use ledger::Ledger;
use makers::Makers;
use owners::Owners;
pub(crate) use status::ImpossibleMove;

/// The couriers and the deliveries. Finished deliveries stay as long as there is room: a repeated
/// mark on one is recognised, and its order gets no second delivery unless the first was cancelled.
#[derive(Debug)]
pub(crate) struct Dispatch {
    couriers: BTreeMap<CourierId, Courier>,
    deliveries: Ledger,
    drafts: Drafts,
    /// The orders that wait for their delivery now, as far as their events say. When their delivery
    /// is cancelled, they get another one.
    awaited: BTreeMap<OrderId, OrderStatus>,
    /// The orders that have ended: a late event of one makes no draft.
    ended: BTreeSet<OrderId>,
    /// Whose orders they are, for clients who may see their own only.
    owners: Owners,
    /// Who registered a courier, and who opened a delivery that is not finished.
    registered_by: Makers<CourierId>,
    opened_by: Makers<DeliveryId>,
    limits: Limits,
}

/// The limits on both lists. Anyone may add to them, so without limits anyone could fill the
/// memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) couriers: usize,
    /// Also the limit on the orders that are remembered as ended or awaited, and on a quarter of
    /// those whose clients are known.
    pub(crate) deliveries: usize,
    /// The limit of one client on each, not counting finished deliveries, so that nobody shuts
    /// others out by filling a list.
    pub(crate) per_client: usize,
}

impl Default for Limits {
    /// 10,000 of each: far more than a demonstration makes, few enough to search one by one, and at
    /// most about 100 MB if every text has its full length in characters of four bytes.
    fn default() -> Self {
        Self {
            couriers: 10_000,
            deliveries: 10_000,
            per_client: 1_000,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownOrder,
    UnknownCourier,
    UnknownDelivery,
    /// The courier to assign does not exist.
    UnknownChoice,
    EmailTaken,
    /// The order has a delivery that was not cancelled.
    DeliveryExists,
    /// Another courier has the delivery.
    DeliveryTaken,
    /// The order has ended: nothing is left to deliver.
    OrderEnded,
    /// The delivery is finished and cannot be taken.
    Finished(DeliveryStatus),
    /// The courier has the food, so only another courier can have the delivery.
    PickedUp(DeliveryStatus),
    ImpossibleMove(ImpossibleMove),
    /// It is not in the state that the request is about.
    ChangedMeanwhile,
    Full,
    /// The client has reached its limit.
    Share,
}

impl Dispatch {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            couriers: BTreeMap::new(),
            deliveries: Ledger::default(),
            drafts: Drafts::default(),
            awaited: BTreeMap::new(),
            ended: BTreeSet::new(),
            owners: Owners::default(),
            registered_by: Makers::default(),
            opened_by: Makers::default(),
            limits,
        }
    }

    pub(crate) fn with_samples(limits: Limits, now: Timestamp) -> Self {
        let (couriers, deliveries) = samples::couriers_and_deliveries(now);
        Self {
            couriers: couriers.into_iter().map(|each| (each.id, each)).collect(),
            deliveries: deliveries.into_iter().collect(),
            ..Self::new(limits)
        }
    }
}

fn text<const MAX: usize>(line: Optional<Line<MAX>>) -> Option<String> {
    line.into_option().map(Line::into_string)
}

/// Whether this version of a value may be changed. Written as JSON, it never fails otherwise.
pub(crate) fn check(seen: &IfMatch, current: &impl Serialize) -> Result<(), Refusal> {
    let checked = seen.check(current);
    checked.map_err(|_another| Refusal::ChangedMeanwhile)
}

/// A change without a value leaves the field as it is.
fn replace<T>(field: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *field = value;
    }
}

#[cfg(test)]
mod tests {
    use deserr::Deserr;
    use order_feed::Admission;
    use serde_json::{Value, json};
    use service_kit::input::IfMatch;
    use shared_types::delivery::{Delivery, DeliveryPatch, DeliveryStatus};
    use shared_types::field::FieldErrors;
    use shared_types::id::{CourierId, DeliveryId, OrderRef};
    use shared_types::order::Order;
    use shared_types::value::Timestamp;

    use super::{Dispatch, Limits, Refusal};

    // Helpers for the tests of the other files, too.

    pub(super) const ROOM_FOR_ONE: Limits = Limits {
        couriers: 1,
        deliveries: 1,
        per_client: 1,
    };

    pub(super) fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    pub(super) fn parsed<T: Deserr<FieldErrors>>(body: Value) -> T {
        deserr::deserialize(body).unwrap()
    }

    pub(super) fn hire(dispatch: &mut Dispatch, email: &str) -> Result<CourierId, Refusal> {
        let new = parsed(json!({"nom": "Petit", "email": email}));
        dispatch
            .register(new, None, at(0))
            .map(|courier| courier.id)
    }

    pub(super) fn learn(
        dispatch: &mut Dispatch,
        order: &Order,
        millis: i64,
    ) -> Result<(), Refusal> {
        dispatch.learn(order, Admission::Open, at(millis))
    }

    impl Dispatch {
        /// Checks and makes a change, as a request does.
        pub(super) fn change_delivery(
            &mut self,
            id: DeliveryId,
            change: DeliveryPatch,
            now: Timestamp,
        ) -> Result<Delivery, Refusal> {
            let changed = self.changed(id, change, &IfMatch::Absent)?;
            Ok(self.make(changed, now))
        }

        pub(super) fn mark(
            &mut self,
            order: &OrderRef,
            to: DeliveryStatus,
            now: Timestamp,
        ) -> Result<DeliveryStatus, Refusal> {
            let marked = self.marked(order, to)?;
            Ok(self.make(marked, now).status)
        }
    }

    #[test]
    fn a_full_list_takes_no_more_until_something_leaves() {
        let mut dispatch = Dispatch::new(ROOM_FOR_ONE);
        let first = hire(&mut dispatch, "a@example.com").unwrap();
        assert_eq!(hire(&mut dispatch, "b@example.com"), Err(Refusal::Full));
        dispatch.remove_courier(first, at(0)).unwrap();
        assert!(hire(&mut dispatch, "b@example.com").is_ok());

        let open = |dispatch: &mut Dispatch, order: &str| {
            dispatch.open(parsed(json!({"commandeId": order})), None, at(0))
        };
        assert!(open(&mut dispatch, "A").is_ok());
        assert_eq!(open(&mut dispatch, "B"), Err(Refusal::Full));
        // Even when full, a repetition is recognised.
        assert_eq!(open(&mut dispatch, "A"), Err(Refusal::DeliveryExists));
    }

    #[test]
    fn the_time_of_change_moves_only_with_a_change() {
        let mut dispatch = Dispatch::new(ROOM_FOR_ONE);
        let courier = hire(&mut dispatch, "a@example.com").unwrap();
        let new =
            parsed(json!({"commandeId": "A", "livreurId": courier, "commentaires": "Code 42B"}));
        let id = dispatch.open(new, None, at(0)).unwrap().id;

        let same =
            json!({"statut": "EN_ATTENTE", "livreurId": courier, "commentaires": "Code 42B"});
        let unchanged = dispatch.change_delivery(id, parsed(same), at(1)).unwrap();
        assert_eq!(unchanged.updated_at, at(0));
        let unchanged = dispatch.assign(id, Some(courier), at(2)).unwrap();
        assert_eq!(unchanged.updated_at, at(0));

        let next = json!({"statut": "EN_ROUTE_RESTAURANT"});
        let changed = dispatch.change_delivery(id, parsed(next), at(3)).unwrap();
        assert_eq!((changed.created_at, changed.updated_at), (at(0), at(3)));
        dispatch.remove_courier(courier, at(4)).unwrap();
        assert_eq!(dispatch.delivery(id).unwrap().updated_at, at(4));
    }
}
