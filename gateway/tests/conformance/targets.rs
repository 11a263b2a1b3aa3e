//! The target and the host of a request.

mod hosts;
mod paths;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[paths::RELAYED, paths::REFUSED, hosts::FORMS, hosts::HOSTS];
