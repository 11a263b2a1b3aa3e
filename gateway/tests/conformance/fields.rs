//! Which fields go through, how, and which are the gateway's own.

mod answers;
mod forwarding;
mod requests;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[requests::CASES, answers::CASES, forwarding::CASES];
