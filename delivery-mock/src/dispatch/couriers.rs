//! The couriers.
//!
//! Only the courier sets `available`, so that a courier who is off stays off.

use service_kit::client_address::ClientAddress;
use shared_types::account::{Email, Phone};
use shared_types::delivery::{Courier, CourierPatch, Delivery, NewCourier};
use shared_types::field::{Line, Optional};
use shared_types::id::CourierId;
use shared_types::value::Timestamp;

use super::deliveries::give_back;
use super::{Dispatch, Refusal, text};

impl Dispatch {
    /// Every courier, the oldest first.
    pub(crate) fn couriers(&self) -> Vec<Courier> {
        self.couriers.values().cloned().collect()
    }

    pub(crate) fn courier(&self, id: CourierId) -> Result<Courier, Refusal> {
        self.couriers
            .get(&id)
            .cloned()
            .ok_or(Refusal::UnknownCourier)
    }

    /// `client` is the sender's address, as the gateway reports it.
    pub(crate) fn register(
        &mut self,
        new: NewCourier,
        client: Option<ClientAddress>,
        now: Timestamp,
    ) -> Result<Courier, Refusal> {
        self.check_email(&new.email, None)?;
        self.registered_by.check(client, self.limits.per_client)?;
        if self.couriers.len() >= self.limits.couriers {
            return Err(Refusal::Full);
        }
        let courier = courier(new);
        self.couriers.insert(courier.id, courier.clone());
        self.registered_by.add(courier.id, client);
        self.assign_drafts(now);
        Ok(courier)
    }

    pub(crate) fn change_courier(
        &mut self,
        id: CourierId,
        change: CourierPatch,
        now: Timestamp,
    ) -> Result<Courier, Refusal> {
        let mut courier = self.courier(id)?;
        if let Some(email) = change.email.as_ref() {
            self.check_email(email, Some(id))?;
        }
        let goes_off = courier.available && change.available.as_ref() == Some(&false);
        apply(change, &mut courier);
        self.couriers.insert(id, courier.clone());
        if goes_off {
            for mut delivery in self.unfinished_of(id) {
                // Whoever has the food brings it to its client first.
                if give_back(&mut delivery).is_ok() {
                    self.put(delivery, now);
                }
            }
        }
        self.assign_drafts(now);
        Ok(courier)
    }

    /// Removes a courier. The courier's unfinished drafts are assigned to the next free couriers;
    /// anyone may take the other unfinished deliveries. Finished deliveries still name the courier.
    pub(crate) fn remove_courier(&mut self, id: CourierId, now: Timestamp) -> Result<(), Refusal> {
        self.couriers.remove(&id).ok_or(Refusal::UnknownCourier)?;
        self.registered_by.remove(&id);
        self.drafts.forget(id);
        for mut delivery in self.unfinished_of(id) {
            delivery.courier_id = None;
            self.put(delivery, now);
        }
        self.assign_drafts(now);
        Ok(())
    }

    fn unfinished_of(&self, courier: CourierId) -> Vec<Delivery> {
        let unfinished = self.deliveries.unfinished();
        let theirs = unfinished.filter(|delivery| delivery.courier_id == Some(courier));
        theirs.cloned().collect()
    }

    /// No two couriers share an e-mail; `own` is the courier who may have it already.
    fn check_email(&self, email: &Email, own: Option<CourierId>) -> Result<(), Refusal> {
        let key = email.key();
        let taken = self
            .couriers
            .values()
            .any(|other| own != Some(other.id) && Email::key_of(&other.email) == key);
        if taken {
            Err(Refusal::EmailTaken)
        } else {
            Ok(())
        }
    }
}

fn courier(new: NewCourier) -> Courier {
    Courier {
        id: CourierId::generate(),
        last_name: new.last_name.into_string(),
        first_name: text(new.first_name),
        phone: phone(new.phone),
        email: new.email.as_str().to_owned(),
        vehicle: text(new.vehicle),
        licence_number: text(new.licence_number),
        address: text(new.address),
        city: text(new.city),
        postal_code: text(new.postal_code),
        available: new.available.into_option().unwrap_or(true),
    }
}

fn apply(change: CourierPatch, courier: &mut Courier) {
    if let Some(last_name) = change.last_name.into_option() {
        courier.last_name = last_name.into_string();
    }
    if let Some(email) = change.email.into_option() {
        courier.email = email.as_str().to_owned();
    }
    if let Some(available) = change.available.into_option() {
        courier.available = available;
    }
    let phone = change.phone.map(|phone| phone.as_str().to_owned());
    phone.apply(&mut courier.phone);
    let first_name = change.first_name.map(Line::into_string);
    first_name.apply(&mut courier.first_name);
    let vehicle = change.vehicle.map(Line::into_string);
    vehicle.apply(&mut courier.vehicle);
    let licence_number = change.licence_number.map(Line::into_string);
    licence_number.apply(&mut courier.licence_number);
    let address = change.address.map(Line::into_string);
    address.apply(&mut courier.address);
    change.city.map(Line::into_string).apply(&mut courier.city);
    let postal_code = change.postal_code.map(Line::into_string);
    postal_code.apply(&mut courier.postal_code);
}

pub(super) fn phone(phone: Optional<Phone>) -> Option<String> {
    phone.into_option().map(|phone| phone.as_str().to_owned())
}
