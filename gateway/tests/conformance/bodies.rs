//! Bodies both ways: whole, or seen to be broken; as soon as they come; as they are.

mod broken;
mod downloads;
mod uploads;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[downloads::CASES, broken::CASES, uploads::CASES];
