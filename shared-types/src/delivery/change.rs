//! Changes of couriers and deliveries, each in two formats.
//!
//! Existing pages send `application/json` with every input of a form, the untouched ones empty, so
//! nothing empty may remove a value there. A merge patch removes values.

use deserr::Deserr;
use schemars::JsonSchema;

use super::DeliveryStatus;
use crate::account::{Email, Phone};
use crate::field::{FieldErrors, Line, MergePatch, Optional, Patched, Replaced};
use crate::id::CourierId;

/// A change of a courier. A field that is absent or empty stays as it is.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct CourierChange {
    #[deserr(default, rename = "nom")]
    #[schemars(default, rename = "nom")]
    pub last_name: Optional<Line<100>>,
    #[deserr(default, rename = "prenom")]
    #[schemars(default, rename = "prenom")]
    pub first_name: Optional<Line<100>>,
    #[deserr(default, rename = "telephone")]
    #[schemars(default, rename = "telephone")]
    pub phone: Optional<Phone>,
    #[deserr(default)]
    #[schemars(default)]
    pub email: Optional<Email>,
    #[deserr(default, rename = "vehicule")]
    #[schemars(default, rename = "vehicule")]
    pub vehicle: Optional<Line<50>>,
    #[deserr(default, rename = "numeroLicence")]
    #[schemars(default, rename = "numeroLicence")]
    pub licence_number: Optional<Line<50>>,
    #[deserr(default, rename = "adresse")]
    #[schemars(default, rename = "adresse")]
    pub address: Optional<Line<200>>,
    #[deserr(default, rename = "ville")]
    #[schemars(default, rename = "ville")]
    pub city: Optional<Line<100>>,
    #[deserr(default, rename = "codePostal")]
    #[schemars(default, rename = "codePostal")]
    pub postal_code: Optional<Line<20>>,
    #[deserr(default, rename = "disponible")]
    #[schemars(default, rename = "disponible")]
    pub available: Optional<bool>,
}

/// A change of a courier, as a merge patch (RFC 7396): `null` removes an optional value.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct CourierPatch {
    #[deserr(default, rename = "nom")]
    #[schemars(default, rename = "nom")]
    pub last_name: Replaced<Line<100>>,
    #[deserr(default, rename = "prenom")]
    #[schemars(default, rename = "prenom")]
    pub first_name: Patched<Line<100>>,
    #[deserr(default, rename = "telephone")]
    #[schemars(default, rename = "telephone")]
    pub phone: Patched<Phone>,
    #[deserr(default)]
    #[schemars(default)]
    pub email: Replaced<Email>,
    #[deserr(default, rename = "vehicule")]
    #[schemars(default, rename = "vehicule")]
    pub vehicle: Patched<Line<50>>,
    #[deserr(default, rename = "numeroLicence")]
    #[schemars(default, rename = "numeroLicence")]
    pub licence_number: Patched<Line<50>>,
    #[deserr(default, rename = "adresse")]
    #[schemars(default, rename = "adresse")]
    pub address: Patched<Line<200>>,
    #[deserr(default, rename = "ville")]
    #[schemars(default, rename = "ville")]
    pub city: Patched<Line<100>>,
    #[deserr(default, rename = "codePostal")]
    #[schemars(default, rename = "codePostal")]
    pub postal_code: Patched<Line<20>>,
    #[deserr(default, rename = "disponible")]
    #[schemars(default, rename = "disponible")]
    pub available: Replaced<bool>,
}

/// A change of a delivery. A field that is absent or empty stays as it is.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct DeliveryChange {
    #[deserr(default, rename = "statut")]
    #[schemars(default, rename = "statut")]
    pub status: Optional<DeliveryStatus>,
    #[deserr(default, rename = "livreurId")]
    #[schemars(default, rename = "livreurId")]
    pub courier_id: Optional<CourierId>,
    #[deserr(default, rename = "commentaires")]
    #[schemars(default, rename = "commentaires")]
    pub comments: Optional<Line<500>>,
}

/// A change of a delivery, as a merge patch (RFC 7396): `null` removes an optional value.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct DeliveryPatch {
    #[deserr(default, rename = "statut")]
    #[schemars(default, rename = "statut")]
    pub status: Replaced<DeliveryStatus>,
    #[deserr(default, rename = "livreurId")]
    #[schemars(default, rename = "livreurId")]
    pub courier_id: Patched<CourierId>,
    #[deserr(default, rename = "commentaires")]
    #[schemars(default, rename = "commentaires")]
    pub comments: Patched<Line<500>>,
}

impl MergePatch for CourierPatch {
    type Form = CourierChange;
}

impl MergePatch for DeliveryPatch {
    type Form = DeliveryChange;
}

impl From<CourierChange> for CourierPatch {
    fn from(change: CourierChange) -> Self {
        Self {
            last_name: change.last_name.into(),
            first_name: change.first_name.into(),
            phone: change.phone.into(),
            email: change.email.into(),
            vehicle: change.vehicle.into(),
            licence_number: change.licence_number.into(),
            address: change.address.into(),
            city: change.city.into(),
            postal_code: change.postal_code.into(),
            available: change.available.into(),
        }
    }
}

impl From<DeliveryChange> for DeliveryPatch {
    fn from(change: DeliveryChange) -> Self {
        Self {
            status: change.status.into(),
            courier_id: change.courier_id.into(),
            comments: change.comments.into(),
        }
    }
}
