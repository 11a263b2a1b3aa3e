//! What is asked for: the target, and the host.

mod hosts;
mod paths;

use crate::case::Case;

pub(crate) const TABLES: &[&[Case]] = &[paths::RELAYED, paths::REFUSED, hosts::FORMS, hosts::HOSTS];
