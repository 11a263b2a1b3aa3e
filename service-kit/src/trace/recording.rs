//! What is recorded, and how it is gathered, wherever it goes then: by the standard variables.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::otlp::{self, KeyValue, Resource};
use super::sampler::Sampler;
use super::tracer::Bounds;
use crate::env::{ConfigError, Env};

/// The most spans that a queue may be set to: a hundred times the default.
const MOST_QUEUED: usize = 204_800;

/// The standard's defaults, in milliseconds and spans.
const DELAY: u64 = 5_000;
const QUEUE: usize = 2048;
const BATCH: usize = 512;

#[derive(Clone, Debug)]
pub struct Recording {
    /// `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
    pub(super) resource: Resource,
    /// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    pub(super) sampler: Sampler,
    /// `OTEL_BSP_MAX_QUEUE_SIZE` and `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
    pub(super) bounds: Bounds,
    /// `OTEL_BSP_SCHEDULE_DELAY`: the pause between two batches that are not full.
    pub(super) delay: Duration,
}

impl Recording {
    /// `None` if spans are turned off. `name` is the service's own name.
    ///
    /// # Errors
    /// A variable has an invalid value.
    pub fn from_env(env: &Env, name: &str) -> Result<Option<Self>, ConfigError> {
        let is_disabled = env.parse_with("OTEL_SDK_DISABLED", boolean)?;
        let resource = resource(env, name)?;
        let sampler = sampler(env)?;
        let queue = spans(env, "OTEL_BSP_MAX_QUEUE_SIZE", QUEUE)?;
        let batch = spans(env, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH.min(queue))?;
        if batch > queue {
            let reason = "is larger than OTEL_BSP_MAX_QUEUE_SIZE";
            return Err(ConfigError::new("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", reason));
        }
        let delay = millis(env, "OTEL_BSP_SCHEDULE_DELAY", DELAY)?;
        let recording = Self {
            resource,
            sampler,
            bounds: Bounds { queue, batch },
            delay,
        };
        Ok((is_disabled != Some(true)).then_some(recording))
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// `key=value,key=value`, with values in percent-encoding.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let refused = || "expected NAME=VALUE,NAME=VALUE, with , and % as %2C and %25".to_owned();
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').ok_or_else(refused)?;
        let value = percent_decode_str(value.trim()).decode_utf8();
        let value = value.map_err(|_invalid| refused())?;
        match name.trim() {
            "" => Err(refused()),
            name => Ok((name.to_owned(), value.into_owned())),
        }
    });
    pairs.collect()
}

/// What all spans of this process have in common.
fn resource(env: &Env, name: &str) -> Result<Resource, ConfigError> {
    let given = env.parse_with("OTEL_RESOURCE_ATTRIBUTES", pairs)?;
    let given = given.unwrap_or_default();
    let mut all = vec![
        (otlp::SERVICE_NAME.to_owned(), name.to_owned()),
        (
            "service.version".to_owned(),
            env!("CARGO_PKG_VERSION").into(),
        ),
        ("service.instance.id".to_owned(), Uuid::now_v7().to_string()),
        ("telemetry.sdk.name".to_owned(), "passe-plat".to_owned()),
        ("telemetry.sdk.language".to_owned(), "rust".to_owned()),
        (
            "telemetry.sdk.version".to_owned(),
            env!("CARGO_PKG_VERSION").into(),
        ),
    ];
    let named = env.get("OTEL_SERVICE_NAME");
    let named = named.map(|name| (otlp::SERVICE_NAME.to_owned(), name.trim().to_owned()));
    // The later ones count.
    for (key, value) in given.into_iter().chain(named) {
        all.retain(|(known, _)| *known != key);
        all.push((key, value));
    }
    let attributes = all.into_iter();
    let attributes = attributes.map(|(key, value)| KeyValue::of(&key, otlp::Value::Text(value)));
    Ok(Resource {
        attributes: attributes.collect(),
    })
}

fn sampler(env: &Env) -> Result<Sampler, ConfigError> {
    let ratio = env.parse_with("OTEL_TRACES_SAMPLER_ARG", |text| match text.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("expected a number between 0 and 1".to_owned()),
    })?;
    let named = env.parse_with("OTEL_TRACES_SAMPLER", |name| {
        Sampler::named(name, ratio.unwrap_or(1.0))
    })?;
    Ok(named.unwrap_or_default())
}

/// The standard gives times in milliseconds without a unit.
pub(super) fn millis(env: &Env, name: &str, default: u64) -> Result<Duration, ConfigError> {
    let millis = env.parse_with(name, |text| match text.parse() {
        Ok(millis @ 1..=3_600_000) => Ok(millis),
        _ => Err("expected a number of milliseconds, at most an hour".to_owned()),
    })?;
    Ok(Duration::from_millis(millis.unwrap_or(default)))
}

fn spans(env: &Env, name: &str, default: usize) -> Result<usize, ConfigError> {
    let spans = env.parse_with(name, |text| match text.parse() {
        Ok(spans @ 1..=MOST_QUEUED) => Ok(spans),
        _ => Err(format!("expected a number of spans, 1 to {MOST_QUEUED}")),
    })?;
    Ok(spans.unwrap_or(default))
}
