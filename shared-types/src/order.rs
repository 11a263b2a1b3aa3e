//! Orders and their statuses.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{Phone, Role};
use crate::field::{FieldErrors, Line, Optional};
use crate::id::{ClientId, DishId, OrderId};
use crate::value::{Price, Quantity, Timestamp};
use crate::wire_enum::wire_enum;

wire_enum! {
    /// The status of an order. The order service decides which moves are possible.
    pub enum OrderStatus {
        Pending = "EN_ATTENTE",
        Preparing = "EN_PREPARATION",
        Ready = "PRETE",
        Delivering = "EN_LIVRAISON",
        Delivered = "LIVREE",
        Cancelled = "ANNULEE",
    }
}

/// Who acts on an order next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStage {
    Kitchen,
    Delivery,
    Ended,
}

impl OrderStage {
    /// The statuses of this stage, the furthest first.
    pub fn statuses(self) -> impl Iterator<Item = OrderStatus> {
        let all = OrderStatus::ALL.iter().rev().copied();
        all.filter(move |status| status.stage() == self)
    }
}

impl OrderStatus {
    #[must_use]
    pub const fn stage(self) -> OrderStage {
        match self {
            Self::Pending | Self::Preparing => OrderStage::Kitchen,
            Self::Ready | Self::Delivering => OrderStage::Delivery,
            Self::Delivered | Self::Cancelled => OrderStage::Ended,
        }
    }

    /// How far along an order is. Every possible move goes up, so the higher of two statuses of one
    /// order is the later one, in whatever sequence they arrive.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Preparing => 1,
            Self::Ready => 2,
            Self::Delivering => 3,
            Self::Delivered => 4,
            Self::Cancelled => 5,
        }
    }
}

/// An order to place. Prices come from the menu, never from a client.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase)]
#[schemars(rename_all = "camelCase")]
pub struct NewOrder {
    pub client_id: ClientId,
    #[schemars(length(min = 1, max = 50))]
    pub items: Vec<NewOrderLine>,
    #[deserr(default, rename = "adresse")]
    #[schemars(default, rename = "adresse")]
    pub address: Optional<Line<200>>,
    #[deserr(default, rename = "telephone")]
    #[schemars(default, rename = "telephone")]
    pub phone: Optional<Phone>,
}

#[derive(Clone, Copy, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewOrderLine {
    #[deserr(rename = "menuId")]
    #[schemars(rename = "menuId")]
    pub dish_id: DishId,
    #[deserr(rename = "quantite")]
    #[schemars(rename = "quantite")]
    pub quantity: Quantity,
}

/// The status that an order should get. `ANNULEE` may say who cancels it and why.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct StatusChange {
    pub status: OrderStatus,
    #[deserr(default, rename = "annuleePar")]
    #[schemars(default, rename = "annuleePar")]
    pub cancelled_by: Optional<Role>,
    #[deserr(default, rename = "motif")]
    #[schemars(default, rename = "motif")]
    pub reason: Optional<Line<200>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: OrderId,
    pub client_id: ClientId,
    pub items: Vec<OrderLine>,
    #[serde(rename = "adresse")]
    pub address: Option<String>,
    #[serde(rename = "telephone")]
    pub phone: Option<String>,
    pub status: OrderStatus,
    pub total_price: Price,
    /// Who cancelled it, as far as they said.
    #[serde(
        rename = "annuleePar",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cancelled_by: Option<Role>,
    /// Why, as far as they said.
    #[serde(rename = "motif", default, skip_serializing_if = "Option::is_none")]
    pub cancelled_because: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A dish with its name and price at the time of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    #[serde(rename = "menuId")]
    pub dish_id: DishId,
    #[serde(rename = "nom")]
    pub name: String,
    #[serde(rename = "quantite")]
    pub quantity: Quantity,
    #[serde(rename = "prixUnitaire")]
    pub unit_price: Price,
}
