//! The limits on what a client may send, and how long it may take. Everything that a client could
//! make grow has a bound here.

use std::time::Duration;

use service_kit::env::ConfigError;

use super::file::LimitsTable;
use crate::resilience::memory::MemoryLimits;
use crate::resilience::min_rate::{Allowance, MinRate};

/// actix-http gives up a head that does not fit into its buffer of 128 KiB. The rest of the buffer
/// is for the request line's method and version.
const MOST_HEAD: u64 = 120 * 1024;

/// The most fields that actix-http takes in a request.
pub(crate) const MOST_FIELDS: usize = 96;

/// The longest target that the type of a URI can hold.
const LONGEST_URI: u64 = 65_534;

#[cfg(any(fuzzing, test))]
impl Limits {
    /// Limits that are quickly reached.
    pub(crate) const SMALL: Self = Self {
        uri: 100,
        head: 400,
        fields: MOST_FIELDS,
        request_body: 100,
        connections: 1,
        connections_per_client: 1,
        head_timeout: Duration::from_secs(1),
        stall_timeout: Duration::from_secs(1),
        min_rate: MinRate::new(1024, Duration::from_secs(1)),
        idle_timeout: Duration::from_secs(1),
        answers: AnswerLimits::DEFAULT,
        memory: MemoryLimits::DEFAULT,
    };
}

#[cfg(any(fuzzing, test))]
impl AnswerLimits {
    /// The limits of a file without these keys.
    pub(crate) const DEFAULT: Self = Self {
        head: 64 * 1024,
        fields: 100,
    };
}

/// The longest answer that the gateway reads whole, for a part of an aggregate.
const LEAST_MEMORY: u64 = 8 * 1024 * 1024;

/// A body that streams takes 96 KiB, or 192 KiB by HTTP/2.
const LEAST_SHARE: u64 = 256 * 1024;

/// The head of the plainest answer takes half of this.
const LEAST_RESPONSE_HEAD: usize = 1024;

/// All sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `limits.uri`: the request's target.
    pub uri: u64,
    /// `limits.head`: all header fields together, as sent.
    pub head: u64,
    /// `limits.fields`: how many header fields a request may have.
    pub fields: usize,
    /// `limits.request_body`: the body, without its framing.
    pub request_body: u64,
    /// `limits.connections`: clients' connections that may be open at once.
    pub connections: u32,
    /// `limits.connections_per_client`: open connections of one address.
    pub connections_per_client: u32,
    /// `limits.head_timeout`: from a head's first byte, or from a new connection, until the head is
    /// complete.
    pub head_timeout: Duration,
    /// `limits.stall_timeout`: how long a client may neither send awaited bytes of its body nor
    /// take bytes of its answer.
    pub stall_timeout: Duration,
    /// `limits.min_rate`: how fast a client must move those bytes.
    pub min_rate: MinRate,
    /// `limits.idle_timeout`: how long a connection without a request is kept open.
    pub idle_timeout: Duration,
    pub(crate) answers: AnswerLimits,
    pub(crate) memory: MemoryLimits,
}

/// The limits on the head of an upstream's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerLimits {
    /// `limits.response_head`: bytes, status line and fields together.
    pub(crate) head: usize,
    /// `limits.response_fields`: the number of header fields.
    pub(crate) fields: usize,
}

impl Limits {
    /// The time that a client may still be waited for, at the start.
    pub(crate) fn allowance(&self) -> Allowance {
        Allowance::new(self.min_rate, self.stall_timeout)
    }

    /// The keys that are different from those of `running` and take effect only at a new start: the
    /// listener's.
    pub(crate) fn needing_restart(&self, running: &Self) -> Vec<&'static str> {
        let keys = [
            ("limits.uri", self.uri != running.uri),
            ("limits.head", self.head != running.head),
            ("limits.fields", self.fields != running.fields),
            (
                "limits.connections",
                self.connections != running.connections,
            ),
            (
                "limits.connections_per_client",
                self.connections_per_client != running.connections_per_client,
            ),
            (
                "limits.head_timeout",
                self.head_timeout != running.head_timeout,
            ),
            (
                "limits.stall_timeout",
                self.stall_timeout != running.stall_timeout,
            ),
            ("limits.min_rate", self.min_rate != running.min_rate),
            (
                "limits.idle_timeout",
                self.idle_timeout != running.idle_timeout,
            ),
        ];
        let changed = keys.into_iter().filter(|(_, is_different)| *is_different);
        changed.map(|(key, _)| key).collect()
    }

    pub(crate) fn new(table: &LimitsTable) -> Result<Self, ConfigError> {
        let refuse =
            |key: &str, reason: &str| Err(ConfigError::new(format!("limits.{key}"), reason));
        let (uri, head) = (table.uri.0.as_u64(), table.head.0.as_u64());
        if uri > LONGEST_URI {
            return refuse("uri", "must be at most 65534 bytes");
        }
        if uri.saturating_add(head) > MOST_HEAD {
            return refuse("head", "must be at most 120KiB together with limits.uri");
        }
        if !(1..=MOST_FIELDS).contains(&table.fields) {
            return refuse("fields", "must be between 1 and 96");
        }
        if table.response_fields == 0 {
            return refuse("response_fields", "must be at least 1");
        }
        let response_head = usize::try_from(table.response_head.0.as_u64()).unwrap_or(usize::MAX);
        if response_head < LEAST_RESPONSE_HEAD {
            return refuse("response_head", "must be at least 1KiB");
        }
        if table.connections == 0 {
            return refuse("connections", "must be at least 1");
        }
        let tenth = table.connections.div_ceil(10);
        let connections_per_client = table.connections_per_client.unwrap_or(tenth);
        if connections_per_client == 0 {
            return refuse("connections_per_client", "must be at least 1");
        }
        let memory = table.memory.0.as_u64();
        if memory < LEAST_MEMORY {
            return refuse("memory", "must be at least 8MiB");
        }
        let memory_per_client = table
            .memory_per_client
            .map_or(memory / 10, |size| size.0.as_u64());
        if memory_per_client < LEAST_SHARE {
            return refuse("memory_per_client", "must be at least 256KiB");
        }
        for (key, duration) in [
            ("head_timeout", table.head_timeout.0),
            ("stall_timeout", table.stall_timeout.0),
            ("idle_timeout", table.idle_timeout.0),
        ] {
            if duration.is_zero() {
                return refuse(key, "must be longer than 0");
            }
        }
        Ok(Self {
            uri,
            head,
            fields: table.fields,
            request_body: table.request_body.0.as_u64(),
            connections: table.connections,
            connections_per_client,
            head_timeout: table.head_timeout.0,
            stall_timeout: table.stall_timeout.0,
            min_rate: table.min_rate.0,
            idle_timeout: table.idle_timeout.0,
            answers: AnswerLimits {
                head: response_head,
                fields: table.response_fields,
            },
            memory: MemoryLimits {
                most: usize::try_from(memory).unwrap_or(usize::MAX),
                per_client: usize::try_from(memory_per_client).unwrap_or(usize::MAX),
            },
        })
    }
}
