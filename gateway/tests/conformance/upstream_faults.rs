//! Faults of an upstream.

mod answers;
mod connections;
mod surplus;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[
    connections::CASES,
    connections::POOL,
    answers::CASES,
    surplus::CASES,
];
