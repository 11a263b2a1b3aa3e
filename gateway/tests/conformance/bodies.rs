//! Bodies in both directions: complete or visibly broken, without delay, unchanged.

mod broken;
mod downloads;
mod uploads;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[downloads::CASES, broken::CASES, uploads::CASES];
