//! What a client can do wrong, or slowly.

mod gone;
mod large;
mod slow;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[slow::CASES, gone::CASES, large::CASES];
