//! A moment: RFC 3339 with an offset, so that no change of the clock makes it ambiguous. It may be a
//! text, or a date-time of TOML's own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use shared_types::field::FromText as _;
use shared_types::value::Timestamp;

const EXPECTED: &str =
    "expected a date and time with its offset, such as 2027-03-28T03:30:00+02:00";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => text,
            toml::Value::Datetime(moment) => moment.to_string(),
            other => {
                return Err(D::Error::custom(format_args!(
                    "{other} is invalid: {EXPECTED}"
                )));
            }
        };
        let moment = Timestamp::from_text(&text);
        moment
            .map(Self)
            .map_err(|_invalid| D::Error::custom(format_args!("{text} is invalid: {EXPECTED}")))
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
            "examples": ["2027-03-28T03:30:00+02:00"],
        })
    }
}
