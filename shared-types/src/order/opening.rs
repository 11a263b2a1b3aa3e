//! The hours at which the restaurant takes orders.

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::value::Timestamp;
use crate::wire_enum::wire_enum;

wire_enum! {
    pub enum Weekday {
        Monday = "LUNDI",
        Tuesday = "MARDI",
        Wednesday = "MERCREDI",
        Thursday = "JEUDI",
        Friday = "VENDREDI",
        Saturday = "SAMEDI",
        Sunday = "DIMANCHE",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpeningHours {
    pub open: bool,
    /// When it closes; absent while it is closed, and if no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When it opens; absent while it is open, and if no opening is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// The time zone of the hours.
    pub time_zone: String,
    /// Every day of the week from Monday on; empty if it is always open.
    pub hours: Vec<DayHours>,
    /// Days with hours of their own, from today on. Of several for one day, the last counts.
    pub exceptions: Vec<ExceptionHours>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayHours {
    pub day: Weekday,
    /// Empty on a day on which it is closed.
    pub slots: Vec<SlotHours>,
}

/// From one day to another, both included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExceptionHours {
    #[schemars(schema_with = "date")]
    pub from: NaiveDate,
    #[schemars(schema_with = "date")]
    pub to: NaiveDate,
    /// Empty if it is closed.
    pub slots: Vec<SlotHours>,
}

/// Times on the restaurant's clock: `19:00`. A slot that ends before it begins goes on after
/// midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlotHours {
    pub from: String,
    pub to: String,
}

fn date(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date" })
}
