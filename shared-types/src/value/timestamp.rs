//! A time in UTC, to the millisecond: the same in the database and on the wire.

use std::fmt;

use chrono::{DateTime, SecondsFormat, SubsecRound as _, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// RFC 3339 on the wire (`2026-11-22T13:10:00Z`), milliseconds since 1970 in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    #[must_use]
    pub fn now() -> Self {
        Self(Utc::now().trunc_subsecs(3))
    }

    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).map(Self)
    }

    #[must_use]
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    #[must_use]
    pub fn after(self, duration: std::time::Duration) -> Self {
        Self(self.0 + duration)
    }

    /// How long after `earlier` it is; zero if it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    #[must_use]
    pub fn before(self, duration: std::time::Duration) -> Self {
        Self(self.0 - duration)
    }
}

/// As on the wire.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::deserialize(deserializer)
            .map(|moment: DateTime<Utc>| Self(moment.trunc_subsecs(3)))
    }
}

impl FromText for Timestamp {
    fn from_text(text: &str) -> Result<Self, Text> {
        DateTime::parse_from_rfc3339(text.trim())
            .map(|moment| Self(moment.to_utc().trunc_subsecs(3)))
            .map_err(|_fault| Text::fixed(|say| say.fields.moment))
    }
}

text_field!(Timestamp);

inline_schema!(Timestamp, "Timestamp", {
    "type": "string",
    "format": "date-time",
    "description": "RFC 3339, in UTC.",
});

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use crate::field::FromText as _;

    #[test]
    fn a_moment_is_rfc_3339_in_utc() {
        let moment = Timestamp::from_millis(1_795_353_000_000).unwrap();
        assert_eq!(
            serde_json::to_string(&moment).unwrap(),
            r#""2026-11-22T13:10:00Z""#
        );
    }

    #[test]
    fn a_time_of_a_request_may_have_any_offset_and_needs_one() {
        let noon = Timestamp::from_millis(1_795_353_000_000).unwrap();
        for text in ["2026-11-22T14:10:00+01:00", " 2026-11-22t13:10:00.0004z "] {
            assert_eq!(Timestamp::from_text(text).ok(), Some(noon), "{text}");
        }
        for bad in [
            "2026-11-22T13:10:00",
            "2026-11-22",
            "tomorrow",
            "2026-02-30T10:00:00Z",
            "",
        ] {
            assert!(Timestamp::from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stored_time_is_the_time_on_the_wire() {
        let now = Timestamp::now();
        assert_eq!(Timestamp::from_millis(now.millis()), Some(now));
        let wire = serde_json::to_string(&now).unwrap();
        assert_eq!(serde_json::from_str::<Timestamp>(&wire).unwrap(), now);
    }
}
