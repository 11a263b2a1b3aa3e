//! Plain values: prices, quantities, times.

mod price;
mod quantity;
mod timestamp;

pub use price::Price;
pub use quantity::Quantity;
pub use timestamp::Timestamp;
