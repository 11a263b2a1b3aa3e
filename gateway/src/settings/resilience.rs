//! Reads the configured circuit breaker and concurrency limit of an upstream.

use std::time::Duration;

use service_kit::env::ConfigError;
use tokio::sync::Semaphore;

use super::file::{Concurrency, ConcurrencyTable, UpstreamTable};
use crate::resilience::guard::{BreakerSettings, GateSettings};
use crate::resilience::priority::Priorities;

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
    let Concurrency(concurrency) = &table.concurrency;
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
        floor: floor(concurrency)
            .map_err(|reason| ConfigError::new(in_file("concurrency.floor"), reason))?,
        queue: concurrency.queue,
        wait: concurrency.wait.0,
        per_client,
        // Its routes are yet to come.
        priorities: Priorities::default(),
    })
}

/// So few requests do not queue at most upstreams.
const FLOOR: usize = 10;

fn floor(concurrency: &ConcurrencyTable) -> Result<Option<usize>, &'static str> {
    let most = concurrency.requests;
    match (concurrency.adaptive, concurrency.floor) {
        (false, Some(_)) => Err("only with adaptive = true"),
        (true, Some(0)) => Err("must be at least 1"),
        (true, Some(floor)) if floor > most => Err("must be at most `requests`"),
        (true, floor) => Ok(Some(floor.unwrap_or(FLOOR.min(most)))),
        (false, None) => Ok(None),
    }
}
