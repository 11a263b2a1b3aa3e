//! Faults of clients, slow ones included.

mod gone;
mod large;
mod slow;

use crate::case::Case;
use crate::upstream::Step;

pub(crate) const TABLES: &[&[Case]] = &[slow::CASES, gone::CASES, large::CASES];

/// An answer of 1 GiB, which nothing between upstream and client could hold whole.
const LARGE: &[Step] = &[
    Step::Read,
    Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n"),
    Step::Fill(1 << 30),
    Step::Hold,
];
