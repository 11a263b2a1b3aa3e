//! The orders that a service holds in memory, as the feed sees them.

use std::future::Future;

use service_kit::failure::Failure;
use shared_types::order::Order;

/// Whether an order that a service does not have yet may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Open,
    /// Older orders come first.
    Closed,
}

/// The result of telling a service of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// It has the order's status, as far as the order concerns it.
    Known,
    /// It does not have the order and has no room for it.
    NoRoom,
}

/// The orders that a service holds in memory, up to a limit.
pub trait LocalOrders {
    /// Brings an order to the status that it has at the order service.
    fn learn(
        &self,
        order: &Order,
        admission: Admission,
    ) -> impl Future<Output = Result<Learned, Failure>>;

    /// Whether another order may be added.
    fn has_room(&self) -> bool;
}
