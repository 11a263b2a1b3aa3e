//! What several gateways share, in Redis (`GATEWAY_REDIS_URL`): the count of each client's quota,
//! last good answers, and which answers have become out of date.
//!
//! The store is an upstream that may be away. A request waits a few milliseconds for it at most; after a
//! few failures in a row, requests no longer ask ([`health`]), and every gateway goes on by itself:
//! it admits its part of each quota, serves the answers that it has itself, and tells the others
//! later what has changed. A beat asks twice a second until the store answers in time again.
//!
//! Nothing that a client sent is in the store in clear but the paths of public answers: a client's
//! address is hashed with a key that is derived from the URL and its password.

mod answers;
mod changes;
mod connection;
mod health;
mod keys;
pub(crate) mod quota;
mod url;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};
use service_kit::env::{ConfigError, Env};
use tokio::time::timeout;

use crate::metrics::{StoreMetrics, StoreUse};
pub(crate) use answers::Question;
pub(crate) use changes::{Change, Position};
use connection::Link;
use health::Health;
use keys::Keys;
use url::StoreUrl;

/// The longest that a client's request waits for the store, unless configured otherwise.
const TIMEOUT: Duration = Duration::from_millis(5);

/// The longest that anything else waits for the store.
const PATIENCE: Duration = Duration::from_millis(500);

/// The pause between two beats.
const BEAT: Duration = Duration::from_millis(500);

/// Keeps this gateway among those that are there, and counts them. A gateway that has not been
/// heard of for a few seconds is gone.
const BEAT_SCRIPT: &str = include_str!("shared_store/beat.lua");

/// The settings of the store.
#[derive(Clone, Debug)]
pub(crate) struct StoreSettings {
    /// `GATEWAY_REDIS_URL`.
    url: StoreUrl,
    /// `GATEWAY_REDIS_TIMEOUT`: the longest that a client's request waits.
    timeout: Duration,
}

impl StoreSettings {
    /// Reads the variables. `None` if there is no store.
    ///
    /// # Errors
    /// One is invalid.
    pub(crate) fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        const NAME: &str = "GATEWAY_REDIS_TIMEOUT";
        let timeout = env.duration_or(NAME, TIMEOUT)?;
        if timeout.is_zero() || timeout > PATIENCE {
            return Err(ConfigError::new(
                NAME,
                "expected more than 0 and at most 500ms",
            ));
        }
        let url = env.parse("GATEWAY_REDIS_URL")?;
        Ok(url.map(|url| Self { url, timeout }))
    }
}

/// The store that several gateways share.
pub(crate) struct SharedStore {
    link: Link,
    timeout: Duration,
    health: Health,
    /// Whether the log has said that the store is away.
    has_warned: AtomicBool,
    keys: Keys,
    /// How many gateways share the store, as it was last heard; 0 before that.
    gateways: AtomicU32,
    changes: changes::Changes,
    metrics: StoreMetrics,
    beat: Script,
}

impl SharedStore {
    pub(crate) fn new(settings: &StoreSettings, metrics: StoreMetrics) -> Self {
        let StoreSettings { url, timeout } = settings;
        Self {
            link: Link::new(url.client()),
            timeout: *timeout,
            health: Health::default(),
            has_warned: AtomicBool::new(false),
            keys: Keys::new(url.secret()),
            gateways: AtomicU32::new(0),
            changes: changes::Changes::default(),
            metrics,
            beat: Script::new(BEAT_SCRIPT),
        }
    }

    /// Whether requests ask the store.
    pub(crate) fn is_up(&self) -> bool {
        self.health.is_up()
    }

    /// How many gateways share the store, as far as this one knows.
    pub(crate) fn gateways(&self) -> NonZeroU32 {
        NonZeroU32::new(self.gateways.load(Ordering::Relaxed)).unwrap_or(NonZeroU32::MIN)
    }

    /// Tells the store twice a second that this gateway is there, for ever.
    pub(crate) async fn run_beats(&self) {
        loop {
            self.beat().await;
            tokio::time::sleep(BEAT).await;
        }
    }

    /// Tells the store that this gateway is gone.
    pub(crate) async fn leave(&self) {
        let members = self.keys.members();
        let mut command = redis::cmd("ZREM");
        command.arg(members).arg(self.keys.own());
        let _left: Option<i64> = self
            .command(StoreUse::Beat, async |connection| {
                command.query_async(connection).await
            })
            .await;
    }

    async fn beat(&self) {
        let mut connection = match self.link.connection().await {
            Ok(connection) => connection,
            Err(cause) => return self.is_away(&cause),
        };
        let mut beat = self.beat.key(self.keys.members());
        beat.arg(self.keys.own());
        let began = Instant::now();
        let count = timeout(PATIENCE, beat.invoke_async::<u32>(&mut connection)).await;
        let took = began.elapsed();
        match count {
            Ok(Ok(count)) if took <= self.timeout => {
                self.gateways.store(count, Ordering::Relaxed);
                self.metrics.succeeded(StoreUse::Beat);
                self.is_there();
            }
            Ok(Ok(_late)) => {
                self.failed(StoreUse::Beat, &format!("its answer took {took:.1?}"));
            }
            Ok(Err(error)) => {
                self.metrics.failed(StoreUse::Beat);
                self.link.drop_connection();
                self.is_away(&error.to_string());
            }
            Err(_elapsed) => {
                self.metrics.failed(StoreUse::Beat);
                self.link.drop_connection();
                self.is_away("it does not answer");
            }
        }
    }

    /// Asks the store for a client's request, unless it is away. `None` if there is no answer in
    /// time.
    async fn ask<T>(
        &self,
        what: StoreUse,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let mut connection = self.is_up().then(|| self.link.current()).flatten()?;
        match timeout(self.timeout, call(&mut connection)).await {
            Ok(Ok(answer)) => {
                self.health.answered();
                self.metrics.succeeded(what);
                return Some(answer);
            }
            Ok(Err(error)) if error.is_unrecoverable_error() => {
                self.metrics.failed(what);
                self.link.drop_connection();
                self.is_away(&error.to_string());
            }
            Ok(Err(error)) => self.failed(what, &error.to_string()),
            Err(_elapsed) => {
                self.failed(what, &format!("no answer within {:?}", self.timeout));
            }
        }
        None
    }

    /// Asks the store beside the requests, even if it is slow. `None` if there is no answer.
    async fn command<T>(
        &self,
        what: StoreUse,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let mut connection = self.link.current()?;
        match timeout(PATIENCE, call(&mut connection)).await {
            Ok(Ok(answer)) => {
                self.metrics.succeeded(what);
                Some(answer)
            }
            // The next beat finds out what is wrong.
            Ok(Err(_)) | Err(_) => {
                self.metrics.failed(what);
                None
            }
        }
    }

    /// One failure, which may pass.
    fn failed(&self, what: StoreUse, cause: &str) {
        self.metrics.failed(what);
        if self.health.failed() {
            self.warn(cause);
        }
    }

    /// The store cannot be used at all.
    fn is_away(&self, cause: &str) {
        self.health.lost();
        self.warn(cause);
    }

    fn is_there(&self) {
        self.health.found();
        self.metrics.up.set(1);
        if self.has_warned.swap(false, Ordering::AcqRel) {
            log::info!("the shared store (GATEWAY_REDIS_URL) answers again");
        }
    }

    fn warn(&self, cause: &str) {
        self.metrics.up.set(0);
        if !self.has_warned.swap(true, Ordering::AcqRel) {
            log::warn!(
                "the shared store (GATEWAY_REDIS_URL) is not used: {cause}; until it answers, \
                 each gateway admits its part of the quotas and serves its own stored answers"
            );
        }
    }
}
