//! `limits.memory`: one budget in bytes for the bodies that the gateway holds, clients' and
//! upstreams', and for the encoders of those that are compressed as they come.
//!
//! 1. Before a piece of a body is held, a charge is taken for it; it is given back when the piece
//!    is gone.
//! 2. One client may hold `limits.memory_per_client` of the budget, so that nobody can take it from
//!    everybody.
//! 3. A body without room is not taken in: its request is refused, and the upstream is not blamed.
//!
//! Small things take no charge, because two atomic additions for each request would be felt: an
//! answer that comes whole with its head, and the buffers of a connection. `limits.connections`
//! bounds these.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fault::NoRoom;
use crate::resilience::by_client::ByClient;
use crate::resilience::client::Client;

/// 64 KiB.
const SLOTS: usize = 8192;

/// The cost of a piece beside its bytes: a handle in a list, and the allocator's overhead. Without
/// it, a body that comes byte by byte would take fifty times its charge.
pub(crate) const PIECE: usize = 64;

/// How many bytes of bodies the gateway may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryLimits {
    /// `limits.memory`: all bodies together.
    pub(crate) most: usize,
    /// `limits.memory_per_client`: the bodies of one client address.
    pub(crate) per_client: usize,
}

#[cfg(any(fuzzing, test))]
impl MemoryLimits {
    /// The limits of a file without these keys.
    pub(crate) const DEFAULT: Self = Self {
        most: 64 * 1024 * 1024,
        per_client: 64 * 1024 * 1024 / 10,
    };
}

/// The budget, shared by all workers.
pub(crate) struct Memory {
    most: AtomicUsize,
    per_client: AtomicUsize,
    held: AtomicUsize,
    /// The bytes of each client.
    shares: ByClient<AtomicUsize, SLOTS>,
}

/// Bytes of the budget, until it is dropped.
pub(crate) struct Charge {
    memory: Arc<Memory>,
    /// The client's counter. `None` for what the gateway holds for everybody.
    slot: Option<usize>,
    bytes: usize,
}

impl Memory {
    pub(crate) fn new(limits: MemoryLimits) -> Arc<Self> {
        Arc::new(Self {
            most: AtomicUsize::new(limits.most),
            per_client: AtomicUsize::new(limits.per_client),
            held: AtomicUsize::new(0),
            shares: ByClient::new(),
        })
    }

    /// Takes other limits from now on. What is held already stays.
    pub(crate) fn set_limits(&self, limits: MemoryLimits) {
        self.most.store(limits.most, Ordering::Relaxed);
        self.per_client.store(limits.per_client, Ordering::Relaxed);
    }

    /// A charge of no bytes yet. `None` is the gateway itself, which has no share.
    pub(crate) fn charge(self: &Arc<Self>, client: Option<Client>) -> Charge {
        Charge {
            memory: Arc::clone(self),
            slot: client.map(|client| self.shares.slot(&client)),
            bytes: 0,
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.held() < self.most.load(Ordering::Relaxed)
    }

    /// The number of bytes held.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn share(&self, slot: Option<usize>) -> Option<&AtomicUsize> {
        self.shares.get(slot?)
    }
}

/// Adds `bytes`, unless that would exceed `most`. Two that meet at the limit may both be refused,
/// which does no harm.
fn add_up_to(count: &AtomicUsize, bytes: usize, most: usize) -> bool {
    let has_room = count
        .fetch_add(bytes, Ordering::Relaxed)
        .saturating_add(bytes)
        <= most;
    if !has_room {
        count.fetch_sub(bytes, Ordering::Relaxed);
    }
    has_room
}

impl Charge {
    /// Takes this many more bytes.
    ///
    /// # Errors
    /// There is no room for them. Nothing has changed.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let most = self.memory.most.load(Ordering::Relaxed);
        let per_client = self.memory.per_client.load(Ordering::Relaxed);
        let share = self.memory.share(self.slot);
        if share.is_some_and(|share| !add_up_to(share, bytes, per_client)) {
            return Err(NoRoom::Share);
        }
        if !add_up_to(&self.memory.held, bytes, most) {
            if let Some(share) = share {
                share.fetch_sub(bytes, Ordering::Relaxed);
            }
            return Err(NoRoom::Budget);
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.held.fetch_sub(self.bytes, Ordering::Relaxed);
        if let Some(share) = self.memory.share(self.slot) {
            share.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use proptest::prelude::*;

    use super::{Client, Memory, MemoryLimits, NoRoom};

    fn memory(most: usize, per_client: usize) -> Arc<Memory> {
        Memory::new(MemoryLimits { most, per_client })
    }

    fn client(last: u8) -> Option<Client> {
        Some(Client::from(IpAddr::from([192, 0, 2, last])))
    }

    /// Two clients that do not share a counter.
    fn two(memory: &Arc<Memory>) -> (Option<Client>, Option<Client>) {
        let slot = |last| memory.charge(client(last)).slot;
        let other = (2..=u8::MAX).find(|last| slot(*last) != slot(1));
        (client(1), client(other.unwrap()))
    }

    #[test]
    fn a_client_holds_its_share_and_another_what_is_left_of_the_budget() {
        let memory = memory(100, 60);
        let (one, other) = two(&memory);
        let mut first = memory.charge(one);
        assert_eq!(first.take(60), Ok(()));
        assert_eq!(first.take(1), Err(NoRoom::Share));
        let mut second = memory.charge(other);
        assert_eq!(second.take(41), Err(NoRoom::Budget));
        assert_eq!(second.take(40), Ok(()));
        assert!(!memory.has_room());
        drop(first);
        assert_eq!(memory.held(), 40);
        assert_eq!(second.take(20), Ok(()));
        assert_eq!(second.take(1), Err(NoRoom::Share));
    }

    #[test]
    fn other_limits_apply_to_what_is_taken_next() {
        let memory = memory(100, 60);
        let mut charge = memory.charge(client(1));
        assert_eq!(charge.take(60), Ok(()));
        memory.set_limits(MemoryLimits {
            most: 50,
            per_client: 100,
        });
        assert!(!memory.has_room());
        assert_eq!(charge.take(1), Err(NoRoom::Budget));
        memory.set_limits(MemoryLimits {
            most: 200,
            per_client: 70,
        });
        assert_eq!(charge.take(10), Ok(()));
        assert_eq!(charge.take(1), Err(NoRoom::Share));
    }

    #[test]
    fn bytes_held_for_everybody_are_nobodys_share() {
        let memory = memory(100, 1);
        assert_eq!(memory.charge(None).take(100), Ok(()));
    }

    #[test]
    fn refused_bytes_are_not_held() {
        let memory = memory(100, 100);
        let mut charge = memory.charge(client(1));
        assert_eq!(charge.take(101), Err(NoRoom::Share));
        assert_eq!(memory.charge(None).take(101), Err(NoRoom::Budget));
        assert_eq!(memory.held(), 0);
        assert_eq!(charge.take(100), Ok(()));
    }

    proptest! {
        /// In any order of taking and giving back: neither the budget nor a share is exceeded, and
        /// in the end nothing is held.
        #[test]
        fn nothing_is_left_behind(steps in prop::collection::vec((0..6_u8, 0..50_usize, any::<bool>()), 0..200)) {
            let memory = memory(200, 60);
            let mut charges = Vec::new();
            for (last, bytes, drops) in steps {
                let mut charge = memory.charge(client(last));
                let _ = charge.take(bytes);
                charges.push(charge);
                if drops {
                    charges.swap_remove(0);
                }
                prop_assert_eq!(memory.held(), charges.iter().map(|charge| charge.bytes).sum::<usize>());
                prop_assert!(memory.held() <= 200);
                prop_assert!(memory.shares.all().iter().all(|share| share.load(Ordering::Relaxed) <= 60));
            }
            charges.clear();
            prop_assert_eq!(memory.held(), 0);
            prop_assert!(memory.shares.all().iter().all(|share| share.load(Ordering::Relaxed) == 0));
        }
    }
}
