//! Reads the configured circuit breaker and concurrency limit of an upstream.

use std::time::Duration;

use service_kit::env::ConfigError;
use tokio::sync::Semaphore;

use super::file::UpstreamTable;
use crate::resilience::guard::{BreakerSettings, GateSettings};

pub(super) fn breaker(
    table: &UpstreamTable,
    in_file: &impl Fn(&str) -> String,
) -> Result<BreakerSettings, ConfigError> {
    let breaker = &table.breaker;
    let refuse = |key: &str, reason: &str| Err(ConfigError::new(in_file(key), reason));
    if breaker.failures == 0 {
        return refuse("breaker.failures", "must be at least 1");
    }
    if !(1..=100).contains(&breaker.percent) {
        return refuse("breaker.percent", "must be between 1 and 100");
    }
    if breaker.minimum == 0 {
        return refuse("breaker.minimum", "must be at least 1");
    }
    if breaker.window.0 < Duration::from_secs(1) {
        return refuse("breaker.window", "must be at least 1s");
    }
    if breaker.open.0.is_zero() {
        return refuse("breaker.open", "must be longer than 0");
    }
    Ok(BreakerSettings {
        failures: breaker.failures,
        percent: breaker.percent,
        minimum: breaker.minimum,
        window: breaker.window.0,
        open: breaker.open.0,
        is_probed: table.probe.is_some(),
    })
}

pub(super) fn gate(
    table: &UpstreamTable,
    in_file: &impl Fn(&str) -> String,
) -> Result<GateSettings, ConfigError> {
    let concurrency = &table.concurrency;
    if !(1..=Semaphore::MAX_PERMITS).contains(&concurrency.requests) {
        let key = in_file("concurrency.requests");
        return Err(ConfigError::new(key, "must be at least 1"));
    }
    let tenth = concurrency.requests.div_ceil(10);
    let per_client = concurrency.per_client.unwrap_or(tenth);
    if per_client == 0 {
        let key = in_file("concurrency.per_client");
        return Err(ConfigError::new(key, "must be at least 1"));
    }
    Ok(GateSettings {
        concurrency: concurrency.requests,
        queue: concurrency.queue,
        wait: concurrency.wait.0,
        per_client,
    })
}
