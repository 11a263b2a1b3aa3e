//! The deliveries: what is carried, by whom, and how far it is.
//!
//! A change is first made on a copy. A refusal on the way drops the copy, so a refused change changes nothing.

use shared_types::delivery::{Assignment, Delivery, DeliveryChange, DeliveryStatus, NewDelivery};
use shared_types::id::{CourierId, DeliveryId, OrderRef};
use shared_types::value::Timestamp;

use super::couriers::phone;
use super::status::{advance, hand_over, is_finished};
use super::{Dispatch, Refusal, replace, text};

impl Dispatch {
    /// What has a courier and is not finished, the oldest first.
    pub(crate) fn assigned(&self) -> Vec<Assignment> {
        let unfinished = |delivery: &&Delivery| !is_finished(delivery.status);
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
        let deliveries = self.deliveries.values().filter(unfinished);
        deliveries.filter_map(assignment).collect()
    }

    /// Every delivery, the newest first; with a courier, that courier's and those that anyone may take.
    pub(crate) fn deliveries(&self, courier: Option<CourierId>) -> Vec<Delivery> {
        let concerns = |delivery: &&Delivery| match (courier, delivery.courier_id) {
            (None, _) => true,
            (Some(courier), Some(holder)) => holder == courier,
            (Some(_), None) => !is_finished(delivery.status),
        };
        let newest_first = self.deliveries.values().rev();
        newest_first.filter(concerns).cloned().collect()
    }

    pub(crate) fn delivery(&self, id: DeliveryId) -> Result<Delivery, Refusal> {
        self.deliveries
            .get(&id)
            .cloned()
            .ok_or(Refusal::UnknownDelivery)
    }

    pub(crate) fn open(&mut self, new: NewDelivery, now: Timestamp) -> Result<Delivery, Refusal> {
        if let Some(courier) = new.courier_id.as_ref() {
            self.check_choice(*courier)?;
        }
        if self.of_order(&new.order_id).is_some() {
            return Err(Refusal::DeliveryExists);
        }
        if self.deliveries.len() >= self.limits.deliveries {
            return Err(Refusal::Full);
        }
        let delivery = delivery(new, now);
        self.deliveries.insert(delivery.id, delivery.clone());
        Ok(delivery)
    }

    /// A courier moves a delivery on, comments it, or takes it where nobody has it.
    pub(crate) fn change_delivery(
        &mut self,
        id: DeliveryId,
        change: DeliveryChange,
        now: Timestamp,
    ) -> Result<Delivery, Refusal> {
        let mut changed = self.delivery(id)?;
        if let Some(courier) = change.courier_id.into_option() {
            self.check_choice(courier)?;
            take(&mut changed, courier)?;
        }
        if let Some(to) = change.status.into_option() {
            changed.status = advance(changed.status, to).map_err(Refusal::ImpossibleMove)?;
        }
        replace(&mut changed.comments, text(change.comments));
        Ok(self.keep(changed, now))
    }

    /// Gives a delivery to a courier, whoever had it before.
    pub(crate) fn assign(
        &mut self,
        id: DeliveryId,
        courier: CourierId,
        now: Timestamp,
    ) -> Result<Delivery, Refusal> {
        let mut changed = self.delivery(id)?;
        self.check_choice(courier)?;
        if is_finished(changed.status) {
            return Err(Refusal::Finished(changed.status));
        }
        changed.courier_id = Some(courier);
        Ok(self.keep(changed, now))
    }

    /// Moves an order's delivery on and answers where it stands now.
    pub(crate) fn mark(
        &mut self,
        order: &OrderRef,
        to: DeliveryStatus,
        now: Timestamp,
    ) -> Result<DeliveryStatus, Refusal> {
        let mut changed = self.of_order(order).cloned().ok_or(Refusal::UnknownOrder)?;
        let reached = match to {
            DeliveryStatus::Delivered => hand_over(changed.status),
            to => advance(changed.status, to),
        };
        changed.status = reached.map_err(Refusal::ImpossibleMove)?;
        Ok(self.keep(changed, now).status)
    }

    fn of_order(&self, order: &OrderRef) -> Option<&Delivery> {
        let mut deliveries = self.deliveries.values();
        deliveries.find(|delivery| delivery.order_id == *order)
    }

    fn check_choice(&self, courier: CourierId) -> Result<(), Refusal> {
        if self.couriers.contains_key(&courier) {
            Ok(())
        } else {
            Err(Refusal::UnknownChoice)
        }
    }

    /// What comes back as it was is not touched, its time of change included.
    fn keep(&mut self, mut delivery: Delivery, now: Timestamp) -> Delivery {
        if self.deliveries.get(&delivery.id) != Some(&delivery) {
            delivery.updated_at = now;
            self.deliveries.insert(delivery.id, delivery.clone());
        }
        delivery
    }
}

/// The first courier to ask gets the delivery; asking again for one's own is no fault.
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

fn delivery(new: NewDelivery, now: Timestamp) -> Delivery {
    Delivery {
        id: DeliveryId::generate(),
        order_id: new.order_id,
        courier_id: new.courier_id.into_option(),
        pickup_address: text(new.pickup_address),
        dropoff_address: text(new.dropoff_address),
        client_name: text(new.client_name),
        client_phone: phone(new.client_phone),
        fee: new.fee.into_option(),
        distance: new.distance.into_option(),
        estimated_time: new.estimated_time.into_option(),
        comments: text(new.comments),
        status: DeliveryStatus::Pending,
        created_at: now,
        updated_at: now,
    }
}
