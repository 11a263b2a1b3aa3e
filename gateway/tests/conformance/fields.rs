//! Which fields are relayed, how, and which the gateway writes itself.

mod answers;
mod forwarding;
mod requests;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[requests::CASES, answers::CASES, forwarding::CASES];
