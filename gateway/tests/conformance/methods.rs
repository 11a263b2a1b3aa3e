//! The method and the status, and their effect on a message.

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
