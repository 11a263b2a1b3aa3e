//! The meaning of the rows of the restaurant's route table, by method and public path.

mod clients;
mod delivery;
mod demo;
mod kitchen;
mod orders;
mod own;
mod tracking;

use super::operation::Operation;

const TABLES: [&[Operation]; 7] = [
    clients::OPERATIONS,
    orders::OPERATIONS,
    kitchen::OPERATIONS,
    delivery::OPERATIONS,
    tracking::OPERATIONS,
    own::OPERATIONS,
    demo::OPERATIONS,
];

/// `None` if only the row itself is known.
pub(super) fn of(method: &str, path: &str) -> Option<&'static Operation> {
    let mut all = TABLES.iter().copied().flatten();
    all.find(|operation| operation.method == method && operation.path == path)
}
