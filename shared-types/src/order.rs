//! Orders and their statuses.

pub mod deferred;
pub mod opening;

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{Phone, Role};
use crate::field::{FieldErrors, Line, Optional};
use crate::id::{ClientId, DishId, OrderId};
use crate::menu::Allergens;
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

wire_enum! {
    /// How the food gets to its client.
    #[derive(Default)]
    pub enum OrderMode {
        #[default]
        Delivery = "LIVRAISON",
        /// The client fetches it: nobody drafts a delivery.
        TakeAway = "A_EMPORTER",
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
    /// For the kitchen and the courier.
    #[deserr(default, rename = "commentaire")]
    #[schemars(default, rename = "commentaire")]
    pub comment: Optional<Line<500>>,
    /// The number of guests.
    #[deserr(default, rename = "convives")]
    #[schemars(default, rename = "convives")]
    pub guests: Optional<Quantity>,
    /// `LIVRAISON` when absent.
    #[deserr(default)]
    #[schemars(default)]
    pub mode: Optional<OrderMode>,
    /// When the client would like it: not in the past, and at most seven days ahead. As soon as
    /// possible when absent.
    #[deserr(default, rename = "pourLe")]
    #[schemars(default, rename = "pourLe")]
    pub wished_for: Optional<Timestamp>,
}

#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewOrderLine {
    #[deserr(rename = "menuId")]
    #[schemars(rename = "menuId")]
    pub dish_id: DishId,
    #[deserr(rename = "quantite")]
    #[schemars(rename = "quantite")]
    pub quantity: Quantity,
    /// For the kitchen, about this line.
    #[deserr(default, rename = "commentaire")]
    #[schemars(default, rename = "commentaire")]
    pub comment: Optional<Line<200>>,
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
    // An event of an older version has none of the next four.
    /// For the kitchen and the courier.
    #[serde(rename = "commentaire", default)]
    pub comment: Option<String>,
    /// The number of guests.
    #[serde(rename = "convives", default)]
    pub guests: Option<Quantity>,
    #[serde(default)]
    pub mode: OrderMode,
    /// When the client would like it. As soon as possible when `null`.
    #[serde(rename = "pourLe", default)]
    pub wished_for: Option<Timestamp>,
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

impl Order {
    /// Whether it has ended and names its client no longer. An order that is being made keeps its
    /// address, whoever its client says to be.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.client_id == ClientId::NOBODY && self.status.stage() == OrderStage::Ended
    }
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
    /// For the kitchen, about this line.
    #[serde(rename = "commentaire", default)]
    pub comment: Option<String>,
    /// The dish's allergens at that time: empty for none, `null` when nothing was said about them.
    #[serde(rename = "allergenes", default)]
    pub allergens: Option<Allergens>,
}
