//! Couriers and their deliveries.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{Email, Phone, Role};
use crate::field::{FieldErrors, Line, Optional};
use crate::id::{CourierId, DeliveryId, OrderRef};
use crate::kitchen::NewMark;
use crate::value::{Price, Timestamp};
use crate::wire_enum::wire_enum;

mod change;
mod measure;

pub use change::{CourierChange, CourierPatch, DeliveryChange, DeliveryPatch};
pub use measure::{Kilometres, Minutes};

wire_enum! {
    pub enum DeliveryStatus {
        Pending = "EN_ATTENTE",
        ToRestaurant = "EN_ROUTE_RESTAURANT",
        PickedUp = "RECUPEREE",
        ToClient = "EN_ROUTE_CLIENT",
        Delivered = "LIVREE",
        Cancelled = "ANNULEE",
    }
}

/// A delivery that is assigned and not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assignment {
    pub order_id: OrderRef,
    /// The courier's name.
    #[serde(rename = "livreur")]
    pub courier: String,
    pub status: DeliveryStatus,
    #[serde(rename = "adresse")]
    pub address: Option<String>,
}

pub type NewDeliveryMark = NewMark<DeliveryStatus>;

/// A courier to register.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewCourier {
    #[deserr(rename = "nom")]
    #[schemars(rename = "nom")]
    pub last_name: Line<100>,
    #[deserr(default, rename = "prenom")]
    #[schemars(default, rename = "prenom")]
    pub first_name: Optional<Line<100>>,
    #[deserr(default, rename = "telephone")]
    #[schemars(default, rename = "telephone")]
    pub phone: Optional<Phone>,
    pub email: Email,
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
    /// `true` when absent.
    #[deserr(default, rename = "disponible")]
    #[schemars(default, rename = "disponible")]
    pub available: Optional<bool>,
    // `motDePasse` is ignored like every unknown field: a simulated courier never logs in.
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Courier {
    pub id: CourierId,
    #[serde(rename = "nom")]
    pub last_name: String,
    #[serde(rename = "prenom")]
    pub first_name: Option<String>,
    #[serde(rename = "telephone")]
    pub phone: Option<String>,
    pub email: String,
    #[serde(rename = "vehicule")]
    pub vehicle: Option<String>,
    #[serde(rename = "numeroLicence")]
    pub licence_number: Option<String>,
    #[serde(rename = "adresse")]
    pub address: Option<String>,
    #[serde(rename = "ville")]
    pub city: Option<String>,
    #[serde(rename = "codePostal")]
    pub postal_code: Option<String>,
    #[serde(rename = "disponible")]
    pub available: bool,
}

/// A delivery to open.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewDelivery {
    #[deserr(rename = "commandeId")]
    #[schemars(rename = "commandeId")]
    pub order_id: OrderRef,
    #[deserr(default, rename = "livreurId")]
    #[schemars(default, rename = "livreurId")]
    pub courier_id: Optional<CourierId>,
    #[deserr(default, rename = "adresseDepart")]
    #[schemars(default, rename = "adresseDepart")]
    pub pickup_address: Optional<Line<200>>,
    #[deserr(default, rename = "adresseArrivee")]
    #[schemars(default, rename = "adresseArrivee")]
    pub dropoff_address: Optional<Line<200>>,
    #[deserr(default, rename = "clientNom")]
    #[schemars(default, rename = "clientNom")]
    pub client_name: Optional<Line<200>>,
    #[deserr(default, rename = "clientTelephone")]
    #[schemars(default, rename = "clientTelephone")]
    pub client_phone: Optional<Phone>,
    #[deserr(default, rename = "prixLivraison")]
    #[schemars(default, rename = "prixLivraison")]
    pub fee: Optional<Price>,
    #[deserr(default, rename = "distanceKm")]
    #[schemars(default, rename = "distanceKm")]
    pub distance: Optional<Kilometres>,
    #[deserr(default, rename = "tempsEstime")]
    #[schemars(default, rename = "tempsEstime")]
    pub estimated_time: Optional<Minutes>,
    #[deserr(default, rename = "commentaires")]
    #[schemars(default, rename = "commentaires")]
    pub comments: Optional<Line<500>>,
}

/// The courier who gets a delivery, or none to take it away from the one who has it.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct CourierChoice {
    #[deserr(rename = "livreurId")]
    #[schemars(rename = "livreurId")]
    pub courier_id: Optional<CourierId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    pub id: DeliveryId,
    #[serde(rename = "commandeId")]
    pub order_id: OrderRef,
    #[serde(rename = "livreurId")]
    pub courier_id: Option<CourierId>,
    #[serde(rename = "adresseDepart")]
    pub pickup_address: Option<String>,
    #[serde(rename = "adresseArrivee")]
    pub dropoff_address: Option<String>,
    #[serde(rename = "clientNom")]
    pub client_name: Option<String>,
    #[serde(rename = "clientTelephone")]
    pub client_phone: Option<String>,
    #[serde(rename = "prixLivraison")]
    pub fee: Option<Price>,
    #[serde(rename = "distanceKm")]
    pub distance: Option<Kilometres>,
    #[serde(rename = "tempsEstime")]
    pub estimated_time: Option<Minutes>,
    #[serde(rename = "commentaires")]
    pub comments: Option<String>,
    /// When the order's client would like it. As soon as possible, or not known, when `null`.
    #[serde(rename = "pourLe", default)]
    pub wished_for: Option<Timestamp>,
    #[serde(rename = "statut")]
    pub status: DeliveryStatus,
    /// Who cancelled its order, if the delivery was cancelled with it and they said so.
    #[serde(
        rename = "annuleePar",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cancelled_by: Option<Role>,
    /// Why, as far as they said.
    #[serde(rename = "motif", default, skip_serializing_if = "Option::is_none")]
    pub cancelled_because: Option<String>,
    #[serde(rename = "createdAt")]
    pub created_at: Timestamp,
    #[serde(rename = "updatedAt")]
    pub updated_at: Timestamp,
}
