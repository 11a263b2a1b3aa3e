//! What delivery hears about orders from the order service: an event at a time, or all there is after a restart.
//!
//! Only the order's status counts, not which event brought it. A delivery catches up with its order and never falls
//! back, so it makes no difference what is repeated, comes late or never came, and no event is remembered by its id.
//! That an order has ended is: it may have no delivery to show it, and what comes late must not draft one.

use order_feed::Admission;
use shared_types::account::Phone;
use shared_types::delivery::Delivery;
use shared_types::field::{FromText, Line};
use shared_types::id::{OrderId, OrderRef};
use shared_types::order::{Order, OrderStage, OrderStatus};
use shared_types::value::Timestamp;

use super::deliveries::blank;
use super::status::{catch_up, order_status};
use super::{Dispatch, Refusal};

impl Dispatch {
    /// Brings an order's delivery to where the order is, with a draft where it has none and needs one.
    ///
    /// # Errors
    /// [`Refusal::Full`] for a draft where there is no room, or others come first; the same order may be told again later.
    pub(crate) fn learn(
        &mut self,
        order: &Order,
        admission: Admission,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let stage = order.status.stage();
        if stage == OrderStage::Ended {
            self.remember_end(order.id);
        }
        let order_id = OrderRef::from(order.id);
        let delivery = match self.deliveries.of_order(&order_id) {
            Some(delivery) => delivery.clone(),
            None if stage == OrderStage::Delivery && !self.ended.contains(&order.id) => {
                if admission == Admission::Closed {
                    return Err(Refusal::Full);
                }
                self.deliveries.make_room(self.limits.deliveries)?;
                let draft = draft(order_id, order, now);
                self.drafts.add(&draft);
                draft
            }
            None => return Ok(()),
        };
        let status = catch_up(delivery.status, order.status);
        self.keep(Delivery { status, ..delivery }, now);
        Ok(())
    }

    /// Whether there is room for another delivery, once one that is finished has left if need be.
    pub(crate) fn has_room(&self) -> bool {
        self.deliveries.has_room(self.limits.deliveries)
    }

    /// Where an order would stand if the order service had taken all that was marked here. It refuses a mark that comes
    /// before the kitchen's, and can take it after.
    pub(crate) fn ahead_of(&self, order: &Order) -> Option<OrderStatus> {
        let delivery = self.deliveries.of_order(&order.id.into())?;
        let status = order_status(delivery.status)?;
        let is_ahead = status.rank() > order.status.rank();
        (is_ahead && order.status.stage() == OrderStage::Delivery).then_some(status)
    }

    /// The ids of orders sort by age too, so the oldest order is forgotten first.
    fn remember_end(&mut self, order: OrderId) {
        self.ended.insert(order);
        if self.ended.len() > self.limits.deliveries {
            self.ended.pop_first();
        }
    }
}

/// What no `POST /livraisons` could hold is left out: the bound on the list counts on bounded texts.
fn draft(order_id: OrderRef, order: &Order, now: Timestamp) -> Delivery {
    Delivery {
        dropoff_address: read(&order.address).map(Line::<200>::into_string),
        client_phone: read(&order.phone).map(|phone: Phone| phone.as_str().to_owned()),
        ..blank(order_id, now)
    }
}

fn read<T: FromText>(text: &Option<String>) -> Option<T> {
    T::from_text(text.as_ref()?).ok()
}

#[cfg(test)]
pub(super) mod tests;
