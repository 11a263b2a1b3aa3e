//! Reads durations and rates of the file.

use std::time::Duration;

use serde::{Deserialize as _, Deserializer, de};

use crate::resilience::min_rate::MinRate;
use crate::resilience::rate::Rate;

pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(de::Error::custom)
}

pub(super) fn min_rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MinRate, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

pub(super) fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rate>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

pub(super) fn rate_or_off<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Rate>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Rate::parse_or_off(&text).map_err(de::Error::custom)
}
