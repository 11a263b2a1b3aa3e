//! The gateway's own answers, and the health answers of every process.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::PerLang;
use crate::value::Timestamp;

/// `GET /`: a greeting with links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Welcome {
    pub message: String,
    pub menu: String,
    pub status: String,
    pub live: String,
    pub ready: String,
}

impl Default for Welcome {
    fn default() -> Self {
        Self {
            message: "Bienvenue sur l'API Gateway".to_owned(),
            menu: "/order-api/menu".to_owned(),
            status: "/status".to_owned(),
            live: "/live".to_owned(),
            ready: "/ready".to_owned(),
        }
    }
}

/// `GET /live` and `GET /ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthAnswer {
    pub status: Health,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Live,
    Ready,
    /// It cannot do its work yet, or is stopping.
    NotReady,
}

/// `GET /status` of the gateway: the features of the restaurant that work right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    pub status: Availability,
    /// By the feature's name.
    pub features: BTreeMap<String, FeatureStatus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Up,
    /// A part is unavailable, did not answer its last probe, or is out of date.
    Degraded,
    /// Requests are kept, and delivered once the service is back.
    Deferred,
    /// Closed on purpose, for a known time.
    Closed,
    Down,
    /// Nothing is known yet, as right after a start.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeatureStatus {
    pub status: Availability,
    /// The services that are down, or did not answer their last probe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The age of the answer that is served instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_age_seconds: Option<u64>,
    /// When to ask again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// The requests that are kept and not yet delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u64>,
    /// The announced closure of the feature or of a service that it needs: the present one, or else
    /// the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure: Option<ClosureNotice>,
    /// While it is closed: the first moment at which it is open again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// While it is closed: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<PerLang<String>>,
}

/// A closure, as the public is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClosureNotice {
    pub from: Timestamp,
    /// The first moment at which requests are served again.
    pub until: Timestamp,
    pub reason: PerLang<String>,
}

/// `GET /status` on the operator's port: the public status and the state of each upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorStatus {
    #[serde(flatten)]
    pub public: Status,
    /// By the upstream's name.
    pub upstreams: BTreeMap<String, UpstreamStatus>,
    /// The configuration that runs.
    pub config: ConfigStatus,
    /// The store that several gateways share: `up`, or `degraded` while this gateway does without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Availability>,
    /// Routes that serve a stale answer in an outage and had an answer that could not be stored,
    /// with the last reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_stored: Vec<NotStored>,
    /// The closures that are not over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closures: Vec<AnnouncedClosure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigStatus {
    /// The file, as it was named.
    pub file: String,
    /// The first 16 digits of the file's SHA-256.
    pub hash: String,
    /// When it was read.
    pub since: Timestamp,
    /// The last time that it was to be read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reload: Option<LastReload>,
    /// Keys with a new value that takes effect only at a new start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs_restart: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastReload {
    pub at: Timestamp,
    pub successful: bool,
    /// Why the file was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many changes make an outage worse.
    #[serde(default)]
    pub worse: usize,
    /// The first of the changes that make an outage better or worse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<OutageChange>,
}

/// A difference between two configurations that shows in an outage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutageChange {
    /// `worse`, `gone`, `better` or `new`.
    pub verdict: String,
    /// The method and path of a route, or the name of a feature or upstream.
    pub name: String,
    /// The upstream that is down. Absent if the change shows without an outage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
    /// In English.
    pub before: String,
    pub after: String,
}

/// The last answer of a route that was not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotStored {
    pub route: String,
    pub reason: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamStatus {
    /// `degraded` when the latest probe failed and the circuit is still closed.
    pub status: Availability,
    pub breaker: BreakerState,
    /// When the circuit last opened or closed, or the gateway started. Absent while a drill has
    /// opened a circuit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Its replicas, if there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<ReplicaStatus>,
    /// The routes to it whose own circuit is not closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteStatus>,
    /// The last failure since the start. It may be long over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
}

/// One of several addresses of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaStatus {
    /// `127.0.0.1:8002`.
    pub address: String,
    /// `up`, or `down` while it gets nothing new.
    pub status: Availability,
    /// When it gets requests again, if it was ejected for its failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// Requests in flight.
    pub in_flight: u32,
    /// The recent time to the head of an answer. Absent before the first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_millis: Option<u64>,
}

/// A route that gets no requests while other routes to the same upstream do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteStatus {
    pub method: String,
    pub path: String,
    pub breaker: BreakerState,
    pub retry_after_seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    Closed,
    Open,
    HalfOpen,
}

impl BreakerState {
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    pub kind: FailureKind,
    /// In English, as the log has it.
    pub cause: String,
    pub at: Timestamp,
}

/// The way in which an upstream failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// It took no connection.
    Unreachable,
    /// It gave no sound answer in time.
    Broken,
    /// It answered that it is unavailable.
    Unavailable,
    /// It failed the gateway's probe.
    Probe,
}

/// The way in which an upstream fails in a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrillMode {
    /// It accepts no connection.
    Down,
    /// It answers after a delay.
    Slow,
    /// It answers 503.
    Errors,
    /// It drops the connection.
    Reset,
    /// It is down for some of the requests.
    Flaky,
}

impl DrillMode {
    pub const ALL: [Self; 5] = [
        Self::Down,
        Self::Slow,
        Self::Errors,
        Self::Reset,
        Self::Flaky,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Slow => "slow",
            Self::Errors => "errors",
            Self::Reset => "reset",
            Self::Flaky => "flaky",
        }
    }
}

/// A drill that is in progress, or just over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillUnderWay {
    /// The upstream's name, or the route's path.
    pub target: String,
    pub mode: DrillMode,
    pub rate: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<f64>,
    pub ends_in_seconds: u64,
}

/// A closure that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncedClosure {
    /// What is closed: a service for planned work, or a feature.
    #[serde(flatten)]
    pub target: ClosureTarget,
    #[serde(flatten)]
    pub notice: ClosureNotice,
    /// Who has declared it.
    pub by: ClosureSource,
    /// The services whose requests it refuses.
    pub upstreams: Vec<String>,
    /// Absent once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins_in_seconds: Option<u64>,
    pub ends_in_seconds: u64,
}

/// The target of a closure, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosureTarget {
    Feature(String),
    Upstream(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosureSource {
    /// The gateway's file.
    File,
    /// A request on the operator's port.
    Operator,
}
