//! The end of one message and the beginning of the next: ambiguous framing is refused.

mod chunks;
mod connections;
mod heads;
mod lengths;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[
    lengths::CASES,
    heads::LINES,
    heads::FIELDS,
    chunks::TAKEN,
    chunks::REFUSED,
    connections::CASES,
];
