//! When the orders of a list were made: `?from=` and `?to=`.
//!
//! Each is a time or a day. A day is one of UTC, as every time on the wire is, and `to` includes
//! it. Of times, `from` is included and `to` is not, so that a list to noon and one from noon have
//! no order in common.

use std::time::Duration;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use shared_types::field::{FieldErrors, FromText};
use shared_types::text::Text;
use shared_types::value::Timestamp;

use super::parameter;

const DAY: Duration = Duration::from_hours(24);

/// Orders made at `from` or later, and before `to`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Created {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

/// A time, or a day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    At(Timestamp),
    /// The day that begins at this time.
    On(Timestamp),
}

impl Moment {
    pub(super) fn begins(self) -> Timestamp {
        match self {
            Self::At(time) | Self::On(time) => time,
        }
    }

    pub(super) fn ends(self) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::On(day) => day.after(DAY),
        }
    }

    /// As a query has it, without a character to escape.
    pub(super) fn to_text(self) -> String {
        let time = self.begins().to_string();
        match self {
            Self::At(_) => time,
            Self::On(_) => time.split('T').next().unwrap_or_default().to_owned(),
        }
    }
}

impl FromText for Moment {
    fn from_text(text: &str) -> Result<Self, Text> {
        let text = text.trim();
        let time = |text: &str| {
            let expected = Text::fixed(|say| say.orders.time_or_day);
            Timestamp::from_text(text).map_err(|_fault| expected)
        };
        if text.len() == "2026-11-22".len() {
            return time(&format!("{text}T00:00:00Z")).map(Self::On);
        }
        // The `+` of an offset that was not escaped arrives as a space.
        let offset = text.len().saturating_sub("+01:00".len());
        match (text.get(..offset), text.get(offset..)) {
            (Some(local), Some(offset)) if offset.starts_with(' ') => {
                time(&format!("{local}+{}", offset.trim_start())).map(Self::At)
            }
            _ => time(text).map(Self::At),
        }
    }
}

impl Deserr<FieldErrors> for Moment {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        parameter(value, location)
    }
}

#[cfg(test)]
mod tests {
    use shared_types::field::FromText as _;

    use super::Moment;

    #[test]
    fn a_moment_is_a_time_or_a_day() {
        for (text, begins, ends) in [
            ("2026-11-22", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
            (
                "2026-11-22T13:10:00Z",
                "2026-11-22T13:10:00Z",
                "2026-11-22T13:10:00Z",
            ),
            (
                "2026-11-22T13:10:00+01:00",
                "2026-11-22T12:10:00Z",
                "2026-11-22T12:10:00Z",
            ),
            (
                "2026-11-22T13:10:00 01:00",
                "2026-11-22T12:10:00Z",
                "2026-11-22T12:10:00Z",
            ),
        ] {
            let moment = Moment::from_text(text).unwrap();
            assert_eq!(moment.begins().to_string(), begins, "{text}");
            assert_eq!(moment.ends().to_string(), ends, "{text}");
            assert_eq!(Moment::from_text(&moment.to_text()), Ok(moment), "{text}");
        }
        for bad in [
            "hier",
            "2026-02-30",
            "22/11/2026",
            "2026-11-22T13:10:00",
            "2026-11",
            "é",
        ] {
            assert!(Moment::from_text(bad).is_err(), "{bad}");
        }
    }
}
