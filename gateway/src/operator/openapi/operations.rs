//! What the rows of the restaurant's route table mean, by method and public path.

mod clients;
mod delivery;
mod demo;
mod kitchen;
mod orders;
mod own;

use super::operation::Operation;

const TABLES: [&[Operation]; 6] = [
    clients::OPERATIONS,
    orders::OPERATIONS,
    kitchen::OPERATIONS,
    delivery::OPERATIONS,
    own::OPERATIONS,
    demo::OPERATIONS,
];

/// None where nothing more is known than the row itself.
pub(super) fn of(method: &str, path: &str) -> Option<&'static Operation> {
    let mut all = TABLES.iter().copied().flatten();
    all.find(|operation| operation.method == method && operation.path == path)
}
