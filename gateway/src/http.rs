//! HTTP as the standards define it, and connections as bytes; nothing of routes or upstreams.

pub(crate) mod cache_control;
pub(crate) mod chunks;
pub(crate) mod client_connection;
pub(crate) mod content_coding;
pub(crate) mod entity_tag;
pub(crate) mod grammar;
pub(crate) mod lazy_timer;
pub(crate) mod pieces;
pub(crate) mod protection;
pub(crate) mod segment;
pub(crate) mod server_sent;
pub(crate) mod trace;
pub(crate) mod transport;
pub(crate) mod websocket;
