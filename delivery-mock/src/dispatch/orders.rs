//! Learns of orders from the order service: one by an event, or all of them after a restart.
//!
//! Only the order's status counts, not which event brought it. A delivery catches up with its order
//! and never moves back, so repeated, late or lost events do no harm, and no event id is
//! remembered. Ended orders are remembered: they may have no delivery, and a late event must not
//! draft one.

use order_feed::Admission;
use shared_types::account::Phone;
use shared_types::delivery::{Delivery, DeliveryStatus};
use shared_types::field::{FromText, Line};
use shared_types::id::{OrderId, OrderRef};
use shared_types::order::{Order, OrderMode, OrderStage, OrderStatus};
use shared_types::value::Timestamp;

use super::deliveries::blank;
use super::drafts::Declined;
use super::status::{catch_up, order_status};
use super::{Dispatch, Refusal};

impl Dispatch {
    /// Brings an order's delivery to the order's status, and drafts one if the order needs it.
    ///
    /// # Errors
    /// [`Refusal::Full`] for a draft when there is no room, or older orders come first. The order
    /// may be told again later.
    pub(crate) fn learn(
        &mut self,
        order: &Order,
        admission: Admission,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if order.is_anonymous() {
            self.forget_client(order.id);
        } else {
            let most = self.limits.deliveries.saturating_mul(4);
            self.owners.remember(order.id, order.client_id, most);
        }
        let stage = order.status.stage();
        if stage == OrderStage::Ended {
            self.remember_end(order.id);
        }
        // Nobody waits for a courier where the client fetches the food. A delivery that was opened
        // for such an order all the same follows it like any other.
        let is_awaited = order.mode == OrderMode::Delivery
            && stage == OrderStage::Delivery
            && !self.ended.contains(&order.id);
        let order_id = OrderRef::from(order.id);
        let delivery = match self.deliveries.of_order(&order_id) {
            Some(delivery) => delivery.clone(),
            None if is_awaited => {
                if admission == Admission::Closed {
                    return Err(Refusal::Full);
                }
                self.deliveries.make_room(self.limits.deliveries)?;
                let draft = draft(order_id, order, now);
                self.drafts.add(&draft, Declined::new());
                draft
            }
            None => return Ok(()),
        };
        if is_awaited {
            self.remember_wait(order);
        }
        let status = catch_up(delivery.status, order.status);
        let is_cancelled_now = status != delivery.status && status == DeliveryStatus::Cancelled;
        let mut caught_up = Delivery {
            status,
            // Only the order knows, and it never changes.
            wished_for: order.wished_for,
            ..delivery
        };
        if is_cancelled_now {
            caught_up.cancelled_by = order.cancelled_by;
            caught_up
                .cancelled_because
                .clone_from(&order.cancelled_because);
        }
        self.keep(caught_up, now);
        Ok(())
    }

    /// Makes every delivery of the order anonymous. The order has ended: no courier needs the address.
    fn forget_client(&mut self, order: OrderId) {
        self.owners.forget(order);
        self.deliveries.change_all_of(&order.into(), |delivery| {
            delivery.pickup_address = None;
            delivery.dropoff_address = None;
            delivery.client_name = None;
            delivery.client_phone = None;
            delivery.comments = None;
            delivery.cancelled_because = None;
        });
    }

    /// Whether there is room for another delivery, if need be by removing a finished one.
    pub(crate) fn has_room(&self) -> bool {
        self.deliveries.has_room(self.limits.deliveries)
    }

    /// The order's status here, if it is ahead of the order service's and can be reported now. The
    /// order service refuses a mark that arrives before the kitchen's, and accepts it afterwards.
    pub(crate) fn ahead_of(&self, order: &Order) -> Option<OrderStatus> {
        let delivery = self.deliveries.of_order(&order.id.into())?;
        let status = order_status(delivery.status)?;
        let is_ahead = status.rank() > order.status.rank();
        (is_ahead && order.status.stage() == OrderStage::Delivery).then_some(status)
    }

    /// The ids of orders sort by age, so the oldest order is forgotten first. A late event does not
    /// take an order back.
    fn remember_wait(&mut self, order: &Order) {
        let known = self.awaited.entry(order.id).or_insert(order.status);
        if order.status.rank() > known.rank() {
            *known = order.status;
        }
        if self.awaited.len() > self.limits.deliveries {
            self.awaited.pop_first();
        }
    }

    fn remember_end(&mut self, order: OrderId) {
        self.awaited.remove(&order);
        self.ended.insert(order);
        if self.ended.len() > self.limits.deliveries {
            self.ended.pop_first();
        }
    }
}

/// Drops a text that `POST /livraisons` would refuse: the memory limit counts on bounded texts.
fn draft(order_id: OrderRef, order: &Order, now: Timestamp) -> Delivery {
    Delivery {
        dropoff_address: read(&order.address).map(Line::<200>::into_string),
        client_phone: read(&order.phone).map(|phone: Phone| phone.as_str().to_owned()),
        comments: read(&order.comment).map(Line::<500>::into_string),
        wished_for: order.wished_for,
        ..blank(order_id, now)
    }
}

fn read<T: FromText>(text: &Option<String>) -> Option<T> {
    T::from_text(text.as_ref()?).ok()
}

#[cfg(test)]
pub(super) mod tests;
