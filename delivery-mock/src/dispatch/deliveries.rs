//! The deliveries: their couriers and their statuses.
//!
//! A change is first made on a copy. A refusal drops the copy, so a refused change changes nothing.

use service_kit::client_address::ClientAddress;
use service_kit::input::IfMatch;
use shared_types::delivery::{Assignment, Delivery, DeliveryPatch, DeliveryStatus, NewDelivery};
use shared_types::field::{FromText as _, Line, Patched};
use shared_types::id::{ClientId, CourierId, DeliveryId, OrderId, OrderRef};
use shared_types::order::OrderStatus;
use shared_types::value::Timestamp;

use super::couriers::phone;
use super::status::{advance, hand_over, is_before_pick_up, is_finished, order_status};
use super::{Dispatch, Refusal, check, replace, text};

/// A change that was checked and is not made yet.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    before: DeliveryStatus,
    after: Delivery,
    /// The courier who gives the delivery back.
    declined: Option<CourierId>,
}

impl Changed {
    fn of(delivery: &Delivery) -> Self {
        Self {
            before: delivery.status,
            after: delivery.clone(),
            declined: None,
        }
    }

    pub(crate) fn order(&self) -> &OrderRef {
        &self.after.order_id
    }

    /// The order's status after the change, if the change affects it.
    pub(crate) fn news(&self) -> Option<OrderStatus> {
        let moves = self.before != self.after.status;
        order_status(self.after.status).filter(|_status| moves)
    }
}

impl Dispatch {
    /// The deliveries that are assigned and not finished, the oldest first. With `own`, those of this
    /// client's orders.
    pub(crate) fn assigned(&self, own: Option<ClientId>) -> Vec<Assignment> {
        let assignment = |delivery: &Delivery| {
            let courier = self.couriers.get(&delivery.courier_id?)?;
            let name = courier.first_name.as_ref().unwrap_or(&courier.last_name);
            Some(Assignment {
                order_id: delivery.order_id.clone(),
                courier: name.clone(),
                status: delivery.status,
                address: delivery.dropoff_address.clone(),
            })
        };
        let unfinished = self.deliveries.unfinished();
        unfinished
            .filter(|delivery| self.is_visible(delivery, own))
            .filter_map(assignment)
            .collect()
    }

    /// The deliveries, newest first. With `courier`: that courier's and the unassigned ones. With
    /// an order: those of that order only. With `own`: those of this client's orders. With statuses:
    /// those in one of them.
    pub(crate) fn deliveries(
        &self,
        courier: Option<CourierId>,
        order: Option<&OrderRef>,
        own: Option<ClientId>,
        statuses: &[DeliveryStatus],
    ) -> Vec<Delivery> {
        let concerns = |delivery: &&Delivery| match (courier, delivery.courier_id) {
            (None, _) => true,
            (Some(courier), Some(holder)) => holder == courier,
            (Some(_), None) => !is_finished(delivery.status),
        };
        let newest_first = self.deliveries.iter().rev();
        newest_first
            .filter(|delivery| order.is_none_or(|order| delivery.order_id == *order))
            .filter(concerns)
            .filter(|delivery| self.is_visible(delivery, own))
            .filter(|delivery| statuses.is_empty() || statuses.contains(&delivery.status))
            .cloned()
            .collect()
    }

    pub(crate) fn delivery(&self, id: DeliveryId) -> Result<Delivery, Refusal> {
        self.delivery_of(id, None)
    }

    /// With `own`: another client's delivery is unknown.
    pub(crate) fn delivery_of(
        &self,
        id: DeliveryId,
        own: Option<ClientId>,
    ) -> Result<Delivery, Refusal> {
        let delivery = self.deliveries.get(id);
        let visible = delivery.filter(|delivery| self.is_visible(delivery, own));
        visible.cloned().ok_or(Refusal::UnknownDelivery)
    }

    /// With `own`: another client's order is unknown.
    pub(crate) fn check_order(
        &self,
        order: &OrderRef,
        own: Option<ClientId>,
    ) -> Result<(), Refusal> {
        if own.is_none_or(|own| self.owners.owns(own, order)) {
            Ok(())
        } else {
            Err(Refusal::UnknownOrder)
        }
    }

    fn is_visible(&self, delivery: &Delivery, own: Option<ClientId>) -> bool {
        self.check_order(&delivery.order_id, own).is_ok()
    }

    /// Opens an order's delivery, or fills in its draft, which ends the draft. `client` is the
    /// sender's address, as the gateway reports it.
    pub(crate) fn open(
        &mut self,
        new: NewDelivery,
        client: Option<ClientAddress>,
        now: Timestamp,
    ) -> Result<Delivery, Refusal> {
        if let Some(courier) = new.courier_id.as_ref() {
            self.check_choice(*courier)?;
        }
        let mut opened = match self.deliveries.of_order(&new.order_id) {
            Some(draft) if self.drafts.has(draft) => draft.clone(),
            Some(delivery) if delivery.status != DeliveryStatus::Cancelled => {
                return Err(Refusal::DeliveryExists);
            }
            _ if self.has_ended(&new.order_id) => return Err(Refusal::OrderEnded),
            _ => blank(new.order_id.clone(), now),
        };
        fill_in(&mut opened, new);
        if self.drafts.remove(&opened).is_none() {
            self.opened_by.check(client, self.limits.per_client)?;
            self.deliveries.make_room(self.limits.deliveries)?;
            self.opened_by.add(opened.id, client);
        }
        Ok(self.keep(opened, now))
    }

    fn has_ended(&self, order: &OrderRef) -> bool {
        let order = OrderId::from_text(order.as_str());
        order.is_ok_and(|order| self.ended.contains(&order))
    }

    /// Checks a courier's change: a new status, a comment, taking an unassigned delivery or giving
    /// it back.
    pub(crate) fn changed(
        &self,
        id: DeliveryId,
        change: DeliveryPatch,
        seen: &IfMatch,
    ) -> Result<Changed, Refusal> {
        let mut changed = Changed::of(&self.delivery(id)?);
        check(seen, &changed.after)?;
        let after = &mut changed.after;
        match change.courier_id {
            Patched::Set(courier) => {
                self.check_choice(courier)?;
                take(after, courier)?;
            }
            Patched::Removed if after.courier_id.is_some() => {
                changed.declined = give_back(after)?;
            }
            Patched::Removed | Patched::Unchanged => {}
        }
        if let Some(to) = change.status.into_option() {
            after.status = advance(after.status, to).map_err(Refusal::ImpossibleMove)?;
        }
        let comments = change.comments.map(Line::into_string);
        comments.apply(&mut after.comments);
        Ok(changed)
    }

    /// Assigns a delivery to a courier, or to nobody, whoever had it before.
    pub(crate) fn assign(
        &mut self,
        id: DeliveryId,
        courier: Option<CourierId>,
        now: Timestamp,
    ) -> Result<Delivery, Refusal> {
        let mut changed = Changed::of(&self.delivery(id)?);
        if let Some(courier) = courier {
            self.check_choice(courier)?;
        }
        if is_finished(changed.before) {
            return Err(Refusal::Finished(changed.before));
        }
        if courier.is_some() {
            changed.after.courier_id = courier;
        } else {
            changed.declined = give_back(&mut changed.after)?;
        }
        Ok(self.make(changed, now))
    }

    /// Checks a mark on an order's delivery.
    pub(crate) fn marked(&self, order: &OrderRef, to: DeliveryStatus) -> Result<Changed, Refusal> {
        let delivery = self.deliveries.of_order(order);
        let mut changed = Changed::of(delivery.ok_or(Refusal::UnknownOrder)?);
        let reached = match to {
            DeliveryStatus::Delivered => hand_over(changed.before),
            to => advance(changed.before, to),
        };
        changed.after.status = reached.map_err(Refusal::ImpossibleMove)?;
        Ok(changed)
    }

    /// Makes a change that was checked. Nothing else may have changed since.
    pub(crate) fn make(&mut self, changed: Changed, now: Timestamp) -> Delivery {
        if let Some(courier) = changed.declined {
            self.drafts.decline(&changed.after, courier);
        }
        self.keep(changed.after, now)
    }

    fn check_choice(&self, courier: CourierId) -> Result<(), Refusal> {
        if self.couriers.contains_key(&courier) {
            Ok(())
        } else {
            Err(Refusal::UnknownChoice)
        }
    }

    /// Stores a delivery and assigns the waiting drafts, since a courier may be free now.
    pub(super) fn keep(&mut self, delivery: Delivery, now: Timestamp) -> Delivery {
        let kept = self.put(delivery, now);
        self.assign_drafts(now);
        kept
    }

    /// Stores a delivery. An unchanged one keeps its time of change.
    pub(super) fn put(&mut self, mut delivery: Delivery, now: Timestamp) -> Delivery {
        if self.deliveries.get(delivery.id) != Some(&delivery) {
            delivery.updated_at = now;
            self.deliveries.put(delivery.clone());
        }
        if is_finished(delivery.status) {
            self.opened_by.remove(&delivery.id);
            let declined = self.drafts.remove(&delivery);
            self.draft_again(&delivery, declined.unwrap_or_default(), now);
        }
        delivery
    }
}

/// The first courier to ask gets the delivery; asking again for one's own is no error.
fn take(delivery: &mut Delivery, courier: CourierId) -> Result<(), Refusal> {
    match delivery.courier_id {
        Some(holder) if holder == courier => Ok(()),
        Some(_) => Err(Refusal::DeliveryTaken),
        None if is_finished(delivery.status) => Err(Refusal::Finished(delivery.status)),
        None => {
            delivery.courier_id = Some(courier);
            Ok(())
        }
    }
}

/// Takes the delivery away from its courier, who may have set out and not picked it up. Gives the
/// courier.
pub(super) fn give_back(delivery: &mut Delivery) -> Result<Option<CourierId>, Refusal> {
    if !is_before_pick_up(delivery.status) {
        return Err(Refusal::PickedUp(delivery.status));
    }
    delivery.status = DeliveryStatus::Pending;
    Ok(delivery.courier_id.take())
}

/// A delivery with only its order filled in.
pub(super) fn blank(order_id: OrderRef, now: Timestamp) -> Delivery {
    Delivery {
        id: DeliveryId::generate(),
        order_id,
        courier_id: None,
        pickup_address: None,
        dropoff_address: None,
        client_name: None,
        client_phone: None,
        fee: None,
        distance: None,
        estimated_time: None,
        comments: None,
        wished_for: None,
        status: DeliveryStatus::Pending,
        cancelled_by: None,
        cancelled_because: None,
        created_at: now,
        updated_at: now,
    }
}

/// Ends the draft: its courier loses it unless that courier has set out.
fn fill_in(delivery: &mut Delivery, new: NewDelivery) {
    if delivery.status == DeliveryStatus::Pending || delivery.courier_id.is_none() {
        delivery.courier_id = new.courier_id.into_option();
    }
    replace(&mut delivery.pickup_address, text(new.pickup_address));
    replace(&mut delivery.dropoff_address, text(new.dropoff_address));
    replace(&mut delivery.client_name, text(new.client_name));
    replace(&mut delivery.client_phone, phone(new.client_phone));
    replace(&mut delivery.fee, new.fee.into_option());
    replace(&mut delivery.distance, new.distance.into_option());
    replace(
        &mut delivery.estimated_time,
        new.estimated_time.into_option(),
    );
    replace(&mut delivery.comments, text(new.comments));
}
