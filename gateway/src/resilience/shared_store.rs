//! What several gateways share, in Redis (`GATEWAY_REDIS_URL`): the count of each client's quota,
//! last good answers, and which answers have become out of date.
//!
//! The store is an upstream that may be away. A request waits a few milliseconds for it at most;
//! after a few failures in a row, requests no longer ask ([`health`]), and every gateway goes on by
//! itself: it admits its part of each quota, serves the answers that it has itself, and tells the
//! others later what has changed. A beat asks twice a second until the store answers in time again.
//!
//! Of what clients sent, the store has in clear only the questions of answers that every client may
//! see: a client's address is hashed with a key that is derived from the URL and its password.
//!
//! There are two connections, so that a long answer does not hold up the quotas.

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
use tokio::time::{timeout, timeout_at};

use crate::metrics::{StoreMetrics, StoreUse};
pub(crate) use answers::Question;
pub(crate) use changes::reading::Heard;
use changes::reading::Reading;
use changes::telling::Telling;
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

/// How long the changes stay in the store without any gateway.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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

/// The end of a request's wait for the store, however often it asks for its quotas.
#[derive(Default)]
pub(crate) struct Wait(Option<tokio::time::Instant>);

/// The store that several gateways share.
pub(crate) struct SharedStore {
    /// For quotas and beats.
    link: Link,
    /// For answers and changes.
    bulk: Link,
    timeout: Duration,
    health: Health,
    /// Whether the log has said that the store is away.
    has_warned: AtomicBool,
    keys: Keys,
    /// How many gateways share the store, as it was last heard; 0 before that.
    gateways: AtomicU32,
    telling: Telling,
    reading: Reading,
    metrics: StoreMetrics,
    beat: Script,
}

impl SharedStore {
    pub(crate) fn new(settings: &StoreSettings, metrics: StoreMetrics) -> Self {
        let StoreSettings { url, timeout } = settings;
        Self {
            link: Link::new(url.client()),
            bulk: Link::new(url.client()),
            timeout: *timeout,
            health: Health::default(),
            has_warned: AtomicBool::new(false),
            keys: Keys::new(url.secret()),
            gateways: AtomicU32::new(0),
            telling: Telling::default(),
            reading: Reading::default(),
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
            .command(StoreUse::Beat, PATIENCE, async |connection| {
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
        beat.key(self.keys.changed()).key(self.keys.changes());
        beat.arg(self.keys.own()).arg(KEPT.as_secs());
        let began = Instant::now();
        let count = timeout(PATIENCE, beat.invoke_async::<u32>(&mut connection)).await;
        let took = began.elapsed();
        match count {
            Ok(Ok(count)) if took <= self.timeout => {
                self.gateways.store(count, Ordering::Relaxed);
                self.metrics.succeeded(StoreUse::Beat);
                // If it cannot be opened, the next beat tries again.
                let _opened = self.bulk.connection().await;
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

    /// Asks the store for a request's quota, unless it is away. `None` if there is no answer in time.
    async fn ask<T>(
        &self,
        wait: &mut Wait,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let what = StoreUse::Quota;
        let mut connection = self.is_up().then(|| self.link.current()).flatten()?;
        let begin = || tokio::time::Instant::now() + self.timeout;
        let end = *wait.0.get_or_insert_with(begin);
        match timeout_at(end, call(&mut connection)).await {
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

    /// Asks on the other connection, for so long. `None` if there is no answer. Whether the store is
    /// away is found out by the next beat.
    async fn command<T>(
        &self,
        what: StoreUse,
        most: Duration,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let mut connection = self.bulk.current()?;
        match timeout(most, call(&mut connection)).await {
            Ok(Ok(answer)) => {
                self.metrics.succeeded(what);
                return Some(answer);
            }
            Ok(Err(error)) if error.is_unrecoverable_error() => self.bulk.drop_connection(),
            Ok(Err(error)) => log::debug!("the shared store refuses: {error}"),
            // A long answer may still be on its way.
            Err(_elapsed) if most < PATIENCE => {}
            Err(_elapsed) => self.bulk.drop_connection(),
        }
        self.metrics.failed(what);
        None
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
