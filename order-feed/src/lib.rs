//! Keeps the simulated kitchen and delivery in step with the order service.
//!
//! Both hold orders in memory and learn of them by events. After a restart they ask for every order
//! that is still open. Marks go the other way: each is written to a file and sent until the order
//! service takes it or refuses it as impossible. So nobody who marks an order waits for another
//! service, and no mark is lost with the memory.
//!
//! 1. `feed` is the connection to the order service: events in, marks out.
//! 2. `catch_up` asks for open orders, `walk` reads them page by page, and `intake` notes whether
//!    any was left out for lack of room.
//! 3. `local` is the interface of the orders that the service holds.
//! 4. `report` is the request that carries a mark, and the reading of its answer. `correction` asks
//!    for the order of one that was refused for good.
//! 5. [`change_lock`] makes one change at a time.
//! 6. [`mock`] is the configuration and the start of a simulated service.

mod catch_up;
pub mod change_lock;
mod correction;
mod feed;
mod intake;
mod local;
pub mod mock;
mod report;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod walk;

pub use feed::{OrderFeed, receive};
pub use local::{Admission, Learned, LocalOrders};
