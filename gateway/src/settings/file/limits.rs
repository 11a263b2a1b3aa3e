//! The table `[limits]`.

use std::time::Duration;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::Deserialize;

use super::written::Written;
use crate::resilience::min_rate::MinRate;
use crate::resilience::rate::Rate;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsTable {
    /// The path and query of a request; beyond it 414. At most 65534 bytes.
    pub(crate) uri: Written<ByteSize>,
    /// All header fields of a request; beyond it 431. At most 120KiB together with `uri`.
    pub(crate) head: Written<ByteSize>,
    /// How many header fields a request may have; beyond it 431.
    #[schemars(range(min = 1, max = 96))]
    pub(crate) fields: usize,
    /// The head of an upstream's answer; beyond it 502. At least 1KiB.
    pub(crate) response_head: Written<ByteSize>,
    /// How many header fields such an answer may have; beyond it 502.
    #[schemars(range(min = 1))]
    pub(crate) response_fields: usize,
    /// The body of a request; beyond it 413.
    pub(crate) request_body: Written<ByteSize>,
    /// How many clients' connections may be open; beyond it, new ones wait to be accepted.
    #[schemars(range(min = 1))]
    pub(crate) connections: u32,
    /// How many of them one address may hold; further ones are closed. By default a tenth of
    /// `connections`.
    #[schemars(range(min = 1))]
    pub(crate) connections_per_client: Option<u32>,
    /// How long a client may take to send a head; beyond it 408.
    pub(crate) head_timeout: Written<Duration>,
    /// How long a client may send nothing of its body (beyond it 408) or take nothing of its
    /// answer.
    pub(crate) stall_timeout: Written<Duration>,
    /// How fast a client must send its body and take its answer.
    pub(crate) min_rate: Written<MinRate>,
    /// How long a connection without a request is kept open.
    pub(crate) idle_timeout: Written<Duration>,
    /// How many requests one address may send; beyond it 429. "off" turns off every rate limit.
    pub(crate) rate: Written<Option<Rate>>,
    /// The size of the cache.
    pub(crate) cache: Written<ByteSize>,
    /// The bodies that the gateway may hold; beyond it 503. At least 8MiB.
    pub(crate) memory: Written<ByteSize>,
    /// How much of it one address may hold; beyond it 429. By default a tenth of `memory`; at least
    /// 256KiB.
    pub(crate) memory_per_client: Option<Written<ByteSize>>,
}

/// The values of the compiled-in file, whose comments explain them.
impl Default for LimitsTable {
    fn default() -> Self {
        Self {
            uri: Written(ByteSize::kib(8)),
            head: Written(ByteSize::kib(32)),
            fields: 88,
            // Eight times the usual limit of servers, and no more than a worker can spare for each
            // exchange in flight.
            response_head: Written(ByteSize::kib(64)),
            // The same limit as other proxies have.
            response_fields: 100,
            request_body: Written(ByteSize::mib(1)),
            connections: 10_000,
            connections_per_client: None,
            head_timeout: Written(Duration::from_secs(10)),
            stall_timeout: Written(Duration::from_secs(30)),
            min_rate: Written(MinRate::default()),
            idle_timeout: Written(Duration::from_secs(60)),
            rate: Written("600/10s".parse().ok()),
            // Enough for a few thousand menus.
            cache: Written(ByteSize::mib(16)),
            // Enough for as many of the largest awaited bodies as one upstream has permits by
            // default.
            memory: Written(ByteSize::mib(64)),
            memory_per_client: None,
        }
    }
}
