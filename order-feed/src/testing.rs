//! Helpers that the tests of both mocks share.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod durability;
mod events;
mod instance;
mod order_service;

pub use durability::answered_marks_survive_a_kill;
pub use events::{invalid_events, new_order, send_event, tell};
pub use instance::Instance;
pub use order_service::{Behaviour, FakeOrderService, waiting_reports};
