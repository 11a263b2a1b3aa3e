//! Evenings on which much goes wrong at the restaurant, and those who are there: guests, cooks and
//! couriers, and the ledger of their orders.

mod ledger;
pub(crate) mod scale;
pub(crate) mod soak;
mod staff;
