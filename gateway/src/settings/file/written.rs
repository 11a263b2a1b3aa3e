//! Values that the file writes as a text with its unit: `5s`, `1MiB`, `600/10s`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytesize::{ByteSize, KIB, MIB};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::resilience::min_rate::MinRate;
use crate::resilience::rate::Rate;

/// A value of the file, read from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written<T>(pub(crate) T);

/// The notation of a type of values.
pub(crate) trait Notation: Sized {
    const NAME: &'static str;
    /// For people: `a duration such as 5s`.
    const EXPECTED: &'static str;
    const EXAMPLE: &'static str;
    /// The form of each text that is read, without anchors.
    fn pattern() -> String;
    /// # Errors
    /// The text is none. The error says what is expected.
    fn read(text: &str) -> Result<Self, String>;
    fn write(&self) -> String;
    /// A number without a unit, if it has a meaning.
    fn of_number(_number: u64) -> Option<Self> {
        None
    }
}

const DURATION: &str = "([0-9]+(\\.[0-9]+)? ?\
    (n(anos|sec|s)|u(sec|s)|µs|micros|m(illis|sec|s)|s(ec(ond)?s?)?|m(in(ute)?s?)?|h((ou)?rs?)?|\
    d(ays?)?|w((ee)?ks?)?|M|months?|y((ea)?rs?)?) ?)+";

/// A year. An instant that lies further ahead may not exist, and none is needed.
const LONGEST: Duration = Duration::from_secs(31_557_600);

const TOO_LONG: &str = "must be at most 1y";

fn within_a_year(duration: Duration) -> Result<Duration, String> {
    let fits = duration <= LONGEST;
    fits.then_some(duration).ok_or_else(|| TOO_LONG.to_owned())
}

const SIZE: &str = "[0-9]+(\\.[0-9]+)? ?([kKmMgGtTpPeE][iI]?)?[bB]?";

impl Notation for Duration {
    const NAME: &'static str = "Duration";
    const EXPECTED: &'static str = "a duration with its unit, such as 250ms or 5s";
    const EXAMPLE: &'static str = "5s";

    fn pattern() -> String {
        DURATION.to_owned()
    }

    fn read(text: &str) -> Result<Self, String> {
        let read = humantime::parse_duration(text).map_err(|error| match error {
            humantime::DurationError::NumberOverflow => TOO_LONG.to_owned(),
            _ => format!("expected {}", Self::EXPECTED),
        });
        read.and_then(within_a_year)
    }

    fn write(&self) -> String {
        humantime::format_duration(*self).to_string()
    }
}

/// A number of bytes in that notation: `64MiB`.
pub(crate) fn size(bytes: usize) -> String {
    ByteSize(bytes as u64).write()
}

impl Notation for ByteSize {
    const NAME: &'static str = "Size";
    const EXPECTED: &'static str = "a size with its unit, such as 64KiB or 1MiB";
    const EXAMPLE: &'static str = "64KiB";

    fn pattern() -> String {
        SIZE.to_owned()
    }

    fn read(text: &str) -> Result<Self, String> {
        let read = text.parse();
        read.map_err(|_invalid: String| format!("expected {}", Self::EXPECTED))
    }

    fn write(&self) -> String {
        match self.as_u64() {
            bytes if bytes % MIB == 0 => format!("{}MiB", bytes / MIB),
            bytes if bytes % KIB == 0 => format!("{}KiB", bytes / KIB),
            bytes => format!("{bytes}B"),
        }
    }

    fn of_number(number: u64) -> Option<Self> {
        Some(Self(number))
    }
}

impl Notation for Rate {
    const NAME: &'static str = "Rate";
    const EXPECTED: &'static str = "requests/period, such as 600/10s";
    const EXAMPLE: &'static str = "600/10s";

    fn pattern() -> String {
        format!("[0-9]+/{DURATION}")
    }

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(str::to_owned)
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// A rate that may be `off`.
impl Notation for Option<Rate> {
    const NAME: &'static str = "RateOrOff";
    const EXPECTED: &'static str = "requests/period, such as 600/10s, or off";
    const EXAMPLE: &'static str = Rate::EXAMPLE;

    fn pattern() -> String {
        format!("(off|{})", Rate::pattern())
    }

    fn read(text: &str) -> Result<Self, String> {
        Rate::parse_or_off(text)
    }

    fn write(&self) -> String {
        self.map_or_else(|| "off".to_owned(), |rate| rate.write())
    }
}

impl Notation for MinRate {
    const NAME: &'static str = "MinRate";
    const EXPECTED: &'static str = "bytes/period, such as 4KiB/10s";
    const EXAMPLE: &'static str = "4KiB/10s";

    fn pattern() -> String {
        format!("{SIZE}/{DURATION}")
    }

    fn read(text: &str) -> Result<Self, String> {
        let rate: Self = text.parse().map_err(str::to_owned)?;
        within_a_year(rate.parts().1).map(|_period| rate)
    }

    fn write(&self) -> String {
        let (bytes, period) = self.parts();
        format!("{}/{}", ByteSize(bytes).write(), period.write())
    }
}

impl<T: Notation> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.write())
    }
}

impl<T: Notation> JsonSchema for Written<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "string",
            "pattern": format!("^{}$", T::pattern()),
            "examples": [T::EXAMPLE],
        });
        if T::of_number(1).is_some() {
            schema.insert("type".to_owned(), ["string", "integer"].into());
            schema.insert("minimum".to_owned(), 0.into());
        }
        schema
    }
}

impl<'de, T: Notation> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor(PhantomData))
    }
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: Notation> Visitor<'_> for TextVisitor<T> {
    type Value = Written<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Written<T>, E> {
        let read = T::read(text).map(Written);
        read.map_err(|reason| E::custom(format_args!("{text:?} is invalid: {reason}")))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Written<T>, E> {
        let read = u64::try_from(number).ok().and_then(T::of_number);
        let unexpected = serde::de::Unexpected::Signed(number);
        read.map(Written)
            .ok_or_else(|| E::invalid_type(unexpected, &self))
    }
}
