//! Each client's state: 8 bytes in a table of fixed size.
//!
//! Clients that meet in a slot share a quota. With n other clients at once, a given one meets any
//! of them with odds of n in 65,536: for a hundred, 1 in 655. To shut everyone out, an attacker has
//! to exhaust a quota in each slot.

use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};

use crate::resilience::by_client::ByClient;
use crate::resilience::client::Client;

/// 512 KiB.
const SLOTS: usize = 65_536;

/// The state of every client.
pub(super) struct Table(ByClient<InMemoryState, SLOTS>);

impl Table {
    pub(super) fn new() -> Self {
        Self(ByClient::new())
    }
}

impl StateStore for Table {
    type Key = Client;

    fn measure_and_replace<T, F, E>(&self, client: &Client, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0
            .of(client)
            .measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

#[cfg(test)]
mod tests {
    use governor::state::StateStore as _;

    use super::{Client, SLOTS, Table};

    #[test]
    fn the_table_never_grows() {
        let table = Table::new();
        for address in 0..200_000_u32 {
            let noted = table.measure_and_replace(&Client::V4(address.into()), |_state| {
                Ok::<_, ()>(((), u64::from(address).into()))
            });
            assert_eq!(noted, Ok(()));
        }
        assert_eq!(table.0.all().len(), SLOTS);
        assert_eq!(size_of_val(table.0.all()), 512 * 1024);
    }

    #[test]
    fn each_process_hashes_differently() {
        let slots = |table: &Table| {
            [1, 2, 3].map(|last| table.0.slot(&Client::V4([192, 0, 2, last].into())))
        };
        assert_ne!(slots(&Table::new()), slots(&Table::new()));
    }
}
