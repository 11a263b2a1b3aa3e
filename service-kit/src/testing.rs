//! What the tests of every crate share: an HTTP client that speaks JSON, and patience with a bound.

#![expect(clippy::expect_used, reason = "a panic in a test is a failed test")]

mod client;
mod eventually;
mod process;
mod shape;

pub use client::{Answer, Client, Request};
pub use eventually::eventually;
pub use process::{Process, addr_after};
pub use shape::assert_same_shape;
