//! The connections to the upstreams: how one is made, and the pools that keep them.

pub(super) mod connect;
pub(super) mod pick;
pub(super) mod pool;
pub(super) mod pools;
mod race;
pub(super) mod replica_pools;
pub(super) mod sweep;
pub(super) mod tls;
