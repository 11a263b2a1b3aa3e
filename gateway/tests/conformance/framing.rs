//! Where one message ends and the next begins: what two recipients could take differently is refused.

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
