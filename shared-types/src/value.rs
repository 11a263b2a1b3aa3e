//! Plain values that several families share: prices, quantities, times.

mod price;
mod quantity;
mod timestamp;

pub use price::Price;
pub use quantity::Quantity;
pub use timestamp::Timestamp;
