//! Answers clients: the handler that every request goes through, the cache, and the outage policy.

pub(crate) mod cache;
mod compression;
pub(crate) mod destination;
pub(crate) mod dispatch;
pub(crate) mod features;
pub(crate) mod goodbye;
pub(crate) mod handler;
pub(crate) mod outage_policy;
pub(crate) mod problem;
pub(crate) mod recent;
pub(crate) mod record;
pub(crate) mod reply;
pub(crate) mod site;
pub(crate) mod warm;
