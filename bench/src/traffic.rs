//! Both ends of what is measured: clients with the load that they put on, and upstreams.

pub(crate) mod client;
pub(crate) mod filler;
pub(crate) mod http2;
pub(crate) mod load;
pub(crate) mod scripted;
pub(crate) mod upstream;
pub(crate) mod wire;
