//! What the method and the status say of a message.

mod asked;
mod bodiless;
mod expect;
mod interim;
mod statuses;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[
    asked::CASES,
    expect::CASES,
    bodiless::INTERIM,
    interim::CASES,
    bodiless::FINAL,
    statuses::CASES,
];
