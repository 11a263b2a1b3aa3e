//! Helpers for the tests of every crate: an HTTP client, bounded waiting, real processes, PostgreSQL
//! and Redis.

#![expect(clippy::expect_used, reason = "a panic in a test is a failed test")]

mod client;
mod eventually;
mod kill;
mod postgres;
mod process;
mod redis;
mod shape;
mod skip;
mod small_disk;
mod unused_address;

pub use client::{Answer, Client, Request};
pub use eventually::eventually;
pub use kill::{Answered, kill_amid};
pub use postgres::{Postgres, postgres_or_skip};
pub use process::{Process, addr_after};
pub use redis::Redis;
pub use shape::{assert_same_shape, same_shape};
pub use skip::{skip, skip_one};
pub use small_disk::SmallDisk;
pub use unused_address::unused_address;
