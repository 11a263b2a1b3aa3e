//! A place in the stream of changes.

use std::fmt;
use std::str::FromStr;

/// The milliseconds of an entry's id, and its number in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(u64);

/// The bits of a position that number the entries of one millisecond.
const NUMBER_BITS: u32 = 20;

impl Position {
    pub(super) fn number(self) -> u64 {
        self.0
    }

    pub(super) fn of_number(number: u64) -> Self {
        Self(number)
    }

    pub(in crate::resilience::shared_store) fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub(in crate::resilience::shared_store) fn of_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (millis, number) = text.split_once('-').ok_or(())?;
        let millis: u64 = millis.parse().map_err(|_error| ())?;
        let number: u64 = number.parse().map_err(|_error| ())?;
        // So many in one millisecond never come, and so many milliseconds neither.
        let number = number.min((1 << NUMBER_BITS) - 1);
        let millis = millis.min(u64::MAX >> NUMBER_BITS);
        Ok(Self((millis << NUMBER_BITS) + number))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0 % (1 << NUMBER_BITS);
        write!(f, "{}-{number}", self.0 >> NUMBER_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn positions_are_in_the_order_of_the_stream() {
        let ids = [
            "0-0",
            "0-1",
            "1796061234567-0",
            "1796061234567-3",
            "1796061234568-0",
        ];
        let positions = ids.map(|id| id.parse::<Position>().unwrap());
        assert!(positions.is_sorted());
        assert_eq!(positions.map(|one| one.to_string()), ids);
        assert_eq!(Position::of_bytes(positions[3].to_bytes()), positions[3]);
        assert!("17".parse::<Position>().is_err());
        // Whoever may write to the store may write anything.
        let last: Position = "18446744073709551615-18446744073709551615".parse().unwrap();
        assert!(positions.iter().all(|one| *one < last));
    }
}
